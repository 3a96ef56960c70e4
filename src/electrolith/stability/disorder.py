"""Configurational entropy of shared and partly empty sites."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrolith.core.errors import InputError


def ideal_mixing_entropy(sites: Sequence[tuple[int, Sequence[float]]]) -> float:
    r"""Entropy of ideal mixing on the sites of a cell, in k per cell.

    :math:`S/k = -\sum_i m_i \sum_j x_{ij} \ln x_{ij}`, vacancies counted as a species. It is an
    upper bound: charges and sizes order the real crystal.

    Parameters
    ----------
    sites : multiplicity of each orbit in the cell, and the shares of the species on it; what is missing to 1
        is vacant.

    Raises
    ------
    InputError
        If a share is negative or an orbit is more than full.
    """
    total = 0.0
    for multiplicity, shares in sites:
        x = np.array([*shares, 1.0 - sum(shares)])
        if x.min() < -1e-6:
            raise InputError(
                f"occupancies {list(shares)} do not fit on one site: they sum to {sum(shares):g}"
            )
        x = x[x > 1e-12]
        total -= multiplicity * float(x @ np.log(x))
    return total

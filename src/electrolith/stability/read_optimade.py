"""Starting structures from any OPTIMADE server, for `electrolith phases build`."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from electrolith.core.errors import DataError, InputError

if TYPE_CHECKING:
    from pymatgen.core import Structure

MATERIALS_PROJECT = "https://optimade.materialsproject.org/v1"
FIELDS = "chemical_formula_reduced,lattice_vectors,cartesian_site_positions,species_at_sites,species,nsites"


def query_url(elements: Sequence[str], *, server: str = MATERIALS_PROJECT, limit: int = 100) -> str:
    """Address of the query for all structures made of these elements only."""
    names = ", ".join(f'"{e}"' for e in sorted(elements))
    how = {
        "filter": f"elements HAS ONLY {names}",
        "response_fields": FIELDS,
        "page_limit": str(limit),
    }
    return f"{server.rstrip('/')}/structures?{urllib.parse.urlencode(how)}"


def fetch_structures(
    elements: Sequence[str],
    *,
    server: str = MATERIALS_PROJECT,
    get: Callable[[str], str] | None = None,
    pages: int = 20,
) -> dict[str, Structure]:
    """Ordered structures by id; follows the server's links to further pages.

    Parameters
    ----------
    get : returns the text at an address; the network by default, a recording in tests.

    Raises
    ------
    InputError
        Without a network. DataError : if the answer is not OPTIMADE.
    """
    get = get or _get
    found: dict[str, Structure] = {}
    address: str | None = query_url(elements, server=server)
    for _ in range(pages):
        if address is None:
            break
        answer = _parsed(get(address), server)
        for record in answer["data"]:
            structure = structure_of(record)
            if structure is not None:
                found[str(record["id"])] = structure
        link = (answer.get("links") or {}).get("next")
        address = link.get("href") if isinstance(link, dict) else link
    return found


def structure_of(record: dict[str, Any]) -> Structure | None:
    """The structure of one record; None where a site is disordered.

    Raises
    ------
    DataError
        If a field is missing.
    """
    from pymatgen.core import Lattice, Structure

    try:
        at = record["attributes"]
        species = {s["name"]: s for s in at["species"]}
        if any(len(species[n]["chemical_symbols"]) > 1 for n in at["species_at_sites"]):
            return None
        symbols = [species[n]["chemical_symbols"][0] for n in at["species_at_sites"]]
        return Structure(
            Lattice(at["lattice_vectors"]), symbols, at["cartesian_site_positions"], coords_are_cartesian=True
        )
    except (KeyError, TypeError, IndexError) as error:
        raise DataError(f"OPTIMADE record {record.get('id')}: no field {error}") from error


def _parsed(text: str, server: str) -> dict[str, Any]:
    """The answer as a dictionary with `data`."""
    try:
        answer = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"OPTIMADE {server}: the answer is not JSON ({error})") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise DataError(f"OPTIMADE {server}: the answer has no list of data")
    return answer


def _get(address: str) -> str:
    """Text at an address."""
    if not address.startswith("https://"):
        raise InputError(f"OPTIMADE: only https addresses are read, got {address}")
    try:
        with urllib.request.urlopen(address, timeout=60) as reply:  # noqa: S310  only https, checked above
            return str(reply.read().decode("utf-8"))
    except (urllib.error.URLError, TimeoutError) as error:
        raise InputError(
            f"OPTIMADE: no answer from {address.split('?')[0]} ({error}); "
            "structures can also be given as files"
        ) from error

"""Read every CIF of a folder and print what disagrees: `make corpus CIFS=folder`, a check for the night.

A file disagrees if it is refused, if what was read is not what its formula, Z, multiplicities and density
say, or if the two rooms that read crystals count different atoms. Ends with status 1 where the rooms differ or
an exception is none of the package's own.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from electrolith.core.errors import ElectrolithError
from electrolith.crystal.read import read_crystal
from electrolith.scattering.phase import multiplicity
from electrolith.scattering.read_cif import read_cif_phase
from electrolith.scattering.tables import element_of

SAID = ("per formula", "formula units", "g/cm³ and", "listed again", "agrees with the file", "no coordinates")
SAME = 1e-3  # atoms per cell


def judged(path: Path) -> tuple[str, str]:
    """One word for the count, and what to print (nothing where all agree)."""
    try:
        crystal = read_crystal(path)
        phase = read_cif_phase(path)
    except ElectrolithError as error:
        return "refused", str(error)
    except Exception as error:
        return "broken", f"{path}: {type(error).__name__}: {error}"
    other: Counter[str] = Counter()
    for site in phase.sites:
        for species, share in site.occupancy:
            other[element_of(species)] += multiplicity(phase, site) * share
    mine: Counter[str] = Counter()
    for name, amount in crystal.content.items():
        mine[element_of(name.rstrip("0123456789.+-"))] += amount.value
    if any(abs(mine[e] - other[e]) > SAME * max(mine[e], 1) for e in {*mine, *other}):
        return "rooms differ", f"{path}: {dict(mine)} as a crystal, {dict(other)} as a phase"
    said = [n for n in crystal.notes if any(word in n for word in SAID)]
    return ("remark", f"{path}: {'; '.join(said)}") if said else ("agrees", "")


def main(folder: Path) -> int:
    """Print disagreements and the counts."""
    counts: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.cif")):
        word, text = judged(path)
        counts[word] += 1
        if text:
            print(f"{word}: {text}")  # noqa: T201
    print(", ".join(f"{n} {word}" for word, n in counts.most_common()) or f"{folder}: no CIF")  # noqa: T201
    return int(counts["broken"] > 0 or counts["rooms differ"] > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

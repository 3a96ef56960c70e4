"""Validate an OPTIMADE document with the pydantic models of `optimade`; print what they read as JSON.

The whole answer is held against its model, then every structure is turned into one of pymatgen by the
library's own adapter. One entry is damaged in several ways, and whether the model refuses it is
printed.

Usage: python optimade_read.py FILE
"""

import copy
import json
import sys
from pathlib import Path

from optimade.adapters import Structure
from optimade.models import StructureResource, StructureResponseMany
from pydantic import ValidationError

document = json.loads(Path(sys.argv[1]).read_text())
answer = StructureResponseMany(**document)

DAMAGES = {
    "ratios": {"elements_ratios": [0.9] * 2},
    "formula": {"chemical_formula_reduced": "LiCl"},
    "anonymous": {"chemical_formula_anonymous": "AB2"},
    "sites": {"species_at_sites": ["Xx", "Li"]},
}


def refused(changes):
    """Whether the model refuses the entry of LiCl with these changes."""
    entry = copy.deepcopy(
        next(e for e in document["data"] if e["attributes"]["chemical_formula_reduced"] == "ClLi")
    )
    entry["attributes"] |= changes
    try:
        StructureResource(**entry)
    except ValidationError:
        return True
    return False


read = [Structure(entry) for entry in document["data"]]
print(
    json.dumps(
        {
            "entries": len(answer.data),
            "refused": {name: refused(changes) for name, changes in DAMAGES.items()},
            "volumes": {s.entry.id: abs(s.as_ase.get_volume()) / len(s.as_ase) for s in read},
            "formulas": {s.entry.id: s.as_ase.get_chemical_formula("reduce") for s in read[:3]},
        }
    )
)

# %% [markdown]
# # Which ordered cells stand for a disordered crystal?
#
# Vacancy-rich Li₉N₂Cl₃ has partly filled lithium and anion sites. A simulation needs whole atoms: cells whose content is
# charge-neutral and near the refined one, and arrangements of low energy among very many.

# %%
from importlib.resources import files

import electrolith as el
from electrolith.crystal import read_crystal

cif = files("electrolith.study") / "templates" / "crystal.cif"
charges = {"Li": 1, "N": -3, "Cl": -1}
crystal = read_crystal(str(cif), oxidation_states=charges)
print(crystal.space_group, crystal.density.text())

# %% [markdown]
# The nearest neutral composition of the cell, random decorations ranked by electrostatics, and annealing by swaps that
# reaches what random drawing does not. (Few are drawn here; the default is 3000.)

# %%
found = el.order(
    str(cif), supercell=(2, 2, 2), charges=charges, decorations=200, lowest=4, random=2, monte_carlo=2
)
print(found.composition.text())
print(len(found.frames), "orderings go on;", found.duplicates, "were symmetry copies")

# %% [markdown]
# Where the kept orderings lie among the random ones. Electrostatics only ranks; `search:` in a study goes on with an engine.

# %%
found.plot(0)

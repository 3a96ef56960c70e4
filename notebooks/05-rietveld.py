# %% [markdown]
# # What does a powder pattern tell of this crystal, and what can it not know?
#
# A laboratory pattern of Li₉N₂Cl₃, simulated with the noise of counting, and the average structure as CIF.

# %%
from pathlib import Path

import electrolith as el
from electrolith.study.starting import begin

begin("diffraction", Path("powder"))
found = el.rietveld("powder/data/*.xy", "powder/crystal.cif", instrument="Cu Ka")
print(found)

# %% [markdown]
# The cell it was simulated with is 5.3506 Å. Now all occupancies at once: the pattern alone cannot tell them from the
# scale. Instead of an uncertainty that means nothing, the combination that the data do not determine is named.

# %%
free = el.rietveld("powder/data/*.xy", "powder/crystal.cif", instrument="Cu Ka", occupancies=True)
for words in free.warnings:
    print("!", words)

# %% [markdown]
# A measured density closes the gap, and is stated as what was put in.

# %%
closed = el.rietveld(
    "powder/data/*.xy", "powder/crystal.cif", instrument="Cu Ka", occupancies=True, density="1.63(1) g/cm3"
)
print(closed)

# %% [markdown]
# Measured, calculated and their difference.

# %%
found.plot(0)

# %% [markdown]
# # What are σ(25 °C) and the activation energy of a pellet, and how well are they known?
#
# Six spectra of one pellet between ion-blocking electrodes, one for each temperature. The data are simulated and say
# so (`electrolith init pellet` writes the same); put your own files in their place: `.mpr`, `.mpt`, `.dta`, `.z`, tables.

# %%
from pathlib import Path

import electrolith as el
from electrolith.study.starting import begin

begin("pellet", Path("pellet"))
sorted(p.name for p in Path("pellet/data/impedance").iterdir())

# %% [markdown]
# No starting guess and no circuit are needed: the best of a few physical circuits is chosen, and what it cannot tell is
# said. The thickness carries its uncertainty, `0.90(2) mm`, into every conductivity.

# %%
found = el.impedance("pellet/data/impedance/*.csv", diameter="10.00(2) mm", thickness="0.90(2) mm")
print(found)

# %% [markdown]
# A table of every temperature, with standard deviations in columns of their own.

# %%
found.to_frame("headline")

# %% [markdown]
# What must not be trusted is said in words, and never silently left out.

# %%
found.warnings or "no warnings"

# %% [markdown]
# The Arrhenius line. The thickness is the same in all points: it moves σ up and down, but not the activation energy.

# %%
found.plot("impedance-arrhenius")

# %% [markdown]
# # What does my molecular dynamics say about σ(300 K), and within which interval?
#
# Three runs of other programs: LAMMPS dumps at 600 and 900 K and a VASP folder at 750 K. They are simulated, with ions
# that hop over 3 Å and an activation energy of 0.25 eV, so that the answer can be held against the truth.

# %%
from pathlib import Path

import electrolith as el
from electrolith.study.starting import begin

begin("own-trajectories", Path("runs"))
print(Path("runs/study.yaml").read_text())

# %% [markdown]
# One run alone: diffusivity with an honest error, conductivity, and the guards that positions allow.

# %%
one = el.diffusion("runs/data/750K", "Li", hop="3 angstrom")
print(one)

# %% [markdown]
# All temperatures together: the study reads, judges and extrapolates. A run whose ions rest, or whose framework moves,
# would be left out with its reason.

# %%
study = el.open_study("runs", run=True)
for number in study.evidence:
    print(f"{number.label}: {number.value.text()}")
study.warnings or "no warnings"

# %% [markdown]
# Fifty picoseconds at three high temperatures leave σ(300 K) wide: the interval says by how much, and the headline says
# from what. More seeds or a lower temperature would narrow it most.

# %%
study.plot("arrhenius")

# %% [markdown]
# # How do I get a fast potential for my electrolyte?
#
# An accurate engine (CHGNet, SevenNet, a DFT program) is too slow for nanoseconds. `electrolith distil` lets it label a few
# hundred small cells, fits a fast potential to them, lets that run, and labels what it does not know yet.
#
# This toy needs seconds: the teacher is the shipped Li-N-Cl potential and the crystal is LiCl. For an electrolyte of your
# own, name its CIF in the file below and run `electrolith distil distil.yaml --teacher chgnet` (an hour).

# %%
print("""distil:
  materials:
    - {name: mine, crystal: mine.cif, oxidation_states: {Li: 1, Y: 3, Cl: -1}}
  labels: 400
  hours: 1.3
""")

# %%
from pathlib import Path
from types import SimpleNamespace

from electrolith.energy.distil.distil import Teacher, distil
from electrolith.energy.distil.distillation import Distillation
from electrolith.energy.distil.explore import Explore
from electrolith.energy.distil.start import Start, StartMaterial
from electrolith.energy.pod.lammps import li_n_cl
from electrolith.energy.pod.potential import PodSettings

small = PodSettings(
    two_body=5, three_body=2, three_angular=2, four_body=0, four_angular=0, regularisation=1e-9
)
toy = Distillation(
    materials=(StartMaterial("LiCl", structure="LiCl"),),
    shapes=(small,),
    regularisations=(1e-9,),
    start=Start(variants=3),
    explore=Explore(temperatures=(300.0, 600.0), runs=2, duration=100.0, frames=4),
    labels=16,
    per_round=4,
    hours=0.2,
    certificate_hours=0.0,
    processes=1,
)

# %% [markdown]
# The certificate (energy-volume curves, elastic constants, runs with both) is left out of the toy; without it no potential is
# called trusted.

# %%
found = distil(
    toy,
    teacher=Teacher(li_n_cl, "li-n-cl"),
    folder=Path("student"),
    certify=lambda *_: SimpleNamespace(trusted=False, criteria=()),
)
print(found.reason)
for number, one in enumerate(found.rounds):
    print(f"round {number}: {one.labels} labels, {1000 * one.forces:.0f} meV/Å on frames it has not seen")

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(4, 3))
axes.plot([r.labels for r in found.rounds], [1000 * r.forces for r in found.rounds], "o-")
axes.set(xlabel="labels", ylabel="force error / meV/Å", ylim=(0, None))
figure.tight_layout()

# %% [markdown]
# # Between which voltages is the electrolyte stable, what does it do to its neighbours, and how dry must the room be?
#
# The energies come from a library of competing phases; its errors were learned from tabulated enthalpies, so every limit
# has an error bar.

# %%
import electrolith as el

window = el.window("Li9N2Cl3", draws=40)
print(window)

# %% [markdown]
# Where it touches a layered oxide, closed and at the voltage of a charged cathode.

# %%
contact = el.interface("Li9N2Cl3", "LiNiO2", open_to={"Li": 4.2}, draws=20)
print(contact)

# %% [markdown]
# Moist gas: what thermodynamics would do at a dew point of -60 °C. How fast is another question, which the result says.

# %%
from electrolith.stability.moisture import MoistureSettings, moisture
from electrolith.study.sections.stability import library_with, phase_in

library = library_with(None)
gas = moisture(phase_in("Li9N2Cl3", library), library, MoistureSettings(dew_point=213.15, draws=20))
print(gas.verdict)

# %% [markdown]
# The ladder of the window: what decomposes into what, at which voltage.

# %%
window.plot(0)

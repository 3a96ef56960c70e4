# %% [markdown]
# # What would a cell with this electrolyte deliver, and what limits it?
#
# A composite cathode, a separator of two layers and lithium, from a file of a dozen lines.

# %%
from pathlib import Path

import electrolith as el
from electrolith.study.starting import begin

begin("cells", Path("cells"), samples=False)
print(Path("cells/design.yaml").read_text())

# %%
found = el.design("cells/design.yaml")
for part in found.parts[:3]:
    print(part.sentence)

# %% [markdown]
# Every number of the headline, with the doubt that thickness and conductivity leave in it.

# %%
found.to_frame("headline")

# %% [markdown]
# Energy against power: where the separator's resistance costs more than its weight.

# %%
found.plot("ncm83-composite-lhc-lnc-li-ragone")

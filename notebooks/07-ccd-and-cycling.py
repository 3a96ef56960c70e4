# %% [markdown]
# # At which current does the cell short, and what does a full cell deliver?
#
# A lithium symmetric cell with rising current, and a full cell over twenty cycles; both simulated.

# %%
from pathlib import Path

import electrolith as el
from electrolith.lab.symmetric import SymmetricSettings, measure_symmetric
from electrolith.study.starting import begin

begin("cells", Path("cells"))
steps = tuple(sorted(Path("cells/data/symmetric").glob("*.csv")))
judged = measure_symmetric(SymmetricSettings(files=steps, area=0.785e-4))

# %% [markdown]
# The critical current density follows from a written rule that explains itself: the last current that was borne, and what
# happened at the next. A soft short, which no sudden drop betrays, counts as well.

# %%
for cell in judged.cells:
    for line in cell.decision.explanation:
        print(line)

# %% [markdown]
# The full cell: cycles are told apart into formation, rates and ageing before anything is called retention.

# %%
full = el.cycling("cells/data/full/*.csv", mass="3.50 mg", area="0.785 cm2", one_c="200 mA/g")
print(full)
full.to_frame("headline")

# %%
full.plot(0)

# %% [markdown]
# # Is the local structure the average one?
#
# S(Q), simulated from the average crystal with noise, neighbours moving together; its transform G(r) is fitted over three
# ranges: everything, the first shells, and what lies beyond. If the ranges want different cells or displacements, the local
# structure is another one.

# %%
from pathlib import Path

import numpy as np

from electrolith.scattering import PdfFilesSettings, candidate, fit_pdf_files
from electrolith.study.answer import Answer
from electrolith.study.sections.pdf_parts import pdf_parts
from electrolith.study.starting import begin
from electrolith.study.synthetic.structure import write_pdf

begin("diffraction", Path("powder"))
_ = write_pdf(Path("powder/li9n2cl3.sq"), np.random.default_rng(1))

# %% [markdown]
# Every parameter has the uncertainty of the independent points of its range; what a range says nothing about is held, and
# named.

# %%
settings = PdfFilesSettings(
    files=(Path("powder/li9n2cl3.sq"),), ranges=((1.6, 30.0), (1.6, 6.0), (6.0, 30.0))
)
fits = fit_pdf_files(settings, candidate("powder/crystal.cif"))
found = Answer("G(r)", fits, pdf_parts(fits))
print(found)
found.to_frame(0)

# %% [markdown]
# The sites of the simulated powder are those of its average; that neighbours move together is all that is local in it.

# %%
found.plot(0)

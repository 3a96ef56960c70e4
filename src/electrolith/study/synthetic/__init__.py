"""Synthetic raw files of a whole paper's measurements, with their truth beside them; nothing was measured."""

from electrolith.study.synthetic.paper import Extent, write_paper
from electrolith.study.synthetic.truth import Truth, read_truth

__all__ = ["Extent", "Truth", "read_truth", "write_paper"]

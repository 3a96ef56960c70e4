"""Electrolith: from a disordered crystal to a solid-state cell, every number with its doubt."""

__version__ = "0.1.0"

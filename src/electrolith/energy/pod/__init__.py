"""The fitted potential: descriptors, linear equations, the fit, its files, and how LAMMPS runs it."""

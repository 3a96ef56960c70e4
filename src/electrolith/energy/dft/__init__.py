"""Reference methods: plane-wave and Gaussian DFT codes behind one contract, and how converged they are."""

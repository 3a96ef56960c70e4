"""What it costs to take one atom out: cells, formation energies, the limit of ever larger cells."""

"""Laboratory measurements: each technique a folder with its readers, its forward model and the inverse."""

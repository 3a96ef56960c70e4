"""The all-solid-state cell: layers, equations, solution, design."""

"""From a crystal and a teacher to a fast potential: start, explore, choose, label, fit again."""

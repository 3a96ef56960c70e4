"""What leaves a study: archives that others can read, run again and compare."""

"""Neural-network potentials as engines, and how they are fine-tuned on labels."""

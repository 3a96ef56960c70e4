"""Labels: what a reference method says of frames, stored so that nothing is lost or mixed."""

"""Stability: hulls, electrochemical windows, interface reactions, moisture; every limit with its doubt."""

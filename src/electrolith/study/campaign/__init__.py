"""Campaigns: many candidates, one budget, the next core hour where it tells most."""

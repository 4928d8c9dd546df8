"""Training: targets, retrained models, fleets."""

"""Circuits that prepare given states, exactly (`tree`) or with few gates (`mps`)."""

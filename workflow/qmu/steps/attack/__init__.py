"""Attacks: their data, their fitting, their scores."""

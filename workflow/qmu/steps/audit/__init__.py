"""Measurements, measures of quality, and the evaluation of all of them."""

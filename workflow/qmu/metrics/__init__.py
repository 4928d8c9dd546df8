"""Metrics with their intervals: pure functions of arrays, NumPy and SciPy only."""

"""Metrics with their intervals: pure functions of arrays, NumPy and SciPy only.

What enters are scores, outputs or counts. What leaves are numbers with intervals and replicates.
"""

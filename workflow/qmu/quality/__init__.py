"""Measures of unlearning quality: what they are shown, and what several of them compute.

What enters is one variant of one model with all its seeds beside the retrained ones. What leaves
are measured numbers; every measure is one file in `measures`.
"""

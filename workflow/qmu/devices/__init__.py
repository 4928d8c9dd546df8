"""Trained models on further devices: which images are asked about, and what comes back.

What enters are a model, its parameters and a device's settings. What leaves is the table of outputs
that the simulation would write; every kind of device is one file in `kinds`.
"""

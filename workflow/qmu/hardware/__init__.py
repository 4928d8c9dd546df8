"""Evaluation on IBM hardware by the direct route: one transpiled circuit, one job, all samples.

``prepare.prepare`` makes a job from a circuit, its weights and the samples; ``jobs`` sends and
collects it; ``decode.expectations`` reads its result. qiskit is imported inside functions only, and
this file imports nothing: planning reads the settings beside it.
"""

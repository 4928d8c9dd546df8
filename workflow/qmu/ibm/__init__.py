"""Evaluation on IBM hardware: one transpiled circuit, one job, all samples.

What enters are a circuit, its weights and the samples; `prepare` makes a job of them, `jobs` sends
and collects it. What leaves are expectation values, by `decode`; qiskit is imported inside
functions only, so that planning may read the settings.
"""

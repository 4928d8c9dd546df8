"""The audit: numbers with intervals from outputs and scores, and the verdicts they carry.

What enters are tables of outputs, scores and costs. What leaves are rows of the summary, curves and
verdicts; no model runs here.
"""

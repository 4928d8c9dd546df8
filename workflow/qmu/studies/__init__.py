"""Studies beside the audit: noise and shots, accuracy-matched comparison, signal by embedding.

What enters are trained models and a section of the configuration. What leaves are tables of their
own.
"""

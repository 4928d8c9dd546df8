"""What people read: numbers found again, sentences, drawings, and the page.

What enters are the summary, curves, verdicts and cards. What leaves are figures and one HTML file;
nothing is computed here that the audit did not measure. The only place that imports matplotlib.
"""

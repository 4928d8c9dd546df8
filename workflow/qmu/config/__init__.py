"""The experiment as a person writes it: every key, its default, its limits, its error message.

What enters is the mapping that Snakemake read from a file; components bring their own `Config`.
What leaves is an `Experiment` whose every value is checked, or one line that names the key.
"""

"""One `run` per rule: the only place where reading, science and writing meet.

What enters are file names and a spec. What leaves are the files that the rule promised.
"""

"""What every job depends on: from an `Experiment` to the spec of each rule, and to its files.

What enters are a checked experiment and the syntax trees of the code that a job would run. What
leaves are specs and file names, one module per file of ``workflow/rules``; nothing here computes,
reads tables or imports a numerical library.
"""

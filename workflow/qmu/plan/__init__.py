"""What every job depends on: from an `Experiment` to the spec of each rule, as plain builtins.

What enters is a checked experiment, and the syntax trees of the code that a job would run. What
leaves are specs and file names; nothing here computes, reads tables or imports a numerical library.
"""

"""What a job is told: the typed settings of every rule, written by `plan`, read by `steps`.

What enters are values of a checked experiment. What leaves are frozen models that survive being
plain builtins, because that is all Snakemake can hand to a job and compare; nothing heavy is
imported, and a spec holds what its job depends on and nothing else.
"""

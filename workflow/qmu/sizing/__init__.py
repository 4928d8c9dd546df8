"""How large jobs should be: what they cost, and how a run would scale over more cores.

``python -m qmu.sizing results/NAME`` reads the measurements that a finished run left beside its
results, asks Snakemake for the jobs and what each needs, and simulates the run on other numbers of
cores and with other sizes of the blocks of shadow models.
"""

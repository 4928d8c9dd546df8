"""What is to be forgotten: a mask over the rows of the pool, made by a scenario.

What enters is the pool and the section ``forget`` of the configuration. What leaves is the table
``request``: one row per row of the pool and whether it is to be forgotten; every scenario is one
file in `scenarios`, and whatever follows reads the mask and never a label.
"""

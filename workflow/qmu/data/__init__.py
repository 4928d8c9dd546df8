"""Where rows and labels come from, how they become features, and how they are split.

What enters are files or images that a package ships. What leaves is a `Dataset`: inputs, labels and
what a data set says of itself; every data set is one file in `sets`.
"""

"""What stands on disk: the columns of every table, Parquet in and out, files written whole.

What enters are columns as arrays, or a file of an earlier job. What leaves is a file that is
complete and stamped, or arrays of the promised types, or one line that names file and column.
"""

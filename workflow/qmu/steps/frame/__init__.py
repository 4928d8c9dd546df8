"""What surrounds every job: threads, log, clock, and errors in one line.

It stands in the digest of every job, so it imports next to nothing.
"""

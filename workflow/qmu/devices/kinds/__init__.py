"""One file per kind of device, with a ``Config``, a ``CARD`` and a ``check`` (see `checks.Device`).

Whatever its kind, what a device answers ends in the same table of outputs. Another kind is another
file and a rule that makes the same files.
"""

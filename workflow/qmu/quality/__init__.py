"""Components: one file each, found by name (see `qmu.registry`)."""

"""One file per data set: its `Config`, ``describe(config)`` and ``load(config)``."""

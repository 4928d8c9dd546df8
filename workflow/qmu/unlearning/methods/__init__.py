"""One file per method: its `Config`, `CARD` and ``unlearn(problem, config)``."""

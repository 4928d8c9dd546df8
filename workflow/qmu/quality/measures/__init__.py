"""One file per measure: its `Config`, `CARD` and ``measure(exam, config)``."""

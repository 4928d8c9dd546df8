"""One file per scenario: its `Config`, `CARD` and functions (see `qmu.forget.scenario`)."""

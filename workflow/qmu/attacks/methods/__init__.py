"""One file per attack: its `Config`, `CARD`, ``fit`` and ``score``."""

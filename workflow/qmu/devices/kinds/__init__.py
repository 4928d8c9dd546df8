"""One file per kind of device: its `Config` and ``check(...)``."""

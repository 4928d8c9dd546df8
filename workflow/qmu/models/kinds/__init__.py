"""One file per model: its `Config`, `CARD` and functions (see `qmu.models.model.ModelModule`)."""

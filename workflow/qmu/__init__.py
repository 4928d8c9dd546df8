"""qmu: audit and unlearn quantum machine-learning models."""

__version__ = "0.1.0"

"""An attack for qmu, as another package brings it."""

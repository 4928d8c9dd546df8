"""Builders of parametrised circuits, one file each."""

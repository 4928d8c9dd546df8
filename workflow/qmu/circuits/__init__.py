"""Circuits as data: the value (`circuit`), the ansatz builders, the PennyLane function."""

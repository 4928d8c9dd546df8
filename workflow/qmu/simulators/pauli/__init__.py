"""Noisy circuits in the Heisenberg picture of Pauli strings (see README.md beside this)."""

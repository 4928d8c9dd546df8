"""Unlearning, of targets and of shadow models."""

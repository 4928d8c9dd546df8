"""Verdicts: what the numbers of a case entitle anybody to say, by stated rules."""

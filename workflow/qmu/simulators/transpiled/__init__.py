"""Transpiled circuits of IBM backends under recorded noise, split into independent components."""

"""Studies of noise, shots and signal."""

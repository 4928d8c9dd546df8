"""One `run` per rule: the only place where reading, science and writing meet."""

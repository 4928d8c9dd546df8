"""The general engine in JAX: any circuit of `Circuit`'s gates, one state per sample."""

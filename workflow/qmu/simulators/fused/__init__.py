"""The batched engine in JAX: a layer of gates is one matrix product (see README.md beside this)."""

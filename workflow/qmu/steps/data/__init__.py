"""The data: the pool, what is to be forgotten, each seed's splits."""

"""Jobs that are paid: sent once, found again, never paid twice (see README.md beside this)."""

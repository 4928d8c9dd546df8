"""What the report is made from, found again by name in the tables of a run."""

"""What several steps read and write."""

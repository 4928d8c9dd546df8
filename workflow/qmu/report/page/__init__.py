"""The HTML page from numbers, sentences and drawings."""

"""The same models on further devices."""

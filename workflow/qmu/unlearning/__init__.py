"""Unlearning: the problem that a method is handed, the loop, the rules by which it stops.

What enters is a trained model and the data that a method's card asks for. What leaves is an
`Outcome` and a counted bill; every method is one file in `methods`. Attacks and audit are unknown.
"""

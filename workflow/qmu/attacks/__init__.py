"""Membership inference: the game, and the statistics that several attacks share.

What enters is what an attacker holds, by the attack's card. What leaves is one score and one
decision per sample; every attack is one file in `methods`.
"""

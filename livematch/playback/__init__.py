"""Decks: archive clips decoded in time to be seen."""

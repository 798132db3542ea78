"""Compilations of one kind of scene: what is in them, in which order, and the film of it."""

"""livematch: play a film archive with a camera."""

__version__ = "0.1.0"

"""MIDI: what a controller sends becomes commands, and what happens is shown on its lights."""

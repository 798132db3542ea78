"""Other instruments that play along: Ableton Live, and whoever shares a beat by Ableton Link."""

"""Cameras: devices, films and a test pattern, all giving the newest frame and their state."""

"""The picture: layouts and colours (pure), the compositor, the HUD, surfaces, the recorder."""

"""Footage to play with before there is any of one's own: a small archive and a camera."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def films_folder() -> Path:
    """The folder with the demo films; its shots.json says where their cuts are."""
    return _HERE / "films"


def camera_file() -> Path:
    """A film to play in place of a hand-held camera."""
    return _HERE / "camera.mp4"

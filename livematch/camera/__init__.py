"""Cameras: devices, films and a test pattern, all giving the newest frame and their state.

`open_camera` is fetched when it is first asked for: the process that reads a device imports this
package at every reopening, and has no use for film decoders.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livematch.camera.open import open_camera

__all__ = ["open_camera"]


def __getattr__(name: str) -> object:
    if name == "open_camera":
        from livematch.camera.open import open_camera  # noqa: PLC0415 - see above

        return open_camera
    raise AttributeError(name)

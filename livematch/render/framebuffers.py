"""Framebuffers of a fixed size, and how pictures are copied out of them."""

import ctypes
from typing import Any

import numpy as np

from livematch.errors import DisplayError
from livematch.render.gl import GL
from livematch.values import Image


def new_framebuffer(size: tuple[int, int]) -> tuple[Any, Any]:
    """Make a framebuffer of `size` and bind it; returns the names of it and of its colours."""
    buffer, colour = GL.GLuint(), GL.GLuint()
    GL.glGenRenderbuffers(1, ctypes.byref(colour))
    GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, colour)
    GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, GL.GL_RGBA8, *size)
    GL.glGenFramebuffers(1, ctypes.byref(buffer))
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, buffer)
    GL.glFramebufferRenderbuffer(
        GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_RENDERBUFFER, colour
    )
    if GL.glCheckFramebufferStatus(GL.GL_FRAMEBUFFER) != GL.GL_FRAMEBUFFER_COMPLETE:
        raise DisplayError(f"a picture of {size[0]} × {size[1]} pixels is more than can be drawn")
    return buffer, colour


def delete_framebuffer(buffer: Any, colour: Any) -> None:
    """Free a framebuffer and its colours, in the context they were made in."""
    GL.glDeleteFramebuffers(1, ctypes.byref(buffer))
    GL.glDeleteRenderbuffers(1, ctypes.byref(colour))


def copy_pixels(
    source: int, size: tuple[int, int], target: int, at: tuple[int, int], target_height: int
) -> None:
    """Copy a framebuffer of `size` into another of the same context; `at` is top left there.

    Leaves `target` bound.
    """
    (width, height), (x, y) = size, at
    bottom = target_height - y - height
    GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, source)
    GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, target)
    GL.glBlitFramebuffer(
        *(0, 0, width, height),
        *(x, bottom, x + width, bottom + height),
        GL.GL_COLOR_BUFFER_BIT,
        GL.GL_NEAREST,
    )
    GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, target)


def read_pixels(framebuffer: int, size: tuple[int, int]) -> Image:
    """Copy a framebuffer out, at once: BGR (h, w, 3), top row first. For screenshots."""
    width, height = size
    if min(size) <= 0:
        return np.zeros((max(0, height), max(0, width), 3), np.uint8)
    upwards: Image = np.empty((height, width, 3), np.uint8)
    GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, framebuffer)
    GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
    GL.glReadPixels(0, 0, width, height, GL.GL_BGR, GL.GL_UNSIGNED_BYTE, upwards.ctypes.data)
    return np.ascontiguousarray(upwards[::-1])

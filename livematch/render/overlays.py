"""Painted pictures with their transparency, laid over what is drawn: figures, numbers, titles."""

import ctypes

from livematch.render.compositor import clip_space
from livematch.render.gl import GL, Shader, current_context
from livematch.render.layouts import Rect
from livematch.render.textures import RGBA, Texture
from livematch.values import Image


class Overlays:
    """Keeps painted pictures on the card by name. All methods: the GL thread.

    What it keeps belongs to one context; in another one everything is to be painted again.
    """

    def __init__(self) -> None:
        self._context: object = None
        self._textures: dict[str, Texture] = {}

    def begin(self) -> bool:
        """Make ready to lay pictures over the one that has begun; True when none is kept yet."""
        if self._context is current_context():
            return False
        self._context = current_context()
        self._vertices = GL.GLuint()
        GL.glGenVertexArrays(1, ctypes.byref(self._vertices))
        self._shader = Shader("cell.vert.glsl", ("panel.frag.glsl",))
        self._textures = {}
        return True

    def keep(self, name: str, image: Image) -> None:
        """Bring a painted picture to the card: RGBA (h, w, 4), transparency multiplied in."""
        if name not in self._textures:
            self._textures[name] = Texture(RGBA)
            self._textures[name].sharpen(nearest=True)
        self._textures[name].upload(image)

    def lay(self, name: str, at: tuple[int, int], size_px: tuple[int, int]) -> None:
        """Lay a kept picture, pixel for pixel, over a surface of `size_px`; `at` is top left."""
        place = Rect(*at, *self._textures[name].size_px)
        GL.glBindVertexArray(self._vertices)
        GL.glViewport(0, 0, *size_px)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFunc(GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        self._textures[name].bind(0)
        self._shader.use()
        self._shader.vec("place", *clip_space(place, size_px), width=4)
        self._shader.vec("bottom_at", 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, width=2)
        self._shader.sampler("bottom_first", 0)
        GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 4)
        GL.glDisable(GL.GL_BLEND)

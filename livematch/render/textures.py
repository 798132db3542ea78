"""Textures: made once a size, filled only when there is something new."""

import ctypes
import logging
from dataclasses import dataclass

import cv2
import numpy as np

from livematch.errors import FilmError
from livematch.playback.software import decoded_blocks
from livematch.render.gl import GL, reads_s3tc, renderer
from livematch.values import BLOCK_BYTES, Image, Picture, PixelFormat, coded_size

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a texture is kept and how its pixels arrive: names of GL constants.

    Blocks arrive as they are kept: for those `external` is empty.
    """

    internal: str
    external: str = ""


GREY = Layout("GL_R8", "GL_RED")
PAIR = Layout("GL_RG8", "GL_RG")
BGR = Layout("GL_RGB8", "GL_BGR")
RGBA = Layout("GL_RGBA8", "GL_RGBA")
BLOCKS = {
    PixelFormat.DXT1: Layout("GL_COMPRESSED_RGB_S3TC_DXT1_EXT"),
    PixelFormat.DXT5: Layout("GL_COMPRESSED_RGBA_S3TC_DXT5_EXT"),
    PixelFormat.YCOCG_DXT5: Layout("GL_COMPRESSED_RGBA_S3TC_DXT5_EXT"),
}


class Texture:
    """One texture of one layout, made anew when its size changes. The GL thread."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._nearest = False
        self.size_px = (0, 0)
        name = GL.GLuint()
        GL.glGenTextures(1, ctypes.byref(name))
        self._name = name
        self.bind(0)
        for side in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, side, GL.GL_CLAMP_TO_EDGE)
        self._filter(GL.GL_LINEAR)

    def bind(self, unit: int) -> None:
        """Put it where a sampler of `unit` reads."""
        GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._name)

    def upload(self, image: Image) -> None:
        """Fill it with `image` (h, w) or (h, w, channels), top row first."""
        image = np.ascontiguousarray(image)
        height, width = image.shape[:2]
        external = getattr(GL, self._layout.external)
        self.bind(0)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        kind = GL.GL_UNSIGNED_BYTE
        if self.size_px != (width, height):
            self.size_px = (width, height)
            internal = getattr(GL, self._layout.internal)
            GL.glTexImage2D(
                GL.GL_TEXTURE_2D, 0, internal, width, height, 0, external, kind, image.ctypes.data
            )
        else:
            GL.glTexSubImage2D(
                GL.GL_TEXTURE_2D, 0, 0, 0, width, height, external, kind, image.ctypes.data
            )

    def upload_blocks(self, blocks: Image, size_px: tuple[int, int]) -> None:
        """Fill it with compressed `blocks`, flat, of a picture of `size_px`, padding included."""
        blocks = np.ascontiguousarray(blocks)
        kept = getattr(GL, self._layout.internal)
        self.bind(0)
        (width, height), length, data = size_px, len(blocks), blocks.ctypes.data
        if self.size_px != size_px:
            self.size_px = size_px
            GL.glCompressedTexImage2D(GL.GL_TEXTURE_2D, 0, kept, width, height, 0, length, data)
        else:
            GL.glCompressedTexSubImage2D(
                GL.GL_TEXTURE_2D, 0, 0, 0, width, height, kept, length, data
            )

    def sharpen(self, *, nearest: bool) -> None:
        """Read single texels where the picture is shown pixel for pixel: cheaper, and the same."""
        if nearest != self._nearest:
            self._nearest = nearest
            self._filter(GL.GL_NEAREST if nearest else GL.GL_LINEAR)

    def _filter(self, kind: int) -> None:
        """Set the filter of the texture bound last."""
        for way in (GL.GL_TEXTURE_MIN_FILTER, GL.GL_TEXTURE_MAG_FILTER):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, way, kind)

    def delete(self) -> None:
        """Free it."""
        GL.glDeleteTextures(1, ctypes.byref(self._name))


class Held:
    """What one deck, or the camera, has on the card: the picture last uploaded. The GL thread.

    YUV pictures are two textures: luma, and both chroma planes side by side in one, which is a
    third fewer reads a pixel than three planes, for a merge of two quarter-size planes here.
    """

    def __init__(self) -> None:
        self._picture: Picture | None = None
        self._format = PixelFormat.BGR
        self._textures: dict[Layout, Texture] = {}

    def upload(self, picture: Picture) -> bool:
        """Bring a picture to the card unless it is there; True when it was brought."""
        if picture is self._picture:
            return False
        self._format = picture.format
        if picture.format is PixelFormat.YUV420:
            luma, first, second = picture.planes
            self._texture(GREY).upload(luma)
            self._texture(PAIR).upload(cv2.merge((first, second)).astype(np.uint8, copy=False))
        elif picture.format is PixelFormat.BGR:
            self._texture(BGR).upload(picture.planes[0])
        elif reads_s3tc():
            texture = self._texture(BLOCKS[picture.format])
            texture.upload_blocks(picture.planes[0], coded_size(*picture.size_px))
        else:
            self._format = PixelFormat.BGR
            self._texture(BGR).upload(_decoded(picture))
        self._picture = picture
        return True

    @property
    def picture(self) -> Picture:
        """The picture on the card; only after `upload`."""
        assert self._picture is not None  # noqa: S101 - see above
        return self._picture

    @property
    def format(self) -> PixelFormat:
        """How it is kept on the card: as it came, or decoded for a card that cannot read it."""
        return self._format

    @property
    def filled(self) -> tuple[float, float]:
        """Which part of the texture's width and height the picture fills; the rest is padding."""
        if self._format not in BLOCK_BYTES:
            return 1.0, 1.0
        width, height = self.picture.size_px
        across, down = coded_size(width, height)
        return width / across, height / down

    def bind(self, first_unit: int, *, shown_px: tuple[int, int] | None) -> None:
        """Bind to `first_unit` and the next; `shown_px` when all of it is shown at that size."""
        size_px: tuple[int, int] | None = None
        if self._format is PixelFormat.YUV420:
            first = self._textures[GREY]
            self._textures[PAIR].bind(first_unit + 1)
        elif self._format is PixelFormat.BGR:
            first = self._textures[BGR]
        else:
            first = self._textures[BLOCKS[self._format]]
            size_px = self.picture.size_px
        first.bind(first_unit)
        first.sharpen(nearest=(size_px or first.size_px) == shown_px)

    def _texture(self, layout: Layout) -> Texture:
        if layout not in self._textures:
            self._textures[layout] = Texture(layout)
        return self._textures[layout]

    def delete(self) -> None:
        """Free the textures."""
        for texture in self._textures.values():
            texture.delete()
        self._textures.clear()
        self._picture = None


_told: set[str] = set()


def _decoded(picture: Picture) -> Image:
    """Decode a compressed picture for a card that cannot read it; says so once a process."""
    if "s3tc" not in _told:
        _told.add("s3tc")
        log.warning(
            "%s cannot read compressed textures (no GL_EXT_texture_compression_s3tc): HAP films"
            " are decoded on the processor",
            renderer(),
        )
    try:
        return decoded_blocks(picture)
    except FilmError as error:
        log.warning("%s; it is shown black", error)
        width, height = picture.size_px
        return np.zeros((height, width, 3), np.uint8)

"""Compressed pictures decoded on the processor, for cards that cannot read them."""

import av
import av.error
import numpy as np

from livematch.errors import FilmError
from livematch.values import Image, Picture, PixelFormat

# FFmpeg's names for the three kinds of HAP, and their types when packed as they are
_KINDS = {
    PixelFormat.DXT1: ("Hap1", 0xAB),
    PixelFormat.DXT5: ("Hap5", 0xAE),
    PixelFormat.YCOCG_DXT5: ("HapY", 0xAF),
}


def decoded_blocks(picture: Picture) -> Image:
    """Decode a compressed picture with FFmpeg: BGR, what is transparent over black. FilmError."""
    tag, kind = _KINDS[picture.format]
    context = av.CodecContext.create("hap", "r")
    context.codec_tag = tag
    context.width, context.height = picture.size_px
    payload = picture.planes[0].tobytes()
    section = b"\0\0\0" + bytes([kind]) + len(payload).to_bytes(4, "little") + payload
    try:
        [frame] = context.decode(av.Packet(section))
    except (av.error.FFmpegError, ValueError) as error:
        raise FilmError(f"a compressed picture cannot be decoded: {error}") from None
    if picture.format is not PixelFormat.DXT5:
        return frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    pixels = frame.to_ndarray(format="bgra").astype(np.uint16)
    return ((pixels[..., :3] * pixels[..., 3:] + 127) // 255).astype(np.uint8)

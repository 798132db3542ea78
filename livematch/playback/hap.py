"""HAP frames, unpacked to compressed textures: no pixel is decoded. Pure.

After the Vidvox specification "Hap Video" (HapVideoDRAFT). A frame is one section: a size of three
bytes, little-endian, and a type byte; a size of 0 means that four more bytes hold it. The low half
of the type says what the texture is, the high half how it is packed: as it is, with snappy, or in
chunks, which then follow tables of their compressors, sizes and, perhaps, offsets.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cramjam
import numpy as np
from numpy.typing import NDArray

from livematch.errors import PictureError
from livematch.values import BLOCK_BYTES, Image, PixelFormat, coded_size

TEXTURES = {0xB: PixelFormat.DXT1, 0xE: PixelFormat.DXT5, 0xF: PixelFormat.YCOCG_DXT5}
OTHER_TEXTURES = {0xC: "BC7", 0x1: "alpha only (BC4)", 0x2: "BC6U", 0x3: "BC6S"}
PLAIN, SNAPPY, CHUNKED = 0xA, 0xB, 0xC  # the type's high half; a chunk's compressor is 0x0A or 0x0B
INSTRUCTIONS, COMPRESSORS, SIZES, OFFSETS = 0x01, 0x02, 0x03, 0x04
MULTIPLE = 0x0D  # two textures in one frame: HAP Q Alpha
MOST_CHUNKS = 4096

Bytes = NDArray[np.uint8]


class Section(NamedTuple):
    """A section's type, its contents, and where the next one begins."""

    kind: int
    body: Bytes
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of packed bytes, and how many it becomes."""

    snappy: bool
    packed: Bytes
    size: int


def unpack(frame: bytes | memoryview, width: int, height: int) -> tuple[PixelFormat, Image]:
    """Unpack a frame of a film of `width` × `height` pixels to what the card keeps.

    Returns the format and the blocks, flat, in rows of blocks from the top; the picture they hold
    is padded to whole blocks. Raises PictureError for whatever is not a sound HAP frame of that
    size; never takes more memory than one such picture.
    """
    section = read_section(np.frombuffer(frame, np.uint8))
    texture = _texture(section.kind)
    chunks = _chunks(section)
    across, down = coded_size(width, height)
    wanted = across * down // 16 * BLOCK_BYTES[texture]
    held = sum(chunk.size for chunk in chunks)
    if held != wanted:
        raise PictureError(
            f"a HAP frame holds {held} bytes of texture; {width} × {height} is {wanted}"
        )
    if len(chunks) == 1 and not chunks[0].snappy:
        return texture, chunks[0].packed.copy()  # FFmpeg takes its packet back
    blocks = np.empty(wanted, np.uint8)
    start = 0
    for chunk in chunks:
        _unpack_chunk(chunk, blocks[start : start + chunk.size])
        start += chunk.size
    return texture, blocks


def read_section(data: Bytes, start: int = 0) -> Section:
    """Read the section at `start`; PictureError when it does not lie wholly within `data`."""
    header = 4
    if start + header > len(data):
        raise PictureError("a HAP section ends within its header")
    size = _number(data, start, 3)
    if size == 0:
        header = 8
        if start + header > len(data):
            raise PictureError("a HAP section ends within its header")
        size = _number(data, start + 4, 4)
    begin = start + header
    if size > len(data) - begin:
        raise PictureError(f"a HAP section of {size} bytes has only {len(data) - begin}")
    return Section(int(data[start + 3]), data[begin : begin + size], begin + size)


def _texture(kind: int) -> PixelFormat:
    texture = TEXTURES.get(kind & 0xF)
    if texture is not None and kind >> 4 in {PLAIN, SNAPPY, CHUNKED}:
        return texture
    name = (
        "several textures" if kind == MULTIPLE else OTHER_TEXTURES.get(kind & 0xF, "nothing known")
    )
    raise PictureError(f"a HAP frame of type 0x{kind:02X} holds {name}, which is not shown")


def _chunks(section: Section) -> list[Chunk]:
    packing = section.kind >> 4
    if packing == CHUNKED:
        return list(_tabled_chunks(section.body))
    return [_chunk(section.body, is_snappy=packing == SNAPPY)]


def _tabled_chunks(body: Bytes) -> Iterator[Chunk]:
    """Read the tables before some chunks, and yield the chunks in the texture's order."""
    instructions = read_section(body)
    if instructions.kind != INSTRUCTIONS:
        raise PictureError("a HAP frame in chunks has no tables")
    tables = dict(_tables(instructions.body))
    if COMPRESSORS not in tables or SIZES not in tables:
        raise PictureError("a HAP frame in chunks lacks the table of their compressors or sizes")
    compressors, sizes = tables[COMPRESSORS], _numbers(tables[SIZES])
    if OFFSETS in tables:
        offsets = _numbers(tables[OFFSETS])
    else:
        offsets = [0, *itertools.accumulate(sizes)][:-1]
    if not 0 < len(compressors) == len(sizes) == len(offsets) <= MOST_CHUNKS:
        raise PictureError(
            f"a HAP frame's tables disagree: {len(compressors)} compressors, {len(sizes)} sizes,"
            f" {len(offsets)} offsets"
        )
    data = body[instructions.end :]
    for compressor, size, offset in zip(compressors, sizes, offsets, strict=True):
        if compressor not in {PLAIN, SNAPPY}:
            raise PictureError(f"a HAP chunk is packed in an unknown way (0x{compressor:02X})")
        if offset + size > len(data):
            raise PictureError("a HAP chunk lies outside of its frame")
        yield _chunk(data[offset : offset + size], is_snappy=compressor == SNAPPY)


def _tables(body: Bytes) -> Iterator[tuple[int, Bytes]]:
    start = 0
    while start < len(body):
        table = read_section(body, start)
        yield table.kind, table.body
        start = table.end


def _chunk(packed: Bytes, *, is_snappy: bool) -> Chunk:
    if not is_snappy:
        return Chunk(False, packed, len(packed))
    try:
        return Chunk(True, packed, cramjam.snappy.decompress_raw_len(packed.data))
    except cramjam.DecompressionError as error:
        raise PictureError(f"a HAP chunk cannot be unpacked: {error}") from None


def _unpack_chunk(chunk: Chunk, into: Bytes) -> None:
    if not chunk.snappy:
        into[:] = chunk.packed
        return
    try:
        cramjam.snappy.decompress_raw_into(chunk.packed.data, into.data)
    except cramjam.DecompressionError as error:
        raise PictureError(f"a HAP chunk cannot be unpacked: {error}") from None


def _number(data: Bytes, start: int, length: int) -> int:
    return int.from_bytes(data[start : start + length].tobytes(), "little")


def _numbers(table: Bytes) -> list[int]:
    if len(table) % 4:
        raise PictureError("a HAP table ends within a number")
    return [int(number) for number in table.view("<u4")] if len(table) else []

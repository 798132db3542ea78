"""HAP frames: the parser on sections made by hand, and on anything at all."""

import numpy as np
import pytest
from hap_films import section, snappy, table
from hypothesis import given
from hypothesis import strategies as st

from livematch.errors import FilmError
from livematch.playback import hap
from livematch.values import PixelFormat, coded_size

BLOCKS = bytes(range(128))  # 16 × 16 pixels of DXT1
WIDTH = HEIGHT = 16


def chunked(*chunks: tuple[int, bytes], offsets: bool = False) -> bytes:
    """A frame in chunks, each given by its compressor; stored backwards when they have offsets."""
    places, data = [], b""
    for _, body in reversed(chunks) if offsets else chunks:
        places.append(len(data))
        data += body
    tables = section(2, bytes(kind for kind, _ in chunks))
    tables += section(3, table(*(len(body) for _, body in chunks)), long=True)
    if offsets:
        tables += section(4, table(*reversed(places)))
    return section(0xCB, section(1, tables) + data)


FRAMES = {
    "plain": section(0xAB, BLOCKS),
    "plain, long size": section(0xAB, BLOCKS, long=True),
    "snappy": section(0xBB, snappy(BLOCKS)),
    "snappy, long size": section(0xBB, snappy(BLOCKS), long=True),
    "one chunk": chunked((0xB, snappy(BLOCKS))),
    "mixed chunks": chunked((0xB, snappy(BLOCKS[:80])), (0xA, BLOCKS[80:])),
    "offsets": chunked((0xB, snappy(BLOCKS[:80])), (0xA, BLOCKS[80:]), offsets=True),
    "bytes after the frame": section(0xAB, BLOCKS) + b"more",
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_packing_gives_the_same_blocks(name: str) -> None:
    kind, blocks = hap.unpack(FRAMES[name], WIDTH, HEIGHT)
    assert kind is PixelFormat.DXT1
    assert blocks.tobytes() == BLOCKS


@pytest.mark.parametrize(
    ("low", "kind", "block"),
    [
        (0xB, PixelFormat.DXT1, 8),
        (0xE, PixelFormat.DXT5, 16),
        (0xF, PixelFormat.YCOCG_DXT5, 16),
    ],
)
def test_each_texture_is_told_by_its_type(low: int, kind: PixelFormat, block: int) -> None:
    found, blocks = hap.unpack(section(0xA0 | low, bytes(block * 6)), 9, 5)
    assert found is kind
    assert len(blocks) == block * 6  # 9 × 5 is kept as 12 × 8
    assert coded_size(9, 5) == (12, 8)


BAD = {
    "nothing": (b"", "header"),
    "half a header": (b"\1\0", "header"),
    "half a long header": (b"\0\0\0\xab\1\0", "header"),
    "a size beyond the data": (section(0xAB, BLOCKS)[:-1], "has only"),
    "four gigabytes": (b"\0\0\0\xab\xff\xff\xff\xff", "has only"),
    "too little texture": (section(0xAB, BLOCKS[:-8]), "holds 120 bytes"),
    "too much texture": (section(0xBB, snappy(BLOCKS * 2)), "holds 256 bytes"),
    "a snappy bomb": (section(0xBB, b"\xff\xff\xff\xff\x0f" + b"\0" * 9), "holds 4294967295"),
    "not snappy": (section(0xBB, b"\x80\x01" + b"\xff" * 20), "cannot be unpacked"),
    "BC7": (section(0xAC, BLOCKS), "BC7"),
    "two textures": (section(0x0D, BLOCKS), "several textures"),
    "an unknown packing": (section(0xDB, BLOCKS), "0xDB"),
    "chunks without tables": (section(0xCB, section(9, b"x") + BLOCKS), "no tables"),
    "chunks without sizes": (
        section(0xCB, section(1, section(2, b"\x0a")) + BLOCKS),
        "lacks the table",
    ),
    "tables that disagree": (
        section(0xCB, section(1, section(2, b"\x0a\x0a") + section(3, table(128))) + BLOCKS),
        "disagree",
    ),
    "a broken table": (
        section(0xCB, section(1, section(2, b"\x0a") + section(3, b"\1\2\3")) + BLOCKS),
        "within a number",
    ),
    "a chunk outside": (
        section(0xCB, section(1, section(2, b"\x0a") + section(3, table(129))) + BLOCKS),
        "outside",
    ),
    "an unknown compressor": (chunked((0xC, BLOCKS)), "unknown way"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_sound_is_refused(name: str) -> None:
    frame, reason = BAD[name]
    with pytest.raises(FilmError, match=reason):
        hap.unpack(frame, WIDTH, HEIGHT)


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_a_damaged_frame_is_refused_or_has_its_size(name: str, data: st.DataObject) -> None:
    frame = bytearray(FRAMES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    frame = frame[: data.draw(st.integers(0, len(frame)))]
    try:
        kind, blocks = hap.unpack(bytes(frame), WIDTH, HEIGHT)
    except FilmError:
        return
    assert len(blocks) == (128 if kind is PixelFormat.DXT1 else 256)
    assert blocks.dtype == np.uint8


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_or_have_one_block(frame: bytes) -> None:
    try:
        _, blocks = hap.unpack(frame, 4, 4)
    except FilmError:
        return
    assert len(blocks) in {8, 16}

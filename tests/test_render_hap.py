"""HAP films drawn as compressed textures, beside what FFmpeg makes of the same pictures."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import hap_films
import numpy as np
import pytest
from render_kit import drawn, opened, shown

from livematch.errors import FilmError
from livematch.media import open_film
from livematch.playback.reader import FilmReader
from livematch.playback.reel import Reel
from livematch.playback.software import decoded_blocks
from livematch.render import textures
from livematch.render.compositor import Compositor
from livematch.render.offscreen import OffscreenSurface
from livematch.values import BLOCK_BYTES, Clip, Image, PixelFormat

SIZE = (64, 48)


@pytest.fixture(scope="module")
def surface() -> Iterator[OffscreenSurface]:
    surface = opened(SIZE)
    yield surface
    surface.close()


@pytest.fixture(scope="module", params=hap_films.KINDS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hap")
    return hap_films.make(folder / f"{request.param}.mov", request.param)


def decoded(path: Path) -> list[Image]:
    """What FFmpeg shows: BGR, transparent over black."""
    seen = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            pixels = frame.to_ndarray(format="bgra").astype(float)
            alpha = pixels[..., 3:] / 255 if frame.format.name == "rgba" else 1.0
            seen.append(np.round(pixels[..., :3] * alpha).astype(np.uint8))
    return seen


def test_what_is_drawn_is_what_ffmpeg_decodes(surface: OffscreenSurface, film: Path) -> None:
    reader, compositor = FilmReader(film), Compositor()
    for number, want in enumerate(decoded(film)):
        picture = reader.read()
        assert picture is not None
        assert picture.format in BLOCK_BYTES
        assert picture.time_s == pytest.approx(number / 25, abs=1e-3)
        seen = drawn(surface, compositor, shown(picture)).astype(int)
        assert np.abs(seen - want).max() <= 6  # HAP Q: FFmpeg divides whole numbers
        assert np.abs(seen - want).mean() <= 1
    assert reader.read() is None
    reader.close()
    compositor.close()


def test_without_s3tc_the_picture_is_the_same(
    surface: OffscreenSurface,
    film: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(textures, "reads_s3tc", lambda: False)
    monkeypatch.setattr(textures, "_told", set())
    reader, compositor = FilmReader(film), Compositor()
    for want in decoded(film)[:3]:
        seen = drawn(surface, compositor, shown(reader.read())).astype(int)
        assert np.abs(seen - want).max() <= 1
    assert [r.getMessage() for r in caplog.records if "s3tc" in r.getMessage()][1:] == []
    assert "decoded on the processor" in caplog.text
    reader.close()
    compositor.close()


@pytest.mark.parametrize("size", [(62, 46), (61, 45)])
def test_sizes_that_fill_no_whole_blocks(
    surface: OffscreenSurface, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = hap_films.narrowed(hap_films.make(tmp_path / "odd.mov"), *size)
    small = opened(size)
    reader, compositor = FilmReader(path), Compositor()
    picture = reader.read()
    assert picture is not None
    assert picture.size_px == size
    want = decoded(path)[0]
    assert want.shape[:2] == size[::-1]
    assert np.abs(decoded_blocks(picture).astype(int) - want).max() == 0
    seen = drawn(small, compositor, shown(picture)).astype(int)
    assert np.abs(seen - want).max() <= 2
    reader.close()
    compositor.close()
    small.close()


def test_a_reel_of_hap_seeks_and_loops(film: Path) -> None:
    reader = FilmReader(film)
    assert reader.is_intra
    reel = Reel(reader, Clip(film, 15 / 25, 10 / 25, 20 / 25, "hap"))
    band = [reel.read() for _ in range(25)]
    numbers = [round(due.picture.time_s * 25) for due in band]
    assert numbers == [*range(15, 20), *range(10, 20), *range(10, 20)]
    assert [due.at_s for due in band] == pytest.approx([n / 25 for n in range(25)], abs=1e-3)
    reader.close()


def test_broken_frames_are_passed_over_and_a_film_of_nothing_else_is_a_fault(
    tmp_path: Path,
) -> None:
    path = hap_films.make(tmp_path / "broken.mov")
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for place, _ in places[5:8]:
        assert place is not None
        data[place + 3] = 0xDD
    path.write_bytes(data)
    reader = FilmReader(path)
    times = []
    while (picture := reader.read()) is not None:
        times.append(round(picture.time_s * 25))
    assert times == [*range(5), *range(8, 25)]
    reader.close()
    for place, _ in places[1:]:
        assert place is not None
        data[place + 3] = 0xDD
    path.write_bytes(data)
    reader = FilmReader(path)
    with pytest.raises(FilmError, match="no picture"):
        Reel(reader, Clip(path, 0.4, 0.2, 0.8, "broken")).read()
    reader.close()


def test_chunked_and_plain_films_are_read_too(tmp_path: Path) -> None:
    whole = hap_films.make(tmp_path / "whole.mov", "hap_q")
    for name, options in {"chunks": ("-chunks", "4"), "plain": ("-compressor", "none")}.items():
        path = hap_films.make(tmp_path / f"{name}.mov", "hap_q", *options)
        one, other = FilmReader(whole), FilmReader(path)
        first, second = one.read(), other.read()
        assert first is not None
        assert second is not None
        np.testing.assert_array_equal(first.planes[0], second.planes[0])
        one.close()
        other.close()


def muxed(path: Path, frames: list[bytes], tag: bytes, size: tuple[int, int]) -> Path:
    """Write a film of HAP frames made by hand, 25 a second, under one of HAP's tags."""
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("hap", rate=25, width=size[0], height=size[1])
        for number, frame in enumerate(frames):
            packet = av.Packet(frame)
            packet.pts = packet.dts = number
            packet.time_base, packet.stream = Fraction(1, 25), stream
            packet.is_keyframe = True
            container.mux(packet)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Hap1", tag))
    return path


def test_hap_q_alpha_is_decoded_instead(tmp_path: Path) -> None:
    """Two textures a frame: FFmpeg puts them together where we do not."""
    source = hap_films.make(tmp_path / "q.mov", "hap_q", "-compressor", "none")
    with av.open(str(source)) as container:
        colours = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    opaque = hap_films.section(0xA1, bytes([255, 255, *bytes(6)]) * (64 * 48 // 16))
    inner = [hap_films.section(0xAF, frame[8:]) for frame in colours]  # FFmpeg wants it short
    frames = [hap_films.section(0x0D, frame + opaque) for frame in inner]
    reader = FilmReader(muxed(tmp_path / "qa.mov", frames, b"HapM", (64, 48)))
    for number, want in enumerate(decoded(source)):
        picture = reader.read()
        assert picture is not None
        assert picture.format is PixelFormat.BGR
        assert picture.time_s == pytest.approx(number / 25, abs=1e-3)
        assert np.abs(picture.planes[0].astype(int) - want).max() <= 1
    assert reader.read() is None
    assert reader.is_intra
    reader.close()


def test_what_we_refuse_ffmpeg_refuses_too(tmp_path: Path) -> None:
    """So nothing is gained by decoding what cannot be unpacked."""
    block = bytes.fromhex("00f800f800000000")  # all of it red
    sound = hap_films.section(0xAB, block * 12)
    doubtful = [
        hap_films.section(0xAB, block * 15),
        hap_films.section(0xBB, hap_films.snappy(block * 15)),
        hap_films.section(0xAB, block * 11),
    ]
    path = muxed(tmp_path / "doubtful.mov", [sound, *doubtful, sound], b"Hap1", (16, 12))
    reader = FilmReader(path)
    with open_film(path) as film:
        assert [round(picture.time_s * 25) for picture in iter(reader.read, None)] == [0, 4]
        assert [round((frame.time or 0) * 25) for frame in film.frames()] == [0, 4]
    reader.close()


def test_hap_r_is_refused_with_the_reason(tmp_path: Path) -> None:
    frame = hap_films.section(0xAC, bytes(16 * 12))
    path = muxed(tmp_path / "r.mov", [frame], b"Hap7", (16, 12))
    with pytest.raises(FilmError, match="codec that this FFmpeg does not know"):
        FilmReader(path)


def test_dxv_is_decoded(tmp_path: Path) -> None:
    """Resolume's own codec: each frame stands alone, and PyAV's wheels read it."""
    path = tmp_path / "dxv.mov"
    red = np.full((64, 64, 4), (255, 0, 0, 255), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("dxv", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgba"
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(red, format="rgba")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    reader = FilmReader(path)
    assert reader.is_intra
    reader.seek(3 / 25)
    picture = reader.read()
    assert picture is not None
    assert picture.time_s == pytest.approx(3 / 25, abs=1e-3)
    assert np.abs(picture.planes[0].astype(int) - (0, 0, 255)).max() <= 8
    reader.close()


@pytest.mark.parametrize("kind", hap_films.KINDS)
@pytest.mark.parametrize("chunks", ["1", "4"])
def test_real_footage_is_drawn_as_ffmpeg_decodes_it(
    footage: Path, tmp_path: Path, kind: str, chunks: str
) -> None:
    source = str(footage / "archive" / "bikes_10s.mp4")
    cut = ("-frames:v", "5", "-chunks", chunks)
    path = hap_films.make(tmp_path / "real.mov", kind, *cut, source=("-i", source))
    surface, compositor, reader = opened((640, 272)), Compositor(), FilmReader(path)
    wanted = decoded(path)
    assert len(wanted) == 5
    for want in wanted:
        picture = reader.read()
        assert picture is not None
        assert picture.format in BLOCK_BYTES
        seen = drawn(surface, compositor, shown(picture)).astype(int)
        assert np.abs(seen - want).max() <= 6
    reader.close()
    compositor.close()
    surface.close()

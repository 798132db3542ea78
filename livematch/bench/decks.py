"""Decks, measured: the same film at 1080p in each kind of proxy, and in the H.264 that people have.

What it costs the processor to read and to draw each frame, how long the audience waits after a
seek, and how it goes when two decks crossfade. OpenGL in software draws on the processor, so its
share is in the figures, too.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace

from livematch.bench.figures import Figure, Plan, Section
from livematch.clock import Clock, SystemClock, cpu_s
from livematch.control.params import Params
from livematch.errors import FilmError, LivematchError
from livematch.indexing.build import cores
from livematch.indexing.kinds import KINDS, ProxyKind
from livematch.indexing.proxies import shape_for
from livematch.indexing.scan import scan, shown
from livematch.media import OpenFilm, open_film
from livematch.playback.deck import LiveDeck
from livematch.playback.reader import FilmReader
from livematch.playback.shelf import Shelf
from livematch.render.compositor import Compositor
from livematch.render.gl import renderer
from livematch.render.offscreen import OffscreenSurface, open_offscreen
from livematch.telemetry import summarise
from livematch.values import Clip, Layer, Picture, Source

SIZE_PX = (1920, 1080)
FILM_S = 6.0
KEY_FRAMES_EVERY = "250"  # frames: what encoders do unasked, and what makes seeking slow
SEEKS = 60
DRAWN = 40  # pictures brought to the card and drawn, one after the other
ORIGINAL = "H.264 original"
POLL_S = 0.005


def two_decks(plan: Plan) -> Section:
    """Two decks at 1080p, from each kind of proxy that can be written here and the original."""
    clock = SystemClock()
    lacks = {kind.name: lack for kind in KINDS.values() if (lack := kind.lack()) is not None}
    with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
        source = tallest(plan.films, Path(folder))
        files = {ORIGINAL: Path(folder) / "original.mp4"}
        write_original(source, files[ORIGINAL])
        for kind in (kind for kind in KINDS.values() if kind.name not in lacks):
            files[kind.name] = copied(files[ORIGINAL], kind, Path(folder))
        with closing(open_offscreen(SIZE_PX)) as surface:
            seconds = max(1.0, plan.seconds / len(files))
            figures = [
                figure
                for name, path in files.items()
                for figure in _measured(name, path, surface, clock, seconds)
            ]
            about = f"{SIZE_PX[0]}×{SIZE_PX[1]}, {shown(Path(source.name))}; {renderer()}"
    if lacks:
        about += f"; without {' and '.join(lacks)}: {next(iter(lacks.values()))}"
    return Section("decks", about, tuple(figures))


def tallest(folder: Path, workdir: Path) -> Path:
    """Find the film with the most lines; FilmError when there is none that can be read."""
    heights: dict[Path, int] = {}
    for file in scan([folder], workdir).files:
        try:
            with open_film(file.path) as film:
                heights[file.path] = film.info.upright_size[1]
        except FilmError:
            continue  # indexing says what is wrong with it
    if not heights:
        raise FilmError(f"{shown(folder)}: has no film to measure decks with")
    return max(heights, key=lambda path: heights[path])


def write_original(source: Path, path: Path) -> None:
    """Write some seconds of a film as people have them: H.264, 1080p, few key frames."""
    with open_film(source, cores(), straight=True) as film, av.open(str(path), "w") as container:
        rate = Fraction(film.info.fps).limit_denominator(1001)
        options = {"preset": "veryfast", "crf": "20", "g": KEY_FRAMES_EVERY}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height = SIZE_PX
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = Colorspace.ITU709
        for number, frame in enumerate(islice(_endlessly(film), round(FILM_S * film.info.fps))):
            picture = frame.reformat(*SIZE_PX, "yuv420p", dst_colorspace=Colorspace.ITU709)
            fresh = av.VideoFrame.from_ndarray(picture.to_ndarray(), format="yuv420p")
            fresh.pts, fresh.time_base = number, 1 / rate
            container.mux(stream.encode(fresh))
        container.mux(stream.encode(None))


def _endlessly(film: OpenFilm) -> Iterator[av.VideoFrame]:
    while True:
        yield from film.frames()
        film.seek(film.info.start_s)


def copied(original: Path, kind: ProxyKind, folder: Path) -> Path:
    """Write the proxy of a film."""
    path = folder / kind.final_name(original.stem)
    with open_film(original, cores(), straight=True) as film:
        unit = film.stream.time_base or Fraction(1, 90_000)
        base = Fraction(unit.numerator, unit.denominator)
        shape = shape_for(film.info, SIZE_PX[1], kind.multiple)
        writer = kind.writer(path, shape, base, cores())
        try:
            for frame in film.frames():
                writer.write(frame, frame.pts or 0)
            writer.finish()
        finally:
            writer.abandon()
    return path


def _measured(
    name: str, path: Path, surface: OffscreenSurface, clock: Clock, seconds: float
) -> Iterator[Figure]:
    with closing(FilmReader(path)) as reader:
        yield Figure(f"{name}: read + unpack or decode", _reading_ms(reader), "ms CPU a frame")
        yield Figure(f"{name}: upload + draw", _drawing_ms(reader, surface), "ms CPU a frame")
        seeks = summarise("seek", _seeks_ms(reader, clock))
    yield Figure(f"{name}: seek → picture, p50", seeks.p50_ms, "ms")
    yield Figure(f"{name}: seek → picture, p99", seeks.p99_ms, "ms")
    drawn, changed = _crossfading(path, surface, clock, seconds)
    yield Figure(f"{name}: two decks crossfading", drawn, "frames a second")
    yield Figure(f"{name}: – new pictures, each deck", changed, "a second")
    yield Figure(f"{name}: on disk", path.stat().st_size / 1e6 * 60 / FILM_S, "MB a minute")


def _read(reader: FilmReader) -> Picture:
    picture = reader.read()
    if picture is None:
        raise LivematchError(f"{reader.path} ended before the bench did")
    return picture


def _reading_ms(reader: FilmReader) -> float:
    """Processor time of one frame, from the disk's cache to what is uploaded."""
    _read(reader)
    count, began_s = 0, cpu_s()
    while reader.read() is not None:
        count += 1
    return 1e3 * (cpu_s() - began_s) / max(1, count)


def _drawing_ms(reader: FilmReader, surface: OffscreenSurface) -> float:
    reader.seek(0.0)
    pictures = list(islice(iter(reader.read, None), DRAWN))
    with _compositor(surface) as compositor:
        _draw(compositor, surface, pictures[:1])
        began_s = cpu_s()
        for picture in pictures[1:]:
            _draw(compositor, surface, [picture])
        return 1e3 * (cpu_s() - began_s) / max(1, len(pictures) - 1)


def _seeks_ms(reader: FilmReader, clock: Clock) -> list[float]:
    """Time from a seek to its picture, at moments all over the film; the first one warms up."""
    times_s = np.random.default_rng(1).uniform(0.0, 0.9 * FILM_S, SEEKS + 1)
    took_ms = []
    for time_s in times_s:
        began_s = clock.now()
        reader.seek(float(time_s))
        _read(reader)
        took_ms.append(1e3 * (clock.now() - began_s))
    return took_ms[1:]


def _crossfading(
    path: Path, surface: OffscreenSurface, clock: Clock, seconds: float
) -> tuple[float, float]:
    """Draw two decks halfway through a crossfade, as fast as it goes while they play in time.

    Returns frames drawn a second, and new pictures that each deck brought a second.
    """
    shelf = Shelf()
    pair = (LiveDeck("bench-a", shelf), LiveDeck("bench-b", shelf))
    try:
        for deck, entry_s in zip(pair, (0.0, FILM_S / 2), strict=True):
            deck.load(Clip(path, entry_s, 0.0, FILM_S, path.stem))
        with _compositor(surface) as compositor:
            while not all(deck.is_ready for deck in pair):
                if fault := pair[0].fault or pair[1].fault:
                    raise LivematchError(fault)
                clock.wait_until(clock.now() + POLL_S)
            _draw(compositor, surface, [deck.picture_at(0.0) for deck in pair])
            before, count, began_s = compositor.uploads, 0, clock.now()
            while (played_s := clock.now() - began_s) < seconds:
                _draw(compositor, surface, [deck.picture_at(played_s) for deck in pair])
                count += 1
            return count / played_s, (compositor.uploads - before) / len(pair) / played_s
    finally:
        for deck in pair:
            deck.close()
        shelf.close()


@contextmanager
def _compositor(surface: OffscreenSurface) -> Iterator[Compositor]:
    compositor = Compositor()
    try:
        yield compositor
    finally:
        surface.begin()
        compositor.close()


def _draw(
    compositor: Compositor, surface: OffscreenSurface, pictures: Sequence[Picture | None]
) -> None:
    """Draw one picture, or two half and half."""
    surface.begin()
    layers = [
        Layer(Source.ARCHIVE, deck, picture, 0.5 if deck else 1.0)
        for deck, picture in enumerate(pictures)
    ]
    compositor.draw(layers, None, Params(), surface.size_px)
    surface.present()

"""Films whose pictures come when another film's do: the very time stamps, and nothing half done."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from render_kit import bgr, opened
from sounding_films import Sounding, grey, length_s, make, stamps

from livematch.control.params import Params
from livematch.errors import RecordError
from livematch.render.compositor import Compositor
from livematch.render.encoding import FilmEncoder, Timing
from livematch.render.recorder import Policy, Recorder
from livematch.render.soundtrack import Soundtrack
from livematch.values import Image, Layer, Source

SIZE = (64, 48)
UNEVEN = (1001, 2002, 1001, 500, 3003, 1001, 9009, 1, 1001)  # ticks from picture to picture


def numbers(count: int) -> list[int]:
    return [0, *itertools.accumulate(itertools.islice(itertools.cycle(UNEVEN), count - 1))]


def shade(number: int) -> Image:
    return np.repeat(grey(abs(20 - number % 40))[..., None], 4, axis=2)


def encoded(path: Path, ticks: list[int], timing: Timing, preset: str = "medium") -> Path:
    encoder = FilmEncoder(path, SIZE, timing, preset=preset)
    for place, number in enumerate(ticks):
        encoder.write(shade(place), number)
    encoder.finish()
    return path


@pytest.mark.parametrize("tick_s", [Fraction(1, 24_000), Fraction(1, 1000), Fraction(1, 90_000)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_uneven_time_stamps_are_kept_to_the_tick(
    tmp_path: Path, suffix: str, tick_s: Fraction
) -> None:
    ticks = numbers(60)
    timing = Timing(Fraction(60) / (ticks[-1] * tick_s), tick_s, last=4321)
    film = encoded(tmp_path / f"out{suffix}", ticks, timing)
    found = [round(time / float(tick_s), 3) for time in stamps(film)]
    assert found == ticks
    assert length_s(film) == pytest.approx(float((ticks[-1] + 4321) * tick_s), abs=1e-9)
    with av.open(str(film)) as container:
        assert container.streams.video[0].start_time == 0


def test_in_matroska_time_stamps_are_kept_to_the_millisecond(tmp_path: Path) -> None:
    ticks = [7 * number for number in numbers(60)]
    film = encoded(tmp_path / "out.mkv", ticks, Timing(Fraction(20), Fraction(1, 90_000), 900))
    assert stamps(film) == pytest.approx([tick / 90_000 for tick in ticks], abs=5.1e-4)
    content = film.read_bytes()
    assert content[:4] == b"\x1a\x45\xdf\xa3"
    with av.open(str(film)) as container:
        assert container.duration == pytest.approx(1e6 * (ticks[-1] + 900) / 90_000, abs=2000)


def test_the_rate_on_average_and_not_the_tick_says_how_hard_a_film_is(tmp_path: Path) -> None:
    film = encoded(
        tmp_path / "out.mp4",
        [number * 1000 for number in range(120)],
        Timing(Fraction(24), Fraction(1, 24_000), 1000),
    )
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 24
        assert container.duration == 5_000_000
        keys = [
            round(packet.pts * stream.time_base * 24)
            for packet in container.demux(stream)
            if packet.is_keyframe and packet.pts is not None
        ]
    assert keys[0] == 0
    assert all(40 <= later - earlier <= 48 for earlier, later in itertools.pairwise(keys))
    assert len(keys) == 3


def test_one_picture_lasts_as_long_as_it_should(tmp_path: Path) -> None:
    film = encoded(tmp_path / "out.mp4", [0], Timing(Fraction(24), Fraction(1, 24_000), 7000))
    assert length_s(film) == pytest.approx(7000 / 24_000)


def test_a_recorder_keeps_given_times(tmp_path: Path) -> None:
    surface, compositor = opened(SIZE), Compositor()
    ticks = numbers(40)
    recorder = Recorder(
        tmp_path / "out.mp4",
        SIZE,
        Timing(Fraction(24), Fraction(1, 24_000), 1001),
        Policy.BLOCK,
    )
    for place, tick in enumerate(ticks):
        image = np.repeat(grey(place)[..., None], 3, axis=2)
        surface.begin()
        compositor.draw([Layer(Source.ARCHIVE, 0, bgr(image), 1.0)], None, Params(), SIZE)
        recorder.capture(surface, 17.3 + tick / 24_000)
        surface.present()
    recorder.close()
    surface.close()
    assert [round(time * 24_000, 3) for time in stamps(tmp_path / "out.mp4")] == ticks
    with av.open(str(tmp_path / "out.mp4")) as film:
        shades = [frame.to_ndarray(format="gray").mean() for frame in film.decode(video=0)]
    assert shades == pytest.approx([20 + 5 * place for place in range(40)], abs=2.5)


def begun(path: Path, sound: Soundtrack | None = None) -> Recorder:
    """Return a recorder of eight pictures, the last three lost with the surface."""
    surface, compositor = opened(SIZE), Compositor()
    recorder = Recorder(path, SIZE, 24, Policy.BLOCK, sound)
    for number in range(8):
        surface.begin()
        image = np.repeat(grey(number)[..., None], 3, axis=2)
        compositor.draw([Layer(Source.ARCHIVE, 0, bgr(image), 1.0)], None, Params(), SIZE)
        recorder.capture(surface, number / 24)
        surface.present()
    surface.close()
    return recorder


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_a_discarded_film_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    older = tmp_path / name
    older.write_text("older")
    recorder = begun(older)
    assert (tmp_path / f"{name}.part").exists()
    recorder.discard()
    recorder.discard()
    assert older.read_text() == "older"
    assert list(tmp_path.iterdir()) == [older]


def test_a_film_that_is_whole_is_not_discarded(tmp_path: Path) -> None:
    source = make(tmp_path / "source.mp4", Sounding())
    recorder = begun(tmp_path / "out.mp4", Soundtrack(source, 0.0))
    recorder.close()
    recorder.discard()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "source.mp4"]


@pytest.mark.expects_errors
def test_a_film_that_failed_is_discarded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = begun(tmp_path / "out.mp4")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FilmEncoder, "finish", full)
    recorder.close()
    assert recorder.failure == "recording stopped after 5 pictures: No space left on device"
    assert (tmp_path / "out.mp4.part").exists()
    recorder.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "out.mkv").mkdir()
    with pytest.raises(RecordError, match="is a folder"):
        FilmEncoder(tmp_path / "out.mkv", SIZE, Timing.steady(24), preset="fast")

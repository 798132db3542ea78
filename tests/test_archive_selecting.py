"""What a curator points at: numbers, ranges, films, times; and what is not understood."""

from dataclasses import replace
from pathlib import Path

import pytest
from archive_kit import film
from hypothesis import given
from hypothesis import strategies as st

from livematch.archive.contents import StoredFilm, StoredShot
from livematch.archive.records import ShotSpan
from livematch.archive.selecting import Selector, seconds
from livematch.errors import UsageError

PATHS = (
    *("/films/harbour.mp4", "/films/night harbour.mkv", "/films/sea@noon.mp4", "/films/12.mp4"),
    *("/films/a/twin.mp4", "/films/b/twin.mp4", "/films/[1] odd.mp4"),
)
FILMS = tuple(
    StoredFilm(n, replace(film(n).film, path=Path(path)), True) for n, path in enumerate(PATHS, 1)
)
# two shots a film, numbered 10, 11; 20, 21; … the second after a gap
SHOTS = tuple(
    shot
    for n in range(1, len(PATHS) + 1)
    for shot in (
        StoredShot(10 * n, n, 0, ShotSpan(0.0, 60.0)),
        StoredShot(10 * n + 1, n, 1, ShotSpan(70.0, 90.5)),
    )
)
SELECTOR = Selector(FILMS, SHOTS)


def selected(*texts: str) -> tuple[list[int], list[int]]:
    found = SELECTOR.select(texts)
    return [f.id for f in found.films], [shot.id for shot in found.shots]


@pytest.mark.parametrize(
    ("texts", "films", "shots"),
    [
        (["10"], [], [10]),
        (["21", "10-20", "10"], [], [10, 11, 20, 21]),
        (["12-12", "11-29"], [], [11, 20, 21]),
        (["harbour"], [1], []),
        (["harbour.mp4", "/films/harbour.mp4", "film-0001"], [1], []),
        (["*harbour*"], [1, 2], []),
        (["/films/?/*"], [5, 6], []),
        (["[1] odd"], [7], []),
        (["sea@noon"], [3], []),
        (["sea@noon@0:05"], [], [30]),
        (["harbour@83.4", "night harbour@1:23.4", "harbour@0:00:59"], [], [10, 11, 21]),
        (["harbour@0", "harbour", "10"], [1], [10]),
        (["/films/12.mp4", "12.mp4"], [4], []),
    ],
)
def test_what_is_understood(texts: list[str], films: list[int], shots: list[int]) -> None:
    if "12-12" in texts:
        with pytest.raises(UsageError, match="no shot 12; the nearest is 11"):
            selected("12-12")
        texts = texts[1:]
    assert selected(*texts) == (films, shots)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9", "no shot 9; the nearest is 10"),
        ("200-300", "no shots 200 to 300; the nearest is 71"),
        ("20-10", "20-10 is no range"),
        ("12", r"'12' names both a film and shots.*path"),
        ("twin", r"names 2 films \(/films/a/twin.mp4, /films/b/twin.mp4\): give one's path"),
        ("harbor", r"no film 'harbor' .*did you mean 'harbour'"),
        ("Harbour.MP4", "did you mean 'harbour'"),
        ("xyzzy", r"no film 'xyzzy' in the archive$"),
        ("zzz*", r"no film 'zzz\*'"),
        ("harbor@1:00", "did you mean 'harbour'"),
        ("harbour@1:61", r"'1:61' in harbour@1:61 is no time: write 83\.4, 1:23\.4"),
        ("harbour@noon", "'noon' in harbour@noon is no time"),
        ("me@home", "no film 'me@home'"),
        ("@1:00", "no film ''"),
        ("harbour@65", r"harbour has no shot at 65; the nearest is 10, from 0.000 to 60.000 s"),
        ("harbour@90.5", "the nearest is 11"),
        ("*harbour*@1:00", "names 2 films"),
        ("", "no film ''"),
        ("@", "no film '@'"),
    ],
)
def test_what_is_not_understood_says_why(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        selected("10", text)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(UsageError, match=r"no shot 9.*; .*no film 'xyzzy'"):
        selected("9", "10", "xyzzy")


def test_an_archive_without_shots() -> None:
    with pytest.raises(UsageError, match="the archive has none"):
        Selector((), ()).select(["1"])
    with pytest.raises(UsageError, match="has no shots"):
        Selector(FILMS[:1], ()).select(["harbour@1"])


@given(st.text())
def test_any_text_is_a_selection_or_a_usage_error(text: str) -> None:
    try:
        found = SELECTOR.select([text])
    except UsageError:
        return
    assert found.films or found.shots


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59999))
def test_times_as_people_write_them(hours: int, minutes: int, ms: int) -> None:
    total = hours * 3600 + minutes * 60 + ms / 1000
    assert seconds(f"{hours}:{minutes:02}:{ms / 1000:06.3f}") == pytest.approx(total)
    assert seconds(f"{minutes}:{ms / 1000:06.3f}") == pytest.approx(minutes * 60 + ms / 1000)
    assert seconds(f"{total:.3f}") == pytest.approx(total)

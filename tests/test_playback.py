"""Reels and decks, on a generated film whose pictures can be told apart."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest

from livematch.errors import FilmError
from livematch.heap import trim
from livematch.playback import shelf as shelf_module
from livematch.playback.deck import Deck, LiveDeck, OfflineDeck
from livematch.playback.reader import FilmReader
from livematch.playback.reel import Reel
from livematch.playback.shelf import Shelf
from livematch.playback.small import SmallFilm
from livematch.values import AtEnd, Clip, Manner, Picture

FPS = 25
LENGTH = 50


def film(path: Path, codec: Literal["mjpeg", "libx264"] = "mjpeg", gop: int = 1) -> Path:
    """Two seconds of flat grey, each frame four steps brighter than the one before."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = gop
        for number in range(LENGTH):
            grey = np.full((48, 64, 3), 20 + 4 * number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(grey, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "proxy.mov")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "original.mp4", "libx264", gop=250)


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No cycle of objects is looked for while a test runs."""
    gc.disable()
    yield
    gc.enable()


def number(picture: Picture | None) -> int:
    """Which frame of `film` a picture is."""
    assert picture is not None
    luma = float(picture.planes[0].mean())
    if not picture.colours.full_range:
        luma = (luma - 16) * 255 / 219
    return round((luma - 20) / 4)


def clip(path: Path, entry: int, start: int = 0, end: int = LENGTH) -> Clip:
    """A clip given in frame numbers."""
    return Clip(path, entry / FPS, start / FPS, end / FPS, path.stem)


@pytest.mark.parametrize("kind", ["proxy", "original"])
def test_a_reader_finds_every_frame(kind: str, request: pytest.FixtureRequest) -> None:
    reader = FilmReader(request.getfixturevalue(kind))
    for wanted in (0, 49, 17, 18, 1, 33):
        reader.seek(wanted / FPS)
        assert number(reader.read()) == wanted
        if wanted < LENGTH - 1:
            assert number(reader.read()) == wanted + 1
    assert reader.is_intra is (kind == "proxy")
    reader.close()


def test_a_reel_plays_from_the_entry_and_loops_within_the_shot(proxy: Path) -> None:
    reader = FilmReader(proxy)
    reel = Reel(reader, clip(proxy, entry=15, start=10, end=20))
    band = [reel.read() for _ in range(25)]
    assert [number(due.picture) for due in band] == [*range(15, 20), *range(10, 20), *range(10, 20)]
    assert [due.at_s for due in band] == pytest.approx([n / FPS for n in range(25)], abs=1e-3)
    reader.close()


def test_a_reel_of_a_single_frame_is_a_still(proxy: Path) -> None:
    reader = FilmReader(proxy)
    reel = Reel(reader, clip(proxy, entry=30, start=30, end=31))
    band = [reel.read() for _ in range(5)]
    assert {number(due.picture) for due in band} == {30}
    assert all(later.at_s > earlier.at_s for earlier, later in pairwise(band))
    reader.close()


def test_a_reel_beyond_the_films_end_loops(proxy: Path) -> None:
    reader = FilmReader(proxy)
    reel = Reel(reader, Clip(proxy, 1.92, 1.8, 99.0, "said to be longer than it is"))
    band = [reel.read() for _ in range(8)]
    assert [number(due.picture) for due in band] == [48, 49, 45, 46, 47, 48, 49, 45]
    assert [due.at_s for due in band] == pytest.approx([n / FPS for n in range(8)], abs=1e-3)
    reader.close()


MakeDeck = Callable[[Shelf], Deck]


@pytest.fixture(params=["live", "offline"])
def deck(request: pytest.FixtureRequest) -> Iterator[Deck]:
    """Both twins, one contract."""
    shelf = Shelf()
    deck: Deck = LiveDeck("test", shelf) if request.param == "live" else OfflineDeck(shelf)
    yield deck
    deck.close()
    shelf.close()


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for another thread, without sleeping a fixed time."""
    waited = threading.Condition()
    with waited:
        for _ in range(round(seconds * 200)):
            if condition():
                return
            waited.wait(0.005)
    raise AssertionError("it never came true")


def test_an_empty_deck_has_no_picture(deck: Deck) -> None:
    assert not deck.is_ready
    assert deck.picture_at(0.0) is None
    assert deck.fault is None


def test_a_deck_plays_its_clip_in_time(deck: Deck, proxy: Path) -> None:
    deck.load(clip(proxy, entry=5, start=0, end=12))
    until(lambda: deck.is_ready)
    shown = []
    for tick in range(20):

        def due(tick: int = tick) -> bool:
            return number(deck.picture_at(tick / FPS + 1e-6)) == (5 + tick) % 12

        until(due)
        shown.append(number(deck.picture_at(tick / FPS + 1e-6)))
    assert shown == [(5 + tick) % 12 for tick in range(20)]


def test_a_deck_holds_a_picture_until_the_next_is_due(deck: Deck, proxy: Path) -> None:
    deck.load(clip(proxy, entry=5))
    until(lambda: deck.is_ready)
    first = deck.picture_at(0.0)
    assert deck.picture_at(0.5 / FPS) is first


def test_loading_again_drops_the_clip_before(deck: Deck, proxy: Path, original: Path) -> None:
    deck.load(clip(proxy, entry=5))
    deck.load(clip(original, entry=40))
    until(lambda: deck.is_ready)
    assert number(deck.picture_at(0.0)) == 40
    deck.unload()
    assert not deck.is_ready
    assert deck.picture_at(0.0) is None


def test_a_film_that_is_gone_is_a_fault_and_the_deck_goes_on(
    deck: Deck, proxy: Path, tmp_path: Path
) -> None:
    deck.load(clip(tmp_path / "gone.mov", entry=0))
    until(lambda: deck.fault is not None)
    assert "gone.mov" in str(deck.fault)
    assert not deck.is_ready
    deck.load(clip(proxy, entry=3))
    until(lambda: deck.is_ready)
    assert number(deck.picture_at(0.0)) == 3


def test_the_shelf_hands_out_what_it_warmed(original: Path, proxy: Path) -> None:
    shelf = Shelf()
    shelf.start()
    wanted = clip(original, entry=40)
    shelf.expect([wanted, clip(proxy, entry=2)])
    until(lambda: len(shelf) == 2)
    reel = shelf.take(wanted)
    assert len(shelf) == 1
    assert number(reel.read().picture) == 40
    assert number(reel.read().picture) == 41
    shelf.give_back(reel)
    assert len(shelf) == 2
    shelf.close()
    assert len(shelf) == 0


def test_the_shelf_keeps_few_films_open(proxy: Path, tmp_path: Path) -> None:
    shelf = Shelf()
    for copy in range(12):
        path = tmp_path / f"{copy}.mov"
        path.write_bytes(proxy.read_bytes())
        shelf.give_back(shelf.take(clip(path, entry=0)))
    assert len(shelf) == 8
    shelf.close()


def test_memory_is_given_back_now_and_then_on_the_shelfs_own_thread(
    proxy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trimmed = threading.Event()
    monkeypatch.setattr(shelf_module, "trim", trimmed.set)
    monkeypatch.setattr(shelf_module, "TRIM_EVERY", 2)
    shelf = Shelf()
    shelf.start()
    shelf.expect([clip(proxy, entry=0)])
    until(lambda: len(shelf) == 1)
    assert not trimmed.is_set()
    shelf.expect([clip(proxy, entry=2)])
    assert trimmed.wait(10)
    shelf.close()


@pytest.mark.parametrize("pictures", [0, 1])
@pytest.mark.parametrize("opened", [FilmReader, SmallFilm])
def test_a_closed_film_goes_at_once_and_waits_for_no_collector(
    proxy: Path,
    original: Path,
    opened: type[FilmReader | SmallFilm],
    pictures: int,
    uncollected: None,
) -> None:
    for path in (proxy, original):
        film = opened(path)
        for _ in range(pictures):
            assert (film.read() if isinstance(film, FilmReader) else film.at(1.0)) is not None
        film.close()
        gone = [weakref.ref(film), weakref.ref(film._film)]
        del film
        assert [ref() for ref in gone] == [None, None]


def test_a_picture_keeps_no_buffer_of_the_decoder(proxy: Path, original: Path) -> None:
    for path in (proxy, original):
        picture = FilmReader(path).read()
        assert picture is not None
        assert all(plane.flags.owndata for plane in picture.planes)


def test_freed_memory_can_be_given_back_anywhere() -> None:
    trim()


def test_the_shelf_says_which_film_is_missing(tmp_path: Path) -> None:
    shelf = Shelf()
    with pytest.raises(FilmError, match=r"gone\.mov: is not there"):
        shelf.take(clip(tmp_path / "gone.mov", entry=0))
    shelf.close()


def test_a_slowed_clip_shows_each_picture_longer(proxy: Path) -> None:
    reader = FilmReader(proxy)
    slow = replace(clip(proxy, entry=10, start=10, end=20), manner=Manner(pace=0.5))
    reel = Reel(reader, slow)
    dues = [reel.read() for _ in range(12)]
    assert [number(due.picture) for due in dues] == [*range(10, 20), 10, 11]
    assert [due.at_s for due in dues] == pytest.approx([2 * n / FPS for n in range(12)])
    reader.close()


def test_a_held_clip_keeps_its_last_picture(proxy: Path) -> None:
    reader = FilmReader(proxy)
    reel = Reel(reader, replace(clip(proxy, 17, 10, 20), manner=Manner(at_end=AtEnd.HOLD)))
    dues = [reel.read() for _ in range(9)]
    assert [number(due.picture) for due in dues] == [17, 18, 19, *[19] * 6]
    assert all(one.at_s < two.at_s for one, two in pairwise(dues))
    reader.close()


def test_a_held_clip_at_the_end_of_its_film_keeps_its_last_picture(proxy: Path) -> None:
    reader = FilmReader(proxy)
    reel = Reel(reader, replace(clip(proxy, 48, 10, 80), manner=Manner(at_end=AtEnd.HOLD)))
    assert [number(reel.read().picture) for _ in range(4)] == [48, 49, 49, 49]
    reader.close()


def test_a_reel_wound_for_another_manner_is_wound_anew(proxy: Path, original: Path) -> None:
    shelf, usual = Shelf(), clip(original, 10)
    shelf._warm(usual)
    slow = replace(usual, manner=Manner(pace=0.5))
    reel = shelf.take(slow)
    assert reel.clip == slow
    shelf.give_back(reel)
    shelf.close()

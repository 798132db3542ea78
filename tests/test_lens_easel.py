"""The easel among twins: what is painted when, with what, and what happens when that fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lenses import SIDE, tiny_lens

from livematch.clock import ManualClock, SystemClock
from livematch.control.params import Fallback, Layout, Params
from livematch.embed.providers import ProviderReport
from livematch.errors import ModelError, UsageError
from livematch.lens.card import LensCard
from livematch.lens.collection import Lenses
from livematch.lens.easel import PAUSE_S, LiveEasel, NoEasel, OfflineEasel, is_wanted
from livematch.lens.paint import Lens
from livematch.lens.preparing import Look
from livematch.telemetry import Telemetry
from livematch.values import Frame, Image, Picture

COLOURS = {"dark": 40, "light": 200, "wide": 120}
SHARP = Params(lens_mix=1.0, lens_blend=0.0)
SOON_S = 10.0  # a limit for what should happen at once, never a thing to wait for


class Brush:
    """A lens that paints one grey, by its name; `broken` ones fail while they are in the set."""

    def __init__(self, card: LensCard, broken: set[str]) -> None:
        self.card = card
        self.report = ProviderReport("cpu", "cpu")
        self.looks: list[Look] = []
        self._broken = broken
        if f"{card.name} opened" in broken:
            raise ModelError(f"{card.name} cannot be opened")

    def warm_up(self) -> None:
        """Nothing to warm up."""

    def paint(self, image: Image, look: Look) -> Image:
        self.looks.append(look)
        if self.card.name in self._broken:
            raise ModelError(f"{self.card.name} failed")
        return np.full((self.card.side, self.card.side, 3), COLOURS[self.card.name], np.uint8)


class Box:
    """All that is needed to paint: lenses, and what was opened of them."""

    def __init__(self, folder: Path, broken: set[str]) -> None:
        for name in COLOURS:
            tiny_lens(folder, name, side=2 * SIDE if name == "wide" else SIDE)
        self.lenses = Lenses(folder)
        self.broken = broken
        self.opened: list[Brush] = []
        self.telemetry = Telemetry()

    def open(self, card: LensCard) -> Brush:
        brush = Brush(card, self.broken)
        self.opened.append(brush)
        return brush

    def offline(self) -> OfflineEasel:
        return OfflineEasel(self.lenses, self.open, ManualClock(), self.telemetry)

    @contextmanager
    def live(self) -> Iterator[LiveEasel]:
        easel = LiveEasel(self.lenses, self.open, ManualClock(), self.telemetry).start()
        try:
            yield easel
        finally:
            easel.close()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path, set())


def frame(number: int = 0, size: tuple[int, int] = (32, 18)) -> Frame:
    return Frame(number, number / 25, np.full((size[1], size[0], 3), 128, np.uint8))


def grey(picture: Picture | None) -> int:
    assert picture is not None
    (plane,) = picture.planes
    assert (plane == plane[0, 0]).all()
    return int(plane[0, 0, 0])


def until(ask: Callable[[], Picture | None], is_so: Callable[[Picture], bool]) -> Picture:
    """Ask as an engine does, tick by tick, until a painting is as it should be."""
    clock = SystemClock()
    limit_s = clock.now() + SOON_S
    while True:
        picture = ask()
        if picture is not None and is_so(picture):
            return picture
        assert clock.now() < limit_s, "it never came to be"
        clock.wait_until(clock.now() + 0.001)


# In step


def test_a_painting_has_the_shape_of_the_frame_and_the_name_of_the_lens(box: Box) -> None:
    picture = box.offline().painting_at(0.0, frame(3), replace(SHARP, lens="light"))
    assert picture is not None
    assert picture.planes[0].shape == (SIDE, SIDE, 3)
    assert picture.aspect == pytest.approx(32 / 18)
    assert picture.time_s == pytest.approx(3 / 25)
    assert picture.title == "lens light"
    assert grey(picture) == COLOURS["light"]


def test_the_same_frame_is_painted_once_and_a_new_one_anew(box: Box) -> None:
    easel, first = box.offline(), frame(0)
    painted = easel.painting_at(0.0, first, SHARP)
    assert easel.painting_at(0.04, first, SHARP) is painted
    assert easel.painting_at(0.08, frame(1), SHARP) is not painted
    assert box.telemetry.summary()[0].count == 2


def test_what_is_shown_to_the_lens_can_be_changed_on_a_still_picture(box: Box) -> None:
    easel, still = box.offline(), frame()
    easel.painting_at(0.0, still, SHARP)
    coarse = replace(SHARP, lens_blur=2.0, lens_levels=0.5, lens_contrast=1.5)
    easel.painting_at(0.1, still, coarse)
    assert box.opened[0].looks == [Look(), Look(2.0, 0.5, 1.5)]


def test_paintings_are_blended_and_never_get_stuck_on_the_way(box: Box) -> None:
    easel = box.offline()
    easel.painting_at(0.0, frame(0), replace(SHARP, lens="dark"))
    slow = replace(SHARP, lens="light", lens_blend=0.95)
    seen = [grey(easel.painting_at(n / 25, frame(n), slow)) for n in range(1, 150)]
    want = [round(200 - 160 * 0.95**n) for n in range(1, 150)]
    assert seen == pytest.approx(want, abs=1)
    assert seen == sorted(seen)
    assert seen[-1] == 200


def test_one_lens_dissolves_into_another_of_another_size(box: Box) -> None:
    easel = box.offline()
    easel.painting_at(0.0, frame(0), replace(SHARP, lens="dark"))
    half = replace(SHARP, lens="wide", lens_blend=0.5)
    picture = easel.painting_at(0.1, frame(1), half)
    assert picture is not None
    assert picture.planes[0].shape == (2 * SIDE, 2 * SIDE, 3)
    assert grey(picture) == 80
    assert picture.title == "lens wide"


def test_lenses_are_opened_when_first_wanted_and_stay_open(box: Box) -> None:
    easel = box.offline()
    assert box.opened == []
    for number, name in enumerate(("dark", "light", "dark", "light")):
        easel.painting_at(number / 25, frame(number), replace(SHARP, lens=name))
    assert [brush.card.name for brush in box.opened] == ["dark", "light"]
    assert easel.lens == "light on cpu"


def test_a_frozen_painting_stays_and_the_first_is_painted_all_the_same(box: Box) -> None:
    easel, frozen = box.offline(), replace(SHARP, lens_freeze=True)
    first = easel.painting_at(0.0, frame(0), frozen)
    assert grey(first) == COLOURS["dark"]
    assert easel.painting_at(0.1, frame(1), frozen) is first
    assert easel.painting_at(0.2, frame(2), replace(SHARP, freeze=True)) is first
    assert easel.painting_at(0.3, frame(3), SHARP) is not first


def test_after_a_pause_nothing_of_another_time_is_seen(box: Box) -> None:
    easel = box.offline()
    easel.painting_at(0.0, frame(0), replace(SHARP, lens="dark"))
    later = PAUSE_S + 0.1
    assert easel.painting_at(later, None, SHARP) is None
    blended = replace(SHARP, lens="light", lens_blend=0.9)
    assert grey(easel.painting_at(later + 0.1, frame(1), blended)) == COLOURS["light"]


def test_offline_what_goes_wrong_ends_the_render(box: Box) -> None:
    with pytest.raises(UsageError, match="no lens 'drak': did you mean dark"):
        box.offline().painting_at(0.0, frame(), replace(SHARP, lens="drak"))
    box.broken.add("dark")
    with pytest.raises(ModelError, match="dark failed"):
        box.offline().painting_at(0.0, frame(), SHARP)


# Live


def test_live_the_newest_frame_is_painted_and_nobody_waits(box: Box) -> None:
    with box.live() as easel:
        assert easel.painting_at(0.0, frame(0), SHARP) is None
        numbers = iter(range(1, 100_000))
        picture = until(lambda: easel.painting_at(0.0, frame(next(numbers)), SHARP), bool)
        assert grey(picture) == COLOURS["dark"]
        newest = next(numbers)
        last = frame(newest)
        until(lambda: easel.painting_at(0.0, last, SHARP), lambda p: p.time_s == last.captured_s)
    stages = {stage.stage: stage for stage in box.telemetry.summary()}
    assert stages["painting"].count == stages["captured → painted"].count
    assert easel.frames_skipped + stages["painting"].count == newest + 1


def test_lenses_are_opened_and_used_by_one_thread_of_their_own(box: Box) -> None:
    threads: set[str] = set()
    open_brush = box.open

    def opened(card: LensCard) -> Brush:
        threads.add(threading.current_thread().name)
        return open_brush(card)

    box.open = opened  # type: ignore[method-assign]
    with box.live() as easel:
        until(lambda: easel.painting_at(0.0, frame(), SHARP), bool)
    assert threads == {"livematch-easel"}


def swapped(easel: LiveEasel, name: str, numbers: Iterator[int]) -> Picture:
    wanted = replace(SHARP, lens=name)
    return until(
        lambda: easel.painting_at(0.0, frame(next(numbers)), wanted),
        lambda p: p.title == f"lens {name}",
    )


def test_lenses_are_swapped_without_a_tick_that_has_no_painting(box: Box) -> None:
    numbers = iter(range(100_000))
    with box.live() as easel:
        swapped(easel, "dark", numbers)
        for name in ("light", "wide", "dark", "light"):
            wanted, seen = replace(SHARP, lens=name), []

            def ask(wanted: Params = wanted, seen: list[bool] = seen) -> Picture | None:
                picture = easel.painting_at(0.0, frame(next(numbers)), wanted)
                seen.append(picture is not None)
                return picture

            until(ask, lambda p, name=name: p.title == f"lens {name}")  # type: ignore[misc]
            assert all(seen)


def test_a_lens_that_is_unknown_leaves_the_present_one_and_is_told(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = iter(range(100_000))
    with box.live() as easel:
        swapped(easel, "light", numbers)
        before = next(numbers)
        wrong = replace(SHARP, lens="drak")
        picture = until(
            lambda: easel.painting_at(0.0, frame(next(numbers)), wrong),
            lambda p: p.time_s > before / 25 and bool(easel.warnings),
        )
        assert picture.title == "lens light"
        assert len(easel.warnings) == 1
        assert "did you mean dark" in easel.warnings[0]
        swapped(easel, "dark", numbers)
        assert easel.warnings == ()
    assert box.telemetry.counters["lenses unknown"] == 1
    assert len([r for r in caplog.records if "no lens 'drak'" in r.getMessage()]) == 1


def test_a_lens_that_cannot_be_opened_leaves_the_present_one(box: Box) -> None:
    numbers = iter(range(100_000))
    box.broken.add("light opened")
    with box.live() as easel:
        swapped(easel, "dark", numbers)
        wrong = replace(SHARP, lens="light")
        until(
            lambda: easel.painting_at(0.0, frame(next(numbers)), wrong),
            lambda _: easel.warnings == ("lens: light cannot be opened",),
        )
        box.broken.clear()
        back = replace(SHARP, lens="dark")
        until(
            lambda: easel.painting_at(0.0, frame(next(numbers)), back), lambda _: not easel.warnings
        )
        swapped(easel, "light", numbers)  # asked for again, it is tried again
    assert box.telemetry.counters["lenses not opened"] == 1


def test_a_show_that_begins_with_an_unknown_lens_paints_with_the_first(box: Box) -> None:
    with box.live() as easel:
        picture = until(lambda: easel.painting_at(0.0, frame(), replace(SHARP, lens="?")), bool)
        assert picture.title == "lens dark"
        assert "no lens '?'" in easel.warnings[0]


def test_where_the_first_cannot_be_opened_the_next_paints(box: Box) -> None:
    box.broken.add("dark opened")
    with box.live() as easel:
        picture = until(lambda: easel.painting_at(0.0, frame(), SHARP), bool)
        assert picture.title == "lens light"
        assert easel.warnings == ("lens: dark cannot be opened",)


def test_while_a_lens_fails_the_last_painting_stays(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = iter(range(100_000))
    with box.live() as easel:
        last = swapped(easel, "dark", numbers)
        box.broken.add("dark")
        picture = until(
            lambda: easel.painting_at(0.0, frame(next(numbers)), SHARP),
            lambda _: box.telemetry.counters.get("paintings failed", 0) >= 3,
        )
        assert grey(picture) == grey(last)
        assert easel.warnings == ("lens: dark failed",)
        box.broken.clear()
        until(
            lambda: easel.painting_at(0.0, frame(next(numbers)), SHARP),
            lambda _: not easel.warnings,
        )
    assert len([r for r in caplog.records if "dark failed" in r.getMessage()]) == 1


def test_what_goes_wrong_otherwise_with_each_frame_is_logged_once(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    values = iter(range(2, 100_000))

    def overshoots(brush: Brush, image: Image, look: Look) -> Image:
        raise ModelError(f"{brush.card.name} gave values to {next(values)}")

    monkeypatch.setattr(Brush, "paint", overshoots)
    easel = OfflineEasel(box.lenses, box.open, ManualClock(), box.telemetry, forgiving=True)
    for number in range(5):
        easel.painting_at(number / 25, frame(number), SHARP)
    assert box.telemetry.counters["paintings failed"] == 5
    assert easel.warnings == ("lens: dark gave values to 6",)
    assert len([r for r in caplog.records if "gave values" in r.getMessage()]) == 1


def test_a_network_on_the_processor_against_the_wish_is_told(box: Box) -> None:
    open_brush = box.open

    def opened(card: LensCard) -> Brush:
        brush = open_brush(card)
        brush.report = ProviderReport("cuda", "cpu", "install it")
        return brush

    easel = OfflineEasel(box.lenses, opened, ManualClock(), box.telemetry)
    easel.painting_at(0.0, frame(), SHARP)
    assert easel.warnings == ("lens: ASKED FOR CUDA, GOT CPU: install it",)


# With a network


def test_a_real_network_paints_what_it_is_shown(tmp_path: Path) -> None:
    tiny_lens(tmp_path)
    easel = OfflineEasel(Lenses(tmp_path), Lens, ManualClock(), Telemetry())
    image = np.zeros((90, 160, 3), np.uint8)
    image[:, 80:] = 255
    picture = easel.painting_at(0.0, Frame(0, 0.0, image), SHARP)
    assert picture is not None
    (plane,) = picture.planes
    assert plane[SIDE // 2, 2, 1] < 60  # dark is left dark by green
    assert plane[SIDE // 2, -3, 1] > 200
    assert plane[SIDE // 2, 2, 0] > 200  # and turned round by blue
    assert easel.lens == "tiny on cpu"


# Whether it is wanted


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        (Params(), False),
        (Params(lens="sea", lens_yields=1.0), False),
        (Params(lens_mix=0.01), True),
        (Params(fallback=Fallback.LENS), True),
        (Params(screen=Layout.LENS), True),
        (Params(screen=Layout.TRIPTYCH), True),
        (Params(lens_mix=0.5, blackout=True), True),  # it is there when the picture comes back
    ],
)
def test_painting_is_done_only_while_somebody_may_look(params: Params, wanted: bool) -> None:
    assert is_wanted(params) is wanted


def test_without_lenses_nothing_is_painted() -> None:
    easel = NoEasel()
    assert easel.painting_at(0.0, frame(), SHARP) is None
    assert easel.warnings == ()
    easel.close()

"""Where shots are entered: what moved one way before the cut moves the same way after it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from films import write_pictures
from hypothesis import given
from hypothesis import strategies as st
from indexing_twins import MARKS, thumbnails
from numpy.typing import NDArray

from livematch.archive.entry import (
    MEMORY_S,
    MOST_GLANCES,
    MOST_MOMENTS,
    MOST_SHOTS,
    RUN_S,
    STEP_S,
    Entrances,
    Glance,
    Recent,
)
from livematch.archive.finder import Finder
from livematch.archive.records import ShotSpan
from livematch.archive.store import Archive, Moments
from livematch.clock import ManualClock, SystemClock
from livematch.control.params import Params
from livematch.embed.card import DEFAULT_MODEL
from livematch.embed.parts import DescriptorLayout, Part, unit
from livematch.indexing.build import Settings, index_folders, open_or_create
from livematch.indexing.describing import Network
from livematch.indexing.speed import Unwatched
from livematch.telemetry import Telemetry
from livematch.values import Frame, Glimpse, Image, Match, Vector
from livematch.vision import Vision

LAYOUT = DescriptorLayout((Part("semantic", 24), Part("colour", 8)))
EVEN = {"semantic": 1.0, "colour": 1.0}
LAP_S = 8.0  # from left to right and back again


def place(time_s: float) -> float:
    """Where something is that goes from 0 to 1 and back, again and again."""
    lap = time_s % LAP_S / LAP_S
    return 2 * min(lap, 1 - lap)


def sight(where: float, tone: float = 0.5) -> Vector:
    """A descriptor of something at a place between 0 and 1, in some tone: parts of unit length."""
    there = np.exp(-0.5 * ((np.linspace(0, 1, 24) - where) / 0.08) ** 2)
    toned = np.exp(-0.5 * ((np.linspace(0, 1, 8) - tone) / 0.2) ** 2)
    return np.concatenate([unit(there[None])[0], unit(toned[None])[0]]).astype(np.float32)


def shots_of(*shots: Sequence[tuple[float, Vector]]) -> tuple[Moments, Vector]:
    """Moments and vectors of shots given as (time, descriptor)."""
    flat = [(n, time_s, vector) for n, shot in enumerate(shots) for time_s, vector in shot]
    numbers = np.array([n for n, _, _ in flat], np.int64)
    moments = Moments(
        np.arange(len(flat)), numbers, numbers, np.array([time_s for _, time_s, _ in flat])
    )
    return moments, np.stack([vector for _, _, vector in flat]).astype(np.float16)


def glance(captured_s: float, descriptor: Vector) -> Glance:
    """A glance that is compared as it was described."""
    return Glance(captured_s, descriptor, descriptor)


def reading(vectors: Vector) -> Callable[[NDArray[np.intp]], Vector]:
    """Rows as they are, by position."""
    return lambda positions: vectors[positions].astype(np.float32)


class Room:
    """Entrances of shots made of numbers, with the search that comes before them."""

    def __init__(self, *shots: Sequence[tuple[float, Vector]], end_s: float = 1e6) -> None:
        self.moments, self.vectors = shots_of(*shots)
        self.entrances = Entrances(
            self.moments, reading(self.vectors), LAYOUT, lambda _: ShotSpan(0.0, end_s)
        )

    def found(self, glance: Glance) -> list[Match]:
        """The best single moment of each shot, best shot first."""
        scores = self.vectors.astype(np.float32) @ glance.descriptor / 2
        best = [
            max(np.flatnonzero(self.moments.shots == n), key=lambda row: scores[row])
            for n in np.unique(self.moments.shots)
        ]
        return sorted(
            (Match(self.moments.at(int(row)), float(scores[row])) for row in best),
            key=lambda match: -match.score,
        )

    def entries(self, glances: Sequence[Glance], momentum: float = 1.0) -> list[float]:
        """When each shot is entered, in the order of the shots."""
        matches = self.found(glances[-1])
        chosen = self.entrances.choose(matches, glances, EVEN, momentum)
        assert [match.moment for match in chosen] == [match.moment for match in matches]
        assert [match.score for match in chosen] == [match.score for match in matches]
        return [m.start.time_s for m in sorted(chosen, key=lambda m: m.moment.shot_id)]


def swinging(*times_s: float) -> list[tuple[float, Vector]]:
    return [(time_s, sight(place(time_s))) for time_s in times_s]


def camera(until_s: float, for_s: float = 2.0, fps: float = 25.0) -> list[Glance]:
    """What a camera saw of the swing for some time up to an instant."""
    times_s = until_s - np.arange(int(for_s * fps), -1, -1) / fps
    return [glance(float(time_s), sight(place(time_s))) for time_s in times_s]


LAPS = np.arange(0.25, 2 * LAP_S, STEP_S)


# -- movement --------------------------------------------------------------------------------------


def test_one_picture_does_not_tell_the_direction_and_the_window_does() -> None:
    going_right_s, going_left_s = 2.25, 5.75
    assert place(going_right_s) == place(going_left_s), "the very same picture"
    room = Room(swinging(*np.arange(0.25, LAP_S, STEP_S)))
    for until_s in (going_right_s, going_left_s):
        assert room.entries(camera(until_s)) == [until_s]
        assert room.entries(camera(until_s), momentum=0.0) == [going_right_s], "the first of both"


@given(st.integers(4, len(LAPS) - 1), st.floats(-0.2, 0.2))
def test_the_way_it_goes_is_kept_from_anywhere(number: int, off_s: float) -> None:
    """The camera may lie between two moments, and the laps are alike: the way must be right."""
    until_s = float(LAPS[number]) + off_s
    [entry_s] = Room(swinging(*LAPS)).entries(camera(until_s))
    behind_s = abs(entry_s - until_s) % LAP_S
    assert min(behind_s, LAP_S - behind_s) <= 0.3


@given(st.lists(st.booleans(), min_size=24, max_size=24), st.integers(4, 15))
def test_moments_that_lie_unevenly(kept: list[bool], number: int) -> None:
    """Some moments are missing, as near-duplicates are: what is left is compared by its time."""
    times_s = np.arange(0.25, LAP_S, STEP_S)
    until_s = float(times_s[number])
    near = np.abs(times_s - until_s) <= STEP_S
    mask = np.resize(kept, len(times_s)) | near
    [entry_s] = Room(swinging(*times_s[mask])).entries(camera(until_s))
    assert abs(place(entry_s) - place(until_s)) < 1e-6
    assert entry_s == until_s


def test_each_shot_has_an_entry_of_its_own() -> None:
    room = Room(
        swinging(*np.arange(0.25, 8, STEP_S)),
        swinging(*np.arange(4.25, 12, STEP_S)),
        [(0.25, sight(0.5))],
    )
    assert room.entries(camera(5.75)) == [5.75, 5.75, 0.25]


# -- what is not known -----------------------------------------------------------------------------


def test_a_beginning_does_not_win_because_nothing_is_known_before_it() -> None:
    """A moment without a past looks exactly right; one with the right past is a little off."""
    shot = [(0.25, sight(place(1.75))), *[(t + 10, v) for t, v in swinging(0.25, 0.75, 1.25, 1.75)]]
    shot[-1] = (11.75, sight(place(1.75) + 0.02))
    assert Room(shot).entries(camera(1.75)) == [11.75]


def test_a_beginning_wins_where_what_looks_the_same_comes_from_elsewhere() -> None:
    """The shot begins on the way out; on the way back the same place has another past."""
    room = Room([(t - 1.5, sight(place(t))) for t in np.arange(1.75, 8, STEP_S)])
    assert place(6.25) == place(1.75)
    assert room.entries(camera(1.75)) == [0.25]
    assert room.entries(camera(6.25)) == [4.75]


def test_without_a_past_nothing_changes() -> None:
    room = Room(swinging(*LAPS), [(0.25, sight(0.4))])
    matches = room.found(camera(5.75)[-1])
    choose = room.entrances.choose
    assert choose(matches, camera(5.75)[-1:], EVEN, 1.0) == tuple(matches)
    assert choose(matches, camera(5.75, for_s=0.1), EVEN, 1.0) == tuple(matches), "too short"
    assert choose(matches, camera(5.75), EVEN, 0.0) == tuple(matches)
    assert choose([], camera(5.75), EVEN, 1.0) == ()
    alone = [match for match in matches if match.moment.shot_id == 1]
    assert choose(alone, camera(5.75), EVEN, 1.0) == tuple(alone), "a shot of one moment"


def test_a_camera_that_was_away_tells_nothing_of_that_time() -> None:
    room = Room(swinging(*np.arange(0.25, 8, STEP_S)))
    whole = camera(5.75)
    holed = [g for g in whole if g.captured_s > 5.7 or 5.45 < g.captured_s < 5.55]
    assert len(holed) > 3
    assert room.entries(holed) == room.entries(whole[-1:])
    slow = camera(5.75, fps=3.0)
    assert room.entries(slow) == [5.75], "three pictures a second are enough"


def test_damaged_vectors_are_neither_entered_nor_compared() -> None:
    room = Room(swinging(*np.arange(0.25, 8, STEP_S)))
    room.vectors[11] = np.nan  # the moment at 5.75
    [entry_s] = room.entries(camera(5.75))
    assert entry_s in {5.25, 6.25}
    room.vectors[:] = np.nan
    match = Match(room.moments.at(4), 0.5)
    assert room.entrances.choose([match], camera(5.75), EVEN, 1.0) == (match,)


# -- the rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end_s", "latest_s"), [(4.0, 4.0 - RUN_S), (1.5, 0.75)])
def test_an_entry_leaves_something_to_see(end_s: float, latest_s: float) -> None:
    times_s = np.arange(0.25, end_s, STEP_S)
    room = Room(swinging(*times_s), end_s=end_s)
    [entry_s] = room.entries(camera(float(times_s[-1])))
    assert entry_s <= latest_s
    assert entry_s == max(t for t in times_s if t <= latest_s)


def test_only_the_parts_that_weigh_something_have_a_say() -> None:
    """Places tell that it is 5.75 s, tones that it is 2.25 s."""
    times_s = np.arange(0.25, 8, STEP_S)
    room = Room([(t, sight(place(t), tone=0.1 * t)) for t in times_s])
    glances = [
        glance(g.captured_s, sight(place(g.captured_s), tone=0.1 * (g.captured_s - 3.5)))
        for g in camera(5.75)
    ]
    matches = room.found(glances[-1])
    choose = room.entrances.choose
    assert choose(matches, glances, {"semantic": 1.0}, 1.0)[0].start.time_s == 5.75
    assert choose(matches, glances, {"colour": 1.0}, 1.0)[0].start.time_s == 2.25


def test_a_little_momentum_lets_a_much_better_picture_win() -> None:
    times_s = np.arange(0.25, 8, STEP_S)
    shot = [(t, sight(place(t))) for t in times_s]
    shot[11] = (5.75, sight(place(5.75) + 0.04))  # right past, not quite the picture
    room = Room(shot)
    glances = camera(5.75)
    assert room.entries(glances, momentum=0.01) == [2.25]
    assert room.entries(glances, momentum=1.0) == [5.75]


def test_of_a_long_shot_the_neighbourhood_is_looked_at() -> None:
    times_s = np.arange(0.25, 600, STEP_S)
    room = Room(swinging(*times_s))
    found = Match(room.moments.at(600), 0.5)  # at 300.25 s
    wanted = camera(float(times_s[600]) + 3.0)
    [match] = room.entrances.choose([found], wanted, EVEN, 1.0)
    assert abs(match.start.time_s - found.moment.time_s) <= MOST_MOMENTS * STEP_S / 2
    assert (match.start.time_s - found.moment.time_s) % LAP_S == pytest.approx(3.0)


def test_only_the_best_shots_are_looked_at() -> None:
    shots = [swinging(*np.arange(0.25, 8, STEP_S)) for _ in range(MOST_SHOTS + 3)]
    assert Room(*shots).entries(camera(5.75)) == [5.75] * MOST_SHOTS + [2.25] * 3


# -- what was seen ---------------------------------------------------------------------------------


def test_glances_are_forgotten_by_age_by_number_and_at_a_cut() -> None:
    recent = Recent()
    for n in range(100):
        seen = recent.push(glance(n / 25, sight(0.5)), 0)
        assert seen[-1].captured_s == n / 25
    assert MEMORY_S - 0.05 <= seen[-1].captured_s - seen[0].captured_s <= MEMORY_S
    assert len(recent.push(glance(4.0, sight(0.5)), 1)) == 1
    assert len(recent.push(glance(4.02, sight(0.55)), 1)) == 2
    assert len(recent.push(glance(4.04, sight(0.9, tone=0.0)), 1)) == 1, "a cut not counted yet"
    for n in range(2 * MOST_GLANCES):
        seen = recent.push(glance(4.1 + n / 10_000, sight(0.5)), 1)
    assert len(seen) == MOST_GLANCES


# -- in a show -------------------------------------------------------------------------------------


class Hands:
    """What a performer has set, changeable between frames."""

    def __init__(self) -> None:
        self.params = Params()


def swing(time_s: float) -> Image:
    """A bright post that swings from left to right, before a still ground."""
    picture = np.full((72, 128, 3), 40, np.uint8)
    left = round(8 + 96 * place(time_s))
    picture[8:64, left : left + 16] = (200, 220, 240)
    return picture


@pytest.fixture(scope="module")
def swung(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of one film: something that swings to and fro for 8 s."""
    folder = tmp_path_factory.mktemp("swung")
    write_pictures(folder / "swing.mp4", [swing(n / 25) for n in range(int(LAP_S) * 25)])
    with open_or_create(folder / "archive", *MARKS) as archive:
        index_folders(
            [folder / "swing.mp4"],
            archive,
            thumbnails,
            Settings(proxy=None, jobs=1),
            Unwatched(),
            SystemClock(),
        )
    return folder / "archive"


def test_vision_tells_where_to_enter_and_starts_anew_at_a_cut(swung: Path) -> None:
    hands, clock = Hands(), ManualClock()
    with Archive.open(swung) as archive:
        finder = Finder(archive, hands.params)
        vision = Vision(thumbnails(), finder, lambda: hands.params, clock, Telemetry())

        def seen(number: int, time_s: float) -> Match:
            clock.advance(1 / 25)
            observed = vision.observe(Frame(number, clock.now(), swing(time_s)))
            return observed.candidates[0]

        for until_s, entered_s in ((2.3, 2.3), (5.7, 5.7)):
            for n in range(60):
                match = seen(n, until_s - (59 - n) / 25)
            assert match.start.time_s == pytest.approx(entered_s, abs=0.3)
        assert match.moment.time_s == pytest.approx(2.3, abs=0.3) or match.entry is None
        hands.params = replace(hands.params, momentum=0.0)
        assert seen(60, 5.7).entry is None


# -- on real films ---------------------------------------------------------------------------------


def glances_of(path: Path, every_s: float) -> list[Glance]:
    """Look at a film through the network that archives are made with, every so often."""
    describer, glances = Network(DEFAULT_MODEL, "cpu")(), []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            time_s = float(frame.time or 0.0)
            if time_s >= len(glances) * every_s - 0.01:
                image = frame.reformat(width=320, height=180).to_ndarray(format="bgr24")
                glances.append(glance(time_s, describer.describe([Glimpse(image)])[0]))
    return glances


@pytest.mark.parametrize("name", ["bokeh_1080p_7s.mp4", "gallery_02_cups.mp4"])
def test_the_window_finds_the_instant_of_a_real_film_more_often(footage: Path, name: str) -> None:
    """A film before its own camera, halfway between two of its moments."""
    glances = glances_of(footage / "archive" / name, STEP_S / 4)
    moments, vectors = shots_of([(g.captured_s, g.descriptor) for g in glances[2::4]])
    layout = DescriptorLayout((Part("all", vectors.shape[1]),))
    entrances = Entrances(moments, reading(vectors), layout, lambda _: ShotSpan(0.0, 1e6))
    right = dict.fromkeys((0.0, 1.0), 0)
    asked = range(4, len(glances) - 2, 4)
    for number in asked:
        until_s = glances[number].captured_s
        best = int((vectors.astype(np.float32) @ glances[number].descriptor).argmax())
        for momentum in right:
            [match] = entrances.choose(
                [Match(moments.at(best), 0.5)], glances[: number + 1], {"all": 1.0}, momentum
            )
            right[momentum] += abs(match.start.time_s - until_s) <= 0.3
    assert right[1.0] >= right[0.0] + 2
    assert right[1.0] >= 0.8 * len(asked)

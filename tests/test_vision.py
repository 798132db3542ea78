"""Vision: the camera is described by the very code that described the archive, bit for bit."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import films
import numpy as np
import pytest
from test_indexing_film import task_for

from livematch.archive.network import open_describer
from livematch.archive.store import Archive, ModelIdentity
from livematch.clock import ManualClock
from livematch.control.params import WEIGHTS, Params
from livematch.embed.card import load_card
from livematch.embed.describer import Describer
from livematch.embed.features import AnyEmbedder
from livematch.embed.onnx import Embedder
from livematch.embed.parts import descriptor_layout
from livematch.embed.thumbnail import ThumbnailEmbedder
from livematch.indexing.film import BATCH, Shrinker, index_film
from livematch.indexing.timeline import Timeline
from livematch.media import open_film
from livematch.telemetry import Telemetry
from livematch.values import Frame, Glimpse, Image, Match, Vector
from livematch.vision import Vision


class Notes(Describer):
    """A describer that remembers what it was shown and what it made of it."""

    def __init__(self, embedder: AnyEmbedder) -> None:
        super().__init__(embedder)
        self.glimpses: list[Glimpse] = []
        self.rows: list[Vector] = []

    def describe(
        self, glimpses: Sequence[Glimpse], wanted: Collection[str] | None = None
    ) -> Vector:
        rows = super().describe(glimpses, wanted)
        self.glimpses += glimpses
        self.rows += list(rows)
        return rows


EVERYTHING = replace(Params(), **dict.fromkeys(WEIGHTS, 1.0))  # every part is weighed


class FindsNothing:
    """Stands for a finder where nobody asks what was found."""

    def find(self, *_: object) -> tuple[Match, ...]:
        return ()


def vision_with(describer: Describer) -> Vision:
    clock = ManualClock()
    return Vision(describer, FindsNothing(), lambda: EVERYTHING, clock, Telemetry())  # type: ignore[arg-type]


def scenery(seed: int, frames: int) -> list[Image]:
    """Pan over a scene of blotches of all sizes, faster and faster."""
    rng = np.random.default_rng(seed)
    scene = sum(
        share * cv2.resize(rng.uniform(0, 255, (9 * n, 16 * n, 3)), (960, 540))
        for n, share in ((1, 0.4), (4, 0.35), (12, 0.25))
    )
    wide = np.clip(np.asarray(scene), 0, 255).astype(np.uint8)
    return [wide[90:450, 3 * n : 3 * n + 640].copy() for n in range(frames)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "pans.mp4"
    return films.write_pictures(path, scenery(1, 70) + scenery(2, 60))


def small_pictures(path: Path) -> list[tuple[float, Image]]:
    """What indexing describes of a film, with its times."""
    with open_film(path) as film:
        unit = film.stream.time_base
        assert unit is not None
        shrinker = Shrinker(film.info)
        timeline = Timeline(Fraction(unit.numerator, unit.denominator), film.info.fps)
        return [(timeline.stamp(f.pts).time_s, shrinker.shrink(f)) for f in film.frames()]


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_archive_and_camera_agree_bit_for_bit(film: Path, threads: int) -> None:
    """0 threads: the network's twin. The archive is made in batches, the camera seen one by one."""
    card = load_card("efficientnet-lite0")

    def embedder(threads: int) -> AnyEmbedder:
        return Embedder(card, "cpu", threads) if threads else ThumbnailEmbedder()

    result = index_film(
        task_for(film, proxy=False),
        Describer(embedder(min(threads, 1))),
        lambda done_s, all_s: None,
    )
    indexed = result.indexed
    assert len(indexed.times_s) > BATCH  # a whole batch and a part of one
    notes = Notes(embedder(threads))
    vision = vision_with(notes)
    wanted = set(indexed.times_s)
    seen = {}
    for number, (time_s, image) in enumerate(small_pictures(film)):
        vision.observe(Frame(number, time_s, image))
        if time_s in wanted:
            seen[time_s] = notes.rows[-1]
    live = np.stack([seen[time_s] for time_s in indexed.times_s]).astype(np.float16)
    assert live[:, notes.layout.slices["motion"]].any(axis=1).all()
    np.testing.assert_array_equal(
        live.view(np.uint16), indexed.vectors.astype(np.float16).view(np.uint16)
    )


def test_what_nobody_weighs_is_not_measured(film: Path) -> None:
    notes = Notes(ThumbnailEmbedder())
    hands = replace(Params(), motion=0.0, layout=0.0)
    vision = Vision(notes, FindsNothing(), lambda: hands, ManualClock(), Telemetry())  # type: ignore[arg-type]
    for number, image in enumerate(scenery(1, 8)):
        vision.observe(Frame(number, number / 30, image))
    places = notes.layout.slices
    assert [name for name in places if notes.rows[-1][places[name]].any()] == ["semantic", "colour"]
    hands = replace(hands, semantic=0.0, colour=0.0, face=0.0)  # then all weigh the same
    vision.observe(Frame(9, 1 / 3, scenery(1, 10)[9]))
    assert notes.rows[-1][places["motion"]].any()


def test_movement_is_forgotten_at_a_cut_and_little_is_remembered(film: Path) -> None:
    notes = Notes(ThumbnailEmbedder())
    vision = vision_with(notes)
    for number, image in enumerate(scenery(1, 20) + scenery(2, 20)):
        vision.observe(Frame(number, 100 + number / 30, image))
    apart = [glimpse.apart_s if glimpse.before is not None else None for glimpse in notes.glimpses]
    assert apart[0] is None
    assert apart[10] == pytest.approx(0.1)
    assert apart[20] is None  # the first picture of the new shot looks new
    assert apart[21] == pytest.approx(1 / 30)
    assert apart[22] == pytest.approx(2 / 30)
    assert apart[30] == pytest.approx(0.1)
    for glimpse in notes.glimpses:
        assert glimpse.before is None or glimpse.before.shape == (72, 128, 3)


def test_an_observation_says_how_much_moves() -> None:
    vision = vision_with(Notes(ThumbnailEmbedder()))
    still = scenery(1, 1) * 20
    frames = still + scenery(1, 20) + scenery(2, 10)
    found = [
        vision.observe(Frame(number, 100 + number / 30, image)).movement
        for number, image in enumerate(frames)
    ]
    assert found[:20] == [0.0] * 20
    assert min(found[24:40]) > Params().stillness
    assert found[41] == 1.0  # the second picture after the cut, when it is known
    assert all(0.0 <= movement <= 1.0 for movement in found)


def test_a_camera_of_changing_speed_and_size_goes_on(film: Path) -> None:
    notes = Notes(ThumbnailEmbedder())
    vision = vision_with(notes)
    times = [0.0, 0.2, 0.25, 0.26, 0.5, 3.0, 3.0, 3.1]
    for number, (time_s, image) in enumerate(zip(times, scenery(1, 8), strict=True)):
        vision.observe(Frame(number, time_s, image if number % 2 else image[::2, ::3].copy()))
    assert np.isfinite(np.stack(notes.rows)).all()
    assert [g.before is None for g in notes.glimpses] == [True, *[False] * 4, True, True, False]


def test_an_archive_of_three_parts_is_still_played(tmp_path: Path) -> None:
    card = load_card("efficientnet-lite0")
    old = ("semantic", "layout", "colour")
    layout = descriptor_layout(card, old)
    Archive.create(tmp_path / "old", ModelIdentity(card.name, card.sha256), layout).close()
    with Archive.open(tmp_path / "old") as archive:
        describer = open_describer(archive, provider="cpu")
    assert describer.layout == layout
    image = np.zeros((90, 160, 3), np.uint8)
    assert describer.describe([Glimpse(image, image, 0.1)]).shape == (1, layout.dimension)

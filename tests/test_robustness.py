"""What is done to pictures, which frames are asked about, and how the answers are counted."""

from pathlib import Path

import numpy as np
import pytest
from films import texture

from livematch.archive.network import open_describer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive, Moments
from livematch.control.params import Params, weights
from livematch.embed.alterations import altered, cropped, faded, mirrored
from livematch.robustness import VARIANTS, between, probes, recognised
from livematch.values import Glimpse


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_always_the_same_and_leaves_its_picture_alone(name: str) -> None:
    image = texture(1, (320, 180))
    before = image.copy()
    first, second = VARIANTS[name](image), VARIANTS[name](image)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(image, before)
    assert first.dtype == np.uint8
    assert np.array_equal(first, image) == (name == "as it is")


def test_variants_do_what_they_are_called() -> None:
    image = texture(1, (320, 180))
    np.testing.assert_array_equal(cropped(image, 0.8), image[18:162, 32:288])
    np.testing.assert_array_equal(mirrored(mirrored(image)), image)
    assert np.ptp(faded(image), axis=2).max() == 0


def test_chance_alters_alike_with_the_same_seed_and_otherwise_with_another() -> None:
    image = texture(1, (320, 180))
    before = image.copy()
    same = [altered(image, np.random.default_rng(5)) for _ in range(2)]
    others = [altered(image, np.random.default_rng(seed)) for seed in range(12)]
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(image, before)
    assert len({other.tobytes() for other in others}) > 8
    assert all(min(other.shape[:2]) >= 0.69 * 180 for other in others)


def test_frames_lie_between_two_moments_of_one_shot() -> None:
    shots = np.array([1, 1, 1, 2, 3, 3])
    times_s = np.array([0.0, 0.5, 1.0, 0.2, 4.0, 4.5])
    moments = Moments(np.arange(6), np.ones(6, np.int64), shots, times_s)
    assert between(moments, 2) == [(1, 0.75), (4, 4.25)]  # one a shot before a second of any
    assert between(moments, 9) == [(0, 0.25), (1, 0.75), (4, 4.25)]


def test_an_archive_knows_its_own_frames_and_mistakes_are_counted(folder: Path) -> None:
    with Archive.open(folder / "archive") as archive:
        describer, searcher = open_describer(archive, provider="cpu"), Searcher(archive)
        frames = list(probes(archive, 8))
        asked = [(f.shot_id, describer.describe([Glimpse(f.image)])[0]) for f in frames]

        def film_of(shot_id: int) -> int:
            return archive.shot(shot_id).film_id if shot_id > 0 else -1

        right = recognised(asked, searcher, weights(Params()), film_of)
        wrong = recognised([(-1, d) for _, d in asked], searcher, weights(Params()), film_of)
    assert frames
    assert (right.shot, right.film) == (1.0, 1.0)
    assert (wrong.shot, wrong.film) == (0.0, 0.0)

"""What is learned from altered pictures, on features whose nuisance is known."""

import numpy as np

from livematch.embed.parts import unit
from livematch.embed.whitening import Lessons, as_lessons, whitening
from livematch.values import Vector

N, D, NUISANCES = 60, 40, 5


def features(seed: int, views: int) -> tuple[Vector, Vector, Vector]:
    """Pictures (N, D), alterations of them along a few strong directions, and more of the same."""
    chance = np.random.default_rng(seed)
    pictures = chance.normal(size=(N, D))
    away = chance.normal(size=(NUISANCES, D)) * 3
    first = pictures + chance.normal(size=(views, N, NUISANCES)) @ away
    later = pictures + chance.normal(size=(N, NUISANCES)) @ away
    as_float = [np.asarray(rows, np.float32) for rows in (pictures, first, later)]
    return as_float[0], as_float[1], as_float[2]


def found(queries: Vector, rows: Vector) -> float:
    return float(np.mean((queries @ rows.T).argmax(axis=1) == np.arange(len(rows))))


def test_altered_pictures_find_themselves_only_once_it_was_learned_what_to_look_away_from() -> None:
    pictures, views, later = features(1, 6)
    mean, projection = whitening(as_lessons(pictures, views), 24)

    def look(rows: Vector) -> Vector:
        return unit(np.asarray((unit(rows) - mean) @ projection, np.float32))

    assert found(unit(later), unit(pictures)) < 0.6
    assert found(look(later), look(pictures)) > 0.95


def test_it_is_the_same_each_time_and_columns_beyond_the_pictures_are_zeros() -> None:
    pictures, views, _ = features(2, 3)
    few = as_lessons(pictures[:6], views[:, :6])
    mean, projection = whitening(few, 24)
    again, same = whitening(few, 24)
    np.testing.assert_array_equal(mean, again)
    np.testing.assert_array_equal(projection, same)
    assert projection.shape == (D, 24)
    assert projection.dtype == mean.dtype == np.float32
    assert not projection[:, 6:].any()
    assert np.isfinite(projection).all()


def test_pictures_that_are_all_the_same_teach_nothing_and_break_nothing() -> None:
    rows = np.ones((5, D), np.float32)
    mean, projection = whitening(Lessons(unit(rows), unit(rows)[None]), 8)
    assert np.isfinite(mean).all()
    assert np.isfinite(projection).all()

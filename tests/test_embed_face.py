"""The part face: how many, how large and where; and nothing where nothing can be found."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from livematch.embed import face as face_module
from livematch.embed.face import SIZE, available, described, face, found
from livematch.embed.parts import unit
from livematch.stills import film_still
from livematch.values import Glimpse, Image, Vector

FILMS = Path(face_module.__file__).parents[1] / "demo" / "films"
needs_detector = pytest.mark.skipif(not available(), reason="this OpenCV has no face cascade")


def alike(*faces: list[tuple[float, float, float]]) -> Vector:
    rows = unit(np.stack([described(np.array(each).reshape(-1, 3)) for each in faces]))
    return np.asarray(rows @ rows.T)


def test_place_size_and_number_count() -> None:
    here = [(0.3, 0.4, 0.2)]
    near = [(0.3 + 0.125, 0.4, 0.2)]  # half a cell
    far = [(0.9, 0.4, 0.2)]
    large = [(0.3, 0.4, 0.5)]
    two = [(0.3, 0.4, 0.2), (0.9, 0.4, 0.2)]
    likeness = alike(here, near, far, large, two)[0]
    assert likeness[0] == pytest.approx(1, abs=1e-5)
    assert likeness[1] > 0.85
    assert likeness[2] < 0.65
    assert likeness[3] < 0.85
    assert likeness[4] < 0.9
    crowd = [(x, 0.5, 0.1) for x in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert alike(crowd[:4], crowd)[0, 1] > 0.9  # four or five: many


def test_any_face_gives_numbers_of_unit_length() -> None:
    rng = np.random.default_rng(0)
    for count in range(1, 12):
        row = unit(described(rng.uniform(0, 1, (count, 3)))[None])
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert not described(np.empty((0, 3))).any()


def portrait() -> Image:
    """The astronaut of the demo film about people."""
    return film_still(FILMS / "people.mp4", 1.5, 640)


@needs_detector
def test_a_face_is_found_whatever_the_size_of_the_picture() -> None:
    image = portrait()
    (one,) = found(image)
    (half,) = found(np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5), np.uint8))
    np.testing.assert_allclose(one, half, atol=0.05)
    (other,) = found(np.ascontiguousarray(image[:, ::-1]))
    assert other[0] == pytest.approx(1 - one[0], abs=0.05)
    rows = unit(face([Glimpse(image), Glimpse(image)]))
    assert rows[0] @ rows[1] == pytest.approx(1, abs=1e-5)


@needs_detector
@pytest.mark.parametrize("film", ["sea", "meadow", "city", "abstract", "weather", "machines"])
def test_where_nobody_is_nobody_is_found(film: str) -> None:
    for time_s in (1.0, 4.0, 7.0):
        assert len(found(film_still(FILMS / f"{film}.mp4", time_s, 640))) == 0


@needs_detector
def test_threads_of_opencv_change_nothing() -> None:
    threads, image = cv2.getNumThreads(), portrait()
    pair = np.concatenate([image, image], axis=1)
    try:
        rows = []
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            rows.append(face([Glimpse(image), Glimpse(pair)]))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])


def test_pictures_of_any_shape_are_looked_at() -> None:
    shapes = [(1, 1), (1, 400), (400, 1), (90, 160), (700, 300)]
    rows = face([Glimpse(np.full((*shape, 3), 90, np.uint8)) for shape in shapes])
    assert rows.shape == (5, SIZE)
    assert not rows.any()


def test_without_a_detector_the_part_is_zeros_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(face_module, "CASCADE", "nowhere.xml")
    monkeypatch.setattr(face_module, "_of_thread", face_module.threading.local())
    face_module._cascade.cache_clear()
    try:
        assert not face([Glimpse(np.full((90, 160, 3), 90, np.uint8))] * 3).any()
        assert not available()
    finally:
        face_module._cascade.cache_clear()
    assert len([r for r in caplog.records if "without a face detector" in r.message]) == 1

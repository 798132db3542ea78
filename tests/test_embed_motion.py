"""The part motion: what moves which way, whatever the frame rate; noise and flicker do not move."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from livematch.embed.motion import SIZE, motion, small
from livematch.embed.parts import unit
from livematch.embed.trail import APART_S, Trail
from livematch.values import Glimpse, Image, Vector

Path2 = Callable[[float], tuple[float, float, float]]  # seconds -> widths right, widths down, zoom

WIDTH, HEIGHT = 480, 270


def scenery(seed: int = 5) -> Image:
    """Paint a large picture with things of all sizes to see movement by."""
    rng = np.random.default_rng(seed)
    size = (3 * WIDTH, 3 * HEIGHT)
    layers = [
        share
        * cv2.resize(rng.uniform(0, 255, (9 * n, 16 * n, 3)), size, interpolation=cv2.INTER_CUBIC)
        for n, share in ((1, 0.4), (3, 0.35), (9, 0.25))
    ]
    return np.clip(sum(layers), 0, 255).astype(np.uint8)


SCENE = scenery()


def seen_at(path: Path2, time_s: float, scene: Image = SCENE) -> Image:
    """What a camera sees of a scene that moves along a path, at one time."""
    right, down, zoom = path(time_s)
    height, width = scene.shape[:2]
    matrix = np.array(
        [
            [zoom, 0, WIDTH * (0.5 + right) - zoom * width / 2],
            [0, zoom, HEIGHT / 2 + WIDTH * down - zoom * height / 2],
        ]
    )
    return np.asarray(cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA))


def followed(path: Path2, times_s: list[float]) -> Glimpse:
    """The last of some pictures with the one before it, as a film or a camera gives them."""
    trail: Trail[Image] = Trail()
    for time_s in times_s:
        image = seen_at(path, time_s)
        earlier = trail.follow(time_s, image)
    return Glimpse(image, *earlier) if earlier else Glimpse(image)


def at_rate(path: Path2, fps: float) -> Glimpse:
    return followed(path, [1 - number / fps for number in range(round(0.5 * fps), -1, -1)])


def described(*glimpses: Glimpse) -> Vector:
    return unit(motion(glimpses))


def moves(right: float, down: float) -> Path2:
    return lambda time_s: ((time_s - 1) * right, (time_s - 1) * down, 1.0)


def zooms(speed: float) -> Path2:
    return lambda time_s: (0.0, 0.0, 1 + (time_s - 1) * speed)


PATHS: dict[str, Path2] = {
    "left": moves(-0.4, 0),
    "right": moves(0.4, 0),
    "up": moves(0, -0.4),
    "down": moves(0, 0.4),
    "in": zooms(0.8),
    "out": zooms(-0.8),
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_same_movement_at_any_frame_rate_is_alike(path: Path2) -> None:
    uneven = [0.5, 0.56, 0.66, 0.7, 0.79, 0.83, 0.92, 1.0]
    glimpses = [at_rate(path, fps) for fps in (10, 12, 24, 25, 30, 50, 60)]
    rows = described(*glimpses, followed(path, uneven))
    assert (rows @ rows.T).min() > 0.97


def test_directions_are_told_apart() -> None:
    rows = described(*(at_rate(path, 25) for path in PATHS.values()))
    likeness = dict(zip(PATHS, rows @ rows.T, strict=True))
    names = list(PATHS)
    for name in names:
        others = [likeness[name][names.index(other)] for other in names if other != name]
        assert max(others) < 0.6
    assert likeness["left"][names.index("right")] < -0.2


def test_slow_and_fast_are_told_apart_and_fast_does_not_drown_slow() -> None:
    slow, middle, fast = described(*(at_rate(moves(s, 0), 30) for s in (0.08, 0.25, 0.8)))
    assert slow @ fast < 0.4 < slow @ middle < 0.98
    halves = [seen_at(moves(0, 0), 1), seen_at(moves(0, 0), 1)]
    for picture, time_s in zip(halves, (0.9, 1.0), strict=True):
        picture[:, : WIDTH // 2] = seen_at(moves(0.8, 0), time_s)[:, : WIDTH // 2]
        picture[:, WIDTH // 2 :] = seen_at(moves(0, 0.12), time_s)[:, WIDTH // 2 :]
    cells = described(Glimpse(halves[1], halves[0], 0.1)).reshape(4, 4, -1)
    left, right = (np.linalg.norm(cells[:, half]) for half in (slice(0, 2), slice(2, 4)))
    assert left > right > 0.2 * left  # in widths a second it is a seventh


def test_size_and_shape_of_the_picture_do_not_matter() -> None:
    for path in PATHS.values():
        glimpse = at_rate(path, 25)
        assert glimpse.before is not None
        halves = [cv2.resize(i, None, fx=0.5, fy=0.5) for i in (glimpse.image, glimpse.before)]
        half = Glimpse(np.asarray(halves[0]), np.asarray(halves[1]), glimpse.apart_s)
        one, other = described(glimpse, half)
        assert one @ other > 0.97
    # a square of the same movement: the same widths a second are more pixels down than across
    down = at_rate(moves(0, 0.4), 25)
    assert down.before is not None
    square = Glimpse(
        down.image[:, :270].copy(), down.before[:, :270].copy(), down.apart_s * 480 / 270
    )
    one, other = described(down, square)
    assert one @ other > 0.95


def test_the_picture_after_tells_the_same_movement() -> None:
    for path in PATHS.values():
        before, now, after = (seen_at(path, 1 + step) for step in (-0.08, 0.0, 0.08))
        backward, forward = described(Glimpse(now, before, 0.08), Glimpse(now, after, -0.08))
        assert backward @ forward > 0.9


def test_what_is_remembered_small_gives_the_very_same() -> None:
    glimpse = at_rate(PATHS["left"], 25)
    assert glimpse.before is not None
    kept = Glimpse(glimpse.image, small(glimpse.before), glimpse.apart_s)
    np.testing.assert_array_equal(motion([glimpse]), motion([kept]))


@pytest.mark.parametrize("sigma", [0, 2, 5, 9])
@pytest.mark.parametrize("gain", [0.8, 1.0, 1.15])
def test_noise_and_flicker_on_a_still_do_not_move(sigma: float, gain: float) -> None:
    rng = np.random.default_rng(1)
    sky = np.full((HEIGHT, WIDTH, 3), (200, 150, 110), np.uint8)
    sky[180:] = seen_at(moves(0, 0), 1)[180:] // 2
    for still in (seen_at(moves(0, 0), 1) * 0.8, sky * 0.8, sky * 0.1):

        def noisy(gain: float, still: Image = still) -> Image:
            grain = rng.normal(0, sigma, still.shape)
            return np.clip(still * gain + grain, 0, 255).astype(np.uint8)

        assert not motion([Glimpse(noisy(gain), noisy(1.0), 0.1)]).any()


def test_a_still_and_a_dead_picture_have_no_movement() -> None:
    black = np.zeros((90, 160, 3), np.uint8)
    image = seen_at(moves(0, 0), 1)
    rows = motion([Glimpse(image), Glimpse(black, black, 0.1), Glimpse(image, image, 0.0)])
    assert rows.shape == (3, SIZE)
    assert not rows.any()
    # another picture altogether is a change, and never a number that is none
    assert np.isfinite(
        motion([Glimpse(image, 255 - image, 0.1), Glimpse(image, black, 0.001)])
    ).all()


def test_threads_change_nothing() -> None:
    glimpses = [at_rate(path, 25) for path in PATHS.values()]
    threads = cv2.getNumThreads()
    try:
        rows = []
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            rows.append(motion(glimpses))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])


# -- which picture is before -----------------------------------------------------------------------


def test_the_trail_is_bounded_and_forgets() -> None:
    trail: Trail[int] = Trail()
    for number in range(1000):
        earlier = trail.follow(number / 500, number)
    assert earlier is not None
    before, apart_s = earlier
    assert abs(apart_s - APART_S) < 0.003
    assert apart_s == pytest.approx((999 - before) / 500)
    trail.forget()
    assert trail.follow(2.1, 0) is None
    assert trail.follow(2.5, 0) is None  # too long ago to be movement
    assert trail.follow(2.5, 0) is None  # a clock that stands still

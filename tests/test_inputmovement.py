"""How much moves before the camera: people do, noise and flicker do not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from livematch.control.params import Params
from livematch.embed.motion import small
from livematch.embed.preprocess import halved
from livematch.embed.trail import Trail
from livematch.indexing.shrinking import SMALL_PX
from livematch.inputmovement import movement
from livematch.media import open_film
from livematch.values import Glimpse, Image

STILLNESS = Params().stillness
FPS = 30


def room(seed: int = 1) -> Image:
    """A picture with things of all sizes in it."""
    rng = np.random.default_rng(seed)
    scene = sum(
        share * cv2.resize(rng.uniform(0, 255, (9 * n, 16 * n, 3)), (640, 360))
        for n, share in ((1, 0.4), (4, 0.35), (12, 0.25))
    )
    return np.asarray(scene, np.uint8)


def movements(pictures: list[Image], fps: float = FPS) -> list[float]:
    """What vision makes of some frames, once there is one a tenth of a second before."""
    trail: Trail[Image] = Trail()
    found = []
    for number, picture in enumerate(pictures):
        image = halved(picture, SMALL_PX, SMALL_PX)
        earlier = trail.follow(number / fps, small(image))
        found.append(movement(Glimpse(image, *earlier) if earlier else Glimpse(image)))
    return found[int(fps / 10) + 1 :]


def noisy(picture: Image, rng: np.random.Generator, spread: float, light: float = 1.0) -> Image:
    return np.clip(picture * light + rng.normal(0, spread, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("spread", [2, 6, 12])
@pytest.mark.parametrize("light", [1.0, 0.25])
def test_the_noise_of_a_sensor_is_no_movement(spread: float, light: float) -> None:
    rng = np.random.default_rng(2)
    assert max(movements([noisy(room(), rng, spread, light) for _ in range(20)])) < STILLNESS / 5


def test_light_that_flickers_is_no_movement() -> None:
    rng = np.random.default_rng(3)
    lights = 1 + 0.15 * np.sin(np.arange(20) * 2.1)
    assert max(movements([noisy(room(), rng, 4, light) for light in lights])) < STILLNESS / 5


def test_somebody_who_passes_is() -> None:
    rng, background, somebody = np.random.default_rng(4), room(), room(9)[100:320, 200:300]
    pictures = []
    for number in range(30):
        picture, left = background.copy(), 60 + number * 8
        picture[120:340, left : left + 100] = somebody
        pictures.append(noisy(picture, rng, 4))
    assert min(movements(pictures)) > STILLNESS


def test_more_movement_is_more() -> None:
    wide = np.concatenate([room(5), room(6)], axis=1)
    slow, fast = ([wide[:, n * step :][:, :640] for n in range(20)] for step in (1, 12))
    assert 0 < np.mean(movements(slow)) < np.mean(movements(fast)) <= 1


def test_the_same_change_in_less_time_is_more() -> None:
    image, before = room(5), room(6)
    quick, slow = (movement(Glimpse(image, before, apart_s)) for apart_s in (0.15, 0.3))
    assert quick == pytest.approx(2 * slow)
    assert movement(Glimpse(image, before, 0.03)) == 1.0


def test_a_still_does_not_move() -> None:
    assert movement(Glimpse(room())) == 0.0


@pytest.mark.parametrize("film", ["juggler_10s.mp4", "bedroom_7s.mp4"])
def test_real_people_move(footage: Path, film: str) -> None:
    with open_film(footage / "camera" / film) as opened:
        frames = [frame.to_ndarray(format="bgr24") for frame, _ in zip(opened.frames(), range(90))]  # noqa: B905
        fps = opened.info.fps
    found = movements(frames, fps)
    assert np.percentile(found, 5) > STILLNESS
    rng = np.random.default_rng(5)
    still = [noisy(frames[0], rng, 6) for _ in range(15)]
    assert max(movements(still, fps)) < STILLNESS / 5

"""Preprocessing: exact values, the right channels, the whole picture, no aliasing."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.embed.card import ModelCard, load_card
from livematch.embed.preprocess import shrink, to_batch, to_tensor
from livematch.values import Image

CARD = load_card("efficientnet-lite0")


def noise(height: int, width: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def changed(**changes: object) -> ModelCard:
    return ModelCard(**CARD.model_dump() | changes)


def test_values_are_exact() -> None:
    image = noise(224, 224)
    expected = (image[..., ::-1].astype(np.float64) - 127) / 128
    tensor = to_tensor(image, CARD)
    assert tensor.dtype == np.float32
    assert tensor.shape == (3, 224, 224)
    np.testing.assert_array_equal(tensor, expected.transpose(2, 0, 1).astype(np.float32))


def test_channels_follow_the_card() -> None:
    blue = np.zeros((8, 8, 3), np.uint8)
    blue[..., 0] = 255
    colours = {"mean": (10.0, 20.0, 30.0), "std": (1.0, 2.0, 3.0)}
    rgb, bgr = changed(channels="RGB", **colours), changed(channels="BGR", **colours)
    assert to_tensor(blue, rgb)[:, 0, 0].tolist() == [-10, -10, 75]
    assert to_tensor(blue, bgr)[:, 0, 0].tolist() == [245, -10, -10]


def test_width_and_height_are_not_mixed_up() -> None:
    assert to_tensor(noise(90, 160), changed(width=64, height=32)).shape == (3, 32, 64)


@pytest.mark.parametrize("size", [(720, 1280), (544, 1280), (1080, 1080), (480, 640), (100, 90)])
def test_the_whole_picture_counts(size: tuple[int, int]) -> None:
    # a mark in each corner must still be in that corner, and nothing else be marked
    height, width = size
    image = np.zeros((height, width, 3), np.uint8)
    y, x = height // 8, width // 8
    for rows in (slice(None, y), slice(-y, None)):
        for columns in (slice(None, x), slice(-x, None)):
            image[rows, columns] = 255
    small = shrink(image, 224, 224)
    for corner in (small[:24, :24], small[:24, -24:], small[-24:, :24], small[-24:, -24:]):
        assert corner.min() > 250
    assert small[:, 34:-34].max() == 0
    assert small[34:-34].max() == 0


def test_fine_patterns_become_grey() -> None:
    board = np.zeros((720, 1280, 3), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = 255
    small = shrink(board, 224, 224)
    assert small.min() >= 120
    assert small.max() <= 135


def test_halving_first_changes_nothing_one_can_see() -> None:
    photograph = np.asarray(cv2.GaussianBlur(noise(720, 1280), (0, 0), 3), np.uint8)
    plain = cv2.resize(photograph, (224, 224), interpolation=cv2.INTER_AREA)
    assert np.abs(shrink(photograph, 224, 224).astype(int) - plain).max() <= 3


@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([0, 77, 255]))
def test_any_size_and_constant_stays_constant(height: int, width: int, value: int) -> None:
    small = shrink(np.full((height, width, 3), value, np.uint8), 64, 48)
    assert small.shape == (48, 64, 3)
    assert (small == value).all()


def test_a_batch_is_its_pictures() -> None:
    images = [noise(300, 200, 1), noise(50, 500, 2), noise(224, 224, 3)]
    batch = to_batch(images, CARD)
    assert batch.shape == (3, 3, 224, 224)
    for row, image in zip(batch, images, strict=True):
        np.testing.assert_array_equal(row, to_tensor(image, CARD))


@pytest.mark.parametrize("height", [224, 300])
def test_mirrored_and_cut_out_views(height: int) -> None:
    # numpy views with negative or wide strides: what a mirrored camera hands over
    image = noise(height, 400)
    view = image[::-1, 300:20:-1]
    np.testing.assert_array_equal(to_tensor(view, CARD), to_tensor(view.copy(), CARD))


def test_the_picture_is_not_written_to() -> None:
    image = noise(448, 448)
    before = image.copy()
    image.setflags(write=False)
    to_tensor(image, CARD)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ],
)
def test_what_is_no_picture(image: Image) -> None:
    with pytest.raises(ValueError, match="not a BGR picture"):
        to_tensor(image, CARD)

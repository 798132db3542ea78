"""What every embedder does, with a network and without; and that the networks find likeness."""

import cv2
import numpy as np
import pytest

from livematch.embed.card import ModelCard, load_card
from livematch.embed.features import AnyEmbedder
from livematch.embed.onnx import Embedder
from livematch.embed.parts import describe, descriptor_layout, layout, part_scores, semantic, weigh
from livematch.embed.thumbnail import ThumbnailEmbedder
from livematch.values import Glimpse, Image, Vector

RNG_SEEDS = range(6)


@pytest.fixture(scope="module", params=["thumbnail", "efficientnet-lite0", "efficientnet-lite2"])
def embedder(request: pytest.FixtureRequest) -> AnyEmbedder:
    if request.param == "thumbnail":
        return ThumbnailEmbedder()
    return Embedder(load_card(request.param), "cpu")


def picture(seed: int, height: int = 360, width: int = 640) -> Image:
    """Paint a scene of its own for every seed: sky, ground and a few things on it."""
    rng = np.random.default_rng(seed)
    colours = [tuple(int(c) for c in rng.integers(0, 256, 3)) for _ in range(12)]
    image = np.zeros((height, width, 3), np.uint8)
    horizon = int(rng.uniform(0.3, 0.7) * height)
    image[:horizon], image[horizon:] = colours[0], colours[1]
    for colour in colours[2:]:
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        size = int(rng.uniform(0.05, 0.25) * height)
        match int(rng.integers(3)):
            case 0:
                cv2.circle(image, centre, size, colour, -1)
            case 1:
                corner = (centre[0] + size, centre[1] + 2 * size)
                cv2.rectangle(image, centre, corner, colour, -1)
            case _:
                cv2.line(image, centre, (centre[0] + 3 * size, centre[1] - size), colour, 9)
    grain = rng.normal(0, 8, image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1.5) + grain, 0, 255).astype(np.uint8)


def glimpses(images: list[Image]) -> list[Glimpse]:
    return [Glimpse(image) for image in images]


def test_shapes_are_the_cards(embedder: AnyEmbedder) -> None:
    images = [picture(0), picture(1, 100, 80), picture(2, 500, 400)]
    features = embedder.embed(images)
    assert isinstance(embedder.card, ModelCard)
    assert features.pooled.shape == (3, embedder.card.dimension)
    assert features.map.shape == (3, *embedder.card.map_shape)
    assert features.pooled.dtype == features.map.dtype == np.float32


def test_a_picture_is_embedded_alike_alone_and_in_a_batch(embedder: AnyEmbedder) -> None:
    images = [picture(seed) for seed in RNG_SEEDS]
    together = embedder.embed(images)
    for row, image in enumerate(images):
        alone = embedder.embed([image])
        np.testing.assert_allclose(alone.pooled[0], together.pooled[row], atol=1e-4)
        np.testing.assert_allclose(alone.map[0], together.map[row], atol=1e-3)


def test_earlier_features_are_not_written_again(embedder: AnyEmbedder) -> None:
    first = embedder.embed([picture(0)])
    pooled, feature_map = first.pooled.copy(), first.map.copy()
    embedder.embed([picture(1)])
    np.testing.assert_array_equal(first.pooled, pooled)
    np.testing.assert_array_equal(first.map, feature_map)


def test_nothing_to_embed_is_a_mistake(embedder: AnyEmbedder) -> None:
    with pytest.raises(ValueError, match="nothing to embed"):
        embedder.embed([])


def test_warming_up_and_the_report(embedder: AnyEmbedder) -> None:
    embedder.warm_up((1, 2))
    assert str(embedder.report) == "network on cpu (asked for cpu)"


def test_black_and_white_give_finite_descriptors(embedder: AnyEmbedder) -> None:
    images = [np.full((90, 160, 3), value, np.uint8) for value in (0, 127, 255)]
    descriptors = describe(glimpses(images), embedder.embed(images))
    assert np.isfinite(descriptors).all()
    assert np.isfinite(descriptors.astype(np.float16)).all()


def test_two_crops_of_a_picture_are_nearer_than_another_picture(embedder: AnyEmbedder) -> None:
    scenes = [picture(seed) for seed in RNG_SEEDS]
    # thumbnails stand for the network where pictures move little
    y, x = (10, 18) if isinstance(embedder, ThumbnailEmbedder) else (40, 70)
    left = embedder.embed([scene[:-y, :-x] for scene in scenes])
    right = embedder.embed([scene[y:, x:] for scene in scenes])
    likeness = semantic(left) @ semantic(right).T
    assert likeness.argmax(axis=1).tolist() == list(RNG_SEEDS)


def test_the_weighed_descriptor_finds_the_picture_again(embedder: AnyEmbedder) -> None:
    of_stills = ("semantic", "layout", "colour")
    parts = descriptor_layout(embedder.card, of_stills)
    scenes = [picture(seed) for seed in RNG_SEEDS]
    stored = describe(glimpses(scenes), embedder.embed(scenes), of_stills).astype(np.float16)
    camera = [
        np.clip(cv2.resize(scene, (800, 600)) * 0.9 + 10, 0, 255).astype(np.uint8)
        for scene in scenes
    ]
    queries = describe(glimpses(camera), embedder.embed(camera), of_stills)
    for seed, query in zip(RNG_SEEDS, queries, strict=True):
        for weights in ({}, *({name: 1.0} for name in parts.names)):
            scores = stored.astype(np.float32) @ weigh(query, weights, parts)
            assert scores.argmax() == seed
            assert scores.max() > 0.8
        assert part_scores(query, stored, parts).argmax(axis=0).tolist() == [seed] * 3


# --- what the real network must do beyond that ---


def thing(kind: str, place: str) -> Image:
    """Put one of two things on the left or on the right of a grey room."""
    image = np.full((360, 640, 3), 110, np.uint8)
    x = {"left": 150, "right": 490}[place]
    if kind == "ball":
        cv2.circle(image, (x, 180), 100, (40, 60, 220), -1)
        cv2.circle(image, (x - 30, 150), 25, (200, 210, 255), -1)
    else:
        for step in range(-90, 91, 30):
            cv2.rectangle(image, (x - 90, 180 + step), (x + 90, 192 + step), (220, 200, 60), -1)
    return image


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite2"])
def test_layout_says_where_and_semantic_says_what(name: str) -> None:
    features = Embedder(load_card(name), "cpu").embed(
        [thing("ball", "left"), thing("ball", "right"), thing("bars", "left")]
    )

    def likeness(rows: Vector) -> tuple[float, float]:
        same_thing, same_place = rows[0] @ rows[1], rows[0] @ rows[2]
        return float(same_thing), float(same_place)

    same_thing, same_place = likeness(layout(features))
    assert same_place > same_thing + 0.2
    same_thing, same_place = likeness(semantic(features))
    assert same_thing > same_place + 0.1

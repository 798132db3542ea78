"""The descriptor's parts: unit length, finite for everything, and weighed exactly."""

import json
from collections.abc import Sequence
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from livematch.embed import parts
from livematch.embed.features import Features
from livematch.embed.parts import (
    RULES,
    DescriptorLayout,
    Part,
    Rule,
    colour,
    describe,
    descriptor_layout,
    fixed_projection,
    layout,
    part_scores,
    semantic,
    unit,
    weigh,
)
from livematch.embed.thumbnail import ThumbnailEmbedder, thumbnail_card
from livematch.values import Glimpse, Image, Vector

CARD = thumbnail_card()
LAYOUT = descriptor_layout(CARD)
finite = st.floats(-1e4, 1e4, width=32)
shares = st.floats(0, 1e6)
images = hnp.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3)))


def lengths(rows: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(rows, axis=1))


def test_the_vocabulary_and_its_sizes() -> None:
    sizes = {part.name: part.size for part in descriptor_layout(thumbnail_card(1280)).parts}
    assert sizes == {"semantic": 1280, "layout": 256, "colour": 96, "motion": 96, "face": 22}


@given(
    hnp.arrays(np.float32, (2, 64), elements=finite),
    hnp.arrays(np.float32, (2, 8, 5, 7), elements=finite),
)
def test_parts_of_any_features_are_unit_or_nothing(pooled: np.ndarray, maps: np.ndarray) -> None:
    features = Features(pooled, maps)
    for rows in (semantic(features), layout(features)):
        assert np.isfinite(rows).all()
        for length in lengths(rows):
            assert length == pytest.approx(1, abs=1e-4) or length == 0


@settings(deadline=None)  # the first one loads the face detector
@given(images)
def test_descriptors_of_any_picture_are_finite(image: Image) -> None:
    rows = describe(
        [Glimpse(image)], ThumbnailEmbedder().embed([image]), descriptor_layout(thumbnail_card())
    )
    assert rows.shape == (1, LAYOUT.dimension)
    assert rows.dtype == np.float32
    assert np.isfinite(rows.astype(np.float16)).all()
    scores = part_scores(rows[0], rows, LAYOUT)[0]
    assert all(score == pytest.approx(1, abs=1e-4) or score == 0 for score in scores)


LAST_PART_ABSENT = np.ones((2, LAYOUT.dimension), np.float32)
LAST_PART_ABSENT[:, LAYOUT.slices[LAYOUT.names[-1]]] = 0


@example([0.0, 2.3e-308, 0.0, 0.0, 4.0], np.ones((2, LAYOUT.dimension), np.float32))
@example([0.0, 2.3e-308, 0.0, 0.0, 4.0], LAST_PART_ABSENT)
@given(
    st.lists(shares, min_size=len(LAYOUT.names), max_size=len(LAYOUT.names)),
    hnp.arrays(np.float32, (2, LAYOUT.dimension), elements=finite),
)
def test_a_weighed_product_is_the_weighted_mean_of_part_cosines(
    weights: list[float], raw: np.ndarray
) -> None:
    rows = np.concatenate([unit(raw[:, place]) for place in LAYOUT.slices.values()], axis=1)
    query, stored = rows
    named = dict(zip(LAYOUT.names, weights, strict=True))
    product = float(stored @ weigh(query, named, LAYOUT))
    cosines = part_scores(query, stored[None], LAYOUT)[0]
    # a part that the query has not says nothing, and weighs nothing
    has = np.array([bool(query[place].any()) for place in LAYOUT.slices.values()])
    given = np.array(weights if any(weights) else [1.0] * len(weights)) * has
    expected = np.average(cosines, weights=given) if given.any() else 0.0
    assert product == pytest.approx(expected, abs=1e-5)
    assert abs(product) <= 1 + 1e-5


def test_weights_alone() -> None:
    query = np.ones(LAYOUT.dimension, np.float32)
    only = weigh(query, {"layout": 0.3}, LAYOUT)
    means = {name: float(only[place].mean()) for name, place in LAYOUT.slices.items()}
    assert means == {**dict.fromkeys(LAYOUT.names, 0.0), "layout": 1}
    equal = np.float32(1 / len(LAYOUT.names))
    assert (weigh(query, {}, LAYOUT) == equal).all()
    assert (weigh(query, dict.fromkeys(LAYOUT.names, 0.0), LAYOUT) == equal).all()
    assert (weigh(query, dict.fromkeys(LAYOUT.names, 1e-300), LAYOUT) == equal).all()
    assert (weigh(query, dict.fromkeys(LAYOUT.names, 1e308), LAYOUT) == equal).all()


def test_a_part_the_query_has_not_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    places = LAYOUT.slices
    stored = np.concatenate(
        [unit(rng.normal(size=(20, p.size)).astype(np.float32)) for p in LAYOUT.parts], axis=1
    )
    still = stored[0].copy()
    for name in ("motion", "face"):
        still[places[name]] = 0
    weights = {"semantic": 1.0, "colour": 0.5, "motion": 1.0, "face": 1.0}
    known = {"semantic": 1.0, "colour": 0.5}
    scores = stored @ weigh(still, weights, LAYOUT)
    np.testing.assert_array_equal(scores, stored @ weigh(still, known, LAYOUT))
    assert scores[0] == pytest.approx(1)  # its likeness to itself is not dragged down
    only = weigh(np.stack([still, stored[0]]), {"motion": 1.0}, LAYOUT)
    assert not only[0].any()  # nothing to go by: no score, and no division by nothing
    assert stored[0] @ only[1] == pytest.approx(1)


def test_weighing_leaves_the_query_alone_and_takes_many() -> None:
    queries = np.random.default_rng(0).normal(size=(4, LAYOUT.dimension)).astype(np.float32)
    before = queries.copy()
    weighed = weigh(queries, {"colour": 1, "semantic": 2}, LAYOUT)
    np.testing.assert_array_equal(queries, before)
    np.testing.assert_array_equal(
        weighed[2], weigh(queries[2], {"colour": 1, "semantic": 2}, LAYOUT)
    )


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_weights_that_are_none(weight: float) -> None:
    with pytest.raises(ValueError, match="weights must be numbers of at least 0"):
        weigh(np.zeros(LAYOUT.dimension, np.float32), {"colour": weight}, LAYOUT)


# --- layout ---

PROJECTION_START = [0.00076469, -0.08346175, -0.12041987, 0.1592216]


def maps_with(thing: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    """Give a map of 14x14 places with a thing (channels,) at one of them."""
    feature_map = np.zeros((1, len(thing), 14, 14), np.float32)
    feature_map[0, :, place[0] : place[0] + 3, place[1] : place[1] + 3] = thing[:, None, None]
    return feature_map


def test_layout_ignores_what_is_everywhere() -> None:
    rng = np.random.default_rng(0)
    feature_map = rng.normal(size=(1, 112, 14, 14)).astype(np.float32)
    pooled = np.zeros((1, 4), np.float32)
    everywhere = rng.normal(size=(1, 112, 1, 1)).astype(np.float32) * 5
    with_it = layout(Features(pooled, feature_map + everywhere))
    np.testing.assert_allclose(with_it, layout(Features(pooled, feature_map)), atol=1e-4)
    uniform = np.broadcast_to(everywhere, feature_map.shape)
    assert float(np.abs(layout(Features(pooled, np.ascontiguousarray(uniform)))).max()) == 0


def test_layout_tells_places_apart() -> None:
    thing = np.random.default_rng(1).normal(size=112).astype(np.float32)
    pooled = np.zeros((1, 4), np.float32)
    left, near, right = (
        layout(Features(pooled, maps_with(thing, place)))[0] for place in ((5, 1), (5, 2), (5, 10))
    )
    assert left @ near > 0.7
    assert left @ right < 0.2


@pytest.mark.parametrize("size", [1, 2, 7, 9, 14, 17])
def test_cells_average_maps_of_any_size(size: int) -> None:
    cells = parts._cells(size)
    assert cells.shape == (4, size)
    np.testing.assert_allclose(cells.sum(axis=1), 1, atol=1e-6)
    # every place counts the same in the whole
    np.testing.assert_allclose(cells.mean(axis=0), 1 / size, atol=1e-6)


def test_layout_is_the_mean_of_each_cell() -> None:
    # two channels at most, so that the projection turns them without loss
    feature_map = np.random.default_rng(2).normal(size=(2, 2, 8, 12)).astype(np.float32)
    means = feature_map.reshape(2, 2, 4, 2, 4, 3).mean(axis=(3, 5)).reshape(2, 2, 16)
    centred = means - means.mean(axis=2, keepdims=True)
    cosine = (centred[0] * centred[1]).sum() / np.prod(np.linalg.norm(centred, axis=(1, 2)))
    rows = layout(Features(np.zeros((2, 4), np.float32), feature_map))
    assert float(rows[0] @ rows[1]) == pytest.approx(float(cosine), abs=1e-5)


def test_the_projection_is_orthonormal_and_never_changes() -> None:
    projection = fixed_projection(112, 16, "layout")
    np.testing.assert_allclose(projection.T @ projection, np.eye(16), atol=1e-6)
    # these numbers are in every archive: if they change, archives must be indexed again
    np.testing.assert_allclose(projection[0, :4], PROJECTION_START, atol=1e-6)
    assert not projection.flags.writeable


def test_a_network_with_few_channels_fits_too() -> None:
    projection = fixed_projection(3, 16, "layout")
    np.testing.assert_allclose(projection @ projection.T, np.eye(3), atol=1e-6)


# --- colour ---


def plain(b: int, g: int, r: int) -> Image:
    return np.full((72, 128, 3), (b, g, r), np.uint8)


def test_colour_knows_dark_from_light_and_red_from_blue() -> None:
    names = ["black", "white", "red", "dark red", "blue"]
    rows = colour(
        [plain(0, 0, 0), plain(255, 255, 255), plain(0, 0, 200), plain(0, 0, 150), plain(200, 0, 0)]
    )
    likeness = rows @ rows.T
    np.testing.assert_allclose(lengths(rows), 1, atol=1e-5)
    assert likeness[names.index("black"), names.index("white")] < -0.3
    assert likeness[names.index("red"), names.index("dark red")] > 0.9
    assert likeness[names.index("red"), names.index("blue")] < 0.3


def test_colour_knows_where() -> None:
    left = plain(20, 20, 20)
    left[:, :64] = (60, 160, 230)
    likeness = colour([left]) @ colour([left[::-1], left[:, ::-1]]).T
    assert likeness[0, 0] > 0.99
    assert likeness[0, 1] < 0.5


def test_colour_does_not_depend_on_size() -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    large = image.repeat(45, axis=0).repeat(80, axis=1)
    small = image.repeat(8, axis=0).repeat(8, axis=1)
    assert float(colour([large])[0] @ colour([small])[0]) > 0.99


# --- the vocabulary ---


def test_a_layout_survives_json() -> None:
    assert DescriptorLayout.from_json(json.loads(json.dumps(LAYOUT.as_json()))) == LAYOUT
    with pytest.raises(KeyError):
        DescriptorLayout.from_json([{"name": "semantic"}])


def test_another_edition_is_another_layout() -> None:
    newer = DescriptorLayout((*LAYOUT.parts[:-1], Part("face", 22, edition=2)))
    assert newer != LAYOUT


@pytest.mark.parametrize("wrong", [(), (Part("a", 1), Part("a", 2)), (Part("a", 0),)])
def test_layouts_that_are_none(wrong: tuple[Part, ...]) -> None:
    with pytest.raises(ValueError, match="distinct parts with a size"):
        DescriptorLayout(wrong)


def test_layouts_are_values() -> None:
    with pytest.raises(FrozenInstanceError):
        LAYOUT.parts = ()  # type: ignore[misc]
    assert hash(LAYOUT) == hash(descriptor_layout(CARD))


def test_a_new_part_is_one_more_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def tone(glimpses: Sequence[Glimpse], _: Features) -> Vector:
        return unit(np.stack([g.image.mean(axis=(0, 1)) for g in glimpses]).astype(np.float32))

    monkeypatch.setattr(parts, "RULES", {**RULES, "tone": Rule(lambda _: 3, tone)})
    names = ("semantic", "tone")
    assert descriptor_layout(CARD, names).dimension == 64 + 3
    image = plain(3, 0, 4)
    rows = describe(
        [Glimpse(image)],
        ThumbnailEmbedder().embed([image]),
        descriptor_layout(thumbnail_card(), names),
    )
    np.testing.assert_allclose(rows[0, 64:], [0.6, 0, 0.8], atol=1e-6)


def test_scores_take_the_archives_own_numbers() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate(
        [unit(rng.normal(size=(50, p.size)).astype(np.float32)) for p in LAYOUT.parts], axis=1
    )
    stored = rows.astype(np.float16)
    scores = part_scores(rows[7], stored, LAYOUT)
    assert scores.shape == (50, len(LAYOUT.names))
    np.testing.assert_allclose(scores[7], 1, atol=2e-3)
    np.testing.assert_allclose(
        part_scores(rows[7], stored[:0], LAYOUT).shape, (0, len(LAYOUT.names))
    )

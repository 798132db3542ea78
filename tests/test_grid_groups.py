"""Groups of vectors that are alike: found, counted, ordered, and the odd ones left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.embed.parts import unit
from livematch.grid import groups
from livematch.grid.groups import Merge, grouped, tree
from livematch.grid.likeness import ShotVectors, apart, most_typical
from livematch.values import Vector


def heaps(sizes: list[int], spread: float = 0.3, seed: int = 1) -> tuple[Vector, list[int]]:
    """Vectors around as many middles, mixed, and which middle each is of."""
    rng = np.random.default_rng(seed)
    middles = np.linalg.qr(rng.normal(size=(40, 40)))[0][: len(sizes)].astype(np.float32)
    of = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(of)
    noise = rng.normal(size=(len(of), 40)).astype(np.float32) / np.sqrt(40)
    return unit(middles[of] + spread * noise), of.tolist()


def test_what_lies_together_is_one_group() -> None:
    vectors, of = heaps([12, 7, 4, 3])
    found = grouped(vectors)
    assert [len(group.members) for group in found.groups] == [12, 7, 4, 3]
    assert all(len({of[number] for number in group.members}) == 1 for group in found.groups)
    assert found.alone == ()


def test_what_is_like_nothing_is_in_no_group() -> None:
    vectors, of = heaps([9, 6, 1, 1])
    found = grouped(vectors)
    assert len(found.groups) == 2
    assert sorted(of[number] for number in found.alone) == [2, 3]


def test_the_most_typical_comes_first_and_then_what_is_most_like_it() -> None:
    vectors, _ = heaps([15, 5])
    group = grouped(vectors).groups[0]
    rows = vectors[list(group.members)]
    assert np.argmax(rows @ rows.sum(axis=0)) == 0
    assert (np.diff(rows[1:] @ rows[0]) <= 1e-6).all()
    pairs = rows @ rows.T
    assert group.likeness == pytest.approx(pairs[np.triu_indices(15, 1)].mean(), abs=1e-4)


@pytest.mark.parametrize("wanted", [1, 2, 3, 4])
def test_as_many_groups_as_are_wanted(wanted: int) -> None:
    vectors, _ = heaps([12, 7, 4, 3])
    found = grouped(vectors, wanted)
    assert len(found.groups) == wanted
    assert sum(len(group.members) for group in found.groups) == 26


def test_more_groups_than_can_be_are_as_many_as_can_be() -> None:
    vectors, _ = heaps([6])
    assert 1 <= len(grouped(vectors, 500).groups) <= 3


def test_few_vectors() -> None:
    assert grouped(np.empty((0, 40), np.float32)) == groups.Grouping((), ())
    vectors, _ = heaps([2, 1])
    assert grouped(vectors[:1]).alone == (0,)
    alike = unit(np.array([[1, 0.2], [1, 0.1]], np.float32))
    assert sorted(grouped(alike).groups[0].members) == [0, 1]
    apart = np.array([[1, 0], [0, 1]], np.float32)
    assert grouped(apart) == groups.Grouping((), (0, 1))


def test_many_vectors_are_put_together_before_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, of = heaps([200, 150, 120, 90])
    monkeypatch.setattr(groups, "MOST_LEAVES", 40)
    found = grouped(vectors)
    assert [len(group.members) for group in found.groups] == [200, 150, 120, 90]
    assert all(len({of[number] for number in group.members}) == 1 for group in found.groups)
    assert grouped(vectors) == found


def test_never_more_groups_than_a_person_looks_through(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = heaps([4] * 30)
    assert len(grouped(vectors).groups) == 30
    monkeypatch.setattr(groups, "MOST_GROUPS", 12)
    assert len(grouped(vectors).groups) <= 12


def by_hand(vectors: Vector) -> list[float]:
    """Likeness of each merge, by trying all pairs of groups each time."""
    there = [[number] for number in range(len(vectors))]
    merges = []
    while len(there) > 1:
        pairs = [
            (float((vectors[a] @ vectors[b].T).mean()), i, j)
            for i, a in enumerate(there)
            for j, b in enumerate(there)
            if i < j
        ]
        likeness, i, j = max(pairs)
        merges.append(likeness)
        there[i] += there.pop(j)
    return merges


@given(st.integers(2, 14), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_tree_is_that_of_average_linkage(count: int, seed: int) -> None:
    vectors, _ = heaps([1] * count, seed=seed)
    merges = tree(vectors, np.ones(count, np.int64))
    assert [merge.likeness for merge in merges] == pytest.approx(by_hand(vectors), abs=1e-4)
    assert len({merge.gone for merge in merges}) == count - 1
    assert all(isinstance(merge, Merge) and merge.kept < merge.gone for merge in merges)


@given(st.integers(1, 40), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_everything_is_somewhere_once(count: int, seed: int) -> None:
    vectors, _ = heaps([count], spread=2.0, seed=seed)
    vectors[count // 2 :: 5] = vectors[0]  # ties
    found = grouped(vectors)
    members = [number for group in found.groups for number in group.members]
    assert sorted([*members, *found.alone]) == list(range(count))
    assert all(len(group.members) >= 2 for group in found.groups)


def test_what_is_nearly_the_same_is_kept_once() -> None:
    vectors, _ = heaps([5], spread=1.5)
    doubled = np.concatenate([vectors, vectors[[1, 3]]])
    assert apart(doubled, 0.99, 10) == ([0, 1, 2, 3, 4], 2)
    kept, repeated = apart(doubled, 0.99, 3)
    assert (kept[0], len(kept), repeated) == (0, 3, 2)
    assert apart(doubled[:0], 0.9, 3) == ([], 0)


def test_copies_make_no_shot_typical() -> None:
    vectors, of = heaps([30, 4, 1], spread=0.6)
    copies = np.flatnonzero(np.array(of) == 1)
    vectors[copies] = vectors[copies[0]]
    shots = ShotVectors(np.arange(len(of)), vectors, len(of))
    assert of[most_typical(shots, 1)[0]] == 0
    assert len(most_typical(shots, 9)) == 9
    assert most_typical(ShotVectors(np.arange(1), vectors[:1], 1), 5) == [0]
    assert most_typical(ShotVectors(np.arange(0), vectors[:0], 0), 5) == []

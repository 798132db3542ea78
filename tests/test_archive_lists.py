"""The short list has the best in it, whatever weighs what; and is made on one thread."""

import threading

import numpy as np
import psutil
import pytest

from livematch.archive import lists
from livematch.archive.lists import Codebook, Lists
from livematch.embed.parts import unit
from livematch.values import Vector

ROWS, SIZES = 6000, (24, 12, 6)


def alike(seed: int, count: int, kinds: int = 60) -> Vector:
    """Rows of three unit parts, each around one of some kinds of rows."""
    rng = np.random.default_rng(seed)
    columns = []
    of = rng.integers(kinds, size=count)
    for n, size in enumerate(SIZES):
        middles = unit(np.random.default_rng(n).normal(size=(kinds, size)).astype(np.float32))
        noise = unit(rng.normal(size=(count, size)).astype(np.float32))
        columns.append(unit(middles[of] + 0.4 * noise))
    return np.concatenate(columns, axis=1)


@pytest.fixture(scope="module")
def rows() -> Vector:
    return alike(1, ROWS)


@pytest.fixture(scope="module")
def book(rows: Vector) -> Codebook:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "ROWS_A_CLUSTER", 60)
        return Codebook.learn(rows, ROWS)


@pytest.fixture(scope="module")
def searched(rows: Vector, book: Codebook) -> Lists:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "VISITED_AT_LEAST", 1500)
        return Lists(book, *book.encode(rows))


def recall(searched: Lists, rows: Vector, queries: Vector) -> float:
    """Which share of the ten best is in a short list of 300."""
    shares = []
    for query in queries:
        found = searched.nearest(query, 300)
        assert len(np.unique(found)) == len(found) == 300
        scores = rows @ query
        shares.append((scores[found] >= np.sort(scores)[-10] - 1e-6).sum() / 10)
    return float(np.mean(shares))


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (0.2, 1, 0.6)])
def test_the_best_are_in_the_short_list(
    rows: Vector, searched: Lists, weights: tuple[float, ...]
) -> None:
    """A quarter of the rows is visited, a twentieth comes back."""
    queries = alike(7, 50) * np.repeat(weights, SIZES).astype(np.float32)
    assert recall(searched, rows, queries) > 0.97


@pytest.mark.parametrize("part", range(3))
def test_a_part_alone_is_found_by_lists_of_its_own(
    rows: Vector, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "VISITED_AT_LEAST", 1500)
    monkeypatch.setattr(lists, "ROWS_A_CLUSTER", 60)
    place = slice(sum(SIZES[:part]), sum(SIZES[: part + 1]))
    columns = np.ascontiguousarray(rows[:, place])
    book = Codebook.learn(columns, ROWS)
    queries = np.ascontiguousarray(alike(7, 50)[:, place])
    assert recall(Lists(book, *book.encode(columns)), columns, queries) > 0.97


def test_as_many_as_there_are(rows: Vector, book: Codebook) -> None:
    few = Lists(book, *book.encode(rows[:50]))
    assert sorted(few.nearest(rows[3], 1000)) == list(range(50))
    none = Lists(book, *book.encode(rows[:0]))
    assert len(none.nearest(rows[3], 10)) == 0


def test_rows_are_coded_the_same_whenever_they_are(rows: Vector, book: Codebook) -> None:
    clusters, codes = book.encode(rows)
    assert codes.shape == (ROWS, book.code_bytes)
    later_clusters, later_codes = book.encode(rows[4000:])
    assert np.array_equal(clusters[4000:], later_clusters)
    assert np.array_equal(codes[4000:], later_codes)


def test_the_same_rows_teach_the_same(rows: Vector) -> None:
    one, other = (Codebook.learn(rows, ROWS) for _ in range(2))
    for name, array in one.as_arrays("").items():
        assert np.array_equal(array, other.as_arrays("")[name])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_rows_of_any_length_can_be_coded(rows: Vector, size: int) -> None:
    columns = np.ascontiguousarray(rows[:, :size])
    short = Codebook.learn(columns, ROWS)
    assert short.code_bytes == -(-size // 2)
    found = Lists(short, *short.encode(columns)).nearest(columns[7], 3000)
    assert columns[found[:10]] @ columns[7] == pytest.approx(
        np.sort(columns @ columns[7])[:-11:-1], abs=0.05
    )


def test_rows_that_are_all_the_same_are_all_found(book: Codebook, rows: Vector) -> None:
    same = np.repeat(rows[:1], 700, axis=0)
    taught = Codebook.learn(same, len(same))
    for one in (book, taught):
        assert len(Lists(one, *one.encode(same)).nearest(rows[0], 700)) == 700
    nothing = np.zeros((40, rows.shape[1]), np.float32)
    assert len(Lists(taught, *taught.encode(nothing)).nearest(rows[0], 40)) == 40


def test_a_search_starts_no_threads(rows: Vector, searched: Lists) -> None:
    process = psutil.Process()
    searched.nearest(rows[0], 100)
    before, seen = process.num_threads(), []

    def ask() -> None:
        for n in range(20):
            searched.nearest(rows[n], 100)
        seen.append(process.num_threads())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [before + 1]


def test_a_codebook_that_is_none_is_refused(book: Codebook) -> None:
    arrays = book.as_arrays("x.")
    assert np.array_equal(Codebook.from_arrays("x.", arrays).words, book.words)
    with pytest.raises(KeyError):
        Codebook.from_arrays("y.", arrays)
    for name in arrays:
        for wrong in (
            arrays[name][..., :-1],
            arrays[name][:-1],
            arrays[name].astype(np.float64),
            np.full_like(arrays[name], np.nan),
        ):
            with pytest.raises(ValueError, match="codebook"):
                Codebook.from_arrays("x.", {**arrays, name: wrong})
    with pytest.raises(ValueError, match="codebook"):
        Codebook.from_arrays("x.", {**arrays, "x.groups": arrays["x.groups"][0]})

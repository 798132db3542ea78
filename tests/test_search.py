"""Searching: what NumPy says is best is what is found, whatever the faders say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, MOMENTS, SHOTS, film, make, vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.archive.saved import keep_fit
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.embed.fit import Fit, Projection
from livematch.embed.parts import part_scores, unit, weigh
from livematch.values import Match, Vector

FILMS = range(1, 41)
ROUNDING = 1e-3  # stored are float16, brought to unit length once more
WEIGHTS = st.fixed_dictionaries({name: st.floats(0, 1) for name in LAYOUT.names})
EVEN = {"semantic": 1.0, "layout": 1.0, "colour": 1.0}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive.open(make(tmp_path_factory.mktemp("search") / "archive", *FILMS))


@pytest.fixture(scope="module", params=["exact", "lists"])
def searcher(request: pytest.FixtureRequest, archive: Archive) -> Searcher:
    return Searcher(archive, exact_up_to=10_000 if request.param == "exact" else 0)


def best_by_hand(archive: Archive, query: Vector, weights: dict[str, float], k: int) -> list[float]:
    """The best score of each shot, straight from the definition.

    So few moments teach no directions: their descriptors are compared as they are.
    """
    rows = archive.vectors[archive.moments.rows].astype(np.float32)
    shares = np.array([weights[name] for name in LAYOUT.names])
    shares = shares / shares.sum() if shares.sum() > 0 else np.full(len(shares), 1 / len(shares))
    scores = part_scores(query, rows, LAYOUT) @ shares
    best: dict[int, float] = {}
    for shot, score in zip(archive.moments.shots, scores, strict=True):
        best[int(shot)] = max(best.get(int(shot), -9.0), float(score))
    return sorted(best.values(), reverse=True)[:k]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), weights=WEIGHTS, k=st.integers(1, 40))
def test_what_is_found_is_what_numpy_says(
    archive: Archive, searcher: Searcher, seed: int, weights: dict[str, float], k: int
) -> None:
    query = vectors(seed, 1)[0]
    found = searcher.search(query, weights, k)
    wanted = best_by_hand(archive, query, weights, k)
    np.testing.assert_allclose([match.score for match in found], wanted, atol=ROUNDING)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), weights=WEIGHTS)
def test_matches_are_ranked_true_and_one_a_shot(
    archive: Archive, searcher: Searcher, seed: int, weights: dict[str, float]
) -> None:
    query = vectors(seed, 1)[0]
    found = searcher.search(query, weights, 16)
    assert [match.score for match in found] == sorted((m.score for m in found), reverse=True)
    assert len({match.moment.shot_id for match in found}) == len(found) == 16
    for match in found:
        moment = match.moment
        row = archive.vectors[moment.row].astype(np.float32)
        assert match.score == pytest.approx(
            float(weigh(query, weights, LAYOUT) @ row), abs=ROUNDING
        )
        for name, score in match.parts:
            place = LAYOUT.slices[name]
            assert score == pytest.approx(float(query[place] @ row[place]), abs=ROUNDING)
        place_in_columns = int(np.searchsorted(archive.moments.rows, moment.row))
        assert archive.moments.at(place_in_columns) == moment


def test_an_indexed_moment_finds_itself(archive: Archive, searcher: Searcher) -> None:
    for row in (0, 77, archive.rows - 1):
        best = searcher.search(archive.vectors[row].astype(np.float32), EVEN, 3)[0]
        assert best.moment.row == row
        assert best.score == pytest.approx(1.0, abs=2e-3)
        assert dict(best.parts) == pytest.approx(EVEN, abs=2e-3)


def test_a_part_that_weighs_nothing_has_no_say(archive: Archive, searcher: Searcher) -> None:
    query = archive.vectors[10].astype(np.float32)
    other = query.copy()
    other[LAYOUT.slices["semantic"]] = vectors(5, 1)[0][LAYOUT.slices["semantic"]]
    weights = {"layout": 1.0, "colour": 0.5}
    first, second = (searcher.search(q, weights, 8) for q in (query, other))
    assert [match.moment for match in first] == [match.moment for match in second]
    assert first[0].moment.row == 10


def test_fewer_shots_than_asked_for(tmp_path: Path) -> None:
    archive = Archive.open(make(tmp_path / "a", 1))
    for exact_up_to in (0, 10_000):
        found = Searcher(archive, exact_up_to=exact_up_to).search(vectors(1, 1)[0], EVEN, 50)
        assert len(found) == SHOTS


@pytest.mark.parametrize("exact_up_to", [0, 10_000])
def test_one_shot_of_many_moments_does_not_hide_the_others(
    tmp_path: Path, exact_up_to: int
) -> None:
    """400 moments of one shot are better than any other; the others must be found all the same."""
    like = vectors(0, 1) + 0.01 * vectors(1, 400)
    long = replace(
        film(1),
        times_s=np.linspace(0, 2, 400),
        shots_of=np.zeros(400, np.int64),
        vectors=like.astype(np.float32),
    )
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        archive.add_film(long)
        archive.add_film(film(2))
        found = Searcher(archive, exact_up_to=exact_up_to).search(vectors(0, 1)[0], EVEN, 5)
    assert len(found) == 1 + SHOTS
    assert found[0].moment.film_id == 1


@pytest.mark.parametrize("exact_up_to", [0, 10_000])
def test_no_moments_no_matches(tmp_path: Path, exact_up_to: int) -> None:
    archive = Archive.open(make(tmp_path / "a"))
    assert Searcher(archive, exact_up_to=exact_up_to).search(vectors(1, 1)[0], EVEN) == ()
    with Archive.open(make(tmp_path / "b", 1), writable=True) as gone:
        gone.set_present(1, False)
        assert Searcher(gone, exact_up_to=exact_up_to).search(vectors(1, 1)[0], EVEN) == ()


@pytest.mark.parametrize("exact_up_to", [0, 10_000])
def test_gone_and_removed_films_are_not_found(tmp_path: Path, exact_up_to: int) -> None:
    with Archive.open(make(tmp_path / "a", 1, 2, 3, 4), writable=True) as archive:
        archive.set_present(1, False)
        archive.remove_film(3)
        query = archive.vectors[0].astype(np.float32)
        found = Searcher(archive, exact_up_to=exact_up_to).search(query, EVEN, 99)
    assert {match.moment.film_id for match in found} == {2, 4}


@pytest.mark.parametrize("exact_up_to", [0, 10_000])
def test_damaged_vectors_are_passed_over(
    tmp_path: Path, exact_up_to: int, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make(tmp_path / "a", 1, 2)
    with (folder / "vectors.f16").open("r+b") as file:
        file.seek(3 * LAYOUT.dimension * 2)
        file.write(np.full(LAYOUT.dimension, np.nan, np.float16).tobytes())
    searcher = Searcher(Archive.open(folder), exact_up_to=exact_up_to)
    assert "1 moments are left out" in caplog.text
    assert len(searcher) == 2 * MOMENTS - 1
    found = searcher.search(film(1).vectors[3], EVEN, 99)
    assert all(np.isfinite(match.score) for match in found)
    assert 3 not in {match.moment.row for match in found}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), weights=WEIGHTS, share=st.sampled_from((0.001, 0.05, 0.3, 0.7, 1.0))
)
def test_only_what_is_allowed_is_found(
    archive: Archive, searcher: Searcher, seed: int, weights: dict[str, float], share: float
) -> None:
    allowed = np.random.default_rng(seed).random(len(searcher)) < share
    query = vectors(seed, 1)[0]
    found = searcher.search(query, weights, 10, allowed)
    every = searcher.search(query, weights, 10**6)
    assert len(found) == min(10, len(np.unique(searcher.moments.shots[allowed])))
    positions = [int(np.searchsorted(searcher.moments.rows, m.moment.row)) for m in found]
    assert allowed[positions].all()
    shots = np.unique(searcher.moments.shots[~allowed])
    untouched = [match for match in every if match.moment.shot_id not in shots]
    there = [match for match in found if match.moment.shot_id not in shots]
    assert there == untouched[: len(there)]  # shots that are allowed whole are as they were
    assert searcher.search(query, weights, 10, allowed) == found
    assert searcher.search(query, weights, 10) == every[:10]


def test_a_mask_must_be_one(searcher: Searcher) -> None:
    query = vectors(1, 1)[0]
    nothing = np.zeros(len(searcher), np.bool_)
    assert searcher.search(query, EVEN, 10, nothing) == ()
    with pytest.raises(ValueError, match="truth values"):
        searcher.search(query, EVEN, 10, nothing[1:])
    with pytest.raises(ValueError, match="truth values"):
        searcher.search(query, EVEN, 10, np.zeros(len(searcher), np.int64))


def test_the_query_goes_through_the_archives_own_fit(tmp_path: Path) -> None:
    """With a fit that turns and shortens, an indexed moment still finds itself, at 1."""
    folder = make(tmp_path / "a", *range(1, 9))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(24, 24)))[0]
    short = Projection(np.full(24, 0.05, np.float32), np.ascontiguousarray(turn[:16], np.float32))
    with Archive.open(folder) as opened:
        keep_fit(opened, Fit(LAYOUT, (short, None, None)))
        for exact_up_to in (0, 10_000):
            searcher = Searcher(opened, exact_up_to=exact_up_to)
            assert searcher.fit.layout.dimension == 16 + 12 + 6
            best = searcher.search(film(3).vectors[5], {"semantic": 1.0}, 2)[0]
            assert best.moment.row == 2 * MOMENTS + 5
            assert best.score == pytest.approx(1.0, abs=1e-4)
            away = unit((film(3).vectors[5:6, :24] - 0.05) @ short.directions.T)
            other = unit((film(7).vectors[1:2, :24] - 0.05) @ short.directions.T)
            parts = [
                dict(match.parts)["semantic"]
                for match in searcher.search(film(3).vectors[5], {"semantic": 1.0}, 99)
                if match.moment.row == 6 * MOMENTS + 1
            ]
            assert parts in ([], [pytest.approx(float(away[0] @ other[0]), abs=ROUNDING)])


def test_impossible_queries_are_refused(searcher: Searcher) -> None:
    query = vectors(1, 1)[0]
    with pytest.raises(ValueError, match="not numbers"):
        searcher.search(np.where(np.arange(LAYOUT.dimension) == 4, np.nan, query), EVEN)
    with pytest.raises(ValueError, match=r"shape \(42,\)"):
        searcher.search(query[:-1], EVEN)
    with pytest.raises(ValueError, match=r"shape \(42,\)"):
        searcher.search(query[None], EVEN)
    with pytest.raises(ValueError, match="weights"):
        searcher.search(query, {"semantic": -1.0})
    assert searcher.search(query, EVEN, 0) == ()


def test_a_match_is_a_value(searcher: Searcher) -> None:
    match = searcher.search(vectors(2, 1)[0], EVEN, 1)[0]
    assert isinstance(match, Match)
    assert hash(match) == hash(searcher.search(vectors(2, 1)[0], EVEN, 1)[0])
    assert all(type(value) is float for _, value in match.parts)
    assert type(match.moment.row) is int

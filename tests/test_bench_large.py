"""Large archives are grown from real moments, and what the bench says of them is what is so."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, make

from livematch.archive.report import check
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.bench import large
from livematch.bench.figures import Plan, as_document, machine
from livematch.bench.grown import COSINES, MOMENTS_A_SHOT, Soil, grow
from livematch.bench.large import large_archive, positions_of, worst_recall
from livematch.errors import LivematchError
from livematch.values import Vector


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("large") / "archive", *range(1, 11))


@pytest.fixture(scope="module")
def soil(small: Path) -> Soil:
    return Soil(Archive.open(small))


def grown(folder: Path, soil: Soil, moments: int) -> Path:
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        *_, there = grow(archive, soil, moments, 1)
    assert there == moments
    return folder


def plan(small: Path, said: list[str]) -> Plan:
    return Plan(small, "", small, True, "cpu", 1.0, 1.0, moments=3000, say=said.append)


def test_a_grown_moment_is_like_a_real_one_but_not_the_same(soil: Soil) -> None:
    moments = soil.moments(800, np.random.default_rng(1))
    for place in LAYOUT.slices.values():
        part, real = moments[:, place], soil.vectors[:, place]
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-5)
        nearest = (part @ real.T).max(axis=1)
        assert (nearest < 1 - 1e-3).mean() > 0.99
        assert (nearest > COSINES[0] - 1e-3).mean() > 0.5  # the others lie between two
    assert np.array_equal(moments, soil.moments(800, np.random.default_rng(1)))


def test_what_no_moment_has_does_not_grow(small: Path) -> None:
    soil = Soil(Archive.open(small))
    colour = LAYOUT.slices["colour"]
    soil.vectors[:, colour] = 0
    assert not soil.moments(100, np.random.default_rng(1))[:, colour].any()


def test_a_grown_archive_is_an_archive(soil: Soil, tmp_path: Path) -> None:
    with Archive.open(grown(tmp_path / "grown", soil, 1000)) as archive:
        assert len(archive.moments) == 1000
        assert len(archive.shots()) == -(-1000 // MOMENTS_A_SHOT)
        assert {finding.kind for finding in check(archive)} == {"missing original"}
        query = archive.vectors[77].astype(np.float32)
        assert Searcher(archive).search(query, {"semantic": 1.0})[0].moment.row == 77


def test_every_corner_and_every_diagonal() -> None:
    positions = list(positions_of(("a", "b", "c")))
    assert len(positions) == 7 + 6
    assert {"a": 0.0, "b": 0.0, "c": 1.0} in positions
    assert {"a": 0.5, "b": 1.0, "c": 0.5} in positions


def test_recall_is_whole_where_everything_is_looked_at_and_else_is_not(
    soil: Soil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "_CHUNK", 700)
    folder = grown(tmp_path / "grown", soil, 3000)
    queries = soil.moments(160, np.random.default_rng(5))[::16]
    searcher = Searcher(Archive.open(folder))
    assert worst_recall(searcher, queries) == 1.0
    # one whose best are taken away is found out: four of ten
    search = searcher.search

    def lame(descriptor: Vector, weights: dict[str, float], k: int) -> object:
        return search(descriptor, weights, k + 4)[4:]

    monkeypatch.setattr(searcher, "search", lame)
    assert worst_recall(searcher, queries) == pytest.approx(0.6, abs=0.05)


def test_the_section_measures_and_tells(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "MIDDLING", 2000)
    monkeypatch.setattr(large, "QUERIES", 3)
    monkeypatch.setattr(large, "ADDED", 100)
    said: list[str] = []
    section = large_archive(plan(small, said))
    assert json.loads(json.dumps(as_document(machine(), [section])))
    figures = {figure.name: figure for figure in section.figures}
    assert figures["query, p99"].value >= figures["query, p50"].value > 0
    assert figures["resident after the first answer"].value > 30
    recalls = {name: figure.value for name, figure in figures.items() if "recall" in name}
    assert set(recalls) == {
        f"worst recall@10, {name} moments" for name in ("120 real", "2000", "3000")
    }
    assert set(recalls.values()) == {100.0}
    assert "3000 of 3000 moments written" in said


def test_without_moments_or_without_room_nothing_is_grown(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LivematchError, match="no moments"):
        large_archive(plan(make(tmp_path / "empty"), []))
    with pytest.raises(LivematchError, match="--moments"):
        large_archive(replace(plan(small, []), moments=10**12))

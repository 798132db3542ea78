"""The bench measures; what it measures here is not judged."""

from dataclasses import replace
from pathlib import Path

import archive_kit
import numpy as np
import pytest

from livematch import bench
from livematch.archive.store import Archive, Moments
from livematch.bench import decks
from livematch.bench.figures import Plan, at_least, at_most, machine
from livematch.bench.matching import subjects
from livematch.bench.playing import stage_of
from livematch.errors import FilmError, LivematchError
from livematch.indexing.kinds import KINDS
from livematch.lens.collection import Lenses
from livematch.telemetry import summarise


@pytest.fixture
def plan(folder: Path) -> Plan:
    return Plan(
        archive=folder / "archive",
        camera=str(folder / "camera.mp4"),
        films=folder / "films",
        offscreen=True,
        provider="cpu",
        seconds=3.0,
        memory_minutes=0.05,
    )


def test_figures_know_whether_they_are_met() -> None:
    assert at_most("a", 5.0, "ms", 5).met
    assert not at_most("a", 5.1, "ms", 5).met
    assert at_least("a", 5.0, "/s", 5).met
    assert not at_least("a", 4.9, "/s", 5).met


def test_a_live_show_is_measured_from_the_camera_to_the_picture(plan: Plan) -> None:
    section = bench.latency(plan)
    stages = {stage.stage: stage for stage in section.stages}
    whole = stages["captured → presented"]
    parts = ("captured → taken", "taken → described", "described → found", "found → decided")
    assert all(stages[part].count > 0 for part in parts)
    assert whole.p50_ms > stages["taken → described"].p50_ms > 0
    assert section.figures[0].value == whole.p50_ms


def test_every_lens_that_comes_along_is_measured_beside_a_show(plan: Plan) -> None:
    figures = {figure.name: figure.value for figure in bench.SECTIONS["lens"](plan).figures}
    names = Lenses().names
    assert names
    for name in names:
        assert figures[f"{name}: paintings a second"] > 0
        assert figures[f"{name}: pictures of the window a second"] > 0
        blended = figures[f"{name}: – blended as usual"]
        assert 0 < blended < figures[f"{name}: flicker of a still camera, of 255"]


def test_start_is_measured_in_new_processes(plan: Plan) -> None:
    [figure] = bench.start(plan).figures
    assert 0 < figure.value < 60


def test_memory_is_sampled_from_a_process_of_its_own(plan: Plan) -> None:
    most, _ = bench.memory(plan).figures
    assert most.value > 50


def test_indexing_is_compared_with_decoding(plan: Plan) -> None:
    section = bench.indexing(plan)
    figures = {figure.name: figure.value for figure in section.figures}
    decoding, bare = figures["decoding alone"], figures["indexing without proxies"]
    assert figures["of the speed of decoding"] == pytest.approx(100 * bare / decoding)
    assert figures["indexing with proxies"] > 0
    assert "limited by" in section.about
    for how in ("without proxies", "with proxies"):
        shares = [value for name, value in figures.items() if name.startswith(f"{how}: ")]
        assert len(shares) == 4
        assert sum(shares) == pytest.approx(100)


def test_neighbours_are_counted_by_part_and_by_the_mix(plan: Plan, tmp_path: Path) -> None:
    """Three films, each with a colour of its own; one has no layout at all, and is not asked."""
    places = archive_kit.LAYOUT.slices
    archive = tmp_path / "films"
    with Archive.create(archive, archive_kit.MODEL, archive_kit.LAYOUT) as made:
        for number in (1, 2, 3):
            film = archive_kit.film(number)
            film.vectors[:, places["colour"]] = film.vectors[0, places["colour"]]
            film.vectors[:, places["layout"]] *= number != 3
            made.add_film(film)
    figures = {f.name: f.value for f in bench.labels(replace(plan, archive=archive)).figures}
    assert figures["precision@5 colour, 12 shots"] == 100
    assert 0 <= figures["precision@5 layout, 8 shots"] < 100
    assert 0 <= figures["precision@5 semantic, 12 shots"] < 100
    assert figures["precision@5 mix, 12 shots"] <= 100
    assert figures["by chance"] == pytest.approx(100 * 3 / 11)


def test_without_labels_the_section_says_so(plan: Plan) -> None:
    section = bench.labels(plan)  # its films are of one shot each
    assert (section.figures, section.about[:7]) == ((), "skipped")


def test_subjects_need_two_films_of_two_shots() -> None:
    def moments(films: list[int], shots: list[int]) -> Moments:
        count = len(films)
        return Moments(np.arange(count), np.array(films), np.array(shots), np.arange(count) / 2)

    # three shots in film 1, two in film 2, one in film 3
    several = moments([1, 1, 1, 1, 2, 2, 2, 3], [1, 1, 2, 3, 4, 4, 5, 6])
    assert subjects(several) == [(1, 2), (2, 2), (3, 2), (5, 1), (6, 1)]
    assert subjects(moments([1, 1, 2], [1, 2, 3])) == []


def test_decks_are_measured_in_every_kind_there_is(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decks, "FILM_S", 0.5)
    monkeypatch.setattr(decks, "SEEKS", 3)
    monkeypatch.setattr(decks, "SIZE_PX", (320, 180))
    section = bench.SECTIONS["decks"](plan)
    here = [kind.name for kind in KINDS.values() if kind.lack() is None]
    names = [figure.name for figure in section.figures]
    assert all(figure.value > 0 for figure in section.figures)
    for name in (decks.ORIGINAL, *here):
        assert len([figure for figure in names if figure.startswith(f"{name}: ")]) == 7
    assert len(names) == 7 * (1 + len(here))


def test_a_kind_that_cannot_be_written_is_said_to_be_missing(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {**KINDS, "hap": replace(KINDS["hap"], lack=lambda: "there is no encoder")}
    monkeypatch.setattr(decks, "KINDS", {name: lacking[name] for name in ("mjpeg", "hap")})
    monkeypatch.setattr(decks, "FILM_S", 0.5)
    monkeypatch.setattr(decks, "SEEKS", 3)
    monkeypatch.setattr(decks, "SIZE_PX", (320, 180))
    section = decks.two_decks(plan)
    assert section.about.endswith("; without hap: there is no encoder")
    assert not [figure for figure in section.figures if figure.name.startswith("hap")]


def test_decks_without_a_film_are_told(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="no film to measure"):
        decks.two_decks(replace(plan, films=tmp_path))


def test_a_stage_nobody_saw_is_said_to_be_missing() -> None:
    with pytest.raises(LivematchError, match="cue"):
        stage_of((summarise("other", [1.0]),), "cue → first picture")


def test_the_machine_is_described() -> None:
    here = machine()
    assert here.cores >= 1
    assert here.memory_gib > 0
    assert here.processor


def test_a_film_is_answered_and_the_time_taken(plan: Plan) -> None:
    section = bench.SECTIONS["reinterpret"](plan)
    read, drawn, whole, pictures = section.figures
    assert min(read.value, drawn.value) > whole.value > 0
    assert pictures.value > 20
    assert "1280×720" in section.about


def test_what_is_no_film_is_not_answered(plan: Plan) -> None:
    assert bench.SECTIONS["reinterpret"](replace(plan, camera="0")).figures == ()

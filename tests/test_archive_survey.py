"""`livematch archive report`: who is never found, who always is, who is twice there."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, film
from typer.testing import CliRunner

from livematch.archive.records import IndexedFilm, Mark, ShotSpan
from livematch.archive.store import Archive
from livematch.archive.survey import Survey, survey
from livematch.cli.archive import archive_app
from livematch.cli.reportpage import LISTED, page
from livematch.embed.parts import unit
from livematch.values import ShotKind, Vector

CLOUD, PER_SHOT = 20, 3  # shots that lie around a middle, and their moments


def sky() -> Vector:
    """Descriptors, three a shot: a ring of shots around a hub, one far away, and a pair.

    Only the semantic part differs, and the others point the same way: likenesses are 2/3 and more.
    """
    axes = np.eye(LAYOUT.parts[0].size)
    hub, spokes = axes[0], axes[1 : CLOUD + 1]
    ring = hub + spokes + 0.3 * np.roll(spokes, -1, axis=0)  # each next to two others, hub nearest
    far, twin = -hub, 0.4 * hub + axes[CLOUD + 2]
    shots = np.concatenate([ring, [hub, far, twin, twin]])
    moved = np.random.default_rng(3).normal(0, 1e-4, (len(shots), PER_SHOT, len(axes)))
    points = (shots[:, None] + moved).reshape(-1, len(axes)).astype(np.float32)
    others = [unit(np.ones((len(points), part.size), np.float32)) for part in LAYOUT.parts[1:]]
    return np.concatenate([unit(points), *others], axis=1)


HUB, FAR, TWINS = CLOUD + 1, CLOUD + 2, (CLOUD + 3, CLOUD + 4)  # numbers of shots, from 1


def sky_film(name: str = "sky.mp4") -> IndexedFilm:
    points = sky()
    shots = len(points) // PER_SHOT
    base = film(1)
    return replace(
        base,
        film=replace(base.film, path=Path("/films") / name),
        shots=tuple(ShotSpan(3.0 * n, 3.0 * n + 3) for n in range(shots)),
        times_s=np.arange(len(points)) * 1.0,
        shots_of=np.repeat(np.arange(shots), PER_SHOT),
        vectors=points,
        thumbs=tuple(np.full((12, 16, 3), 10 * n, np.uint8) for n in range(shots)),
    )


def make(folder: Path, *films: IndexedFilm) -> Path:
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        for indexed in films:
            archive.add_film(indexed)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "archive", sky_film())


def pairs(found: Survey) -> list[tuple[int, int]]:
    return [(pair.first.id, pair.second.id) for pair in found.duplicates]


@pytest.mark.parametrize("exact_up_to", [10_000, 0], ids=["exact", "graph"])
def test_hub_orphan_and_twins_are_found(folder: Path, exact_up_to: int) -> None:
    found = survey(Archive.open(folder), 5, 0.99, exact_up_to=exact_up_to)
    assert (found.shots, found.moments, found.asked) == (24, 72, 72)
    assert found.exact == (exact_up_to > 0)
    assert [one.shot.id for one in found.orphans] == [FAR]
    assert found.hubs[0].shot.id == HUB
    assert found.hubs[0].found > 3 * CLOUD / 2
    assert pairs(found)[0] == TWINS
    assert found.duplicates[0].likeness == pytest.approx(1, abs=1e-2)
    assert FAR not in {n for pair in pairs(found) for n in pair}


def test_graph_and_comparison_agree(folder: Path) -> None:
    archive = Archive.open(folder)
    exact, graph = survey(archive, 4), survey(archive, 4, exact_up_to=0)
    assert replace(graph, exact=True, duplicates=(), hubs=(), skewness=0) == replace(
        exact, duplicates=(), hubs=(), skewness=0
    )
    assert [one.shot.id for one in graph.hubs] == [one.shot.id for one in exact.hubs]
    assert pairs(graph) == pairs(exact)


def test_a_moment_never_asks_its_own_shot_and_finds_a_shot_once(folder: Path) -> None:
    found = survey(Archive.open(folder), 70)  # as many as there are: everyone finds everyone
    assert found.orphans == ()
    assert found.hubs == ()
    assert found.skewness == pytest.approx(0, abs=1e-6)


def test_what_is_not_offered_is_not_looked_at(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_repeats({TWINS[1]: TWINS[0]})
        archive.mark([Mark("film-0001", 3.0 * (FAR - 1) + 1)])
        for exact_up_to in (10_000, 0):
            found = survey(archive, 5, exact_up_to=exact_up_to)
            assert found.shots == 22
            assert not {*TWINS} & {n for pair in pairs(found) for n in pair}
            seen = {one.shot.id for one in (*found.orphans, *found.hubs)}
            assert FAR not in seen
            assert TWINS[1] not in seen


def test_lengths_and_tones(folder: Path) -> None:
    found = survey(Archive.open(folder))
    assert {(column.low, column.count) for column in found.lengths if column.count} == {(2.0, 24)}
    assert sum(column.count for column in found.tones) == found.toned == 24
    counts = [column.count for column in found.tones]
    assert counts[0] == 3  # 0, 10 and 20 of 255
    assert counts[9] == 1  # 230


def test_archives_with_hardly_anything(tmp_path: Path) -> None:
    empty = survey(Archive.open(make(tmp_path / "a")))
    assert (empty.shots, empty.orphans, empty.hubs, empty.duplicates) == (0, (), (), ())
    one = film(1)
    one = replace(one, kinds=(ShotKind.FILM, *(ShotKind.BLACK,) * 3))
    for exact_up_to in (10_000, 0):
        found = survey(
            Archive.open(make(tmp_path / f"b{exact_up_to}", one)), exact_up_to=exact_up_to
        )
        assert (found.shots, found.orphans, found.hubs, found.duplicates) == (1, (), (), ())


# -- the command and the page ----------------------------------------------------------------------


def run(*words: object) -> str:
    done = CliRunner().invoke(archive_app, ["report", *map(str, words)])
    assert done.exit_code == 0, done.output or repr(done.exception)
    return done.stdout


def test_the_report_on_a_terminal(folder: Path) -> None:
    printed = run(folder, "-k", 5, "--alike", 0.99)
    assert "24 shots, 72 moments" in printed
    assert "found by nobody: 1" in printed
    assert f"shot {HUB}," in printed
    assert re.search(r"2 – 4 +█+ +24", printed)


def test_the_report_for_programs(folder: Path) -> None:
    found = json.loads(run(folder, "--json", "-k", 5, "--alike", 0.99))
    assert [one["shot"] for one in found["orphans"]] == [FAR]
    assert found["duplicates"][0]["shots"] == list(TWINS)
    assert found["lengths_s"][-1] == {"low": 64.0, "high": None, "count": 0}


class Page(HTMLParser):
    """What a page is made of: its tags, where they lead, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "img"}:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in {"src", "href"}:
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_whatever_films_are_called(tmp_path: Path) -> None:
    name = '"><script>alert(1)<\\script>&amp;\n\x1b[31m\udce9.mp4'
    folder = make(tmp_path / "<b>archive", sky_film(name))
    run(folder, "--html", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    seen = Page(text)
    assert not seen.open
    assert "script" not in seen.tags
    assert "link" not in seen.tags
    assert "b" not in seen.tags[: seen.tags.index("dl")]
    assert '"><script>alert(1)' in seen.text
    assert "<b>archive" in seen.text
    assert seen.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in seen.addresses)
    assert "http://" not in text
    assert "https://" not in text


def test_a_large_page_is_cut_and_says_so(folder: Path) -> None:
    found = survey(Archive.open(folder), 5)
    many = replace(found, orphans=found.orphans * 10_000, duplicates=found.duplicates[:1] * 5000)
    text = page("many", many, lambda shot_id: ("film", str(shot_id)), lambda shot_id: None)
    seen = Page(text)
    assert seen.tags.count("figure") == LISTED * 3 + len(found.hubs)
    assert f"The first {LISTED} of 10,000 are shown" in seen.text
    assert f"The first {LISTED} of 5,000 are shown" in seen.text
    assert "no picture" in seen.text


def test_the_report_says_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    words = ["report", str(folder), "--html", str(tmp_path / "no" / "x.html")]
    done = CliRunner().invoke(archive_app, words)
    assert "cannot be written" in str(done.exception)
    assert CliRunner().invoke(archive_app, ["report", str(folder), "-k", "0"]).exit_code == 2

"""`livematch archive check --repair`: what can be mended is, the rest is told, nothing is lost."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archive_crashes import run_task
from archive_kit import LAYOUT, MODEL, MOMENTS, film
from indexing_twins import contents
from test_indexing_run import counts, run, short_film
from typer.testing import CliRunner

from livematch.archive import report, store
from livematch.archive.records import Mark
from livematch.archive.repair import Repair, Tools, repair
from livematch.archive.report import check
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.cli.archive import archive_app
from livematch.errors import ArchiveError, FilmError
from livematch.values import Image

MARKS = (Mark("film-0002", None, "sea"), Mark("film-0003", 3.0), Mark("film-0003", 5.0, "night"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound archive of three films with tags and bans; the first is played from a proxy."""
    films = tmp_path / "films"
    films.mkdir()
    folder = tmp_path / "archive"
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        (archive.proxies / "1.mov").write_bytes(b"film")
        for number in (1, 2, 3):
            indexed = film(number, folder=films, proxy="proxies/1.mov" if number == 1 else None)
            indexed.film.path.write_bytes(b"film")
            archive.add_film(indexed)
        archive.mark(MARKS)
    return folder


def picture(path: Path, time_s: float) -> Image:
    return np.full((12, 16, 3), round(10 * time_s), np.uint8)


TOOLS = Tools(picture, lambda path: f"film-000{path.stem[-1]}")


def mend(folder: Path, tools: Tools = TOOLS) -> list[tuple[str, bool, bool]]:
    """Repair; of each finding its kind, whether something was done, whether something remains."""
    return [told(repaired) for repaired in repair(folder, tools)]


def told(repaired: Repair) -> tuple[str, bool, bool]:
    return repaired.finding.kind, bool(repaired.done), bool(repaired.remains)


def kept(folder: Path) -> None:
    """Nothing of the user's has gone: films, shots, moments, tags and bans."""
    with Archive.open(folder, writable=True) as archive:
        assert set(archive.marks) == set(MARKS)
        assert [stored.film.mtime_ns for stored in archive.films()] == [1, 2, 3]
        assert len(archive.shots()) == 12
        assert len(archive.moments) == 3 * MOMENTS


def damaged(folder: Path) -> list[int]:
    return [stored.id for stored in Archive.open(folder).films() if stored.damaged]


def cut_vectors(folder: Path, rows: int, odd_bytes: int = 0) -> None:
    with (folder / "vectors.f16").open("r+b") as file:
        file.truncate(rows * LAYOUT.dimension * 2 + odd_bytes)


def test_a_sound_archive_is_left_alone(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert mend(folder) == []
    kept(folder)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {p.name for p in before.keys() ^ after.keys()} <= {"archive.db-wal", "archive.db-shm"}
    assert after[folder / "vectors.f16"] == before[folder / "vectors.f16"]


@pytest.mark.parametrize(
    ("rows", "odd_bytes", "films"),
    [(30, 0, [3]), (23, 7, [2, 3]), (0, 0, [1, 2, 3]), (35, 83, [3])],
)
def test_a_truncated_vector_file(folder: Path, rows: int, odd_bytes: int, films: list[int]) -> None:
    whole = (folder / "vectors.f16").read_bytes()
    cut_vectors(folder, rows, odd_bytes)
    with pytest.raises(ArchiveError, match="archive check --repair"):
        Archive.open(folder, writable=True)
    assert mend(folder) == [
        ("missing vectors", True, False),
        *[("damaged vectors", True, False)] * len(films),
    ]
    kept(folder)
    assert damaged(folder) == films
    mended = (folder / "vectors.f16").read_bytes()
    assert len(mended) == len(whole)
    assert mended[: rows * LAYOUT.dimension * 2] == whole[: rows * LAYOUT.dimension * 2]
    assert mend(folder) == [("damaged vectors", True, False)] * len(films)  # until indexed again
    if rows:
        found = Searcher(Archive.open(folder)).search(film(1).vectors[3], {"semantic": 1}, 99)
        assert max(match.moment.row for match in found) < rows
        assert found[0].moment.row == 3


def test_no_vector_file_at_all(folder: Path) -> None:
    (folder / "vectors.f16").unlink()
    assert len(mend(folder)) == 4
    kept(folder)
    assert damaged(folder) == [1, 2, 3]


def test_no_later_film_takes_the_rows_that_are_lost(folder: Path) -> None:
    cut_vectors(folder, 30)
    mend(folder)
    with Archive.open(folder, writable=True) as archive:
        archive.remove_film(3)
        archive.add_film(film(3))
        ours = archive.moments.films == archive.films()[-1].id
        assert archive.moments.rows[ours].min() == 3 * MOMENTS
        assert len(check(archive)) == 1  # its original is not where the twin says
        assert set(archive.marks) == set(MARKS)


def test_vectors_that_are_no_numbers(folder: Path) -> None:
    with (folder / "vectors.f16").open("r+b") as file:
        file.seek((MOMENTS + 2) * LAYOUT.dimension * 2 + 6)
        file.write(np.full(2, np.nan, np.float16).tobytes())
    assert mend(folder) == [("damaged vectors", True, False)]
    kept(folder)
    assert damaged(folder) == [2]
    (finding,) = check(Archive.open(folder))
    assert "livematch index" in finding.remedy


def test_a_damaged_film_that_is_not_there_remains_to_be_done(folder: Path) -> None:
    cut_vectors(folder, 30)
    (folder.parent / "films" / "film 3.mp4").unlink()
    for first in (True, False):  # and the second time says the same
        repairs = list(repair(folder, TOOLS))
        assert [told(r) for r in repairs][first:] == [
            ("damaged vectors", True, True),
            ("missing original", False, True),
        ]
        assert "bring the film back" in repairs[-2].remains
    kept(folder)


def test_a_film_known_to_be_gone_is_marked_for_when_it_is_back(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_present(3, False)
    (folder.parent / "films" / "film 3.mp4").unlink()
    cut_vectors(folder, 30)
    assert mend(folder) == [("missing vectors", True, False), ("damaged vectors", True, False)]
    assert damaged(folder) == [3]


def test_a_film_whose_vectors_were_put_back_is_still_made_again(folder: Path) -> None:
    whole = (folder / "vectors.f16").read_bytes()
    cut_vectors(folder, 30)
    mend(folder)
    (folder / "vectors.f16").write_bytes(whole)
    (finding,) = check(Archive.open(folder))
    assert finding.kind == "to be indexed again"
    assert mend(folder) == [("to be indexed again", True, False)]


def test_a_missing_proxy(folder: Path) -> None:
    (folder / "proxies" / "1.mov").unlink()
    assert mend(folder) == [("missing proxy", True, False)]
    (folder.parent / "films" / "film 1.mp4").unlink()
    assert mend(folder) == [("missing original", False, True), ("missing proxy", True, True)]
    kept(folder)


def test_missing_thumbs_are_made_again(folder: Path) -> None:
    (folder / "thumbs" / "film-0002" / "3.jpg").unlink()
    shutil.rmtree(folder / "thumbs" / "film-0003")
    assert mend(folder) == [("missing thumbs", True, False)] * 2
    kept(folder)
    assert check(Archive.open(folder)) == []
    with Archive.open(folder) as archive:
        for shot in archive.shots()[7:]:
            thumb = archive.thumb(shot.id)
            assert thumb is not None
            middle_s = (shot.span.start_s + shot.span.end_s) / 2
            assert abs(int(thumb.mean()) - 10 * middle_s) <= 2


def test_thumbs_are_made_of_the_proxy_or_the_original_and_of_nothing_else(folder: Path) -> None:
    seen = []

    def note(path: Path, time_s: float) -> Image:
        seen.append(path)
        return picture(path, time_s)

    tools = Tools(note, TOOLS.fingerprint)
    first = folder / "thumbs" / "film-0001" / "0.jpg"
    first.unlink()
    mend(folder, tools)
    assert seen == [folder / "proxies" / "1.mov"]
    (folder / "proxies" / "1.mov").unlink()
    outside = folder.parent / "outside.mov"
    outside.write_bytes(b"film")
    (folder / "proxies" / "1.mov").symlink_to(outside)  # leads out of the archive
    first.unlink()
    mend(folder, tools)
    assert seen[1:] == [folder.parent / "films" / "film 1.mp4"]
    first.unlink()
    assert mend(folder, Tools(note, lambda path: "another")) == [("missing thumbs", False, True)]
    assert len(seen) == 2


def test_a_picture_that_cannot_be_read_keeps_those_that_can(folder: Path) -> None:
    shutil.rmtree(folder / "thumbs" / "film-0002")

    def failing(path: Path, time_s: float) -> Image:
        if time_s > 4:
            raise FilmError(f"{path}: damaged")
        return picture(path, time_s)

    (repaired,) = repair(folder, Tools(failing, TOOLS.fingerprint))
    assert repaired.done == "2 made again"
    assert "damaged: bring the film" in repaired.remains
    assert sorted(p.name for p in (folder / "thumbs" / "film-0002").iterdir()) == ["0.jpg", "1.jpg"]


def test_thumbs_are_not_written_through_a_link(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (folder / "thumbs" / "film-0002").rename(outside)
    (outside / "3.jpg").unlink()
    (folder / "thumbs" / "film-0002").symlink_to(outside)
    assert mend(folder) == [("missing thumbs", False, True)]
    assert not (outside / "3.jpg").exists()


def spoil(folder: Path) -> None:
    (folder / "index.hnsw").write_bytes(b"no index")


def of_another_model(folder: Path) -> None:
    manifest = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**manifest, "model": "ab" * 32}))


def of_another_dimension(folder: Path) -> None:
    manifest = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**manifest, "dimension": 7}))


@pytest.mark.parametrize("fault", [spoil, of_another_model, of_another_dimension])
def test_a_foreign_index_is_built_again(
    folder: Path, fault: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "EXACT_UP_TO", 0)
    Searcher(Archive.open(folder), exact_up_to=0)
    assert check(Archive.open(folder)) == []
    fault(folder)
    assert mend(folder) == [("stale index", True, False)]
    assert check(Archive.open(folder)) == []
    kept(folder)


def test_our_unfinished_files_go_and_what_is_not_ours_stays(folder: Path, tmp_path: Path) -> None:
    ours = ("index.hnsw.4711.part", "archive.db.part-journal", "proxies/abcd-1.part.mov")
    theirs = ("holiday.mp4", "proxies/nobody.mov", "thumbs/x.part.jpg", "notes.part")
    for name in (*ours, *theirs):
        (folder / name).write_bytes(b"x")
    (folder / "thumbs" / "film-0009.part").mkdir()
    (folder / "thumbs" / "film-0009.part" / "0.jpg").write_bytes(b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"x")
    (folder / "thumbs" / "film-0008.part").symlink_to(outside)
    repairs = [told(r) for r in repair(folder, TOOLS)]
    assert repairs.count(("orphan", True, False)) == len(ours) + 2
    assert repairs.count(("orphan", False, True)) == len(theirs)
    assert all((folder / name).exists() for name in theirs)
    assert not any((folder / name).exists() for name in ours)
    assert not (folder / "thumbs" / "film-0009.part").exists()
    assert (outside / "precious").exists()
    assert mend(folder) == [("orphan", False, True)] * len(theirs)


def test_many_faults_at_once(folder: Path) -> None:
    cut_vectors(folder, 30, 3)
    (folder / "proxies" / "1.mov").unlink()
    (folder / "thumbs" / "film-0001" / "0.jpg").unlink()
    (folder / "proxies" / "film-0003.part.mov").write_bytes(b"half")
    assert mend(folder) == [
        ("missing vectors", True, False),
        ("damaged vectors", True, False),
        ("missing proxy", True, False),
        ("missing thumbs", True, False),
        ("orphan", True, False),
    ]
    kept(folder)
    assert mend(folder) == [("damaged vectors", True, False), ("missing proxy", True, False)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_line_it_can_be_run_again(tmp_path: Path) -> None:
    deaths, first, last = map(int, run_task("mending", tmp_path).split())
    assert deaths > 30
    assert first > last


def test_a_repair_that_fails_keeps_no_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_vectors(folder, 30)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.vectors, "fill", full)
        with pytest.raises(ArchiveError, match="No space left"):
            mend(folder)
    assert len(mend(folder)) == 2
    kept(folder)


# -- the whole way round ---------------------------------------------------------------------------


def test_mended_and_indexed_again_the_archive_is_as_it_was(tmp_path: Path) -> None:
    films, archive = tmp_path / "films", tmp_path / "archive"
    for number in range(2):
        short_film(films / f"film {number}.mp4", 10 * number)
    run(films, archive)
    before = contents(archive)
    with Archive.open(archive, writable=True) as opened:
        first, last = opened.films()
        opened.mark([Mark(last.film.fingerprint, 0.5, "sea"), Mark(first.film.fingerprint, None)])
        marks, rows = set(opened.marks), opened.rows
    with (archive / "vectors.f16").open("r+b") as file:
        file.truncate((rows - 1) * file.seek(0, 2) // rows)
    (archive / "thumbs" / first.film.fingerprint / "0.jpg").unlink()

    done = CliRunner().invoke(archive_app, ["check", str(archive), "--repair"])
    assert done.exit_code == 0, done.output
    assert "rows of no numbers stand in" in done.output
    assert "1 made again" in done.output
    thumb = Archive.open(archive).thumb(1)
    assert thumb is not None
    assert thumb.shape == (108, 192, 3)
    done = CliRunner().invoke(archive_app, ["check", str(archive)])
    assert done.exit_code == 1
    assert "livematch index" in done.output

    assert counts(run(films, archive)) == {"indexed": 1, "unchanged": 1}
    assert contents(archive) == before
    assert set(Archive.open(archive).marks) == marks
    done = CliRunner().invoke(archive_app, ["check", str(archive), "--repair"])
    assert (done.exit_code, done.output) == (0, "All is well.\n")


def test_the_command_says_what_remains(folder: Path) -> None:
    (folder / "holiday.mp4").write_bytes(b"x")
    (folder / "thumbs" / "film-0001.part").mkdir()
    done = CliRunner().invoke(archive_app, ["check", str(folder), "--repair", "--json"])
    assert done.exit_code == 1
    by_subject = {found["subject"]: found for found in json.loads(done.stdout)}
    assert by_subject["holiday.mp4"]["done"] == ""
    assert "left alone" in by_subject["holiday.mp4"]["remains"]
    assert by_subject["thumbs/film-0001.part"]["remains"] == ""
    done = CliRunner().invoke(archive_app, ["check", str(folder), "--repair"])
    assert "→ it was left alone" in done.stdout
    done = CliRunner().invoke(archive_app, ["check", str(folder.parent), "--repair"])
    assert isinstance(done.exception, ArchiveError)

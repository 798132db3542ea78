"""Archives of format 1: read as they are, upgraded whole or not at all; what format 2 adds."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_crashes import run_task
from archive_kit import LAYOUT, MODEL, MOMENTS, SHOTS, film, make, sound

from livematch.archive import schema, thumbs
from livematch.archive.records import Mark
from livematch.archive.store import Archive
from livematch.errors import ArchiveError, FilmError
from livematch.values import ShotKind

VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE films (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL UNIQUE,
    path NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    duration_s REAL NOT NULL,
    fps REAL NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    codec TEXT NOT NULL,
    proxy TEXT,
    present INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX films_by_path ON films (path);
CREATE TABLE shots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    film_id INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    UNIQUE (film_id, number)
);
CREATE TABLE moments (
    row INTEGER PRIMARY KEY,
    shot_id INTEGER NOT NULL REFERENCES shots (id) ON DELETE CASCADE,
    time_s REAL NOT NULL
);
CREATE INDEX moments_by_shot ON moments (shot_id);
"""


def make_version_1(folder: Path, *numbers: int) -> Path:
    """An archive as livematch wrote it before format 2, with the films of these numbers."""
    for name in ("proxies", "thumbs"):
        (folder / name).mkdir(parents=True)
    films = [film(number) for number in numbers]
    with (folder / "vectors.f16").open("wb") as file:
        for indexed in films:
            file.write(indexed.vectors.astype(np.float16).tobytes())
    with closing(sqlite3.connect(folder / "archive.db", isolation_level=None)) as database:
        database.execute("PRAGMA application_id = 0x6C6D6172")
        database.execute("PRAGMA user_version = 1")
        database.executescript(VERSION_1)
        facts = {
            "written_by": "0.1.0",
            "archive_id": "ab" * 16,
            "model_name": MODEL.name,
            "model_sha256": MODEL.sha256,
            "layout": json.dumps(LAYOUT.as_json()),
            "rows": MOMENTS * len(films),
        }
        database.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        for n, indexed in enumerate(films):
            record = indexed.film
            thumbs.write(folder, record.fingerprint, indexed.thumbs)
            database.execute(
                "INSERT INTO films VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 1)",
                (
                    n + 1, record.fingerprint, str(record.path), record.size, record.mtime_ns,
                    record.duration_s, record.fps, record.width, record.height, record.codec,
                ),
            )  # fmt: skip
            for number, span in enumerate(indexed.shots):
                database.execute(
                    "INSERT INTO shots VALUES (?, ?, ?, ?, ?)",
                    (n * SHOTS + number + 1, n + 1, number, span.start_s, span.end_s),
                )
            for m in range(MOMENTS):
                shot = n * SHOTS + int(indexed.shots_of[m]) + 1
                time_s = float(indexed.times_s[m])
                database.execute(
                    "INSERT INTO moments VALUES (?, ?, ?)", (n * MOMENTS + m, shot, time_s)
                )
        database.execute("PRAGMA journal_mode = WAL")
    return folder


def version_of(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "archive.db")) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def tables_of(folder: Path) -> dict[str, list[str]]:
    """Each table's columns, and each index's."""
    with closing(sqlite3.connect(folder / "archive.db")) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
        return {
            name: [str(row[1:]) for row in database.execute(f"PRAGMA table_xinfo({name})")]
            for name in names
        }


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_version_1(tmp_path / "old", 1, 2)


def test_an_archive_of_format_1_is_read_and_left_as_it_is(old: Path) -> None:
    before = (old / "archive.db").read_bytes()
    with Archive.open(old) as archive:
        assert sound(archive) == {1, 2}
        assert {shot.kind for shot in archive.shots()} == {ShotKind.FILM}
        assert {(shot.look, shot.repeats) for shot in archive.shots()} == {(None, None)}
        assert [(film.dropped, film.damaged) for film in archive.films()] == [(0, False)] * 2
        assert archive.marks == ()
    assert (old / "archive.db").read_bytes() == before
    assert version_of(old) == 1


def test_opened_for_writing_it_is_upgraded_and_keeps_everything(old: Path) -> None:
    with Archive.open(old, writable=True) as archive:
        assert sound(archive) == {1, 2}
        archive.mark([Mark("film-0001", 3.0, "sea")])
        archive.set_repeats({6: 2})
        archive.add_film(film(3))
    assert version_of(old) == 2
    with Archive.open(old) as archive:
        assert sound(archive) == {1, 2, 3}
        assert archive.marks == (Mark("film-0001", 3.0, "sea"),)
        assert archive.shot(6).repeats == 2


def test_upgraded_it_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    Archive.open(old, writable=True).close()
    upgraded, new = tables_of(old), tables_of(make(tmp_path / "new"))
    assert upgraded.keys() == new.keys()
    for name, columns in new.items():
        assert sorted(c.split(",", 1)[1] for c in upgraded[name]) == sorted(
            c.split(",", 1)[1] for c in columns
        ), name


def test_a_reader_stays_with_what_it_read_while_a_writer_upgrades(old: Path) -> None:
    reader = Archive.open(old)
    with Archive.open(old, writable=True) as archive:
        archive.remove_film(1)
    assert sound_films(reader) == [1, 2]
    assert sound(Archive.open(old)) == {2}


def sound_films(archive: Archive) -> list[int]:
    return [stored.id for stored in archive.films()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_line_of_the_upgrade_it_is_format_1_or_2(old: Path, tmp_path: Path) -> None:
    killed, first, second = map(int, run_task("upgrade", old, tmp_path / "work").split())
    assert killed == first + second
    assert min(first, second) > 3


def test_an_upgrade_that_fails_in_the_middle_has_not_happened(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (*schema._FROM_1_TO_2[:-1], "ALTER TABLE nothing ADD COLUMN x")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_FROM_1_TO_2", broken)
        with pytest.raises(ArchiveError, match="nothing"):
            Archive.open(old, writable=True)
    assert version_of(old) == 1
    assert sound(Archive.open(old)) == {1, 2}
    with Archive.open(old, writable=True) as archive:
        assert sound(archive) == {1, 2}


@pytest.mark.parametrize("writable", [False, True])
def test_what_is_newer_than_2_is_refused_untouched(old: Path, writable: bool) -> None:
    Archive.open(old, writable=True).close()
    with closing(sqlite3.connect(old / "archive.db")) as database:
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(ArchiveError, match=r"format 3; this is livematch .*, which reads format 2"):
        Archive.open(old, writable=writable)
    assert version_of(old) == 3


# -- what format 2 adds ----------------------------------------------------------------------------


def test_kinds_looks_and_dropped_come_back(tmp_path: Path) -> None:
    kinds = (ShotKind.FILM, ShotKind.BLACK, ShotKind.WHITE, ShotKind.TITLE)
    looks = (None, 0, -(2**63), 2**63 - 1)
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        archive.add_film(replace(film(1), kinds=kinds, looks=looks, dropped=17))
    with Archive.open(tmp_path / "a") as archive:
        assert tuple(shot.kind for shot in archive.shots()) == kinds
        assert tuple(shot.look for shot in archive.shots()) == looks
        assert archive.films()[0].dropped == 17


def test_kinds_and_looks_are_one_a_shot(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        with pytest.raises(FilmError, match="1 kinds and 0 looks for 4 shots"):
            archive.add_film(replace(film(1), kinds=(ShotKind.FILM,)))
        with pytest.raises(FilmError, match="64-bit"):
            archive.add_film(replace(film(1), looks=(2**63, None, None, None)))
        assert archive.films() == ()


def test_a_kind_this_livematch_does_not_know_is_film(tmp_path: Path) -> None:
    folder = make(tmp_path / "a", 1)
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        database.execute("UPDATE shots SET kind = 'hologram'")
    assert {shot.kind for shot in Archive.open(folder).shots()} == {ShotKind.FILM}


def test_repeats_are_set_together_or_not_at_all(tmp_path: Path) -> None:
    with Archive.open(make(tmp_path / "a", 1, 2), writable=True) as archive:
        archive.set_repeats({5: 1, 6: 2})
        wrong: list[tuple[dict[int, int | None], str]] = [
            ({7: 3, 99: 1}, "no shot number 99"),
            ({7: 99}, "no shot number 99"),
            ({7: 7}, "cannot repeat itself"),
        ]
        for pairs, message in wrong:
            with pytest.raises(ArchiveError, match=message):
                archive.set_repeats(pairs)
        found = {shot.id: shot.repeats for shot in archive.shots() if shot.repeats}
        assert found == {5: 1, 6: 2}
        archive.set_repeats({6: None})
        archive.remove_film(1)  # and what was repeated may go
        assert {shot.repeats for shot in archive.shots()} == {None}


def test_marks_outlive_the_film_and_its_shots(tmp_path: Path) -> None:
    marks = (Mark("film-0001", None), Mark("film-0001", 3.0, "sea"), Mark("gone-9999", None, "sea"))
    folder = make(tmp_path / "a", 1)
    with Archive.open(folder, writable=True) as archive:
        archive.mark(marks)
        archive.mark(marks)  # twice is once
        archive.remove_film(1)
        assert set(archive.marks) == set(marks)
        archive.add_film(film(1))
    with Archive.open(folder, writable=True) as archive:
        assert set(archive.marks) == set(marks)
        archive.unmark([marks[0], Mark("film-0001", None, "sea")])
        assert set(archive.marks) == set(marks[1:])
        archive.unmark(marks)
        assert archive.marks == ()


@pytest.mark.parametrize(
    "wrong",
    [
        Mark("film-0001", None, "Sea"),
        Mark("film-0001", None, "-sea"),
        Mark("film-0001", None, "two words"),
        Mark("film-0001", None, "x" * 41),
        Mark("film-0001", float("inf"), "sea"),
        Mark("film-0001", -1.0),
        Mark("../film", None),
    ],
    ids=str,
)
def test_marks_that_cannot_be_are_refused_going_in_and_coming_out(
    tmp_path: Path, wrong: Mark
) -> None:
    folder = make(tmp_path / "a", 1)
    good = Mark("film-0001", 1.0, "sea")
    with Archive.open(folder, writable=True) as archive:
        with pytest.raises(ArchiveError, match="cannot be kept"):
            archive.mark([good, wrong])
        assert archive.marks == ()
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        if wrong.tag:
            row = (wrong.fingerprint, wrong.at_s, wrong.tag)
            database.execute("INSERT INTO tags VALUES (?, ?, ?)", row)
        else:
            database.execute("INSERT INTO bans VALUES (?, ?)", (wrong.fingerprint, wrong.at_s))
    with pytest.raises(ArchiveError, match="do not trust this archive"):
        Archive.open(folder)

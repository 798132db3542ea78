"""The archive on disk: what goes in comes out, and what may not go in does not."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, MOMENTS, SHOTS, film, make, sound

from livematch.archive import schema
from livematch.archive.records import IndexedFilm, ShotSpan
from livematch.archive.store import Archive, ModelIdentity
from livematch.embed.parts import DescriptorLayout, Part
from livematch.errors import ArchiveError, FilmError
from livematch.values import Clip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "archive", 1, 2)


def test_films_come_back_as_they_went_in(folder: Path) -> None:
    with Archive.open(folder) as archive:
        assert sound(archive) == {1, 2}
        assert archive.model == MODEL
        assert archive.layout == LAYOUT
        assert len(archive.moments) == archive.rows == 2 * MOMENTS
        assert len(archive.shots()) == 2 * SHOTS
        assert not archive.writable


def test_a_writable_archive_reads_what_it_has_just_written(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        assert len(archive.moments) == 0
        assert archive.vectors.shape == (0, LAYOUT.dimension)
        archive.add_film(film(7))
        assert sound(archive) == {7}
        archive.add_film(film(8))
        assert sound(archive) == {7, 8}


def test_a_film_without_moments_is_known(tmp_path: Path) -> None:
    black = replace(
        film(3),
        shots=(),
        thumbs=(),
        times_s=np.empty(0),
        shots_of=np.empty(0, np.int64),
        vectors=np.empty((0, LAYOUT.dimension), np.float32),
    )
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        archive.add_film(black)
    with Archive.open(tmp_path / "a") as archive:
        assert archive.by_fingerprint("film-0003") is not None
        assert len(archive.moments) == 0


def test_known_by_path_and_by_content(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        stored = archive.known(Path("/films/film 1.mp4"))
        assert stored is not None
        assert stored == archive.by_fingerprint("film-0001")
        assert archive.known(Path("/films/film 3.mp4")) is None
        archive.update_path(stored.id, Path("/elsewhere/renamed.mkv"), 5, 6)
        assert archive.known(Path("/films/film 1.mp4")) is None
        moved = archive.known(Path("/elsewhere/renamed.mkv"))
        assert moved is not None
        assert (moved.id, moved.film.size, moved.film.mtime_ns) == (stored.id, 5, 6)


def test_of_two_films_at_one_path_the_present_one_is_known(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        first, second = archive.films()
        archive.update_path(second.id, first.film.path, 1, 1)
        archive.set_present(second.id, False)
        found = archive.known(first.film.path)
        assert found is not None
        assert found.id == first.id


def test_a_name_that_is_no_unicode_survives(tmp_path: Path) -> None:
    path = Path("/films/caf\udce9.mp4")  # Latin-1 bytes, as old disks have them
    indexed = film(1)
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        archive.add_film(replace(indexed, film=replace(indexed.film, path=path)))
    with Archive.open(tmp_path / "a") as archive:
        assert archive.known(path) is not None


def test_a_gone_film_is_kept_and_not_offered(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        first, second = archive.films()
        archive.set_present(first.id, False)
        assert set(archive.offered().films) == {second.id}
        assert sound(archive) == {1, 2}
        archive.update_path(first.id, first.film.path, first.film.size, first.film.mtime_ns)
        assert set(archive.offered().films) == {first.id, second.id}


def test_removing_a_film_takes_its_files_and_leaves_the_other_rows(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        for number in (1, 2):
            (archive.proxies / f"{number}.mov").write_bytes(b"film")
            archive.add_film(film(number, proxy=f"proxies/{number}.mov"))
        snapshot = Archive.open(folder)
        first, second = archive.films()
        archive.remove_film(first.id)
        assert [stored.id for stored in archive.films()] == [second.id]
        assert archive.rows == 2 * MOMENTS
        assert set(archive.moments.rows) == set(range(MOMENTS, 2 * MOMENTS))
        assert not (folder / "thumbs" / "film-0001").exists()
        assert not (folder / "proxies" / "1.mov").exists()
        assert (folder / "proxies" / "2.mov").exists()
        added = archive.add_film(film(3))
        assert added not in {first.id, second.id}
        assert archive.rows == 3 * MOMENTS
    # a show that opened it before still has everything its snapshot named
    assert len(snapshot.moments) == 2 * MOMENTS
    np.testing.assert_array_equal(snapshot.vectors[:MOMENTS], film(1).vectors.astype(np.float16))


def test_removing_the_newest_film_never_shortens_the_vectors(folder: Path) -> None:
    snapshot = Archive.open(folder)
    with Archive.open(folder, writable=True) as archive:
        archive.remove_film(archive.films()[-1].id)
    with Archive.open(folder, writable=True):
        size = (folder / "vectors.f16").stat().st_size
    assert size == 2 * MOMENTS * LAYOUT.dimension * 2  # the snapshot's pages are mapped
    assert np.isfinite(snapshot.vectors).all()


def test_a_proxy_that_two_films_share_stays(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        (archive.proxies / "x.mov").write_bytes(b"film")
        first = archive.add_film(film(1, proxy="proxies/x.mov"))
        archive.add_film(film(2, proxy="proxies/x.mov"))
        archive.remove_film(first)
        assert (archive.proxies / "x.mov").exists()


def test_a_clip_is_the_proxy_if_there_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        (archive.proxies / "1.mov").write_bytes(b"film")
        archive.add_film(film(1, proxy="proxies/1.mov"))
        archive.add_film(film(2, proxy="proxies/missing.mov"))
    with Archive.open(folder) as archive:
        moment = archive.moments.at(4)
        clip = archive.clip(moment)
        assert clip == Clip(folder / "proxies" / "1.mov", moment.time_s, 2.0, 4.0, "film 1")
        assert archive.clip(archive.moments.at(MOMENTS)).path == Path("/films/film 2.mp4")


WRONG: dict[str, Callable[[IndexedFilm], IndexedFilm]] = {
    "not finite": lambda f: replace(f, vectors=np.where(np.eye(12, 42) > 0, np.nan, f.vectors)),
    "too large for float16": lambda f: replace(f, vectors=f.vectors * 1e6),
    "another dimension": lambda f: replace(f, vectors=f.vectors[:, :-1]),
    "too few vectors": lambda f: replace(f, vectors=f.vectors[:-1]),
    "too few thumbs": lambda f: replace(f, thumbs=f.thumbs[:-1]),
    "a shot it lacks": lambda f: replace(f, shots_of=f.shots_of + 1),
    "no time": lambda f: replace(f, times_s=f.times_s * np.nan),
    "an empty shot": lambda f: replace(f, shots=(ShotSpan(1, 1), *f.shots[1:])),
    "a fingerprint out of the folder": lambda f: replace(
        f, film=replace(f.film, fingerprint="../../x")
    ),
    "a proxy out of the folder": lambda f: replace(
        f, film=replace(f.film, proxy="proxies/../../x.mov")
    ),
    "there already": lambda f: replace(f, film=replace(f.film, fingerprint="film-0001")),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_may_not_go_in_leaves_no_trace(
    folder: Path, wrong: Callable[[IndexedFilm], IndexedFilm]
) -> None:
    before = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    with (
        Archive.open(folder, writable=True) as archive,
        pytest.raises(FilmError, match=r"film 3\.mp4"),
    ):
        archive.add_film(wrong(film(3)))
    after = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert after == before
    assert sound(Archive.open(folder)) == {1, 2}


def test_a_write_that_fails_has_not_happened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Archive.open(folder, writable=True) as archive:
        with monkeypatch.context() as patch:
            patch.setattr("livematch.archive.thumbs.write", full)
            with pytest.raises(ArchiveError, match="No space left"):
                archive.add_film(film(3))
        assert sound(archive) == {1, 2}
        archive.add_film(film(4))
        assert sound(archive) == {1, 2, 4}


def test_rows_that_no_film_owns_are_cut_off_before_writing_and_ignored_before(
    folder: Path,
) -> None:
    file = folder / "vectors.f16"
    whole = file.stat().st_size
    with file.open("ab") as stream:
        stream.write(b"\xff" * (LAYOUT.dimension * 2 * 3 + 5))
    with Archive.open(folder) as archive:
        assert sound(archive) == {1, 2}
        assert archive.vectors.shape == (2 * MOMENTS, LAYOUT.dimension)
    assert file.stat().st_size > whole
    with Archive.open(folder, writable=True) as archive:
        assert file.stat().st_size == whole
        archive.add_film(film(3))
        assert sound(archive) == {1, 2, 3}


def test_missing_rows_are_left_out_when_read_and_refused_when_written(folder: Path) -> None:
    file = folder / "vectors.f16"
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size - LAYOUT.dimension * 2 * 2 - 1)
    with Archive.open(folder) as archive:
        assert len(archive.moments) == 2 * MOMENTS - 3
        assert archive.vectors.shape == (2 * MOMENTS - 3, LAYOUT.dimension)
    with pytest.raises(ArchiveError, match=r"3 of 24 rows of vectors\.f16 are missing"):
        Archive.open(folder, writable=True)
    with pytest.raises(ArchiveError, match="missing"):  # and the first refusal kept no lock
        Archive.open(folder, writable=True)


def test_no_vectors_at_all(folder: Path) -> None:
    (folder / "vectors.f16").unlink()
    with Archive.open(folder) as archive:
        assert len(archive.moments) == 0


# -- refusals --------------------------------------------------------------------------------------


def test_what_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no folder"):
        Archive.open(tmp_path / "nowhere")
    with pytest.raises(ArchiveError, match=r"is not an archive: it has no archive\.db"):
        Archive.open(tmp_path)
    file = tmp_path / "film.mp4"
    file.write_bytes(b"x")
    with pytest.raises(ArchiveError, match="is a file"):
        Archive.open(file)
    with pytest.raises(ArchiveError, match="is a file"):
        Archive.create(file, MODEL, LAYOUT)


@pytest.mark.parametrize("writable", [False, True])
def test_a_database_of_another_kind(tmp_path: Path, writable: bool) -> None:
    (tmp_path / schema.DATABASE).write_bytes(b"this is no database, it is a sentence" * 40)
    with pytest.raises(ArchiveError, match="another kind of file"):
        Archive.open(tmp_path, writable=writable)
    (tmp_path / schema.DATABASE).unlink()
    other = sqlite3.connect(tmp_path / schema.DATABASE)
    other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    with pytest.raises(ArchiveError, match="another kind of file"):
        Archive.open(tmp_path, writable=writable)


@pytest.mark.parametrize("writable", [False, True])
def test_a_damaged_database(folder: Path, writable: bool) -> None:
    file = folder / schema.DATABASE
    file.write_bytes(file.read_bytes()[:4096] + b"\x99" * (file.stat().st_size - 4096))
    with pytest.raises(ArchiveError, match=str(folder)):
        Archive.open(folder, writable=writable)


@pytest.mark.parametrize("writable", [False, True])
def test_a_newer_format_says_who_wrote_it(folder: Path, writable: bool) -> None:
    database = sqlite3.connect(folder / schema.DATABASE)
    database.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    database.execute("UPDATE meta SET value = '7.1.2' WHERE key = 'written_by'")
    database.commit()
    database.close()
    with pytest.raises(
        ArchiveError, match=rf"written by livematch 7\.1\.2 in format {schema.VERSION + 1}"
    ):
        Archive.open(folder, writable=writable)


def test_another_model_or_layout_is_refused_by_name(folder: Path) -> None:
    with Archive.open(folder) as archive:
        archive.require(MODEL, LAYOUT)
        with pytest.raises(ArchiveError, match="indexed with the model thumbnail"):
            archive.require(ModelIdentity("efficientnet-lite0", "aa" * 32))
        other = DescriptorLayout((Part("semantic", 1280),))
        with pytest.raises(ArchiveError, match=r"semantic 24 \+ layout 12 \+ colour 6"):
            archive.require(MODEL, other)


def test_a_second_writer_is_told(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        with pytest.raises(ArchiveError, match="written to by another livematch"):
            Archive.open(folder, writable=True)
        with Archive.open(folder) as reader:
            assert sound(reader) == {1, 2}
        archive.add_film(film(3))
    with Archive.open(folder, writable=True) as archive:
        assert sound(archive) == {1, 2, 3}


def test_a_reader_cannot_write(folder: Path) -> None:
    with (
        Archive.open(folder) as archive,
        pytest.raises(ArchiveError, match="not opened for writing"),
    ):
        archive.add_film(film(3))


def test_unknown_films_are_refused(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        with pytest.raises(ArchiveError, match="no film number 99"):
            archive.remove_film(99)
        with pytest.raises(ArchiveError, match="no film number 99"):
            archive.update_path(99, Path("/x"), 1, 1)


def test_create_wants_a_folder_of_its_own(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is an archive already"):
        Archive.create(folder, MODEL, LAYOUT)
    films = tmp_path / "films"
    films.mkdir()
    (films / "holiday.mp4").write_bytes(b"x")
    with pytest.raises(ArchiveError, match=r"holds other things \(holiday\.mp4"):
        Archive.create(films, MODEL, LAYOUT)
    assert [entry.name for entry in films.iterdir()] == ["holiday.mp4"]


def test_create_again_after_a_creation_cut_short(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    for name in (schema.PROXIES, schema.THUMBS):
        (folder / name).mkdir(parents=True)
    (folder / schema.LOCK).touch()
    (folder / schema.VECTORS).touch()
    for name in (".part", ".part-journal", ".part-wal"):  # SQLite leaves these where it is killed
        (folder / f"{schema.DATABASE}{name}").write_bytes(b"half")
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        archive.add_film(film(1))
    assert sound(Archive.open(folder)) == {1}
    assert not list(folder.glob("*.part*"))


def test_an_archive_that_points_out_of_its_folder_is_not_trusted(folder: Path) -> None:
    database = sqlite3.connect(folder / schema.DATABASE)
    database.execute("UPDATE films SET proxy = '../../etc/passwd' WHERE id = 1")
    database.commit()
    database.close()
    with pytest.raises(ArchiveError, match="do not trust this archive"):
        Archive.open(folder)


def test_a_clip_asks_nothing_of_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive.open(folder)
    moments = [archive.moments.at(n) for n in range(len(archive.moments))]

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the disk was asked")

    monkeypatch.setattr(sqlite3, "connect", forbidden)
    monkeypatch.setattr(Path, "stat", forbidden)
    monkeypatch.setattr(Path, "open", forbidden)
    assert {archive.clip(moment).title for moment in moments} == {"film 1", "film 2"}

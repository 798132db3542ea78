"""A disk that fills up while a film is added: said clearly, nothing lost, gone on with later."""

import errno
import os
from pathlib import Path

import pytest
from archive_kit import film, make, sound

from livematch.archive.store import Archive
from livematch.errors import ArchiveError


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill(archive: Archive, added: set[int]) -> None:
    for number in range(2, 500):
        archive.add_film(film(number))
        added.add(number)


@pytest.mark.parametrize(
    ("owner", "name"), [(os, "fsync"), (Path, "write_bytes"), (Path, "rename")]
)
def test_full_while_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    folder = make(tmp_path / "archive", 1, 2)
    with Archive.open(folder, writable=True) as archive:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(ArchiveError, match="No space left"):
                archive.add_film(film(3))
        assert sound(Archive.open(folder)) == {1, 2}
        archive.add_film(film(3))  # there is room again
    assert sound(Archive.open(folder)) == {1, 2, 3}


def test_full_while_the_database_grows(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", 1)
    added = {1}
    with Archive.open(folder, writable=True) as archive:
        database = archive._connection
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(ArchiveError, match="the disk is full"):
            fill(archive, added)
        assert sound(Archive.open(folder)) == added
        database.execute("PRAGMA max_page_count = 1000000")
        archive.add_film(film(1000))
    assert sound(Archive.open(folder)) == added | {1000}

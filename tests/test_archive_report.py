"""What `archive info` counts and what `archive check` notices."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, MOMENTS, SHOTS, film

from livematch.archive import report
from livematch.archive.report import check, info
from livematch.archive.search import Searcher
from livematch.archive.store import Archive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound archive of three films, originals and all; the first has a proxy."""
    films = tmp_path / "films"
    films.mkdir()
    folder = tmp_path / "archive"
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        (archive.proxies / "1.mov").write_bytes(b"film")
        for number in (1, 2, 3):
            indexed = film(number, folder=films, proxy="proxies/1.mov" if number == 1 else None)
            indexed.film.path.write_bytes(b"film")
            archive.add_film(indexed)
    return folder


def test_info_counts(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_present(3, False)
        found = info(archive)
    assert (found.films, found.films_present) == (3, 2)
    assert (found.shots, found.moments) == (3 * SHOTS, 3 * MOMENTS)
    assert found.duration_s == pytest.approx(3 * 2.0 * SHOTS)
    assert found.bytes_on_disk >= 3 * MOMENTS * LAYOUT.dimension * 2
    assert dict(found.plays) == {"original": 2, "proxy mjpeg": 1}
    assert (found.model, found.layout) == (MODEL, LAYOUT)


def test_nothing_is_wrong_with_a_sound_archive(folder: Path) -> None:
    assert check(Archive.open(folder)) == []
    with Archive.open(folder, writable=True) as archive:
        assert check(archive) == []
        archive.remove_film(1)
        assert check(archive) == []


def cut_vectors(folder: Path) -> None:
    with (folder / "vectors.f16").open("r+b") as file:
        file.truncate(30 * LAYOUT.dimension * 2)


def poison_vectors(folder: Path) -> None:
    with (folder / "vectors.f16").open("r+b") as file:
        file.seek((MOMENTS + 2) * LAYOUT.dimension * 2)
        file.write(np.full(2 * LAYOUT.dimension, np.nan, np.float16).tobytes())


FAULTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "missing vectors": (cut_vectors, "vectors.f16", "6 of 36 rows"),
    "damaged vectors": (poison_vectors, "film 2.mp4", "2 of its vectors"),
    "missing original": (
        lambda folder: (folder.parent / "films" / "film 3.mp4").unlink(),
        "film 3.mp4",
        "not where it was indexed",
    ),
    "missing proxy": (
        lambda folder: (folder / "proxies" / "1.mov").unlink(),
        "proxies/1.mov",
        "slow to seek in",
    ),
    "missing thumbs": (
        lambda folder: (folder / "thumbs" / "film-0002" / "3.jpg").unlink(),
        "film 2.mp4",
        f"1 of its {SHOTS} small pictures",
    ),
    "orphan": (
        lambda folder: (folder / "proxies" / "nobody.mov").write_bytes(b"x"),
        "proxies/nobody.mov",
        "nothing in the archive names it",
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.filterwarnings("ignore")
def test_one_fault_is_one_finding_with_a_remedy(folder: Path, kind: str) -> None:
    cause, subject, message = FAULTS[kind]
    cause(folder)
    (finding,) = check(Archive.open(folder))
    assert finding.kind == kind
    assert finding.subject.endswith(subject)
    assert message in finding.message
    assert finding.remedy


def test_a_film_without_original_or_proxy_cannot_be_played(folder: Path) -> None:
    shutil.rmtree(folder.parent / "films")
    (folder / "proxies" / "1.mov").unlink()
    messages = [finding.message for finding in check(Archive.open(folder))]
    assert len(messages) == 4
    assert sum("cannot be played at all" in message for message in messages) == 1


def test_gone_films_are_not_missed(folder: Path) -> None:
    (folder.parent / "films" / "film 2.mp4").unlink()
    with Archive.open(folder, writable=True) as archive:
        archive.set_present(2, False)
        assert check(archive) == []


def test_leftovers_of_a_run_that_was_cut_short_are_orphans(folder: Path) -> None:
    (folder / "thumbs" / "film-0009.part").mkdir()
    (folder / "fitted.i16.4711.part").write_bytes(b"x")
    subjects = {finding.subject for finding in check(Archive.open(folder))}
    assert subjects == {"thumbs/film-0009.part", "fitted.i16.4711.part"}


def test_a_stale_index_is_told_where_one_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "EXACT_UP_TO", 0)
    assert [finding.kind for finding in check(Archive.open(folder))] == ["stale index"]
    Searcher(Archive.open(folder), exact_up_to=0)
    assert check(Archive.open(folder)) == []
    with Archive.open(folder, writable=True) as archive:
        archive.set_present(2, False)
        assert check(archive) == []
        (folder.parent / "films" / "film 4.mp4").write_bytes(b"film")
        archive.add_film(film(4, folder=folder.parent / "films"))
        assert [finding.kind for finding in check(archive)] == ["stale index"]


def test_a_row_of_the_index_that_is_not_as_it_should_be_is_told(folder: Path) -> None:
    Searcher(Archive.open(folder))
    with (folder / "fitted.i16").open("r+b") as file:
        file.seek(7 * LAYOUT.dimension * 2)
        file.write(b"\x12" * 20)
    assert [finding.kind for finding in check(Archive.open(folder))] == ["stale index"]
    Searcher(Archive.open(folder))
    assert check(Archive.open(folder)) == []

"""A cut list is found again in an archive: films by content, shots by their place in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, SHOTS, film
from cutlist_kit import answer, cutlist, question

from livematch.archive.records import IndexedFilm, ShotSpan
from livematch.archive.store import Archive
from livematch.errors import UsageError
from livematch.indexing.scan import fingerprint
from livematch.reinterpret.cutfile import read_cuts, write_cuts
from livematch.reinterpret.cutlist import CutList, chosen_of
from livematch.reinterpret.resolve import TOLD, resolve


def archive_of(folder: Path, *indexed: IndexedFilm) -> Archive:
    """An archive of these films, whose files are there."""
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        for one in indexed:
            one.film.path.parent.mkdir(exist_ok=True)
            one.film.path.write_bytes(b"film")
            archive.add_film(one)
    return Archive.open(folder)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return tmp_path / "films"


@pytest.fixture
def made(tmp_path: Path) -> CutList:
    """A cut list whose trailer is there."""
    trailer = tmp_path / "trailer.mp4"
    trailer.write_bytes(b"a trailer")
    return replace(cutlist(), trailer=trailer, fingerprint=fingerprint(trailer))


def ids(found: CutList) -> list[list[int]]:
    return [[answer.shot for answer in question.answers] for question in found.questions]


def test_in_the_same_archive_nothing_changes_but_the_paths(
    tmp_path: Path, films: Path, made: CutList
) -> None:
    archive = archive_of(tmp_path / "archive", film(1, folder=films), film(2, folder=films))
    made = replace(made, archive=archive.folder, archive_id=archive.id)
    found = resolve(made, archive)
    assert ids(found) == ids(made) == [[1, 6], [8, 2, 3], []]
    assert chosen_of(found.questions[1]) == replace(answer(2, 3), film=str(films / "film 2.mp4"))
    assert replace(found, questions=()) == replace(made, questions=())


def test_in_an_archive_made_anew_shots_have_other_numbers(
    tmp_path: Path, films: Path, made: CutList
) -> None:
    order = (film(3, folder=films), film(2, folder=films), film(1, folder=films))
    archive = archive_of(tmp_path / "archive", *order)
    found = resolve(made, archive)
    assert ids(found) == [[9, 6], [8, 10, 11], []]
    assert (found.archive, found.archive_id) == (archive.folder, archive.id)
    for asked in found.questions:
        for one in asked.answers:
            shot = archive.shot(one.shot)
            assert archive.film(shot.film_id).film.fingerprint == one.fingerprint
            assert (shot.span.start_s, shot.span.end_s) == (one.start_s, one.end_s)


def recut(indexed: IndexedFilm, *cuts_s: float) -> IndexedFilm:
    """The film as a detector with other settings would cut it."""
    ends_s = [*cuts_s, 2.0 * SHOTS]
    spans = [ShotSpan(a, b) for a, b in zip([0.0, *cuts_s], ends_s, strict=True)]
    shots_of = np.array([sum(t >= c for c in cuts_s) for t in indexed.times_s])
    thumbs = tuple(np.zeros((12, 16, 3), np.uint8) for _ in spans)
    return replace(indexed, shots=tuple(spans), shots_of=shots_of, thumbs=thumbs)


@pytest.mark.parametrize(
    ("cuts_s", "span", "entry_s"),
    [
        ((2.1, 4.1, 6.1), (2.1, 4.1), 2.5),  # a little later
        ((2.0, 2.4), (2.4, 8.0), 2.5),  # divided: the part that is entered counts
        ((2.0, 3.0), (2.0, 3.0), 2.5),
        ((), (0.0, 8.0), 2.5),  # joined
    ],
)
def test_a_film_that_is_cut_otherwise_now(
    tmp_path: Path,
    films: Path,
    made: CutList,
    cuts_s: tuple[float, ...],
    span: tuple[float, float],
    entry_s: float,
) -> None:
    archive = archive_of(tmp_path / "archive", recut(film(1, folder=films), *cuts_s))
    made = replace(made, questions=(question(1, 0, 24, answer(1, 1)),))
    found = chosen_of(resolve(made, archive).questions[0])
    assert found is not None
    assert (found.start_s, found.end_s) == span
    assert found.entry_s == entry_s
    shot = archive.shot(found.shot).span
    assert (shot.start_s, shot.end_s) == span


def test_an_entry_that_lies_in_no_shot_any_more_is_moved_into_the_nearest(
    tmp_path: Path, films: Path, made: CutList
) -> None:
    archive = archive_of(tmp_path / "archive", film(1, folder=films))
    odd = replace(answer(1, 3), start_s=6.5, end_s=9.5, entry_s=9.0)
    made = replace(made, questions=(question(1, 0, 24, odd),))
    found = chosen_of(resolve(made, archive).questions[0])
    assert found is not None
    assert (found.start_s, found.end_s, found.entry_s) == (6.0, 8.0, 8.0)


def test_all_that_is_missing_is_told_at_once(tmp_path: Path, films: Path, made: CutList) -> None:
    archive = archive_of(tmp_path / "archive", film(1, folder=films))
    (films / "film 1.mp4").unlink()
    made.trailer.write_bytes(b"another trailer")
    hostile = replace(answer(4, 0), film="/films/<b>\n\x1b[31m.mp4", fingerprint="film-0004")
    more = (*made.questions[:2], question(3, 40, 48, hostile))
    with pytest.raises(UsageError) as told:
        resolve(replace(made, questions=more), archive)
    head, trailer, *lines, advice = str(told.value).splitlines()
    assert head == "the cut list cannot be rendered:"
    assert trailer.startswith(f"  the trailer, {made.trailer}: is another film now")
    assert lines == [
        f"  question 1: {films / 'film 1.mp4'} is gone, and has no proxy",
        "  question 2: /films/film 2.mp4 is not in this archive",
        "  question 3: /films/<b>\\n\\x1b[31m.mp4 is not in this archive",
    ]
    assert "another archive, /shows/archive" in advice
    assert "index the films that are missing" in advice


def test_a_trailer_that_is_gone(tmp_path: Path, films: Path, made: CutList) -> None:
    archive = archive_of(tmp_path / "archive", film(1, folder=films), film(2, folder=films))
    made.trailer.unlink()
    with pytest.raises(UsageError, match=r"the trailer, .*trailer.mp4: No such file"):
        resolve(replace(made, archive_id=archive.id), archive)


def test_a_shot_that_is_gone(tmp_path: Path, films: Path, made: CutList) -> None:
    archive = archive_of(tmp_path / "archive", film(1, folder=films), film(2, folder=films))
    late = replace(answer(1, 0), start_s=100.0, end_s=101.5, entry_s=100.0)
    with pytest.raises(UsageError, match=r"has no shot from 0:01:40.000 to 0:01:41.500 any more"):
        resolve(replace(made, questions=(question(1, 0, 24, late),)), archive)


def test_a_film_that_has_its_proxy_is_there(tmp_path: Path, films: Path, made: CutList) -> None:
    folder = tmp_path / "archive"
    archive = archive_of(
        folder, film(1, folder=films, proxy="proxies/1.mov"), film(2, folder=films)
    )
    (films / "film 1.mp4").unlink()
    (folder / "proxies" / "1.mov").write_bytes(b"film")
    assert ids(resolve(made, archive)) == ids(made)


def test_answers_that_are_gone_and_not_chosen_are_left_out(
    tmp_path: Path, films: Path, made: CutList
) -> None:
    archive = archive_of(tmp_path / "archive", film(1, folder=films))
    asked = replace(question(1, 0, 24, answer(2, 0), answer(1, 0), answer(1, 1)), chosen=3)
    (found,) = resolve(replace(made, questions=(asked,)), archive).questions
    assert found.chosen == 2
    assert chosen_of(found) == replace(answer(1, 1), film=str(films / "film 1.mp4"))


def test_not_everything_is_told_of_a_wrong_archive(
    tmp_path: Path, films: Path, made: CutList
) -> None:
    archive = archive_of(tmp_path / "archive", film(9, folder=films))
    many = [question(n + 1, n, n + 1, answer(1, 0)) for n in range(100)]
    with pytest.raises(UsageError) as told:
        resolve(replace(made, questions=tuple(many)), archive)
    lines = str(told.value).splitlines()
    assert len(lines) == TOLD + 3
    assert lines[-2] == f"  and {100 - TOLD} more"


def test_paths_that_are_no_unicode(tmp_path: Path, made: CutList) -> None:
    films = tmp_path / "caf\udce9"
    try:
        films.mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    archive = archive_of(tmp_path / "archive", film(1, folder=films), film(2, folder=films))
    trailer = films / "trailer \udcff.mp4"
    made.trailer.rename(trailer)
    path = tmp_path / "out.cuts.json"
    write_cuts(path, resolve(replace(made, trailer=trailer), archive))
    found = read_cuts(path)
    assert found.trailer == trailer
    assert resolve(found, archive) == found
    chosen = chosen_of(found.questions[0])
    assert chosen is not None
    assert chosen.film.endswith("caf�/film 1.mp4")

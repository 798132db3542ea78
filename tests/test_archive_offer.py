"""What may be offered: bans, repeats, blank shots and tags as one mask over the moments."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, MOMENTS, SHOTS, film, make
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.archive.curation import Curation
from livematch.archive.offer import Offer, _Alike
from livematch.archive.records import Mark, ShotSpan
from livematch.archive.store import Archive
from livematch.values import ShotKind

FILMS = ("film-0001", "film-0002", "film-0003")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three films of four shots of 2 s, numbered 1 to 12; the last of the third is black."""
    folder = make(tmp_path / "archive", 1, 2)
    with Archive.open(folder, writable=True) as archive:
        kinds = (ShotKind.FILM, ShotKind.WHITE, ShotKind.TITLE, ShotKind.BLACK)
        archive.add_film(replace(film(3), kinds=kinds))
    return folder


def mark(folder: Path, *marks: Mark) -> Archive:
    with Archive.open(folder, writable=True) as archive:
        archive.mark(marks)
    return Archive.open(folder)


def offered(archive: Archive, tag: str = "", blank: bool = True) -> set[int]:
    """The numbers of the shots that are offered, each with all of its moments."""
    mask = Offer(archive).mask(archive.moments, tag, blank)
    assert mask.shape == (len(archive.moments),)
    shots = archive.moments.shots
    assert not set(shots[mask]) & set(shots[~mask])
    return set(shots[mask].tolist())


ALL = set(range(1, 3 * SHOTS + 1))


def test_everything_is_offered_but_blank_shots(folder: Path) -> None:
    archive = Archive.open(folder)
    assert offered(archive) == ALL
    assert offered(archive, blank=False) == ALL - {10, 11, 12}


def test_bans_are_left_out_shot_by_shot_or_by_film(folder: Path) -> None:
    archive = mark(folder, Mark(FILMS[0], 3.0), Mark(FILMS[1], None))
    assert offered(archive) == ALL - {2, 5, 6, 7, 8}
    assert len(archive.offered()) == 3 * MOMENTS  # the index is built from these: no rebuilding
    with Archive.open(folder, writable=True) as writer:
        writer.unmark([Mark(FILMS[1], None)])
        assert offered(writer) == ALL - {2}


def test_films_that_are_not_present_are_left_out(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_present(2, False)
        assert offered(archive) == ALL - {5, 6, 7, 8}


@pytest.mark.parametrize(
    ("tag", "shots"),
    [
        ("", ALL),
        ("sea", {1, 5, 6, 7, 8}),
        ("SEA ", {1, 5, 6, 7, 8}),
        ("sea,night", {1, 5, 6, 7, 8, 9}),
        (" sea , night ,", {1, 5, 6, 7, 8, 9}),
        ("-sea", ALL - {1, 5, 6, 7, 8}),
        ("sea,-night", {1, 6, 7, 8}),
        ("-sea,-night", ALL - {1, 5, 6, 7, 8, 9}),
        (",,", ALL),
        ("-", ALL),
        ("mountain", set()),
        ("-mountain", ALL),
    ],
)
def test_tags_choose(folder: Path, tag: str, shots: set[int]) -> None:
    archive = mark(
        folder,
        Mark(FILMS[0], 0.0, "sea"),
        Mark(FILMS[1], None, "sea"),
        Mark(FILMS[1], 1.0, "night"),
        Mark(FILMS[2], 1.999, "night"),
    )
    assert offered(archive, tag) == shots


def test_a_tag_that_no_shot_has_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = mark(folder, Mark(FILMS[0], 0.0, "sea"))
    offer = Offer(archive)
    with caplog.at_level(logging.WARNING):
        for tag in ("see", "sea", "see,-sea"):
            offer.mask(archive.moments, tag)
    assert [record.getMessage() for record in caplog.records] == [
        "no shot has the tag 'see'; there are: sea"
    ]


def test_of_shots_that_repeat_each_other_one_is_offered(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_repeats({1: 5, 6: 5, 7: 6, 9: 10})
        assert offered(archive) == ALL - {1, 6, 7, 9}
        archive.mark([Mark(FILMS[1], 1.0)])  # 5 is banned: the first of the others stands in
        assert offered(archive) == ALL - {5, 6, 7, 9}
        archive.set_present(1, False)
        assert offered(archive) == ALL - {1, 2, 3, 4, 5, 7, 9}
        assert offered(archive, blank=False) == {6, 8, 9}  # 9 repeats a blank one


def test_a_repeat_stands_in_for_what_a_tag_leaves_out(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_repeats({2: 1})
        archive.mark([Mark(FILMS[0], 3.0, "sea")])
        assert offered(archive, "sea") == {2}


def test_shots_that_repeat_each_other_in_a_round_are_offered_once(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.set_repeats({1: 2, 2: 3, 3: 1})
        assert offered(archive) == ALL - {2, 3}


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40),
    st.sets(st.integers(0, 30)),
)
@settings(max_examples=200)
def test_one_of_each_group_is_kept_however_they_hang_together(
    pairs: list[tuple[int, int]], wanted: set[int]
) -> None:
    ids = np.random.default_rng(1).permutation(31).astype(np.int64)
    repeats: dict[int, int | None] = dict.fromkeys(range(31))
    repeats |= {shot: other for shot, other in pairs if shot != other}
    kept = set(ids[_Alike(ids, repeats).first_of(np.isin(ids, list(wanted)))].tolist())
    groups = [{n} for n in range(31)]  # joined one by one, as slowly as clearly
    for shot, other in repeats.items():
        if other is not None:
            joined = {n for g in groups if {shot, other} & g for n in g}
            groups = [g for g in groups if not g & joined] + [joined]
    assert kept <= wanted
    for group in groups:
        assert len(kept & group) == bool(wanted & group)
        first = {n for n in group if repeats[n] is None} & wanted
        assert not first or kept & group <= first


def test_the_mask_is_made_anew_only_for_other_questions(folder: Path) -> None:
    archive = mark(folder, Mark(FILMS[0], 0.0, "sea"))
    offer = Offer(archive)
    moments = archive.moments
    first = offer.mask(moments, "sea", False)
    assert offer.mask(moments, "sea", False) is first
    assert not first.flags.writeable
    some = moments.where(np.arange(len(moments)) % 2 == 0)
    np.testing.assert_array_equal(offer.mask(some, "sea"), first[::2])
    assert offer.mask(moments, "sea", True) is not first
    assert offer.mask(moments, "", True).all()


def test_an_empty_archive_offers_nothing(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        assert offered(archive) == set()
        assert offered(archive, "sea,-night") == set()


def test_marks_find_the_shots_of_a_film_that_was_cut_otherwise(folder: Path) -> None:
    marks = (Mark(FILMS[0], 3.0, "sea"), Mark(FILMS[0], 7.0), Mark("gone-9999", None, "sea"))
    with Archive.open(folder, writable=True) as archive:
        archive.mark(marks)
        archive.remove_film(1)
        spans = tuple(ShotSpan(*span) for span in ((0.0, 2.5), (2.5, 3.5), (3.5, 4.5), (5.0, 6.5)))
        archive.add_film(replace(film(1), shots=spans))
        shots = [shot for shot in archive.shots() if shot.film_id == archive.films()[-1].id]
        assert offered(archive, "sea") == {shots[1].id}
        # what lies in no shot now is kept, and told
        assert set(Curation(archive).lost) == {marks[1], marks[2]}
        assert set(archive.marks) == set(marks)

"""Fit and search index on disk: whatever is wrong with them, the answers hold.

The index is a cache and made anew; the fit is kept; what is added is added, not made anew.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archive_kit import LAYOUT, MOMENTS, film, make, vectors

from livematch.archive import saved
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.embed.arrays import read_arrays, write_arrays
from livematch.embed.fit import Fit, Projection, fixed

EVEN = {"semantic": 1.0, "layout": 1.0, "colour": 1.0}
FILMS = range(1, 9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with its index saved."""
    folder = make(tmp_path / "archive", *FILMS)
    Searcher(Archive.open(folder), exact_up_to=0)
    return folder


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was made, and of how many rows: `build` everything, or `add` some."""
    done: list[tuple[str, int]] = []
    build, fit_rows = saved.build, saved.fit_rows

    def building(fit: Fit, rows: np.ndarray, *, listed: bool) -> object:
        done.append(("build", len(rows)))
        return build(fit, rows, listed=listed)

    def adding(fit: Fit, rows: np.ndarray) -> object:
        done.append(("add", len(rows)))
        return fit_rows(fit, rows)

    monkeypatch.setattr(saved, "build", building)
    monkeypatch.setattr(saved, "fit_rows", adding)
    return done


def finds(folder: Path) -> list[int]:
    """What is found by lists, which is what comparing everything finds."""
    with Archive.open(folder) as archive:
        searcher = Searcher(archive, exact_up_to=0)
        exact = Searcher(archive)
        query = vectors(99, 1)[0]
        rows = [match.moment.row for match in searcher.search(query, EVEN, 10)]
        assert rows == [match.moment.row for match in exact.search(query, EVEN, 10)]
        return rows


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in saved.FILES}


def test_an_index_that_fits_is_loaded(folder: Path, made: list[tuple[str, int]]) -> None:
    before = contents(folder)
    finds(folder)
    finds(folder)
    assert made == []
    assert contents(folder) == before


def test_making_it_again_makes_the_same(folder: Path) -> None:
    before = contents(folder)
    (folder / saved.MANIFEST).unlink()
    finds(folder)
    assert contents(folder) == before


def test_the_live_side_and_the_stored_side_are_the_same_bit_for_bit(folder: Path) -> None:
    """One frame, indexed and live: its descriptor ends up as the very numbers that are stored."""
    with Archive.open(folder) as archive:
        fit = saved.kept_fit(archive)
        assert fit is not None
        index, _ = saved.load(archive, fit)
        assert index is not None
        for number in FILMS:
            described = film(number).vectors  # as the describer gave them, before they were stored
            for moment in (0, 5, MOMENTS - 1):
                live = fixed(fit.apply(described[moment : moment + 1]))[0]
                row = (number - FILMS[0]) * MOMENTS + moment
                assert np.array_equal(live, index.fitted[row])


def edit(fact: str, value: object) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        file = folder / saved.MANIFEST
        facts = json.loads(file.read_text())
        assert fact in facts
        file.write_text(json.dumps({**facts, fact: value}))

    return act


def damage(name: str, place: float = 0.5) -> Callable[[Path], None]:
    """Turn eight bytes of a file about."""

    def act(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        start = int(place * (len(data) - 8))
        data[start : start + 8] = bytes(byte ^ 0xFF for byte in data[start : start + 8])
        (folder / name).write_bytes(bytes(data))

    return act


def shorten(name: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return act


def empty(folder: Path) -> None:
    (folder / saved.FITTED).write_bytes(b"")


def unlink(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def name_clusters_that_are_not_there(folder: Path) -> None:
    codes = np.full((folder / saved.CODES).stat().st_size, 0xFF, np.uint8)
    (folder / saved.CODES).write_bytes(codes.tobytes())


def vouch_for_other_books(folder: Path) -> None:
    """A manifest that vouches for books of another shape, as no crash of ours could leave it."""
    arrays = read_arrays(folder / saved.BOOKS)
    arrays["0.words"] = arrays["0.words"][:-1]
    with (folder / saved.BOOKS).open("wb") as file:
        write_arrays(file, arrays)
    digest = hashlib.sha256((folder / saved.BOOKS).read_bytes()).hexdigest()
    lists = json.loads((folder / saved.MANIFEST).read_text())["lists"]
    edit("lists", {**lists, "books": digest})(folder)


FAULTS: dict[str, Callable[[Path], None]] = {
    "no manifest": unlink(saved.MANIFEST),
    "no rows": unlink(saved.FITTED),
    "no codes": unlink(saved.CODES),
    "no books": unlink(saved.BOOKS),
    "manifest is no JSON": lambda folder: (folder / saved.MANIFEST).write_bytes(b"\xff{"),
    "manifest is a list": lambda folder: (folder / saved.MANIFEST).write_text("[]"),
    "manifest is empty": lambda folder: (folder / saved.MANIFEST).write_text("{}"),
    "other archive": edit("archive", "0" * 32),
    "other model": edit("model", "0" * 64),
    "other layout": edit("layout", []),
    "other fit": edit("fit", "0" * 64),
    "other format": edit("format", 1),
    "more rows than there are": edit("rows", 1000),
    "fewer than none": edit("rows", -1),
    "rows are a word": edit("rows", "many"),
    "unsound is a word": edit("unsound", ["x"]),
    "lists are a number": edit("lists", 3),
    "other books": edit("lists", {"learned": 96, "books": "0" * 64}),
    "rows damaged": damage(saved.FITTED),
    "codes damaged": damage(saved.CODES),
    "books damaged": damage(saved.BOOKS),
    "rows cut short": shorten(saved.FITTED),
    "codes cut short": shorten(saved.CODES),
    "books cut short": shorten(saved.BOOKS),
    "rows empty": empty,
    "clusters that are not there": name_clusters_that_are_not_there,
    "books of another shape": vouch_for_other_books,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_an_index_that_does_not_fit_is_made_anew(
    folder: Path,
    made: list[tuple[str, int]],
    fault: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(saved, "_SAMPLED", 96)  # every row, for once
    before = contents(folder)
    fault(folder)
    rows = finds(folder)
    assert made == [("build", 96)]
    assert contents(folder) == before
    assert finds(folder) == rows
    assert made == [("build", 96)]  # and was saved


def test_a_damaged_row_that_is_not_sampled_is_found_by_the_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "_SAMPLED", 2)  # the first and the last
    with Archive.open(folder) as archive:
        assert saved.fault_in_full(archive) is None
        for name, fault in ((saved.CODES, "fitted.i16"), (saved.FITTED, "the vectors")):
            data = bytearray((folder / name).read_bytes())
            start = 42 * len(data) // 96 + 2  # in the first code of row 42
            data[start : start + 4] = bytes(byte ^ 0xFF for byte in data[start : start + 4])
            (folder / name).write_bytes(bytes(data))
            assert saved.fault_of_saved(archive, listed=True) is None
            assert saved.fault_in_full(archive) == f"{name} differs from {fault} in row 42"


FIT_FAULTS: dict[str, Callable[[Path], None]] = {
    "none": unlink(saved.FIT),
    "damaged": damage(saved.FIT, 0.0),
    "cut short": shorten(saved.FIT),
    "no fit": lambda folder: (folder / saved.FIT).write_bytes(b"no fit"),
}


@pytest.mark.parametrize("fault", FIT_FAULTS.values(), ids=FIT_FAULTS.keys())
def test_a_fit_that_cannot_be_read_is_learned_anew(
    folder: Path, fault: Callable[[Path], None]
) -> None:
    before = contents(folder)
    fault(folder)
    finds(folder)
    assert contents(folder) == before


def test_a_fit_of_another_archive_is_not_used(folder: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", *FILMS)
    with Archive.open(other) as archive:
        (other / saved.FIT).write_bytes((folder / saved.FIT).read_bytes())
        assert saved.kept_fit(archive) is None
        assert saved.fit_outgrown(archive)


def test_another_fit_is_kept_and_the_index_made_with_it(
    folder: Path, made: list[tuple[str, int]]
) -> None:
    """Whoever learns better than by principal directions hands the fit over; nothing undoes it."""
    size = LAYOUT.parts[0].size
    short = Projection(np.zeros(size, np.float32), np.eye(10, size, dtype=np.float32))
    better = Fit(LAYOUT, (short, None, None))
    with Archive.open(folder) as archive:
        assert saved.keep_fit(archive, better)
    finds(folder)
    assert made == [("build", 96)]
    finds(folder)
    assert made == [("build", 96)]
    with Archive.open(folder) as archive:
        kept = saved.kept_fit(archive)
        assert kept is not None
        assert kept.digest == better.digest
        assert not saved.fit_outgrown(archive)
    with Archive.open(folder, writable=True) as archive:
        for number in range(50, 55):
            archive.add_film(film(number))
        assert saved.fit_outgrown(archive)
    finds(folder)
    with Archive.open(folder) as archive:
        kept = saved.kept_fit(archive)
        assert kept is not None
        assert kept.digest == better.digest


def test_what_is_added_is_added(folder: Path, made: list[tuple[str, int]]) -> None:
    before = contents(folder)
    with Archive.open(folder, writable=True) as archive:
        archive.add_film(film(50))
    finds(folder)
    assert made == [("add", MOMENTS)]
    after = contents(folder)
    for name in (saved.FITTED, saved.CODES):
        assert after[name].startswith(before[name])
        assert len(after[name]) == len(before[name]) * 9 // 8
    for name in (saved.FIT, saved.BOOKS):
        assert after[name] == before[name]
    with Archive.open(folder) as archive:
        assert saved.fault_of_saved(archive, listed=True) is None
        assert saved.fault_in_full(archive) is None


def test_an_archive_grown_by_half_gets_new_books(folder: Path, made: list[tuple[str, int]]) -> None:
    with Archive.open(folder, writable=True) as archive:
        for number in range(50, 55):
            archive.add_film(film(number))
    finds(folder)
    assert made == [("build", 96 + 5 * MOMENTS)]


def test_one_who_opened_before_is_not_disturbed_by_what_is_added(folder: Path) -> None:
    with Archive.open(folder) as before:
        searcher = Searcher(before, exact_up_to=0)
        query = film(50).vectors[3]
        found = searcher.search(query, EVEN, 9)
        with Archive.open(folder, writable=True) as archive:
            archive.add_film(film(50))
        after = Searcher(Archive.open(folder), exact_up_to=0)
        assert after.search(query, EVEN, 1)[0].moment.row == 96 + 3
        assert searcher.search(query, EVEN, 9) == found
        assert Searcher(before, exact_up_to=0).search(query, EVEN, 9) == found


@pytest.mark.parametrize(
    "change",
    [lambda archive: archive.remove_film(3), lambda archive: archive.set_present(3, False)],
    ids=["removed", "gone"],
)
def test_what_goes_needs_no_new_index(
    folder: Path, made: list[tuple[str, int]], change: Callable[[Archive], object]
) -> None:
    with Archive.open(folder, writable=True) as archive:
        change(archive)
    finds(folder)
    assert made == []


def test_a_small_archive_has_no_codes(tmp_path: Path, made: list[tuple[str, int]]) -> None:
    folder = make(tmp_path / "small", 1, 2)
    Searcher(Archive.open(folder))
    assert not (folder / saved.CODES).exists()
    assert (folder / saved.FITTED).exists()
    Searcher(Archive.open(folder), exact_up_to=0)  # and gets them when they are wanted
    assert (folder / saved.CODES).exists()
    assert made == [("build", 24), ("build", 24)]


def test_a_small_archive_may_grow(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", 1, 2, 3)
    Searcher(Archive.open(folder))
    with Archive.open(folder, writable=True) as archive:
        archive.add_film(film(4))
    for _ in range(2):  # extended, and as it was saved
        with Archive.open(folder) as archive:
            searcher = Searcher(archive)
            (best,) = searcher.search(vectors(4, MOMENTS)[0], EVEN, 1)
            assert len(searcher) == 4 * MOMENTS
            assert (best.moment.film_id, best.score) == (4, pytest.approx(1.0, abs=1e-3))


def test_the_graph_of_earlier_versions_goes(tmp_path: Path) -> None:
    folder = make(tmp_path / "old", 1, 2)
    (folder / "index.hnsw").write_bytes(b"a graph")
    (folder / "index.json").write_text('{"format": 1}')
    Searcher(Archive.open(folder))
    assert not (folder / "index.hnsw").exists()


def test_a_folder_that_cannot_keep_it_is_searched_all_the_same(
    folder: Path, made: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (folder / saved.MANIFEST).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        finds(folder)
    assert ("build", 96) in made
    assert not list(folder.glob("*.part"))


def test_while_somebody_writes_nothing_is_saved(folder: Path) -> None:
    (folder / saved.MANIFEST).unlink()
    with Archive.open(folder, writable=True):
        finds(folder)
        assert not (folder / saved.MANIFEST).exists()
    finds(folder)
    assert (folder / saved.MANIFEST).exists()


@pytest.mark.parametrize("adding", [False, True], ids=["making", "adding"])
def test_a_saving_cut_short_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, adding: bool
) -> None:
    """Whatever step of saving is the last one done, nobody takes it for whole."""

    class Killed(BaseException):
        pass

    for step in range(20):
        with Archive.open(folder, writable=True) as archive:
            archive.add_film(film(60 + step))
        if not adding:
            (folder / saved.MANIFEST).unlink(missing_ok=True)
        done: list[str] = []

        def until(
            name: str, act: Callable[..., object], step: int = step, done: list[str] = done
        ) -> Callable[..., object]:
            def wrapped(*args: object, **kwargs: object) -> object:
                if len(done) == step:
                    raise Killed
                done.append(name)
                return act(*args, **kwargs)

            return wrapped

        with monkeypatch.context() as patch:
            for owner, name in ((Path, "unlink"), (Path, "replace"), (saved.os, "fsync")):
                patch.setattr(owner, name, until(name, getattr(owner, name)))
            killed = False
            try:
                finds(folder)
            except Killed:
                killed = True
        finds(folder)
        with Archive.open(folder) as archive:
            assert saved.fault_of_saved(archive, listed=True) is None
            assert saved.fault_in_full(archive) is None
        if not killed:
            assert step > 3
            return
    pytest.fail("saving never came to its end")

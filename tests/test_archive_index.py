"""The search index is a cache: whatever is wrong with it, it is built anew and the answers hold."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import hnswlib
import numpy as np
import pytest
from archive_kit import LAYOUT, film, make, vectors

from livematch.archive import index
from livematch.archive.search import Searcher
from livematch.archive.store import Archive

EVEN = {"semantic": 1.0, "layout": 1.0, "colour": 1.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with its index saved."""
    folder = make(tmp_path / "archive", *range(1, 9))
    Searcher(Archive.open(folder), exact_up_to=0)
    return folder


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each building of an index took in."""
    built: list[int] = []
    build = index._build

    def counted(archive: Archive, rows: np.ndarray) -> object:
        built.append(len(rows))
        return build(archive, rows)

    monkeypatch.setattr(index, "_build", counted)
    return built


def finds(folder: Path) -> list[int]:
    with Archive.open(folder) as archive:
        searcher = Searcher(archive, exact_up_to=0)
        exact = Searcher(archive)
        query = vectors(99, 1)[0]
        rows = [match.moment.row for match in searcher.search(query, EVEN, 10)]
        assert rows == [match.moment.row for match in exact.search(query, EVEN, 10)]
        return rows


def test_an_index_that_fits_is_loaded(folder: Path, builds: list[int]) -> None:
    before = (folder / index.INDEX).read_bytes()
    finds(folder)
    finds(folder)
    assert builds == []
    assert (folder / index.INDEX).read_bytes() == before


def edit(fact: str, value: object) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        file = folder / index.MANIFEST
        facts = json.loads(file.read_text())
        assert fact in facts
        file.write_text(json.dumps({**facts, fact: value}))

    return act


def damage(folder: Path) -> None:
    data = bytearray((folder / index.INDEX).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / index.INDEX).write_bytes(bytes(data))


def shorten(folder: Path) -> None:
    data = (folder / index.INDEX).read_bytes()
    (folder / index.INDEX).write_bytes(data[: len(data) // 2])


def swap_for_another_dimension(folder: Path) -> None:
    other = hnswlib.Index("ip", 8)
    other.init_index(96)
    other.add_items(np.ones((96, 8), np.float32))
    other.save_index(str(folder / index.INDEX))


FAULTS: dict[str, Callable[[Path], None]] = {
    "no index": lambda folder: (folder / index.INDEX).unlink(),
    "no manifest": lambda folder: (folder / index.MANIFEST).unlink(),
    "manifest is no JSON": lambda folder: (folder / index.MANIFEST).write_bytes(b"\xff{"),
    "manifest is a list": lambda folder: (folder / index.MANIFEST).write_text("[]"),
    "other archive": edit("archive", "0" * 32),
    "other model": edit("model", "0" * 64),
    "other dimension": edit("dimension", 8),
    "other count": edit("count", 5),
    "other rows": edit("rows", "0" * 64),
    "other links": edit("links", 8),
    "other building": edit("build_ef", 10),
    "other library": edit("hnswlib", "0.7.0"),
    "other format": edit("format", 0),
    "one bit off": damage,
    "cut short": shorten,
    "another dimension inside": swap_for_another_dimension,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_an_index_that_does_not_fit_is_built_anew(
    folder: Path, builds: list[int], fault: Callable[[Path], None]
) -> None:
    fault(folder)
    rows = finds(folder)
    assert builds == [96]
    assert finds(folder) == rows
    assert builds == [96]  # and was saved


def test_an_index_whose_file_is_right_and_contents_are_not(folder: Path, builds: list[int]) -> None:
    """A manifest that vouches for a graph of other rows, as no crash of ours could leave it."""
    other = hnswlib.Index("ip", LAYOUT.dimension)
    other.init_index(96)
    other.add_items(vectors(1234, 96))
    other.save_index(str(folder / index.INDEX))
    digest = hashlib.sha256((folder / index.INDEX).read_bytes()).hexdigest()
    edit("sha256", digest)(folder)
    finds(folder)
    assert builds == [96]


@pytest.mark.parametrize(
    "change",
    [
        lambda archive: archive.add_film(film(50)),
        lambda archive: archive.remove_film(3),
        lambda archive: archive.set_present(3, False),
    ],
    ids=["added", "removed", "gone"],
)
def test_a_change_of_the_archive_makes_the_index_stale(
    folder: Path, builds: list[int], change: Callable[[Archive], object]
) -> None:
    with Archive.open(folder, writable=True) as archive:
        change(archive)
        left = len(archive.offered())
    finds(folder)
    assert builds == [left]


def test_a_folder_that_cannot_keep_it_is_searched_all_the_same(
    folder: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (folder / index.MANIFEST).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        finds(folder)
    assert builds == [96]
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("step", range(3))
def test_a_saving_cut_short_is_noticed(
    folder: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whatever step of saving a new index is the last one done, nobody takes it for whole."""
    with Archive.open(folder, writable=True) as archive:
        archive.add_film(film(60))

    class Killed(BaseException):
        pass

    done: list[str] = []

    def until(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **kwargs: object) -> object:
            if len(done) == step:
                raise Killed
            done.append(name)
            return act(*args, **kwargs)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", until("unlink", Path.unlink))
        patch.setattr(Path, "replace", until("replace", Path.replace))
        with pytest.raises(Killed):
            finds(folder)
    assert len(done) == step
    finds(folder)
    assert builds == [108, 108]
    assert (folder / index.MANIFEST).is_file()

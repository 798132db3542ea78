"""Finding films, knowing them again, and planning what is to be done."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from livematch.archive.contents import StoredFilm
from livematch.archive.records import FilmRecord
from livematch.errors import FilmError, UsageError
from livematch.indexing.plan import Plan, make_plan
from livematch.indexing.scan import (
    BLOCK,
    BLOCKS,
    FoundFile,
    check_roots,
    fingerprint,
    is_film_name,
    sampled,
    scan,
    shown,
    sniff,
)

# -- scan ------------------------------------------------------------------------------------------


def touch(*paths: Path, content: bytes = b"x") -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(root: Path, archive: Path | None = None) -> list[str]:
    found = scan(
        check_roots([root], archive or root / "no-archive"), archive or root / "no-archive"
    )
    return [os.fspath(file.path.relative_to(root)) for file in found.files]


def test_films_are_found_by_extension_in_all_folders(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "deep/er/B.MKV", tmp_path / "c.txt", tmp_path / "d.mp3")
    assert names(tmp_path) == ["a.mp4", "deep/er/B.MKV"]
    for name in ("a.mov", "a.avi", "a.webm", "a.mpg", "a.vob", "a.wmv", "a.mxf", "a.gif", "a.y4m"):
        assert is_film_name(name)


def test_strange_names_are_names(tmp_path: Path) -> None:
    strange = ["with space.mp4", "new\nline.mp4", "映画.mp4", "-dash.mp4", "%d.mp4", "a:b.mp4"]
    raw = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    touch(*(tmp_path / name for name in strange), Path(os.fsdecode(raw)))
    assert sorted(names(tmp_path)) == sorted([*strange, os.fsdecode(b"caf\xe9.mp4")])


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / ".a.mp4", tmp_path / ".trash/b.mp4", tmp_path / "._c.mp4", tmp_path / "d.mp4")
    assert names(tmp_path) == ["d.mp4"]


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    touch(tmp_path / "real/a.mp4")
    (tmp_path / "real/loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "b.mp4").symlink_to(tmp_path / "real/a.mp4")
    found = names(tmp_path)
    assert "b.mp4" in found
    assert len([name for name in found if name.endswith("a.mp4")]) == 1


def test_a_broken_link_is_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    found = scan([tmp_path], tmp_path / "archive")
    assert found.files == []
    assert "which is not there" in found.unreadable[0].reason


def test_an_archive_is_never_searched(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4", tmp_path / "mine/proxies/p.mov", tmp_path / "other/proxies/q.mov")
    touch(tmp_path / "other/archive.db")
    assert names(tmp_path, tmp_path / "mine") == ["a.mp4"]
    with pytest.raises(UsageError, match="inside the archive"):
        check_roots([tmp_path / "mine/proxies"], tmp_path / "mine")


def test_a_file_named_itself_is_taken_whatever_its_name(tmp_path: Path) -> None:
    touch(tmp_path / "noext")
    found = scan(check_roots([tmp_path / "noext"], tmp_path / "a"), tmp_path / "a")
    assert [file.path.name for file in found.files] == ["noext"]


def test_overlapping_roots_give_each_film_once(tmp_path: Path) -> None:
    touch(tmp_path / "in/a.mp4")
    roots = [tmp_path / "in", tmp_path, tmp_path / "in/a.mp4"]
    assert len(scan(roots, tmp_path / "x").files) == 1


def test_a_missing_folder_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "movies").mkdir()
    with pytest.raises(UsageError, match=r"moveis; did you mean .*movies\?"):
        check_roots([tmp_path / "moveis"], tmp_path / "a")


def test_typescript_is_no_transport_stream(tmp_path: Path) -> None:
    touch(tmp_path / "app.ts", content=b"import { x } from 'y';")
    touch(tmp_path / "film.ts", content=b"\x47" + bytes(187))
    assert names(tmp_path) == ["film.ts"]


# -- fingerprint -----------------------------------------------------------------------------------


def test_the_fingerprint_is_of_content_alone(tmp_path: Path) -> None:
    touch(tmp_path / "a", tmp_path / "b", content=b"same")
    touch(tmp_path / "c", content=b"semi")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "c")
    with pytest.raises(FilmError, match="No such file"):
        fingerprint(tmp_path / "d")


def test_a_large_file_is_sampled_from_head_to_tail(tmp_path: Path) -> None:
    size = 40 * BLOCK
    spans = sampled(size)
    assert len(spans) == BLOCKS
    assert spans[0][0] == 0
    assert sum(spans[-1]) == size
    assert sampled(100) == [(0, 100)]
    path = tmp_path / "large"
    content = bytearray(size)
    path.write_bytes(content)
    before = fingerprint(path)
    for start in (0, spans[7][0] + 5, size - 1):
        changed = content.copy()
        changed[start] = 1
        path.write_bytes(changed)
        assert fingerprint(path) != before


def test_what_is_no_film_is_named(tmp_path: Path) -> None:
    for content, words in {
        b"": "empty",
        b"PK\x03\x04rest": "ZIP",
        b"<!DOCTYPE html><html>": "web page",
        bytes(1000): "zeros",
        b"Salted__abc": "encrypted",
    }.items():
        touch(tmp_path / "x.mp4", content=content)
        assert words in (sniff(tmp_path / "x.mp4") or "")


def test_any_path_can_be_shown_on_one_line() -> None:
    for raw in (b"a\nb", b"caf\xe9", "映画".encode(), b"\x1b[31m"):
        text = shown(Path(os.fsdecode(raw)))
        text.encode()
        assert text.isprintable()


# -- plan ------------------------------------------------------------------------------------------

ROOT = Path("/films")


def file(name: str, content: str, date: int = 1) -> tuple[FoundFile, str]:
    return FoundFile(ROOT / name, len(content), date), content


def stored(number: int, found: tuple[FoundFile, str], *, present: bool = True) -> StoredFilm:
    about, content = found
    record = FilmRecord(
        content, about.path, about.size, about.mtime_ns, 1.0, 25.0, 16, 9, "h264", None
    )
    return StoredFilm(number, record, present)


def plan(
    files: Sequence[tuple[FoundFile, str]],
    films: Sequence[StoredFilm],
    *,
    unread: Sequence[Path] = (),
    elsewhere: Sequence[Path] = (),
    usable: Callable[[StoredFilm], bool] = lambda film: True,
) -> Plan:
    contents = {about.path: content for about, content in files}

    def read(path: Path) -> str:
        assert path not in unread, f"{path} should not have been read"
        return contents[path]

    present = {*contents, *elsewhere}
    return make_plan([f for f, _ in files], [ROOT], films, read, present.__contains__, usable)


A, B = file("a.mp4", "aaa"), file("b.mp4", "bbbb")


def test_new_films_are_to_be_indexed() -> None:
    assert [new.fingerprint for new in plan([A, B], []).new] == ["aaa", "bbbb"]


def test_an_unchanged_film_is_not_even_read() -> None:
    result = plan([A], [stored(1, A)], unread=[A[0].path])
    assert [film.id for film in result.unchanged] == [1]
    assert not result.new


def test_a_touched_film_is_known_by_its_content() -> None:
    touched = file("a.mp4", "aaa", date=2)
    result = plan([touched], [stored(1, A)])
    assert result.moved[0].file.mtime_ns == 2
    assert not result.new


def test_a_moved_film_is_known_by_its_content() -> None:
    moved = file("new/place.mp4", "aaa")
    result = plan([moved], [stored(1, A)])
    assert [(m.film.id, m.file.path) for m in result.moved] == [(1, moved[0].path)]
    assert not result.gone


def test_two_films_that_swap_names_are_both_known() -> None:
    swapped = [file("a.mp4", "bbbb"), file("b.mp4", "aaa")]
    result = plan(swapped, [stored(1, A), stored(2, B)])
    assert {m.film.id: m.file.path.name for m in result.moved} == {1: "b.mp4", 2: "a.mp4"}
    assert [*result.new, *result.gone, *result.stale] == []


def test_a_changed_film_replaces_what_it_was() -> None:
    result = plan([file("a.mp4", "other")], [stored(1, A)])
    assert [(new.fingerprint, new.replaces) for new in result.new] == [("other", (1,))]
    assert not result.gone


def test_a_film_overwritten_by_another_that_is_known() -> None:
    """The film b is now where a was, and what a was is nowhere: a's entry goes."""
    result = plan([file("a.mp4", "bbbb")], [stored(1, A), stored(2, B)])
    assert [m.film.id for m in result.moved] == [2]
    assert [film.id for film in result.stale] == [1]


def test_a_copy_is_not_indexed_twice() -> None:
    copy = file("copy.mp4", "aaa")
    result = plan([A, copy], [stored(1, A)])
    assert [(c.file.path, c.of) for c in result.copies] == [(copy[0].path, A[0].path)]
    fresh = plan([A, copy], [])
    assert [new.file.path for new in fresh.new] == [A[0].path]
    assert [c.file.path for c in fresh.copies] == [copy[0].path]


def test_a_copy_of_a_film_outside_of_the_roots_is_a_copy() -> None:
    outside = replace(A[0], path=Path("/elsewhere/a.mp4")), A[1]
    result = plan([A], [stored(1, outside)], elsewhere=[outside[0].path])
    assert [c.of for c in result.copies] == [outside[0].path]
    assert [m.film.id for m in plan([A], [stored(1, outside)]).moved] == [1]


def test_a_film_that_is_gone_is_kept_back_and_comes_back() -> None:
    assert [film.id for film in plan([], [stored(1, A)]).gone] == [1]
    assert not plan([], [stored(1, A, present=False)]).gone
    assert [film.id for film in plan([A], [stored(1, A, present=False)]).back] == [1]


def test_films_outside_of_the_roots_are_left_alone() -> None:
    outside = replace(A[0], path=Path("/elsewhere/a.mp4")), A[1]
    assert not plan([], [stored(1, outside)]).gone


def test_a_film_without_its_proxy_is_made_again() -> None:
    result = plan([A], [stored(1, A)], usable=lambda film: False)
    assert [(new.fingerprint, new.replaces) for new in result.new] == [("aaa", (1,))]


def test_killed_between_adding_a_changed_film_and_removing_what_it_was() -> None:
    changed = file("a.mp4", "other", date=2)
    result = plan([changed], [stored(1, A), stored(2, changed)])
    assert [film.id for film in result.unchanged] == [2]
    assert [film.id for film in result.stale] == [1]


def test_a_film_that_cannot_be_read_is_neither_new_nor_gone() -> None:
    def refuse(path: Path) -> str:
        raise FilmError(f"{path}: no")

    touched = file("a.mp4", "aaa", date=2)[0]
    result = make_plan([touched], [ROOT], [stored(1, A)], refuse, lambda _: True, lambda _: True)
    assert [refused.path for refused in result.refused] == [touched.path]
    assert [*result.new, *result.gone, *result.stale] == []


def test_films_under_a_folder_that_cannot_be_read_are_not_gone() -> None:
    locked = file("locked/a.mp4", "aaa")
    films = [stored(1, locked), stored(2, B)]
    result = make_plan(
        [], [ROOT], films, lambda _: "", lambda _: False, lambda _: True, [ROOT / "locked"]
    )
    assert [film.id for film in result.gone] == [2]

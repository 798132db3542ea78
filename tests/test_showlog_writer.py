"""Writing a log: whole lines, whatever happens; parts; old shows that go."""

import os
import threading
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest
from showlog_kit import BEGAN, cut_to, given, head

from livematch.errors import UsageError
from livematch.showlog import places
from livematch.showlog.places import Place, create, first_of, named, named_by, parts_beside, tidy
from livematch.showlog.reader import open_show_log, open_shows, read_head
from livematch.showlog.records import (
    Alive,
    CameraPlaced,
    CueBegun,
    End,
    Event,
    Gap,
    Head,
    Offered,
    ParamsChanged,
    line_of,
)
from livematch.showlog.told import tell
from livematch.showlog.writer import LogWriter


def writer(path: Path, **options: object) -> LogWriter:
    return LogWriter(Place(path), create(path), head(), **options)  # type: ignore[arg-type]


def written(path: Path, records: list[Event], **options: object) -> Path:
    log = writer(path, **options)
    log.start()
    for record in records:
        assert log.put(record)
    log.close()
    return path


SHOW: list[Event] = [
    *cut_to(1, 0.0),
    Alive(t=1.0, pictures=25),
    ParamsChanged(t=1.5, values={"freeze": True, "fade": 0.25, "screen": "grid"}),
    given(2, 2.0, "city", fade_s=0.5),
    CueBegun(t=2.1, n=2, alone=False),
    End(t=3.0, pictures=75, cues=2, counters={"cues failed": 1}),
]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    show = open_show_log(written(tmp_path / "show.jsonl", SHOW))
    assert list(show.events()) == [head(), *SHOW]


def test_a_log_cut_off_at_any_byte_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    whole = written(tmp_path / "show.jsonl", SHOW).read_bytes()
    lines = whole.splitlines(keepends=True)
    torn = tmp_path / "torn.jsonl"
    for length in range(len(lines[0]), len(whole) + 1):
        torn.write_bytes(whole[:length])
        found = list(open_show_log(torn).events())
        assert found == [head(), *SHOW][: whole[:length].count(b"\n")]


class FullDisk(FileIO):
    """A file that takes so many bytes and then no more."""

    def __init__(self, path: Path, room: int) -> None:
        super().__init__(path, "xb")
        self._room = room

    def write(self, content: object) -> int:  # type: ignore[override]
        view = memoryview(content)[: self._room]  # type: ignore[arg-type]
        if not view:
            raise OSError(28, "No space left on device")
        self._room -= len(view)
        return super().write(view)


def test_a_full_disk_ends_the_log_and_not_the_show(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "show.jsonl"
    room = sum(len(line_of(record)) for record in (head(), *SHOW[:2])) + 10
    log = LogWriter(Place(path), FullDisk(path, room), head())
    log.start()
    for record in SHOW * 20:
        assert log.put(record)
    log.close()
    assert log.failure == "the show is logged no more: No space left on device"
    assert [message.count("No space left") for message in caplog.messages] == [1]
    assert list(open_show_log(path).events()) == [head(), *SHOW[:2]]


def test_a_disk_that_is_full_from_the_beginning_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "show.jsonl"
    log = LogWriter(Place(path), FullDisk(path, 0), head())
    log.start()
    assert log.put(SHOW[0])
    log.close()
    assert log.failure is not None


class SlowDisk(FileIO):
    """A file that takes the first line, and then nothing until it may."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "xb")
        self.may = threading.Event()
        self.waits = threading.Event()
        self._first = True

    def write(self, content: object) -> int:  # type: ignore[override]
        if not self._first:
            self.waits.set()
            self.may.wait()
        self._first = False
        return super().write(content)  # type: ignore[arg-type]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[SlowDisk]:
    disk = SlowDisk(tmp_path / "show.jsonl")
    yield disk
    disk.may.set()


def test_live_a_slow_disk_costs_records_and_never_time(slow: SlowDisk, tmp_path: Path) -> None:
    path = tmp_path / "show.jsonl"
    log = LogWriter(Place(path), slow, head(), waiting=4)
    log.start()
    assert log.put(SHOW[2])
    slow.waits.wait()  # that one is under way: there is room for four more
    taken = [log.put(Alive(t=float(n), pictures=n)) for n in range(2, 12)]
    assert taken == [True] * 4 + [False] * 6
    assert log.dropped == 6
    slow.may.set()
    while not log.put(Alive(t=20.0, pictures=20)):
        pass
    log.close()
    found = [record for record in open_show_log(path).events() if isinstance(record, Gap)]
    assert sum(gap.lost for gap in found) == log.dropped
    assert tell(open_show_log(path)).lost == log.dropped


def test_offline_the_show_waits_for_the_disk(slow: SlowDisk, tmp_path: Path) -> None:
    path = tmp_path / "show.jsonl"
    log = LogWriter(Place(path), slow, head(), waiting=4, waits=True)
    log.start()
    assert log.put(Alive(t=0.0, pictures=0))
    slow.waits.wait()
    release = threading.Timer(0.05, slow.may.set)
    release.start()
    assert all(log.put(Alive(t=float(n), pictures=n)) for n in range(1, 40))
    release.join()
    log.close()
    assert len(list(open_show_log(path).events())) == 41


def many(count: int) -> list[Event]:
    """Cues a second apart, each alone at once, with changes of parameters between them."""
    found: list[Event] = [CameraPlaced(t=0.0, start_s=-0.5)]
    for n in range(1, count + 1):
        film = ("sea", "city", "night")[n % 3]
        found += cut_to(n, float(n), film)
        found.append(ParamsChanged(t=n + 0.5, values={"mirror": n % 2 == 0}))
    return [*found, End(t=count + 1.0, pictures=1, cues=count, counters={})]


def test_a_long_show_is_written_in_parts_and_read_as_one(tmp_path: Path) -> None:
    one = tell(open_show_log(written(tmp_path / "one.jsonl", many(60))))
    first = written(tmp_path / "parts.jsonl", many(60), part_bytes=4096)
    parts = parts_beside(first)
    assert len(parts) > 3
    assert [part.name for part in parts[:3]] == [
        "parts.jsonl",
        "parts.2.jsonl",
        "parts.3.jsonl",
    ]
    assert all(part.stat().st_size <= 4096 for part in parts)
    for named_part in (first, parts[2]):
        show = open_show_log(named_part)
        assert len(show.parts) == len(parts)
        told = tell(show)
        assert [(c.given, c.begun_s) for c in told.cues] == [(c.given, c.begun_s) for c in one.cues]
        assert (told.looks, told.camera, told.end_s) == (one.looks, one.camera, one.end_s)


def test_a_part_is_read_without_those_before_it(tmp_path: Path) -> None:
    first = written(tmp_path / "parts.jsonl", many(60), part_bytes=4096)
    whole = tell(open_show_log(first))
    parts = parts_beside(first)
    for gone in parts[:2]:
        gone.unlink()
    show = open_show_log(parts[2])
    assert show.missing == (1, 2)
    told = tell(show)
    begins_s = show.head.t
    later = [c for c in whole.cues if c.begun_s is not None and c.begun_s >= begins_s]
    kept = [c.given for c in told.cues]
    assert [c.given for c in later] == kept[len(kept) - len(later) :]
    on = max((c for c in whole.cues if (c.begun_s or 0) < begins_s), key=lambda c: c.given.n)
    assert on.given in kept  # what is on where the part begins is known
    assert told.camera[-1][1] == -0.5


def test_a_part_begins_with_what_is_in_the_grid(tmp_path: Path) -> None:
    shots = {n: given(n, 0.0).shot for n in (1, 2)}
    records = [
        Offered(t=0.0, shots=(1, 2), new=tuple(shot for shot in shots.values() if shot)),
        Offered(t=0.5, shots=(2,)),
        *many(30),
    ]
    first = written(tmp_path / "parts.jsonl", records, part_bytes=4096)
    first.unlink()
    second = parts_beside(first)[0]
    told = tell(open_show_log(second))
    assert [cell.shot for cell in told.cells.values()] == [2]
    assert told.offers == [(told.head.t, (-1,))]


def test_a_disk_that_fills_up_between_parts_ends_the_log(tmp_path: Path) -> None:
    def refuse(path: Path) -> FileIO:
        raise OSError(28, "No space left on device")

    log = writer(tmp_path / "show.jsonl", part_bytes=2048, create=refuse)
    log.start()
    for record in many(40):
        log.put(record)
    log.close()
    assert log.failure is not None
    assert len(parts_beside(tmp_path / "show.jsonl")) == 1
    assert not tell(open_show_log(tmp_path / "show.jsonl")).is_ended


def old(folder: Path, name: str, size: int, age_s: float, beginning: bytes = places.OURS) -> Path:
    path = folder / name
    path.write_bytes(beginning + b"x" * (size - len(beginning)))
    os.utime(path, (1e9 - age_s, 1e9 - age_s))
    return path


def test_the_oldest_shows_go_first_and_nothing_that_is_not_ours(tmp_path: Path) -> None:
    writing = old(tmp_path, "2026-01-09_20-00-00.jsonl", 1000, 0)
    kept = [
        writing,
        old(tmp_path, "2026-01-01_20-00-00.jsonl", 1000, 9e5, b"my own notes"),  # the name only
        old(tmp_path, "notes.jsonl", 1000, 9e5),
        old(tmp_path, "2026-01-08_20-00-00.jsonl", 1000, 60),  # another show may be at it
        old(tmp_path, "2026-01-07_20-00-00.2.jsonl", 1000, 2e5),
    ]
    (tmp_path / "2025-01-01_20-00-00.jsonl").symlink_to(tmp_path / "notes.jsonl")
    (tmp_path / "2025-01-02_20-00-00.jsonl").mkdir()
    gone = [
        old(tmp_path, "2026-01-02_20-00-00.jsonl", 1000, 8e5),
        old(tmp_path, "2026-01-02_20-00-00.2.jsonl", 1000, 7e5),
        old(tmp_path, "2026-01-02_20-00-00.10.jsonl", 1000, 6e5),
        old(tmp_path, "2026-01-07_20-00-00.jsonl", 1000, 3e5),
    ]
    assert tidy(tmp_path, 4000, writing) == gone
    assert all(path.exists() for path in kept)
    assert tidy(tmp_path, 0, writing) == [kept[-1]]
    assert writing.exists()


def test_a_writer_keeps_its_folder_within_bounds(tmp_path: Path) -> None:
    ancient = old(tmp_path, "2001-01-02_20-00-00.jsonl", 50_000, 0)
    place, file = named_by(tmp_path, BEGAN, keep_bytes=20_000)
    log = LogWriter(place, file, head())
    log.start()
    for record in SHOW:
        log.put(record)
    log.close()
    assert not ancient.exists()
    assert list(open_show_log(place.first).events()) == [head(), *SHOW]


def test_a_show_is_named_by_when_it_began(tmp_path: Path) -> None:
    folder = tmp_path / "shows"
    found = [named_by(folder, BEGAN) for _ in range(3)]
    for _, file in found:
        file.close()
    assert [place.first.name for place, _ in found] == [
        "2026-11-28_20-15-03.jsonl",
        "2026-11-28_20-15-03-2.jsonl",
        "2026-11-28_20-15-03-3.jsonl",
    ]
    assert found[0][0].keep_bytes == places.KEEP_BYTES


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no log can be written in"):
        named_by(tmp_path / "file" / "shows", BEGAN)
    with pytest.raises(UsageError, match="is there already"):
        named(tmp_path / "file")
    with pytest.raises(UsageError, match="a later part's"):
        named(tmp_path / "x.2.jsonl")
    with pytest.raises(UsageError, match="cannot be written"):
        named(tmp_path / "nowhere" / "x.jsonl")


def test_the_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(places.own_folder()) == os.environ["LIVEMATCH_SHOWS"]  # never a person's own here
    monkeypatch.delenv("LIVEMATCH_SHOWS")
    assert places.own_folder().name == "shows"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("a.jsonl", "a.jsonl"),
        ("a.2.jsonl", "a.jsonl"),
        ("a.1.jsonl", "a.1.jsonl"),
        ("a.b.jsonl", "a.b.jsonl"),
        ("a.10.jsonl", "a.jsonl"),
        (".2.jsonl", ".2.jsonl"),
    ],
)
def test_parts_are_known_by_their_names(name: str, first: str) -> None:
    assert first_of(Path("x") / name) == Path("x") / first


def test_parts_of_several_shows_are_sorted_out(tmp_path: Path) -> None:
    logs = []
    for show in (1, 2):
        log = LogWriter(
            Place(tmp_path / f"{show}.jsonl"),
            create(tmp_path / f"{show}.jsonl"),
            head(show),
            part_bytes=4096,
        )
        log.start()
        for record in many(30):
            log.put(record)
        log.close()
        logs.append(parts_beside(tmp_path / f"{show}.jsonl"))
    everything = [part for parts in logs for part in reversed(parts)]
    shows = open_shows([*everything, *everything])
    assert [len(show.parts) for show in shows] == [len(parts) for parts in logs]
    assert [show.head.part for show in shows] == [1, 1]
    assert isinstance(read_head(logs[0][1]), Head)

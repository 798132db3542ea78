"""Logs that are none: each is refused in one line, quickly, whatever is in it."""

import json
import tracemalloc
from pathlib import Path

import pytest
from showlog_kit import cut_to, given, head, write_log

from livematch.control.params import Params
from livematch.showlog import reader
from livematch.showlog.reader import ShowLogError, open_show_log, open_shows
from livematch.showlog.records import (
    LONGEST_LINE,
    Alive,
    CueBegun,
    End,
    ParamsChanged,
    Seen,
    line_of,
    table_version,
)
from livematch.showlog.told import tell

HEAD = line_of(head())


def changed_head(**values: object) -> bytes:
    return json.dumps({**json.loads(HEAD), **values}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not one whole line"),
        (HEAD[:-1], "not one whole line"),
        (b"hello\n", "no log of a show"),
        (b"[]\n", "no log of a show"),
        (b"\x89PNG\r\n\x1a\n", "no log of a show"),
        (b"\xff\xfe{}\n", "no log of a show"),
        (b'{"event":"head"}\n', "no log of a show"),
        (line_of(Alive(t=0.0, pictures=1)), "no log of a show"),
        (b"[" * 60_000 + b"\n", "no log of a show"),
        (b'{"livematch_show":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n", "longer than 64 KiB"),
        (b'{"livematch_show":1,"x":"' + b"y" * LONGEST_LINE + b'"}\n', "longer than 64 KiB"),
        (b"x" * 10_000_000, "longer than 64 KiB"),
        (changed_head(livematch_show=2), "version 2, of a newer livematch"),
        (changed_head(livematch_show=0), "version 0, of no livematch"),
        (changed_head(show="../../etc"), ":1: head.show"),
        (changed_head(part=0), ":1: head.part"),
        (changed_head(part=10**9), "one too many"),
        (changed_head(setup={"size": [10**9, 1], "fps": 25.0, "camera": "0"}), "setup.size"),
        (changed_head(more=1), "head.more"),
    ],
)
def test_what_is_no_log_is_refused_in_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "show.jsonl"
    path.write_bytes(content)
    with pytest.raises(ShowLogError, match=message) as raised:
        open_show_log(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\n", "Invalid JSON"),
        (b'{"t":0,"event":"explode"}\n', "explode"),
        (b'{"t":NaN,"event":"alive","pictures":1}\n', "finite number"),
        (b'{"t":1e400,"event":"alive","pictures":1}\n', "finite number"),
        (b'{"t":1e300,"event":"alive","pictures":1}\n', "less than or equal"),
        (b'{"t":"0","event":"alive","pictures":1}\n', "valid number"),
        (b'{"t":0,"event":"alive","pictures":-1}\n', "greater than"),
        (b'{"t":0,"event":"alive","pictures":' + b"9" * 5000 + b"}\n", ":2:"),
        (b'{"t":0,"event":"begun","n":1,"alone":"yes"}\n', "boolean"),
        (b'{"t":0,"event":"params","values":{"fade":NaN}}\n', ":2:"),
        (b'{"t":0,"event":"params","values":{"fade":{"a":1}}}\n', ":2:"),
        (b'{"t":0,"event":"params","values":' + b"[" * 5000 + b"\n", ":2:"),
        (b'{"t":0,"event":"cue","n":1,"source":"elsewhere","cause":"","fade_s":0}\n', "source"),
        (b'{"t":0,"event":"cue","n":1,"source":"black","cause":"","fade_s":-1}\n', "fade_s"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "show.jsonl"
    path.write_bytes(HEAD + line)
    with pytest.raises(ShowLogError, match=message) as raised:
        list(open_show_log(path).events())
    assert f"{path}:2: " in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_cannot_be_are_told_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "text.jsonl").write_text("hello\n")
    with pytest.raises(ShowLogError) as raised:
        open_shows([tmp_path / "nowhere.jsonl", tmp_path, tmp_path / "text.jsonl"])
    assert len(str(raised.value).splitlines()) == 3


def test_a_value_that_no_parameter_can_have_is_refused(tmp_path: Path) -> None:
    wrong = ParamsChanged(t=0.0, values={"screen": "cinema"})
    path = write_log(tmp_path / "show.jsonl", [head(), wrong])
    with pytest.raises(ShowLogError, match="screen cannot be 'cinema'; allowed: program"):
        tell(open_show_log(path))


def test_parameters_that_there_no_longer_are_are_passed_over(tmp_path: Path) -> None:
    changes = ParamsChanged(t=1.0, values={"sparkle": 1.0, "blackout": True})
    path = write_log(tmp_path / "show.jsonl", [head(glitter=True), changes])
    told = tell(open_show_log(path))
    assert told.unknown == {"glitter", "sparkle"}
    assert told.looks == [(1.0, Params(blackout=True))]


def test_lines_of_another_show_are_refused(tmp_path: Path) -> None:
    path = write_log(tmp_path / "show.jsonl", [head(1), head(2)])
    with pytest.raises(ShowLogError, match="another show"):
        tell(open_show_log(path))


def test_a_flood_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_EVENTS", 100)
    path = write_log(tmp_path / "show.jsonl", [head(), *(given(n, 0.0) for n in range(1, 200))])
    with pytest.raises(ShowLogError, match="more than 100"):
        tell(open_show_log(path))


def test_a_foreign_file_beside_a_log_is_passed_over(tmp_path: Path) -> None:
    path = write_log(tmp_path / "show.jsonl", [head(), *cut_to(1, 0.0)])
    (tmp_path / "show.2.jsonl").write_text("hello\n")
    assert len(open_show_log(path).parts) == 1


def test_what_was_seen_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "show.jsonl"
    seen = line_of(Seen(t=1.0, best=())) * 1000
    with path.open("wb") as file:
        file.write(HEAD)
        for _ in range(30):
            file.write(seen)
    tracemalloc.start()
    try:
        tell(open_show_log(path))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_numbers_of_cues_that_were_never_given_are_passed_over(tmp_path: Path) -> None:
    records = [
        head(),
        CueBegun(t=1.0, n=7, alone=True),
        End(t=2.0, pictures=1, cues=0, counters={}),
    ]
    told = tell(open_show_log(write_log(tmp_path / "show.jsonl", records)))
    assert told.cues == []
    assert (told.end_s, told.is_ended) == (2.0, True)


def test_the_table_has_a_version() -> None:
    assert len(table_version()) == 12
    assert table_version() == table_version()

"""Files that people write: where each fault is said to be, and that nothing else ever comes out."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.handwritten import (
    LARGEST_BYTES,
    FaultyFileError,
    Handwritten,
    Place,
    lines_of,
    read_handwritten,
)
from livematch.control.spec import Spec

WHERE = Path("evening.toml")
ROWS = {"speed": Spec("speed", "x", 0.0, "how fast", 0, 5, unit="m/s")}

TEXT = '''# a comment
about = "x"
long = """
speed = 3
[not.a.table]
"""

[set]
"quoted name" = 1
dotted.name = 2
list = [1,
  2]
inline = {inner = 1}
[[step]]
name = "a"
[[step]]

name = "b"
[step.sub]
deep = 1
[[step]]
'''
LINES: dict[Place, int] = {
    ("about",): 2,
    ("long",): 3,
    ("set",): 8,
    ("set", "quoted name"): 9,
    ("set", "dotted"): 10,
    ("set", "dotted", "name"): 10,
    ("set", "list"): 11,
    ("set", "inline"): 13,
    ("set", "inline", "inner"): 13,
    ("step", 0): 14,
    ("step", 0, "name"): 15,
    ("step", 1): 16,
    ("step", 1, "name"): 18,
    ("step", 1, "sub"): 19,
    ("step", 1, "sub", "deep"): 20,
    ("step", 2): 21,
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_each_key_and_table_is_found_on_its_line(ending: str) -> None:
    assert lines_of(TEXT.replace("\n", ending)) == LINES


@given(st.lists(st.sampled_from(TEXT.split("\n")), max_size=12))
def test_lines_are_those_of_the_text_whatever_stands_there(picked: list[str]) -> None:
    text = "\n".join(picked)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = lines_of(text)
    assert set(content) <= {place[0] for place in lines}
    for place, line in lines.items():
        name = next(step for step in reversed(place) if isinstance(step, str))
        assert name in picked[line - 1]


def test_all_faults_come_at_once_in_the_order_of_lines() -> None:
    file = Handwritten(WHERE, "[b]\nsped = 1\n\n[a]\nspeed = 9\n")
    file.check(("a",), file.content["a"], ROWS)
    file.check(("b",), file.content["b"], ROWS)
    file.refuse(("b", "missing"), "something is missing")
    with pytest.raises(FaultyFileError) as caught:
        file.conclude()
    assert str(caught.value).splitlines() == [
        "evening.toml:1: something is missing",  # where the table begins that it should be in
        "evening.toml:2: there is no 'sped' here; did you mean 'speed'?",
        "evening.toml:5: speed cannot be 9; allowed: 0 to 5 m/s",
    ]


def test_what_is_right_is_returned_and_not_refused() -> None:
    file = Handwritten(WHERE, "speed = 3\n")
    assert file.check((), file.content, ROWS) == {"speed": 3.0}
    file.conclude()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = ", 2),
        ("a = 1\na = 2", 2),
        ("\n\n[", 3),
        ('a = """\nb\n', 3),
        ("x = " + "[" * 5000, None),
        ("x = " + "9" * 5000, None),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, line: int | None) -> None:
    with pytest.raises(FaultyFileError) as caught:
        Handwritten(WHERE, text)
    (fault,) = caught.value.faults
    assert fault.line == line


def test_what_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"a = 1\nabout = 'caf\xe9'\n")
    with pytest.raises(FaultyFileError, match=r"latin.toml:2: is not UTF-8"):
        read_handwritten(path)


def test_a_mark_before_the_text_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert read_handwritten(path) == "a = 1\n"


def test_a_file_that_cannot_be_read_or_is_huge_is_a_fault_too(tmp_path: Path) -> None:
    with pytest.raises(FaultyFileError, match="cannot be read"):
        read_handwritten(tmp_path / "nowhere.toml")
    with pytest.raises(FaultyFileError, match="cannot be read"):
        read_handwritten(tmp_path)
    (tmp_path / "huge.toml").write_text("#" * (LARGEST_BYTES + 1))
    with pytest.raises(FaultyFileError, match="64 KiB"):
        read_handwritten(tmp_path / "huge.toml")


@given(st.text())
def test_any_text_is_content_or_faults(text: str) -> None:
    try:
        content = Handwritten(WHERE, text).content
    except FaultyFileError:
        return
    assert content == tomllib.loads(text)

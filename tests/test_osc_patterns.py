"""Wildcards: what they stand for, against a slow and simple reference; and in linear time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.osc.patterns import MOST_WILDCARDS, is_pattern, matching
from livematch.osc.reception import PARAMETER_PATHS

PATHS = ("/a", "/ab", "/abc", "/b/c", "/b/cd", "/b/c/d", "/ba/c", "/a-b")


def reference(pattern: str, path: str) -> bool:
    """The same by a regular expression; only for patterns that do not make it slow."""
    said, at = "", 0
    while at < len(pattern):
        sign = pattern[at]
        if sign in "[{":
            end = pattern.index("]" if sign == "[" else "}", at)
            inside = pattern[at + 1 : end]
            if sign == "{":
                said += "(?:" + "|".join(map(re.escape, inside.split(","))) + ")"
            else:
                negated = inside.startswith("!")
                said += f"[{'^/' if negated else ''}{inside.removeprefix('!')}]"
            at = end + 1
            continue
        said += {"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign))
        at += 1
    return re.fullmatch(said, path) is not None


pieces = st.sampled_from(
    ["a", "b", "c", "d", "-", "?", "*", "[ab]", "[a-c]", "[!a]", "{a,ab}", "{b,c,}", "/"]
)
patterns = st.lists(pieces, max_size=MOST_WILDCARDS).map(lambda said: "/" + "".join(said))


@given(patterns)
def test_a_wildcard_stands_for_what_the_reference_says(pattern: str) -> None:
    expected = [path for path in PATHS if reference(pattern, path)]
    assert matching(pattern, PATHS) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/*", ["/a", "/ab", "/abc", "/a-b"]),
        ("/a?", ["/ab"]),
        ("/b/*", ["/b/c", "/b/cd"]),
        ("/*/c", ["/b/c", "/ba/c"]),
        ("/{a,abc}", ["/a", "/abc"]),
        ("/[!a]/c", ["/b/c"]),
        ("/a[b-]*", ["/ab", "/abc", "/a-b"]),
        ("/z*", []),
    ],
)
def test_examples(pattern: str, expected: list[str]) -> None:
    assert matching(pattern, PATHS) == expected


@pytest.mark.parametrize("pattern", ["/[a", "/a]", "/{a,b", "/}", "/[a/b]", "/" + "*?" * 9])
def test_what_is_no_pattern(pattern: str) -> None:
    assert is_pattern(pattern)
    assert matching(pattern, PATHS) is None


def test_a_literal_address_is_no_pattern() -> None:
    assert not any(is_pattern(path) for path in PARAMETER_PATHS)


@given(st.text("*?[]{}!,-/ab", max_size=200))
def test_no_pattern_raises(said: str) -> None:
    matching("/" + said, PATHS)


def test_stars_in_a_row_are_one_star() -> None:
    """This one made a regular expression try for seconds; here it is no pattern, or a cheap one."""
    assert matching("/**********Z", PATHS) is None
    assert matching("/*******", PATHS) == ["/a", "/ab", "/abc", "/a-b"]

"""The file of a cut list: what is written is read back, and what is wrong in it is told, all."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cutlist_kit import answer, cutlist, cutlists, question
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.control.handwritten import FaultyFileError
from livematch.errors import UsageError
from livematch.reinterpret import cutfile
from livematch.reinterpret.cutfile import cuts_text, parse_cuts, read_cuts, write_cuts
from livematch.reinterpret.cutlist import CutList, Short, chosen_of, with_choice, with_short_scores

FILE = Path("film.cuts.json")


def faults(text: str) -> list[str]:
    """Return what is told of a text, a line each, without the file's name."""
    with pytest.raises(FaultyFileError) as told:
        parse_cuts(FILE, text)
    return [line.removeprefix(f"{FILE}:") for line in str(told.value).splitlines()]


def edited(edit: Callable[[dict[str, Any]], object], made: CutList | None = None) -> str:
    """Return the text of a cut list in which a person has changed something."""
    content = json.loads(cuts_text(made or cutlist()))
    edit(content)
    return json.dumps(content, indent=1)


@given(cutlists())
def test_what_is_written_is_read_back_exactly(made: CutList) -> None:
    assert parse_cuts(FILE, cuts_text(made)) == made


def test_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "film.cuts.json"
    write_cuts(path, cutlist())
    assert read_cuts(path) == cutlist()
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_for_reading(tmp_path: Path) -> None:
    lines = cuts_text(cutlist()).splitlines()
    assert max(map(len, lines)) < 260
    assert sum('"entry_s"' in line and '"film"' in line for line in lines) == 5  # an answer a line
    about = " ".join(json.loads("\n".join(lines))["about"])
    assert all(f"`{name}`" in about for name in ("chosen", "entry_s", "short"))
    assert cuts_text(cutlist()) == cuts_text(parse_cuts(FILE, "\n".join(lines)))


def test_what_a_person_edits_counts() -> None:
    def edit(content: dict[str, Any]) -> None:
        content["questions"][1]["chosen"] = 2
        content["questions"][1]["short"] = ["hold"]
        content["questions"][1]["answers"][1]["entry_s"] = 3
        del content["about"]

    (_, changed, _) = parse_cuts(FILE, edited(edit)).questions
    chosen = chosen_of(changed)
    assert chosen is not None
    assert (chosen.film, chosen.entry_s) == ("/films/film 1.mp4", 3.0)
    assert changed.short == (Short.HOLD,)


def test_a_choice_is_made_in_a_copy() -> None:
    made = with_choice(cutlist(), 2, 3, entry_s=4.25)
    chosen = chosen_of(made.questions[1])
    assert chosen == replace(answer(1, 2), entry_s=4.25)
    assert made.questions[0] == cutlist().questions[0]
    assert chosen_of(with_choice(cutlist(), 1, 0).questions[0]) is None
    for number, choice, entry_s in ((9, 1, None), (1, 3, None), (1, -1, None), (1, 1, 9.0)):
        with pytest.raises(ValueError, match=r"question|outside"):
            with_choice(cutlist(), number, choice, entry_s)


def test_scores_are_written_short() -> None:
    exact = replace(answer(1, 0, entry_s=1 / 3), score=2 / 3, parts={"colour": -1 / 3})
    (asked,) = with_short_scores(cutlist(question(1, 0, 24, exact))).questions
    assert asked.answers == (replace(exact, score=0.6667, parts={"colour": -0.3333}),)


def test_a_black_shot_is_answered_by_black() -> None:
    black = replace(question(1, 0, 24, answer(1, 0)), is_black=True)
    assert black.chosen == 1
    assert chosen_of(black) is None


# -- faults ---------------------------------------------------------------------------------


def test_all_faults_are_told_at_once_with_their_places() -> None:
    text = cuts_text(cutlist())
    for former, wrong in (
        ('"width": 1280', '"width": "wide"'),
        ('"chosen": 1,\n      "short": ["slow"', '"chosen": 7,\n      "short": ["slowly"'),
        ('"entry_s": 6.5', '"entry_s": 9'),
        ('"entry_s": 2.5', '"entry_s": NaN'),
        ('"model"', '"modle"'),
    ):
        assert former in text
        text = text.replace(former, wrong, 1)
    expected = (
        ('"width": "wide"', "width: is 'wide'; allowed: a whole number from 1 to 65536"),
        ('"modle"', "modle: there is nothing of this name here; did you mean 'model'?"),
        ('"chosen": 7', "question 1, chosen: is 7; allowed: 0 (black) to 2"),
        ('["slowly"', "question 1, short[1]: is 'slowly'; allowed: slow, loop, hold or continue"),
        ("NaN", "question 1, answers[2].entry_s: is nan; allowed: 2.0 to 4.0, its shot"),
        ('"entry_s": 9', "question 2, answers[1].entry_s: is 9; allowed: 6.0 to 8.0, its shot"),
    )
    lines = text.splitlines()
    numbered = [
        f"{next(n for n, line in enumerate(lines, 1) if wrong in line)}: {told}"
        for wrong, told in expected
    ]
    assert faults(text) == ["1: model: is missing", *numbered]


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a gap": (
        lambda c: c["questions"][1].update(first=25),
        "question 2, first: is 25, and the shot before it ends with 24",
    ),
    "a question lost": (
        lambda c: c["questions"].pop(),
        "pictures: is 48, and the last question ends with 40; one that is not wanted stays",
    ),
    "a number twice": (
        lambda c: c["questions"][1].update(number=1),
        "question 1, number: is 1, and comes after 1",
    ),
    "backwards": (
        lambda c: c["questions"][0]["answers"][0].update(end_s=-0.0, start_s=1.0),
        "question 1, answers[1].end_s: is -0.0, and start_s is 1.0: it must be after that",
    ),
    "an empty shot": (
        lambda c: c["questions"][2].update(end=40),
        "question 3, end: is 40, and first is 40: it must be after that",
    ),
    "answers in another order": (
        lambda c: c["questions"][0]["answers"].reverse(),
        "question 1, answers[1].number: is 2, and stands in place 1; leave the answers in",
    ),
    "a way twice": (
        lambda c: c["questions"][0].update(short=["hold", "hold"]),
        "question 1, short: names 'hold' twice",
    ),
    "no answers to choose": (
        lambda c: c["questions"][2].update(chosen=1),
        "question 3, chosen: is 1; allowed: 0 (black): it has no answers",
    ),
    "a choice below": (
        lambda c: c["questions"][0].update(chosen=-1),
        "question 1, chosen: is -1; allowed: 0 (black) to 2",
    ),
    "a choice between": (
        lambda c: c["questions"][0].update(chosen=1.5),
        "question 1, chosen: is 1.5; allowed: 0 (black) to 2",
    ),
    "a choice by name": (
        lambda c: c["questions"][0].update(chosen="film 2"),
        "question 1, chosen: is 'film 2'; allowed: 0 (black) to 2",
    ),
    "a truth": (
        lambda c: c["questions"][0].update(chosen=True),
        "question 1, chosen: is true; allowed: 0 (black) to 2",
    ),
    "a name that is nearly right": (
        lambda c: c["questions"][0]["answers"][0].update(entry=2),
        "question 1, answers[1].entry: there is nothing of this name here; did you mean 'entry_s'?",
    ),
    "a name that is nothing": (
        lambda c: c["questions"][0].update({"<b>&\x1b[31m": 2}),
        "question 1, '<b>&\\x1b[31m': there is nothing of this name here; there are: num",
    ),
    "something missing": (
        lambda c: c["questions"][0]["answers"][1].pop("score"),
        "question 1, answers[2].score: is missing",
    ),
    "no rows": (
        lambda c: c["questions"].__setitem__(1, "shot"),
        "question 2: is 'shot'; allowed: names with their values, in { }",
    ),
    "no list": (
        lambda c: c.update(questions={}),
        "questions: is names with their values; ",
    ),
    "no questions": (lambda c: c.update(questions=[]), "questions: is a list of 0; allowed: "),
    "a huge number": (
        lambda c: c["questions"][0].update(start_s=10**400),
        "question 1, start_s: is a number of very many digits; allowed: a number from 0 to 100",
    ),
    "a part that is no number": (
        lambda c: c["questions"][0]["answers"][0]["parts"].update(colour="red"),
        "question 1, answers[1].parts.colour: is 'red'; allowed: a number",
    ),
    "half a character": (
        lambda c: c.update(model="\ud800"),
        "model: is '\\ud800'; allowed: text that is Unicode",
    ),
    "a path that is none": (
        lambda c: c.update(trailer="a\0b"),
        "trailer: is 'a\\x00b'; allowed: a path without the character 0",
    ),
    "an arrival": (
        lambda c: c["questions"][0].update(arrival="wipe"),
        "question 1, arrival: is 'wipe'; allowed: cut, dissolve or black",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_fault_is_told_with_its_place_and_what_is_allowed(what: str) -> None:
    edit, expected = WRONG[what]
    told = [line.split(": ", 1)[1] for line in faults(edited(edit))]
    assert any(line.startswith(expected) for line in told), told


def test_a_line_that_stands_twice_is_told() -> None:
    text = cuts_text(cutlist()).replace('"chosen": 1,', '"chosen": 1,\n "chosen": 2,', 1)
    line = text.split('"chosen": 2')[0].count("\n") + 1
    assert faults(text) == [f"{line}: question 1, chosen: stands twice"]


def test_a_list_of_a_newer_version_is_not_guessed_at() -> None:
    (told,) = faults('{"version": 2, "scenes": []}')
    assert "is of version 2, and livematch" in told
    assert "install the newer livematch" in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: is not JSON"),
        ("{\n  'a': 1}", "2: is not JSON"),
        ('{"version": 1,\n "questions": [],\n}', "3: is not JSON"),
        ("[]", " is no cut list"),
        ('{"fps": 25}', " is no cut list"),
        ("[" * 200_000, " holds a number that is too long, or is nested too deeply"),
        ('{"version": ' + "9" * 5000 + "}", " holds a number that is too long"),
        ('{"version": ' + "9" * 900 + "}", " is of version a number of very many digits"),
        ('{"version": ' + '{"a":' * 900 + "1" + "}" * 900 + "}", "1: version: is names with"),
    ],
)
def test_what_is_no_cut_list_is_told(text: str, expected: str) -> None:
    assert any(told.startswith(expected) for told in faults(text))


def test_no_more_faults_are_told_than_anyone_would_read() -> None:
    many = cutlist(*(question(n + 1, n * 24, n * 24 + 24, answer(1, 0)) for n in range(100)))
    told = faults(cuts_text(many).replace('"entry_s": 0.5', '"entry_s": 7'))
    assert len(told) == cutfile.TOLD + 1
    assert told[-1].endswith("and 60 more faults")


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.cuts.json"
    with pytest.raises(UsageError, match="cannot be read"):
        read_cuts(path)
    path.write_bytes(b'{"version": 1,\n"trailer": "\xe9"}')
    with pytest.raises(UsageError, match=r"json:2: is not UTF-8"):
        read_cuts(path)
    path.write_bytes(b"\xef\xbb\xbf" + cuts_text(cutlist()).encode())
    assert read_cuts(path) == cutlist()
    monkeypatch.setattr(cutfile, "LARGEST_BYTES", 1024)
    with pytest.raises(UsageError, match="is larger than 1 KiB"):
        read_cuts(path)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["slow", "cut", "\ud800", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["number", "chosen", "answers", "first", "end", "short", "parts"]),
            inner,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    ("width",),
                    ("weights",),
                    ("questions",),
                    ("questions", 0),
                    ("questions", 1, "chosen"),
                    ("questions", 0, "answers"),
                    ("questions", 1, "answers", 2),
                    ("questions", 1, "answers", 0, "entry_s"),
                    ("questions", 0, "answers", 1, "parts"),
                    ("questions", 2, "short"),
                    ("about",),
                ]
            ),
            ANYTHING,
        ),
        max_size=4,
    )
)
def test_whatever_stands_there_is_read_or_explained(edits: list[tuple[Any, Any]]) -> None:
    content = json.loads(cuts_text(cutlist()))
    for place, value in edits:
        with contextlib.suppress(KeyError, IndexError, TypeError):  # an edit before took it away
            inner = content
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
    text = json.dumps(content)
    try:
        read = parse_cuts(FILE, text)
    except UsageError as error:
        str(error).encode()  # it can be printed
    else:
        assert parse_cuts(FILE, cuts_text(read)) == read


@given(st.text())
def test_no_text_is_too_much_for_it(text: str) -> None:
    with pytest.raises(UsageError):
        parse_cuts(FILE, text)

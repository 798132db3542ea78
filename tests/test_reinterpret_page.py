"""The sheet of a reinterpreted trailer: what stands in it, and that it can do no harm."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from cutlist_kit import answer, cutlist, question

from livematch import webpage
from livematch.errors import UsageError
from livematch.reinterpret import page
from livematch.reinterpret.cutlist import Answer, Arrival, CutList, Question
from livematch.reinterpret.page import write_page
from livematch.values import Image

GREY = np.full((180, 320, 3), 90, np.uint8)
VOID = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Holds that every element is closed where it should be; collects what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def having(self, tag: str, kind: str) -> int:
        return sum(name == tag and attrs.get("class") == kind for name, attrs in self.tags)


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    assert not reader.open
    return reader


def grey(_: object) -> Image:
    return GREY


def none(_: object) -> None:
    return None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.html"


def test_every_shot_and_its_answers_are_there(path: Path) -> None:
    write_page(path, cutlist(), grey, grey, listed_in="out.cuts.json")
    found = read(path)
    said = " ".join(found.text)
    assert sum(tag == "section" for tag, _ in found.tags) == 3
    assert found.having("figure", "chosen") == 2
    pictures = [attrs["src"] or "" for tag, attrs in found.tags if tag == "img"]
    assert len(pictures) == 3 + 5
    for told in (
        "Answers to a trailer.mp4",
        "1 · 0:00:00.000",
        "2 · 0:00:01.000",
        "1.00 s, 24 pictures, cut",
        "1, chosen · 0.900",
        "film 2",
        "shot 6, 0:00:02.500",
        "black, and answered by black",
        "semantic",
        "out.cuts.json",
    ):
        assert told in said, told
    for source in pictures:
        assert source.startswith("data:image/jpeg;base64,")
        data = np.frombuffer(base64.b64decode(source.split(",")[1]), np.uint8)
        shape = cv2.imdecode(data, cv2.IMREAD_COLOR).shape
        assert shape == (126, 224, 3)


def test_how_a_shot_comes_in_is_told(path: Path) -> None:
    dissolve = replace(question(1, 0, 24), arrival=Arrival.DISSOLVE, arrival_s=0.5)
    fade = replace(question(2, 24, 25, answer(1, 0)), arrival=Arrival.BLACK, arrival_s=1.25)
    write_page(path, cutlist(dissolve, replace(fade, chosen=0)), none, none)
    said = " ".join(read(path).text)
    assert "dissolve of 0.50 s" in said
    assert "0.04 s, 1 picture, out of black in 1.25 s" in said
    assert "nothing answers it: black" in said
    assert "answered by black" in said
    assert "no picture" in said


def test_nothing_runs_and_nothing_is_loaded_whatever_films_are_called(path: Path) -> None:
    name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\n\u202e.mp4"
    hostile = replace(answer(1, 0), film=f"/films/{name}", parts={"<i>": 0.5, '"><b>': 9.0})
    made = replace(cutlist(question(1, 0, 24, hostile)), trailer=Path(f"/trailers/{name}"))
    write_page(path, made, grey, grey, listed_in=name)
    found = read(path)
    assert {tag for tag, _ in found.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "dl", "div", "dt"),
        *("dd", "section", "figure", "figcaption", "img", "b", "span", "i"),
    }
    assert not [a for _, attrs in found.tags for a in attrs if a.startswith("on")]
    policies = [a.get("content") for t, a in found.tags if "http-equiv" in a]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    sources = [attrs["src"] or "" for tag, attrs in found.tags if tag == "img"]
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "\u202e" not in path.read_text("utf-8").split("<section")[1]
    assert "width: 100%" in path.read_text("utf-8")  # a part of 9 is a bar as long as there is room


def test_names_that_are_no_unicode(path: Path) -> None:
    write_page(path, replace(cutlist(), trailer=Path("/caf\udce9.mp4")), grey, grey)
    assert "Answers to caf\\xe9.mp4" in " ".join(read(path).text)


def test_the_chosen_answer_is_shown_though_it_is_the_last(path: Path) -> None:
    many = [replace(answer(1, 0), shot=n) for n in range(1, 31)]
    asked = replace(question(1, 0, 24, *many), chosen=30)
    write_page(path, cutlist(asked), none, none)
    said = " ".join(read(path).text)
    assert "30, chosen" in said
    assert f"shot {page.MOST}, " in said
    assert f"shot {page.MOST + 1}, " not in said
    assert f"and {30 - page.MOST - 1} more in the list" in said
    write_page(path, cutlist(asked), none, none, most=2)
    said = " ".join(read(path).text)
    assert "and 27 more in the list" in said
    assert "shot 3, " not in said


def noise() -> Iterator[Image]:
    """Pictures that compress as badly as film grain does, and worse."""
    rng = np.random.default_rng(1)
    some = [rng.integers(0, 256, (90, 160, 3), np.uint8) for _ in range(20)]
    while True:
        yield from some


def test_a_thousand_shots_are_a_page_that_can_still_be_sent(path: Path) -> None:
    many = [replace(answer(1, 0), shot=n) for n in range(1, 9)]
    made = cutlist(*(question(n + 1, n * 24, n * 24 + 24, *many) for n in range(1000)))
    pictures = noise()
    done: list[int] = []
    write_page(
        path,
        made,
        lambda _: next(pictures),
        lambda _: next(pictures),
        on_shot=lambda shot: done.append(shot.number),
    )
    assert done == list(range(1, 1001))
    assert path.stat().st_size < 30e6
    assert path.read_text("utf-8").count("<img") == 9000


def test_pictures_are_asked_for_in_order_and_once(path: Path) -> None:
    asked: list[str] = []

    def trailer_picture(shot: Question) -> None:
        asked.append(f"trailer {shot.number}")

    def answer_picture(one: Answer) -> None:
        asked.append(f"shot {one.shot}")

    write_page(path, cutlist(), trailer_picture, answer_picture)
    assert asked == [
        *("trailer 1", "shot 1", "shot 6"),
        *("trailer 2", "shot 8", "shot 2", "shot 3"),
        "trailer 3",
    ]


def test_a_page_that_is_not_finished_leaves_the_former_one(path: Path) -> None:
    path.write_text("before")

    def fail(_: Question) -> Image:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_page(path, cutlist(), fail, grey)
    assert path.read_text("utf-8") == "before"
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_page(tmp_path / "no" / "out.html", cutlist(), grey, grey)


def tall(made: CutList) -> CutList:
    return replace(made, width=720, height=1280)


def test_an_upright_trailer_is_shown_whole(path: Path) -> None:
    write_page(path, tall(cutlist()), lambda _: np.zeros((640, 360, 3), np.uint8), none)
    (source, *_) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', path.read_text("utf-8"))
    data = np.frombuffer(base64.b64decode(source), np.uint8)
    assert cv2.imdecode(data, cv2.IMREAD_COLOR).shape == (126, 71, 3)
    assert "720 × 1280" in path.read_text("utf-8")


def test_the_report_and_the_sheet_look_alike(path: Path) -> None:
    write_page(path, cutlist(), none, none)
    assert webpage.STYLE in path.read_text("utf-8")

"""The sheet of a reinterpreted trailer: one HTML page with every shot and what may answer it."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from livematch.files import writing_whole
from livematch.indexing.scan import shown
from livematch.reinterpret.cutlist import Answer, Arrival, CutList, Question, chosen_of
from livematch.sheet import time_code
from livematch.values import Image
from livematch.webpage import CLOSING, figures, opening, picture

MOST = 12  # answers of a shot that are shown
LARGEST_BYTES = 16 << 20  # of pictures: a thousand shots with twelve answers stay below 30 MB
PICTURE_BYTES = 9000  # of one, at most, where there are few
SIZES = ((126, 78), (108, 75), (90, 75), (72, 70), (58, 65), (46, 60), (36, 50))
"""Heights in pixels and JPEG qualities, best first."""

TrailerPicture = Callable[[Question], Image | None]
AnswerPicture = Callable[[Answer], Image | None]

_STYLE = """
body { max-width: 1400px; }
.shot { display: grid; grid-template-columns: minmax(150px, 236px) 1fr; gap: 20px 32px;
  padding: 26px 0 30px; border-top: 1px solid var(--line);
  content-visibility: auto; contain-intrinsic-size: auto 260px; }
.shot h2 { margin: 10px 0 0; font-size: 15px; font-variant-numeric: tabular-nums; }
.shot p { margin: 2px 0 0; font-size: 12px; }
.shot > div:first-child img { max-height: 236px; aspect-ratio: auto; }
.first { margin-top: 44px; }
.answers { display: grid; grid-template-columns: repeat(auto-fill, minmax(148px, 1fr));
  gap: 20px 16px; align-content: start; }
p b, figcaption b { font-weight: 500; font-variant-numeric: tabular-nums; }
.chosen img, .chosen .none { outline: 3px solid var(--bar); outline-offset: 1px; }
.chosen b { color: var(--bar); }
figcaption .parts { display: grid; grid-template-columns: auto 1fr 2.6em; gap: 0 8px;
  align-items: center; margin-top: 3px; font-size: 11px; font-variant-numeric: tabular-nums; }
.parts i { height: 4px; min-width: 0; opacity: .8; } .parts .n { text-align: right; }
@media (max-width: 720px) { .shot { grid-template-columns: 1fr; } body { padding: 32px 18px; } }
"""

_ARRIVALS = {
    Arrival.CUT: "cut",
    Arrival.DISSOLVE: "dissolve of {:.2f} s",
    Arrival.BLACK: "out of black in {:.2f} s",
}


def write_page(
    path: Path,
    cutlist: CutList,
    trailer_picture: TrailerPicture,
    answer_picture: AnswerPicture,
    *,
    most: int = MOST,
    listed_in: str = "the cut list",
    on_shot: Callable[[Question], object] = lambda _question: None,
) -> None:
    """Write the sheet, shot by shot; the file appears whole or not at all. UsageError.

    The pictures, BGR, are asked for in the order of the page and none is kept; None where there is
    none. `most` answers of a shot are shown, and the chosen one. `listed_in` names the file that
    choices are changed in, `on_shot` hears of each shot that is done.
    """
    with writing_whole(path) as file:
        for text in _page(cutlist, trailer_picture, answer_picture, most, listed_in, on_shot):
            file.write(text.encode("utf-8", "replace"))


def _page(
    cutlist: CutList,
    trailer_picture: TrailerPicture,
    answer_picture: AnswerPicture,
    most: int,
    listed_in: str,
    on_shot: Callable[[Question], object],
) -> Iterator[str]:
    album = _Album(sum(1 + len(_listed(question, most)) for question in cutlist.questions))
    yield opening(f"Answers to {shown(Path(cutlist.trailer.name))}", _STYLE)
    yield _head(cutlist, listed_in)
    for place, question in enumerate(cutlist.questions):
        name = "shot" if place else "shot first"
        yield f'<section class="{name}" id="shot-{question.number}">'
        yield _question(question, most, album.picture(trailer_picture(question)))
        yield '<div class="answers">'
        for number, answer in _listed(question, most):
            yield _answer(question, number, answer, album.picture(answer_picture(answer)))
        yield "</div></section>\n"
        on_shot(question)
    yield CLOSING


class _Album:
    """Makes pictures small enough that all of them together do not make the page too large."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._left_bytes = LARGEST_BYTES
        self._last = 0  # which size did: most pictures are alike

    def picture(self, image: Image | None) -> str:
        """Return the next picture, as large as its share allows."""
        share = min(PICTURE_BYTES, self._left_bytes / max(1, self._left))
        html = picture(None)
        if image is not None:
            for size in range(max(0, self._last - 1), len(SIZES)):
                html, self._last = picture(image, *SIZES[size]), size
                if len(html) <= share:
                    break
        self._left -= 1
        self._left_bytes -= len(html)
        return html


def _listed(question: Question, most: int) -> list[tuple[int, Answer]]:
    """Return the answers that are shown, with their numbers: the best, and the chosen one."""
    numbered = list(enumerate(question.answers, 1))
    return [one for one in numbered if one[0] <= most or one[0] == question.chosen]


def _head(cutlist: CutList, listed_in: str) -> str:
    questions = cutlist.questions
    answered = [answer for answer in map(chosen_of, questions) if answer is not None]
    counted = {
        "shots": f"{len(questions):,}",
        "answered": f"{len(answered):,}",
        "by films": f"{len({answer.fingerprint for answer in answered}):,}",
        "by archive shots": f"{len({answer.shot for answer in answered}):,}",
        "length": time_code(cutlist.duration_s),
        "pictures a second": f"{cutlist.fps:.5g}",
        "size": f"{cutlist.width} × {cutlist.height}",
    }
    about = (
        "Left a shot of the trailer, beside it what of the archive is most like it, best first; the"
        " marked one is chosen. For another, write its number as the shot’s <b>chosen</b> in"
        f" {escape(listed_in)}, and render that with <b>--from</b>."
    )
    return f'{figures(counted)}<p class="dim" style="margin-top: 28px">{about}</p>'


def _question(question: Question, most: int, image: str) -> str:
    way = _ARRIVALS[question.arrival].format(question.arrival_s)
    length_s, count = question.end_s - question.start_s, question.end - question.first
    pictures = "1 picture" if count == 1 else f"{count:,} pictures"
    lines = [f"{length_s:.2f} s, {pictures}, {way}", _fate(question, most)]
    said = "".join(f'<p class="dim">{escape(line)}</p>' for line in lines if line)
    head = f"{question.number} · {time_code(question.start_s)}"
    return f"<div>{image}<h2>{escape(head)}</h2>{said}</div>"


def _fate(question: Question, most: int) -> str:
    """Say what is not seen from the answers."""
    more = len(question.answers) - len(_listed(question, most))
    if question.is_black:
        return "black, and answered by black"
    if chosen_of(question) is None:
        return "answered by black" if question.answers else "nothing answers it: black"
    return f"and {more:,} more in the list" if more else ""


def _answer(question: Question, number: int, answer: Answer, image: str) -> str:
    is_chosen = chosen_of(question) is not None and number == question.chosen
    head = f"{number}, chosen" if is_chosen else f"{number}"
    film = shown(Path(Path(answer.film).stem))
    lines = [film, f"shot {answer.shot}, {time_code(answer.entry_s)}"]
    said = "".join(f"<span>{escape(line)}</span>" for line in lines)
    kind = ' class="chosen"' if is_chosen else ""
    return (
        f"<figure{kind}>{image}<figcaption><b>{head} · {answer.score:.3f}</b>{said}"
        f"{_parts(answer)}</figcaption></figure>\n"
    )


def _parts(answer: Answer) -> str:
    rows = (
        f'<span>{escape(name)}</span><i style="width: {100 * min(max(value, 0.0), 1.0):.0f}%"></i>'
        f'<span class="n">{round(value, 2) + 0.0:.2f}</span>'
        for name, value in answer.parts.items()
    )
    return f'<div class="parts">{"".join(rows)}</div>' if answer.parts else ""

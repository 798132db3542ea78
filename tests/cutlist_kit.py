"""Cut lists for tests: of the archives that archive_kit makes, and any at all for hypothesis."""

from dataclasses import replace
from pathlib import Path

from archive_kit import SHOTS
from hypothesis import strategies as st

from livematch.reinterpret.cutlist import VERSION, Answer, Arrival, CutList, Question, Short

FPS = 24.0
ORDER = (Short.SLOW, Short.LOOP, Short.HOLD, Short.CONTINUE)


def answer(film: int, number: int, entry_s: float | None = None) -> Answer:
    """Shot `number`, from 0, of a film of archive_kit; its id as if films 1, 2, … were added."""
    start_s = 2.0 * number
    return Answer(
        film=f"/films/film {film}.mp4",
        fingerprint=f"film-{film:04}",
        shot=(film - 1) * SHOTS + number + 1,
        start_s=start_s,
        end_s=start_s + 2.0,
        entry_s=start_s + 0.5 if entry_s is None else entry_s,
        score=0.9 - number / 10,
        parts={"semantic": 0.5, "colour": 0.25},
    )


def question(number: int, first: int, end: int, *answers: Answer, fps: float = FPS) -> Question:
    """A shot that is cut to, its first answer chosen, if it has any."""
    return Question(
        number=number,
        first=first,
        end=end,
        start_s=first / fps,
        end_s=end / fps,
        arrival=Arrival.CUT,
        arrival_s=0.0,
        is_black=False,
        answers=answers,
        chosen=min(1, len(answers)),
        short=ORDER,
    )


def cutlist(*questions: Question, fps: float = FPS) -> CutList:
    """A list of these questions, or of three that films 1 and 2 answer."""
    questions = questions or (
        question(1, 0, 24, answer(1, 0), answer(2, 1)),
        question(2, 24, 40, answer(2, 3), answer(1, 1), answer(1, 2)),
        replace(question(3, 40, 48), is_black=True),
    )
    end = questions[-1].end
    return CutList(
        version=VERSION,
        trailer=Path("/trailers/a trailer.mp4"),
        fingerprint="ab" * 20,
        width=1280,
        height=544,
        fps=fps,
        pictures=end,
        duration_s=end / fps,
        archive=Path("/shows/archive"),
        archive_id="cd" * 16,
        model="thumbnail",
        weights={"semantic": 1.0, "colour": 0.5},
        questions=tuple(questions),
    )


_SECONDS = st.floats(0, 1e7, allow_nan=False)
_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_SHARES = st.dictionaries(_WORDS, _FINITE, max_size=4)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    start_s, entry_s, end_s = sorted(draw(st.tuples(_SECONDS, _SECONDS, _SECONDS)))
    return Answer(
        draw(_WORDS),
        draw(_WORDS),
        draw(st.integers(0, 2**53)),
        start_s,
        end_s,
        entry_s,
        draw(_FINITE),
        draw(_SHARES),
    )


@st.composite
def paths(draw: st.DrawFn) -> Path:
    """Paths of any bytes that a file may have, and those that look like what escapes them."""
    name = draw(st.binary(min_size=1, max_size=12)).replace(b"\0", b"_")
    text = name.decode("utf-8", "surrogateescape")
    return Path(draw(st.sampled_from(["", "/films/", "file:", "file:%41"])) + text)


@st.composite
def cutlists(draw: st.DrawFn) -> CutList:
    """Any cut list that may be written."""
    questions = []
    first = 0
    for number in range(1, draw(st.integers(1, 4)) + 1):
        end = first + draw(st.integers(1, 10**6))
        start_s, end_s = sorted(draw(st.tuples(_SECONDS, _SECONDS)))
        offered = tuple(draw(st.lists(answers(), max_size=3)))
        ways = draw(st.permutations(list(Short)))[: draw(st.integers(0, 4))]
        questions.append(
            Question(
                number,
                first,
                end,
                start_s,
                end_s,
                draw(st.sampled_from(Arrival)),
                draw(_SECONDS),
                draw(st.booleans()),
                offered,
                draw(st.integers(0, len(offered))),
                tuple(ways),
            )
        )
        first = end
    return CutList(
        VERSION,
        draw(paths()),
        draw(_WORDS),
        draw(st.integers(1, 65_536)),
        draw(st.integers(1, 65_536)),
        draw(st.floats(0.001, 1000)),
        first,
        draw(_SECONDS),
        draw(paths()),
        draw(_WORDS),
        draw(_WORDS),
        draw(_SHARES),
        tuple(questions),
    )

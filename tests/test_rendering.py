"""Renders of shows that are known beforehand: which picture is on, and when."""

from pathlib import Path

import av
import numpy as np
import pytest
from films import X264, Recipe, write
from show_kit import furnish

from livematch.archive.store import Archive
from livematch.control.params import Params
from livematch.control.script import ScriptedControl
from livematch.control.state import Hands
from livematch.direction.script import ScriptedDirector
from livematch.engine import Tick
from livematch.errors import RecordError
from livematch.render.recorder import Policy, Recorder
from livematch.rendering import Script, render
from livematch.values import AtEnd, Cue, Manner, Match, Moment, Source

SIZE = (96, 64)
FPS = 25


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("rendering"))


def cue(at_s: float, match: Match | None, fade_s: float = 0.0, manner: Manner | None = None) -> Cue:
    source = Source.ARCHIVE if match else Source.BLACK
    return Cue(source, match, fade_s, "script", at_s, 0, manner or Manner())


def moments(archive: Archive) -> list[Match]:
    """The beginning of every shot as a match, in the order of the shots."""
    return [
        Match(Moment(-1, shot.film_id, shot.id, shot.span.start_s), 1.0) for shot in archive.shots()
    ]


def means(film: Path) -> list[float]:
    """How bright each picture of a film is."""
    with av.open(str(film)) as container:
        return [
            float(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)
        ]


def stills(film: Path) -> list[np.ndarray]:
    with av.open(str(film)) as container:
        return [
            frame.to_ndarray(format="gray").astype(np.int16) for frame in container.decode(video=0)
        ]


def rendered(folder: Path, archive: Archive, script: Script, name: str = "out.mp4") -> Path:
    recorder = Recorder(folder / name, SIZE, FPS, Policy.BLOCK)
    assert not render(script, archive, SIZE, recorder).failed
    return folder / name


def test_a_script_gives_each_cue_at_its_time() -> None:
    black = [cue(at_s, None) for at_s in (0.0, 0.4, 0.41, 1.0)]
    director = ScriptedDirector(black)
    hands = Hands(Params())
    given = [director.update(n / 10, None, hands) for n in range(12)]
    expected: list[Cue | None] = [None] * 12
    expected[0], expected[4], expected[5], expected[10] = black
    assert given == expected


def test_of_two_cues_due_at_once_the_newer_is_given() -> None:
    first, second = cue(0.1, None), cue(0.2, None)
    director = ScriptedDirector([first, second])
    assert director.update(0.3, None, Hands(Params())) is second


def test_written_parameters_count_from_their_time_on() -> None:
    control = ScriptedControl(Params(), [(0.5, Params(fade=2.0)), (0.9, Params(fade=3.0))])
    seen = [control.update(n / 10).params.fade for n in range(11)]
    assert seen == [0.5] * 5 + [2.0] * 4 + [3.0] * 2
    assert control.params.fade == 3.0


def test_a_cut_shows_its_picture_in_the_picture_of_its_time(show: Path, tmp_path: Path) -> None:
    with Archive.open(show / "archive") as archive:
        first, second, *_ = moments(archive)
        cues = [cue(0.0, first), cue(10 / FPS, second)]
        film = rendered(tmp_path, archive, Script((n / FPS for n in range(20)), cues, Params()))
    pictures = stills(film)
    assert len(pictures) == 20
    changes = [n for n in range(1, 20) if np.abs(pictures[n] - pictures[n - 1]).mean() > 20]
    assert changes == [10]


def test_black_is_faded_to_when_it_is_asked_for(show: Path, tmp_path: Path) -> None:
    with Archive.open(show / "archive") as archive:
        cues = [cue(0.0, moments(archive)[0]), cue(0.2, None, fade_s=0.4)]
        film = rendered(tmp_path, archive, Script((n / FPS for n in range(20)), cues, Params()))
    brightness = means(film)
    assert brightness[5] > 30
    assert max(brightness[15:]) < 18  # video black is 16


def test_a_held_picture_stays(show: Path, tmp_path: Path) -> None:
    with Archive.open(show / "archive") as archive:
        first = moments(archive)[0]
        late = Match(Moment(-1, first.moment.film_id, first.moment.shot_id, 2.8), 1.0)
        script = Script(
            (n / FPS for n in range(30)),
            [cue(0.0, late, manner=Manner(at_end=AtEnd.HOLD))],
            Params(),
        )
        pictures = stills(rendered(tmp_path, archive, script))
    moved = [np.abs(pictures[n] - pictures[n - 1]).mean() for n in range(1, 30)]
    assert max(moved[8:]) < 2.0


@pytest.mark.expects_errors
def test_a_cue_that_cannot_be_performed_is_told_and_the_rest_goes_on(
    show: Path, tmp_path: Path
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    gone = write(films / "gone.mp4", Recipe(options=X264, scenes=((1, 30),)))
    with Archive.open(show / "archive") as archive:
        first = moments(archive)[0]
        recorder = Recorder(tmp_path / "out.mp4", SIZE, FPS, Policy.BLOCK)
        clips = archive.clip

        def clip(moment: Moment) -> object:
            found = clips(moment)
            return found if moment.time_s < 1.0 else type(found)(gone, 0.0, 0.0, 1.0, "gone")

        gone.unlink()
        archive.clip = clip  # type: ignore[method-assign, assignment]
        bad = Match(Moment(-1, first.moment.film_id, first.moment.shot_id, 2.0), 1.0)
        cues = [cue(0.0, first), cue(0.2, bad)]
        went = render(Script((n / FPS for n in range(10)), cues, Params()), archive, SIZE, recorder)
    assert went.pictures == 10
    assert went.failed == (cues[1],)


def test_no_pictures_make_no_film(show: Path, tmp_path: Path) -> None:
    with Archive.open(show / "archive") as archive:
        recorder = Recorder(tmp_path / "out.mp4", SIZE, FPS, Policy.BLOCK)
        assert render(Script((), (), Params()), archive, SIZE, recorder).pictures == 0
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing(show: Path, tmp_path: Path) -> None:
    def interrupt(tick: Tick) -> None:
        if tick.number == 12:
            raise KeyboardInterrupt

    with Archive.open(show / "archive") as archive:
        recorder = Recorder(tmp_path / "out.mp4", SIZE, FPS, Policy.BLOCK)
        script = Script((n / FPS for n in range(200)), [cue(0.0, moments(archive)[0])], Params())
        with pytest.raises(KeyboardInterrupt):
            render(script, archive, SIZE, recorder, interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.expects_errors
def test_a_film_that_cannot_be_written_on_ends_the_render(show: Path, tmp_path: Path) -> None:
    class Full:
        def write(self, upwards: object, number: int) -> None:
            raise OSError(28, "No space left on device")

        def finish(self) -> None:
            """Nothing was written."""

        def abandon(self) -> None:
            """Nothing was written."""

        def discard(self) -> None:
            """Nothing was written."""

    with Archive.open(show / "archive") as archive:
        recorder = Recorder(
            tmp_path / "out.mp4", SIZE, FPS, Policy.BLOCK, open_encoder=lambda *_: Full()
        )
        cues = [cue(0.0, moments(archive)[0])]
        with pytest.raises(RecordError, match="No space left"):
            render(Script((n / FPS for n in range(200)), cues, Params()), archive, SIZE, recorder)

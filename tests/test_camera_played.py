"""Films, stills and the pattern as cameras: their time, their loop, their shape."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from camera_films import number_in, write_film

from livematch.camera import open_camera
from livematch.camera.file import FilmTape, StillTape
from livematch.camera.pattern import FPS, PatternTape, pattern
from livematch.camera.source import RETRY_S, CameraState, PlayedCamera, fitted
from livematch.clock import ManualClock, SystemClock
from livematch.errors import CameraError, FilmError
from livematch.media import FilmInfo, OpenFilm
from livematch.slots import Newest
from livematch.values import Frame

UNEVEN_MS = (0, 40, 50, 200, 210, 400)  # a film of variable rate
END_MS = 500


class SteppingClock(ManualClock):
    """A clock that is where it is waited for, at once."""

    def wait_until(self, when_s: float) -> None:
        self.advance(max(0.0, when_s - self.now()))


@pytest.fixture
def uneven(tmp_path: Path) -> FilmTape:
    return FilmTape(write_film(tmp_path / "uneven.mp4", UNEVEN_MS, END_MS))


def test_a_film_of_variable_rate_is_played_by_its_time_stamps(uneven: FilmTape) -> None:
    for time_ms in range(0, END_MS, 5):
        shown = max(n for n, due_ms in enumerate(UNEVEN_MS) if due_ms <= time_ms)
        number, due_s, image = uneven.picture_at(time_ms / 1000)
        assert number == shown
        assert due_s == pytest.approx(UNEVEN_MS[shown] / 1000, abs=1e-6)
        assert number_in(image) == shown
    uneven.close()


def test_the_loop_has_no_seam_and_numbers_go_on(uneven: FilmTape) -> None:
    for count in range(3 * len(UNEVEN_MS)):
        turn, place = divmod(count, len(UNEVEN_MS))
        due_s = (turn * END_MS + UNEVEN_MS[place]) / 1000
        number, shown_s, image = uneven.picture_at(due_s)
        assert number == count
        assert shown_s == pytest.approx(due_s, abs=1e-6)
        assert number_in(image) == place
    uneven.close()


def test_a_frame_says_of_what_it_is_and_how_far_into_it(uneven: FilmTape) -> None:
    camera = PlayedCamera("uneven.mp4", uneven, ManualClock(70.0))
    assert camera.frame_at(70.0) is not None
    frame = camera.frame_at(70.25)
    assert frame is not None
    assert frame.title == "uneven"
    assert frame.time_s == pytest.approx(0.21, abs=1e-6)
    assert frame.captured_s == pytest.approx(70.21, abs=1e-6)
    camera.stop()


def test_a_film_that_cannot_go_back_is_opened_again(
    monkeypatch: pytest.MonkeyPatch, uneven: FilmTape
) -> None:
    def stuck(film: OpenFilm, time_s: float) -> None:
        raise FilmError("cannot go back")

    monkeypatch.setattr(OpenFilm, "seek", stuck)
    test_the_loop_has_no_seam_and_numbers_go_on(uneven)


def test_every_frame_is_due_when_it_says(uneven: FilmTape) -> None:
    uneven.picture_at(0.0)
    for _ in range(20):
        due_s = uneven.next_s
        assert uneven.picture_at(due_s)[1] == due_s
    uneven.close()


def test_a_late_question_skips_to_the_newest(uneven: FilmTape) -> None:
    number, _, image = uneven.picture_at(0.45 + 10 * END_MS / 1000)
    assert number == 10 * len(UNEVEN_MS) + 5
    assert number_in(image) == 5
    uneven.close()


def turn_films(monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    """Make films say that they were shot with the camera on its side."""
    describe = OpenFilm._describe

    def turned(film: OpenFilm) -> FilmInfo:
        info = describe(film)
        aspect = 1 / info.aspect if turns % 2 else info.aspect
        return replace(info, quarter_turns=turns, aspect=aspect)

    monkeypatch.setattr(OpenFilm, "_describe", turned)


@pytest.mark.parametrize(
    ("size", "pixel", "turns", "shape"),
    [
        ((640, 360), Fraction(1), 0, (180, 320)),
        ((64, 48), Fraction(2), 0, (48, 128)),
        ((640, 360), Fraction(1), 1, (200, 112)),
        ((64, 48), Fraction(1), 2, (48, 64)),
    ],
)
def test_images_are_upright_square_pixelled_and_fit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    pixel: Fraction,
    turns: int,
    shape: tuple[int, int],
) -> None:
    turn_films(monkeypatch, turns)
    path = write_film(tmp_path / "film.mkv", [0, 100], 200, size=size, pixel=pixel)
    tape = FilmTape(path, max_size=(320, 200))
    assert tape.picture_at(0.0)[2].shape == (*shape, 3)
    tape.close()


def test_turning_is_clockwise(monkeypatch: pytest.MonkeyPatch, footage: Path) -> None:
    path = footage / "archive" / "bikes_10s.mp4"
    plain = FilmTape(path)
    lying = plain.picture_at(0.0)[2]
    plain.close()
    turn_films(monkeypatch, 1)
    tape = FilmTape(path)
    upright = tape.picture_at(0.0)[2]
    tape.close()
    turned = cv2.resize(cv2.rotate(lying, cv2.ROTATE_90_CLOCKWISE), upright.shape[1::-1])
    assert np.abs(turned.astype(int) - upright).mean() < 8


def test_every_real_film_plays_and_loops(footage: Path) -> None:
    tape = FilmTape(footage / "archive" / "fire_vfr_2s.mp4")
    first = tape.picture_at(0.0)[2]
    length_s = next(due for due in dues(tape) if np.array_equal(tape.picture_at(due)[2], first))
    assert length_s == pytest.approx(2.3798, abs=0.001)
    tape.close()


def dues(tape: FilmTape) -> list[float]:
    times_s = []
    peek = FilmTape(tape._path)
    for _ in range(40):
        peek.picture_at(peek.next_s)
        times_s.append(peek.next_s)
    peek.close()
    return times_s


def test_colours_survive(tmp_path: Path) -> None:
    picture = pattern(10, (320, 240))
    cv2.imwrite(str(tmp_path / "still.png"), picture)
    still = StillTape(tmp_path / "still.png")
    np.testing.assert_array_equal(still.picture_at(0.0)[2], picture)
    assert still.picture_at(1.0)[0] == 5


@pytest.mark.parametrize(("name", "content"), [("a.mp4", b"no film"), ("a.png", b"no picture")])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CameraError, match=f"{name}.*damaged"):
        open_camera(str(tmp_path / name), ManualClock())


def test_a_missing_film_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "juggler.mp4").touch()
    with pytest.raises(CameraError, match=r"no film .*jugler.mp4; did you mean .*juggler\.mp4"):
        open_camera(str(tmp_path / "jugler.mp4"), ManualClock())
    with pytest.raises(CameraError, match=r"there is no folder .*nowhere either"):
        open_camera(str(tmp_path / "nowhere" / "a.mp4"), ManualClock())
    with pytest.raises(CameraError, match="is a folder"):
        open_camera(str(tmp_path), ManualClock())


def test_pattern_is_a_function_of_its_number() -> None:
    for number in (0, 1, 200, 400, 100_000):
        np.testing.assert_array_equal(pattern(number, (320, 240)), pattern(number, (320, 240)))
    # what a match would see changes: by the second within a scene, and wholly at its cuts
    steps = [pattern(n, (320, 240)).astype(int) for n in range(0, 3 * 6 * FPS, FPS)]
    changes = [np.abs(a - b).mean() for a, b in pairwise(steps)]
    assert min(changes) > 10
    assert len({step.tobytes() for step in steps}) == len(steps)


def test_a_feed_keeps_time_without_drift() -> None:
    clock = SteppingClock(1000.0)
    camera = PlayedCamera("pattern", PatternTape((64, 48)), clock)
    while clock.now() < 1020.0:
        camera._step()
        clock.advance(0.003)  # drawing takes time
    frame = camera._slot.peek()
    assert frame is not None
    assert frame.captured_s == pytest.approx(1000.0 + frame.number / FPS, abs=1e-6)
    assert clock.now() - frame.captured_s < 2 / FPS
    assert frame.number >= 599
    camera.stop()


def test_a_feed_drops_frames_when_late() -> None:
    clock = SteppingClock()
    camera = PlayedCamera("pattern", PatternTape((64, 48)), clock)
    numbers = []
    for _ in range(10):
        camera._step()
        frame = camera._slot.take(0)
        assert frame is not None
        numbers.append(frame.number)
        clock.advance(0.1)  # three pictures' time
    assert numbers == [0, *range(3, 28, 3)]
    assert camera.slipped == 0
    camera.stop()


def test_after_the_machine_slept_it_plays_on_from_there(uneven: FilmTape) -> None:
    clock = SteppingClock()
    camera = PlayedCamera("film", uneven, clock)
    camera._step()
    before = camera._slot.take(0)
    clock.advance(36_000.0)
    camera._step()
    after = camera._slot.take(0)
    assert before is not None
    assert after is not None
    assert (before.number, after.number) == (0, 1)
    assert clock.now() - after.captured_s < 0.5
    assert camera.slipped == 1
    camera.stop()


def test_a_film_that_goes_away_is_lost_and_found_again(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [0, 100, 200], 300)
    clock = SteppingClock()
    tape = FilmTape(path)
    camera = PlayedCamera("film", tape, clock)
    camera._step()
    tape.close()  # what reading from a drive that was pulled out comes to
    path.rename(tmp_path / "away.mp4")
    while camera.status().state is CameraState.LIVE:
        camera._step()
    assert camera.status().state is CameraState.LOST
    assert "film.mp4" in camera.status().message
    newest = camera._slot.peek()
    assert newest is not None
    (tmp_path / "away.mp4").rename(path)
    lost_s = clock.now()
    while camera.status().state is CameraState.LOST:
        camera._step()
    found = camera._slot.peek()
    assert found is not None
    assert found.number > newest.number
    assert clock.now() - lost_s <= RETRY_S + 0.2
    assert camera.status().reopened == 1
    camera.stop()


def test_real_film_feeds_in_real_time(footage: Path) -> None:
    camera = open_camera(str(footage / "camera" / "juggler_10s.mp4"), SystemClock())
    slot: Newest[Frame] = Newest()
    camera.start(slot)
    frames = [slot.take(30.0) for _ in range(24)]
    camera.stop()
    first, last = frames[0], frames[-1]
    assert first is not None
    assert last is not None
    played_s = (last.number - first.number) / camera_rate(footage)
    assert last.captured_s - first.captured_s == pytest.approx(played_s, abs=0.02)


def camera_rate(footage: Path) -> float:
    film = OpenFilm(footage / "camera" / "juggler_10s.mp4")
    film.close()
    return film.info.fps


@pytest.mark.parametrize(
    ("size", "within", "fits"),
    [
        ((1920, 1080), (1280, 720), (1280, 720)),
        ((1080, 1920), (1280, 720), (405, 720)),
        ((640, 480), (1280, 720), (640, 480)),
        ((4000, 10), (400, 400), (400, 2)),
    ],
)
def test_fitted_keeps_the_shape_and_never_enlarges(
    size: tuple[int, int], within: tuple[int, int], fits: tuple[int, int]
) -> None:
    assert fitted(size, within) == fits

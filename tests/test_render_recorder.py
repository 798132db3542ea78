import itertools
import signal
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from render_kit import bgr, opened

from livematch.control.params import Params
from livematch.errors import RecordError
from livematch.render.compositor import Compositor
from livematch.render.encoding import FilmEncoder, Timing, even
from livematch.render.gl import GL
from livematch.render.recorder import LATE, WAITING, Policy, Recorder
from livematch.values import Image, Layer, Source

SIZE = (64, 48)


class Show:
    """A stage on which picture after picture is drawn and recorded."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.surface = opened(size)
        self._compositor = Compositor()

    def play(self, recorder: Recorder, number: int, now: float) -> None:
        image = np.full((48, 64, 3), 128, np.uint8)
        image[:24] = colour_of(number)
        layer = Layer(Source.ARCHIVE, 0, bgr(image), 1.0)
        self.surface.begin()
        self._compositor.draw([layer], None, Params(), self.surface.size_px)
        recorder.capture(self.surface, now)
        assert GL.glGetError() == GL.GL_NO_ERROR
        self.surface.present()


def colour_of(number: int) -> tuple[int, int, int]:
    """A different one for each picture, far enough apart to survive encoding."""
    return (40 + number * 37 % 180, 40 + number * 83 % 180, 40 + number * 59 % 180)


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    show = Show(SIZE)
    yield show
    show.surface.close()


def decoded(path: Path) -> tuple[list[Image], list[float]]:
    """Return the pictures of a film, BGR, and their times."""
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    images = [frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in frames]
    return images, [float(frame.time or 0) for frame in frames]


def test_what_was_drawn_is_in_the_film_in_order_and_upright(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    recorder = Recorder(path, SIZE, 24, Policy.BLOCK)
    for number in range(40):
        show.play(recorder, number, 5.0 + number / 24)
    recorder.close()
    recorder.close()
    images, times = decoded(path)
    assert (recorder.written, recorder.dropped, recorder.failure) == (40, 0, None)
    assert times == pytest.approx([number / 24 for number in range(40)], abs=1e-3)
    for number, image in enumerate(images):
        assert np.abs(image[12, 32].astype(int) - colour_of(number)).max() <= 12, number
        assert np.abs(image[36, 32].astype(int) - 128).max() <= 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["show.mp4"]


def test_the_film_says_which_colours_it_has_and_begins_with_its_index(
    show: Show, tmp_path: Path
) -> None:
    path = tmp_path / "show.mov"
    recorder = Recorder(path, SIZE, Fraction(30000, 1001), Policy.BLOCK)
    for number in range(5):
        show.play(recorder, number, number * 1001 / 30000)
    recorder.close()
    with av.open(str(path)) as film:
        codec = film.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert (codec.width, codec.height) == SIZE
        assert (int(codec.colorspace), int(codec.color_range)) == (1, 1)
        assert (int(codec.color_primaries), int(codec.color_trc)) == (1, 1)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_pictures_that_come_faster_than_the_film_are_passed_over(
    show: Show, tmp_path: Path
) -> None:
    path = tmp_path / "show.mp4"
    recorder = Recorder(path, SIZE, 25, Policy.BLOCK)
    for tick in range(60):
        show.play(recorder, tick, tick / 60)
    show.play(recorder, 60, 2.0)  # the show stood still for a second: so does the film
    recorder.close()
    _, times = decoded(path)
    assert recorder.dropped == 0
    assert 24 <= len(times) - 1 <= 26
    assert times[-1] == pytest.approx(2.0)


def test_a_surface_of_another_shape_is_fitted_in(tmp_path: Path) -> None:
    show = Show((128, 48))
    path = tmp_path / "show.mp4"
    recorder = Recorder(path, (65, 49), 10, Policy.BLOCK)
    assert recorder.size_px == (64, 48)
    for number in range(4):
        show.play(recorder, 0, number / 10)
    recorder.close()
    show.surface.close()
    images, _ = decoded(path)
    assert images[0].shape == (48, 64, 3)
    # the stage is 128 × 48: half as large it is 64 × 24, and the picture in its middle 32 × 24
    assert images[0][4, 32].max() < 20
    assert np.abs(images[0][17, 32].astype(int) - colour_of(0)).max() <= 12
    assert np.abs(images[0][31, 32].astype(int) - 128).max() <= 6
    assert images[0][20, 4].max() < 20


class StalledEncoder:
    """Takes nothing until it is told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.numbers: list[int] = []
        self.ended = ""

    def write(self, upwards: Image, number: int) -> None:
        assert self.go.wait(30)
        self.numbers.append(number)

    def finish(self) -> None:
        self.ended = "well"

    def abandon(self) -> None:
        self.ended = "badly"

    def discard(self) -> None:
        self.ended = "without a trace"


def recorder_with(encoder: object, policy: Policy, tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "x.mp4", SIZE, 30, policy, open_encoder=lambda *_: encoder)


def test_a_stalled_encoder_never_holds_up_a_live_show(show: Show, tmp_path: Path) -> None:
    encoder = StalledEncoder()
    recorder = recorder_with(encoder, Policy.DROP, tmp_path)
    for number in range(40):
        show.play(recorder, number, number / 30)  # returns, though nothing is ever taken
    room = WAITING + LATE
    assert recorder.dropped == 40 - room
    assert recorder.written == 0
    encoder.go.set()
    recorder.close()
    assert encoder.numbers == list(range(room))
    assert recorder.written == room
    assert encoder.ended == "well"


def test_an_offline_show_waits_for_its_encoder(show: Show, tmp_path: Path) -> None:
    encoder = StalledEncoder()
    recorder = recorder_with(encoder, Policy.BLOCK, tmp_path)
    encoder.go.set()
    for number in range(60):
        show.play(recorder, number, number / 30)
    recorder.close()
    assert encoder.numbers == list(range(60))
    assert recorder.dropped == 0


class FullDisk(StalledEncoder):
    """Fails at its fifth picture."""

    def write(self, upwards: Image, number: int) -> None:
        if number >= 4:
            raise OSError(28, "No space left on device")
        self.numbers.append(number)


@pytest.mark.expects_errors
@pytest.mark.parametrize("policy", Policy)
def test_a_full_disk_ends_the_recording_and_not_the_show(
    show: Show, tmp_path: Path, policy: Policy, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = FullDisk()
    recorder = recorder_with(encoder, policy, tmp_path)
    for number in range(50):
        show.play(recorder, number, number / 30)
    recorder.close()
    assert encoder.ended == "badly"
    assert recorder.written == 4
    assert recorder.failure is not None
    assert "No space left on device" in recorder.failure
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1


def noise(number: int) -> Image:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (240, 320, 4)).astype(np.uint8)


def test_what_was_written_before_the_disk_was_full_can_be_played(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "show.mp4"
    encoder = FilmEncoder(path, (320, 240), Timing.steady(10), preset="superfast")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
    try:
        with pytest.raises(OSError, match=r"."):
            write_for_ever(encoder)
        encoder.abandon()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not path.exists(), "nothing half-written under the name that was asked for"
    with av.open(str(tmp_path / "show.mp4.part")) as film:
        frames = sum(1 for _ in playable(film))
    assert frames >= 20


def write_for_ever(encoder: FilmEncoder) -> None:
    for number in itertools.count():
        encoder.write(noise(number), number)


def playable(film: av.container.InputContainer) -> Iterator[object]:
    """Yield what a player would show of a film that breaks off."""
    try:
        yield from film.decode(video=0)
    except av.error.FFmpegError:
        return


def test_a_recording_without_pictures_leaves_no_file(tmp_path: Path) -> None:
    Recorder(tmp_path / "show.mp4", SIZE, 30).close()
    assert list(tmp_path.iterdir()) == []


def test_an_older_recording_stays_until_the_new_one_is_whole(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    path.write_text("older")
    recorder = Recorder(path, SIZE, 30)
    show.play(recorder, 0, 0.0)
    assert path.read_text() == "older"
    recorder.close()
    assert len(decoded(path)[0]) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("show.avi", r"ends in \.mp4, \.mov, \.mkv"),
        ("show", r"ends in \.mp4, \.mov, \.mkv"),
        ("missing/show.mp4", "no folder"),
        ("folder.mp4", "is a folder"),
    ],
)
def test_what_cannot_be_recorded_is_said_at_once(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(RecordError, match=words):
        Recorder(tmp_path / name, SIZE, 30)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.mp4"]


def test_a_file_in_the_way_of_writing_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "show.mp4.part").mkdir()
    with pytest.raises(RecordError, match="cannot be written"):
        Recorder(tmp_path / "show.mp4", SIZE, 30)


@pytest.mark.parametrize(("size", "want"), [((65, 49), (64, 48)), ((1, 1), (2, 2)), (SIZE, SIZE)])
def test_sizes_are_even(size: tuple[int, int], want: tuple[int, int]) -> None:
    assert even(size) == want

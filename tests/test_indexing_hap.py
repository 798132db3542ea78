"""Proxies in HAP: exact times, true colours, and a child process that may do anything."""

import os
import select
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import starmap
from pathlib import Path

import av
import films
import hap_films
import indexing_twins
import numpy as np
import pytest
from indexing_twins import MARKS, contents
from render_kit import drawn, opened, shown

from livematch.archive.proxynames import kind_of
from livematch.archive.report import info
from livematch.archive.store import Archive
from livematch.cli.index import _proxy_of
from livematch.cli.index import index as index_command
from livematch.clock import SystemClock
from livematch.embed.describer import Describer
from livematch.embed.thumbnail import ThumbnailEmbedder
from livematch.errors import FilmError, UsageError
from livematch.indexing import hap
from livematch.indexing.build import Outcome, Settings, Status, index_folders, open_or_create
from livematch.indexing.film import FilmTask, index_film
from livematch.indexing.hap import HapWriter
from livematch.indexing.kinds import HAP, HAP_Q, KINDS, MJPEG, ProxyKind
from livematch.indexing.proxies import Shape
from livematch.indexing.scan import fingerprint
from livematch.indexing.speed import Unwatched
from livematch.media import open_film
from livematch.playback.reader import FilmReader
from livematch.render.compositor import Compositor
from livematch.values import Image, PixelFormat

linux = pytest.mark.skipif(sys.platform != "linux", reason="as Linux has it")


@pytest.fixture
def encoder() -> None:
    """Skip where no program can encode HAP, with the reason."""
    if (lack := hap.lack()) is not None:
        pytest.skip(lack)


def proxy(path: Path, kind: ProxyKind, height_px: int = 720) -> Path:
    folder = path.parent / "proxies"
    folder.mkdir(exist_ok=True)
    about = path.stat()
    task = FilmTask(
        path, fingerprint(path), about.st_size, about.st_mtime_ns, folder, height_px, kind=kind
    )
    part = index_film(task, Describer(ThumbnailEmbedder()), lambda done_s, all_s: None).part
    assert part is not None
    return part


# -- what is written -------------------------------------------------------------------------------

FORMS = (
    "variable.mkv", "variable.mp4", "late.ts", "ntsc.mp4", "fast.mp4", "turned.mp4", "loop.gif",
    "anamorphic.mp4", "odd-size.mkv", "ten-bit.mkv", "alpha.mov", "one-frame.mp4", "tiny.avi",
    "upside-down.mov",
)  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_every_picture_at_its_own_time_upright_in_whole_blocks(
    encoder: None, name: str, tmp_path: Path
) -> None:
    path = films.write(tmp_path / name, films.ODD[name])
    copy = proxy(path, HAP)
    assert films.times_of(copy) == pytest.approx(films.times_of(path), abs=1e-6)
    with open_film(copy) as opened, open_film(path) as source:
        assert opened.info.codec == "hap"
        assert opened.stream.codec_context.codec_tag == "Hap1"
        assert opened.info.start_s == 0.0
        assert opened.info.quarter_turns == 0
        assert opened.info.aspect == opened.info.width / opened.info.height
        assert (opened.info.width % 4, opened.info.height % 4) == (0, 0)
        width, height = source.info.upright_size
        assert abs(opened.info.width - width) <= 2
        assert abs(opened.info.height - height) <= 2


def read(path: Path) -> list[PixelFormat]:
    reader, formats = FilmReader(path), []
    while (picture := reader.read()) is not None:
        formats.append(picture.format)
    reader.close()
    return formats


def test_hap_q_is_written_as_such(encoder: None, tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mp4", films.ODD["h264.mp4"])
    assert read(proxy(path, HAP)) == [PixelFormat.DXT1] * 45
    assert read(proxy(path, HAP_Q)) == [PixelFormat.YCOCG_DXT5] * 45


def on_screen(path: Path, size: tuple[int, int]) -> list[Image]:
    """Draw every picture of a film as a show would."""
    surface, compositor, reader = opened(size), Compositor(), FilmReader(path)
    seen = []
    while (picture := reader.read()) is not None:
        seen.append(drawn(surface, compositor, shown(picture)))
    reader.close()
    compositor.close()
    surface.close()
    return seen


@pytest.mark.parametrize(("matrix", "full"), [(1, False), (5, False), (1, True), (9, False)])
@pytest.mark.parametrize("kind", [HAP, HAP_Q], ids=lambda kind: kind.name)
def test_colours_on_screen_are_those_of_an_mjpeg_proxy_and_of_the_film(
    encoder: None, matrix: int, full: bool, kind: ProxyKind, tmp_path: Path
) -> None:
    picture = np.zeros((96, 128, 3), np.uint8)
    colours = ((40, 60, 200), (180, 120, 30), (20, 200, 90), (235, 235, 235))
    for place, colour in enumerate(colours):
        picture[:, 32 * place : 32 * (place + 1)] = colour
    path = tmp_path / "colours.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv444p"
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full else 1
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(
                format="yuv444p", dst_colorspace=matrix, dst_color_range=2 if full else 1
            )
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    one = on_screen(proxy(path, MJPEG), (128, 96))[1].astype(int)
    other = on_screen(proxy(path, kind), (128, 96))[1].astype(int)
    for place, colour in enumerate(colours):
        where = (48, 32 * place + 16)
        assert other[where] == pytest.approx(one[where], abs=7)
        assert other[where] == pytest.approx(colour, abs=6)


@pytest.mark.parametrize("name", ["h264.mp4", "turned.mp4", "alpha.mov"])
def test_pictures_on_screen_are_those_of_an_mjpeg_proxy(
    encoder: None, name: str, tmp_path: Path
) -> None:
    path = films.write(tmp_path / name, films.ODD[name])
    copies = proxy(path, MJPEG), proxy(path, HAP)
    with open_film(copies[0]) as opened:
        size = opened.info.width, opened.info.height
    pairs = list(zip(*(on_screen(copy, size) for copy in copies), strict=True))
    assert len(pairs) == 45
    apart = np.array([b.astype(int) - a for a, b in pairs])
    assert np.abs(apart).mean() < 4  # a block has four colours, and these films are tiny
    assert np.abs(apart.mean(axis=(0, 1, 2))).max() < 1.5  # none too light, too dark or tinted


@pytest.mark.parametrize("name", ["with space", "new\nline", "-y", "映画", "50%d", "a:b", "http:x"])
def test_paths_are_paths(
    encoder: None, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writer = HapWriter(Path(f"{name}.mov"), Shape(32, 16, 0), Fraction(1, 25))
    writer.write(av.VideoFrame(32, 16, "yuv420p"), 0)
    writer.finish()
    writer.abandon()
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.mov"]
    assert len(films.times_of(tmp_path / f"{name}.mov")) == 1


# -- the child -------------------------------------------------------------------------------------


def feed(path: Path, frames: int = 400, size: tuple[int, int] = (320, 180)) -> None:
    """Write more than any pipe holds."""
    writer = HapWriter(path, Shape(*size, 0), Fraction(1, 25))
    try:
        for number in range(frames):
            writer.write(av.VideoFrame(*size, "yuv420p"), number)
        writer.finish()
    finally:
        writer.abandon()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place on the PATH, alone on it but for the system's own, for an ffmpeg of our making."""
    if os.name != "posix":
        pytest.skip("its programs are shell scripts")
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "head", "kill"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    monkeypatch.setenv("PATH", str(folder))
    yield folder / "ffmpeg"
    hap.fault_of.cache_clear()
    hap._own_times.cache_clear()


def script(path: Path, body: str, encoders: str = " V..... hap  Vidvox Hap") -> None:
    path.write_text(
        f"#!/bin/sh\ncase \"$*\" in *-encoders*) echo '{encoders}'; exit 0;;"
        f' *"-h long"*) exit 0;; esac\n{body}\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


DEATHS = {
    "head -c 3000000 >/dev/null; echo first >&2; echo 'it hurts' >&2; exit 3": "first; it hurts",
    "echo 'no room' >&2; echo 'Conversion failed!' >&2; exit 1": "ffmpeg: no room$",
    "cat >/dev/null; exit 7": "ended with status 7",
    "head -c 1000 >/dev/null; kill -9 $$": r"was killed \(SIGKILL\)",
    "cat >/dev/null; echo 'at the very end' >&2; exit 1": "ffmpeg: at the very end",
}


@pytest.mark.parametrize("body", DEATHS)
def test_a_dying_child_fails_the_film_with_its_last_words(
    program: Path, body: str, tmp_path: Path
) -> None:
    script(program, body)
    with pytest.raises(FilmError, match=DEATHS[body]) as caught:
        feed(tmp_path / "x.mov")
    assert "x.mov cannot be written" in str(caught.value)


def test_a_child_that_talks_without_end_is_heard(program: Path, tmp_path: Path) -> None:
    lines = f"i=0; while [ $i -lt 1000 ]; do echo {'x' * 1000} >&2; i=$((i+1)); done"
    script(program, f"{lines}; cat >/dev/null; exit 1")
    with pytest.raises(FilmError, match=r"ffmpeg: x{1000}; x{1000}; x{1000}$"):
        feed(tmp_path / "x.mov")


@linux
def test_a_full_disk_is_told(encoder: None) -> None:
    with pytest.raises(FilmError, match=r"cannot be written: ffmpeg: .*No space left"):
        feed(Path("/dev/full"), 30)


def test_a_folder_that_is_not_there_is_told(encoder: None, tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="cannot be written: No such file"):
        feed(tmp_path / "nowhere" / "x.mov")


FEEDER = """
import sys, av
from fractions import Fraction
from pathlib import Path
from livematch.indexing.hap import HapWriter
from livematch.indexing.proxies import Shape
writer = HapWriter(Path(sys.argv[1]), Shape(320, 180, 0), Fraction(1, 25))
for number in range(200):
    writer.write(av.VideoFrame(320, 180, "yuv420p"), number)
print(writer.encoder.pid, flush=True)
while True:
    writer.write(av.VideoFrame(320, 180, "yuv420p"), number := number + 1)
"""


@linux
def test_a_killed_parent_ends_the_child_and_ctrl_c_is_not_for_it(
    encoder: None, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", FEEDER, tmp_path / "x.mov"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert os.getpgid(child) != parent.pid, "a terminal's Ctrl-C reaches whole groups"
        handle = os.pidfd_open(child)
        parent.kill()
        ended, _, _ = select.select([handle], [], [], 20)
        os.close(handle)
        if not ended:
            os.kill(child, signal.SIGKILL)
        assert ended


# -- whole runs ------------------------------------------------------------------------------------


def run(
    folder: Path, archive: Path, proxy: ProxyKind | None = MJPEG, *, remake: bool = True
) -> Outcome:
    with open_or_create(archive, *MARKS) as opened:
        return index_folders(
            [folder],
            opened,
            indexing_twins.thumbnails,
            Settings(proxy, 720, 1, remake),
            Unwatched(),
            SystemClock(),
        )


def became(outcome: Outcome) -> dict[str, Status]:
    return {film.path.name: film.status for film in outcome.films}


def plays(archive: Path) -> dict[str, int]:
    with Archive.open(archive) as opened:
        return dict(info(opened).plays)


def test_an_archive_holds_mixed_kinds_and_another_is_made_when_asked_for(
    encoder: None, tmp_path: Path
) -> None:
    folder, archive = tmp_path / "films", tmp_path / "archive"
    folder.mkdir()
    films.write(folder / "a.mp4", films.ODD["h264.mp4"])
    run(folder, archive)
    films.write(folder / "b.mp4", films.ODD["ntsc.mp4"])
    assert became(run(folder, archive, HAP, remake=False)) == {
        "a.mp4": Status.UNCHANGED,
        "b.mp4": Status.INDEXED,
    }
    assert plays(archive) == {"proxy mjpeg": 1, "proxy hap": 1}
    assert set(became(run(folder, archive, None)).values()) == {Status.UNCHANGED}
    assert became(run(folder, archive, HAP)) == {
        "a.mp4": Status.INDEXED,
        "b.mp4": Status.UNCHANGED,
    }
    assert plays(archive) == {"proxy hap": 2}
    left = sorted(path.name for path in (archive / "proxies").iterdir())
    assert left == sorted(f"{key}.hap.mov" for key in contents(archive))
    (archive / "proxies" / left[0]).replace(archive / "proxies" / f"{left[0][:40]}.part.hap.mov")
    assert set(became(run(folder, archive, HAP)).values()) == {Status.INDEXED, Status.UNCHANGED}
    assert sorted(path.name for path in (archive / "proxies").iterdir()) == left


@pytest.mark.parametrize("kind", [MJPEG, HAP, None], ids=["mjpeg", "hap", "none"])
def test_a_hap_original_is_played_as_it_is(kind: ProxyKind | None, tmp_path: Path) -> None:
    folder, archive = tmp_path / "films", tmp_path / "archive"
    folder.mkdir()
    hap_films.make(folder / "loop.mov", "hap_alpha")
    [film] = run(folder, archive, kind).films
    assert film.status is Status.INDEXED
    assert film.note == ("is HAP, played as it is" if kind else None)
    assert plays(archive) == {"original": 1}
    for again in (MJPEG, HAP, HAP_Q, None):
        assert became(run(folder, archive, again)) == {"loop.mov": Status.UNCHANGED}
    assert list((archive / "proxies").iterdir()) == []


def test_unasked_new_films_get_the_kind_that_the_archive_has(encoder: None, tmp_path: Path) -> None:
    folder, archive = tmp_path / "films", tmp_path / "archive"
    folder.mkdir()
    assert _proxy_of(archive) == "mjpeg"
    hap_films.make(folder / "loop.mov")
    run(folder, archive)
    assert _proxy_of(archive) == "mjpeg", "a HAP original says nothing"
    films.write(folder / "a.mp4", films.ODD["h264.mp4"])
    run(folder, archive, None)
    assert _proxy_of(archive) == "none"
    run(folder, archive, HAP_Q)
    assert _proxy_of(archive) == "hap-q"


@pytest.mark.parametrize(
    ("body", "lack"),
    [
        (None, "not on the PATH"),
        (" V..... mjpeg  no hap here", "cannot make HAP"),
        ("", "cannot make HAP"),
    ],
)
def test_without_an_encoder_nothing_is_begun(
    program: Path, body: str | None, lack: str, tmp_path: Path
) -> None:
    if body is not None:
        script(program, "", body)
    (tmp_path / "films").mkdir()
    with pytest.raises(UsageError, match=lack) as caught:
        index_command([tmp_path / "films"], tmp_path / "archive", proxy="hap")
    assert "apt install ffmpeg" in str(caught.value)
    assert not (tmp_path / "archive").exists()


def test_a_program_that_does_not_run_is_told(program: Path) -> None:
    program.write_bytes(b"\0 no program")
    program.chmod(0o755)
    assert "cannot be run" in (hap.lack() or "")


def test_an_unknown_kind_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--proxy dxv: choose one of mjpeg, hap, hap-q, none"):
        index_command([tmp_path], tmp_path / "archive", proxy="dxv")


def test_names_tell_the_kind() -> None:
    names = starmap(ProxyKind.final_name, ((kind, "abc") for kind in KINDS.values()))
    assert [kind_of(f"proxies/{name}") for name in names] == list(KINDS)
    assert kind_of("proxies/x.avi") == ".avi"

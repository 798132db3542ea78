"""Proxies in HAP, whose frames are textures: playing them decodes nothing. Made by `ffmpeg`.

PyAV's FFmpeg reads HAP and cannot write it, so a program of that name, with its own encoder, does.
Each film has a child process: frames go in through a pipe with their time stamps (raw RGBA in NUT,
FFmpeg's own container), and the child writes the file. HAP is RGB: the film's matrix and range are
undone on this side, where they are known.
"""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import av.error
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from livematch.errors import FilmError
from livematch.indexing.proxies import MATRICES, Shape, settle
from livematch.media import colours_of

PROGRAM = "ffmpeg"
REMEDY = (
    "`apt install ffmpeg` (Debian, Ubuntu), `brew install ffmpeg` (macOS) or `winget install"
    " Gyan.FFmpeg` (Windows) brings one; --proxy mjpeg needs none"
)
MULTIPLE = 4  # both sides are whole blocks of 4 × 4 pixels
PATIENCE_S = 30.0  # for the program to answer a question, or to end once its pipe is broken
FLUSH_S = 600.0  # to end once it has everything: a disk on the network writes gigabytes only then
PIECE = 1 << 22  # bytes handed to the pipe at once
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""FFmpeg's quick way to RGB is a level and a half too dark, and takes chroma from one side."""
LAST_LINES = 3  # kept of what the child says: FFmpeg goes on from a reason to what follows from it


@functools.cache
def fault_of(program: str) -> str | None:
    """Say why a program cannot make HAP; None when it can."""
    try:
        encoders = _answer(program, "-encoders")
    except (OSError, subprocess.SubprocessError) as error:
        return f"{program} cannot be run ({error}): {REMEDY}"
    if not any(line.split()[1:2] == ["hap"] for line in encoders.splitlines()):
        return f"{program} cannot make HAP (it was built without snappy): {REMEDY}"
    return None


def lack() -> str | None:
    """Say what is missing here to write HAP, and how to get it; None when nothing is."""
    program = shutil.which(PROGRAM)
    if program is None:
        return f"HAP proxies need the program ffmpeg, which is not on the PATH: {REMEDY}"
    return fault_of(program)


def _answer(program: str, *question: str) -> str:
    asked = [program, "-hide_banner", "-nostdin", *question]
    done = subprocess.run(  # noqa: S603 - found on the PATH, and asked for by name
        asked, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE_S
    )
    return done.stdout.decode("utf-8", "replace")


@functools.cache
def _own_times(program: str) -> tuple[str, str]:
    """Return the option that keeps every frame at its own time; FFmpeg 5.1 renamed it."""
    known = "-fps_mode" in _answer(program, "-h", "long")
    return ("-fps_mode" if known else "-vsync", "passthrough")


class Encoder:
    """An `ffmpeg` that turns frames from its standard input into a HAP film. One thread.

    What it says is read on a thread of its own, so that it never waits to be heard; it ends when
    its input does, so it cannot outlive whoever feeds it, however that ends. Ctrl-C is not for it.
    """

    def __init__(self, path: Path, form: str, time_base: Fraction, threads: int) -> None:
        if (fault := lack()) is not None:
            raise FilmError(fault)
        program = shutil.which(PROGRAM) or PROGRAM
        unit = f"{time_base.numerator}:{time_base.denominator}"
        command = [
            *(program, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror"),
            *("-f", "nut", "-i", "pipe:0", "-map", "0:v:0"),
            *(*_own_times(program), "-enc_time_base", unit),
            *("-c:v", "hap", "-format", form, "-threads", str(threads)),
            *("-fflags", "+bitexact", "-f", "mov", "-y", f"file:{os.fspath(path)}"),
        ]
        self._child = subprocess.Popen(  # noqa: S603 - as above; no shell, and `file:` before paths
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert self._child.stdin is not None  # noqa: S101 - asked for above
        assert self._child.stderr is not None  # noqa: S101
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self.input: IO[bytes] = self._child.stdin
        self._listener = threading.Thread(
            target=self._listen, args=(self._child.stderr,), name="livematch-ffmpeg", daemon=True
        )
        self._listener.start()

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._child.pid

    def _listen(self, says: IO[bytes]) -> None:
        with says:
            while line := says.readline(4096):
                if text := line.decode("utf-8", "replace").strip():
                    self._lines.append(text)

    def close(self) -> None:
        """End the input and wait for the whole file; FilmError with what went wrong."""
        with contextlib.suppress(OSError):  # it has died, and its status tells
            self.input.close()
        if self._ended(FLUSH_S) != 0:
            raise FilmError(self.last_words())

    def last_words(self) -> str:
        """Say why the child ended, or that it has not; after the pipe broke."""
        status = self._ended(PATIENCE_S)
        if lines := [line for line in self._lines if line != "Conversion failed!"]:
            return f"ffmpeg: {'; '.join(lines)}"
        if status < 0:
            return f"ffmpeg was killed ({signal.Signals(-status).name})"
        return f"ffmpeg ended with status {status}"

    def _ended(self, wait_s: float) -> int:
        try:
            status = self._child.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._lines.append(f"did not end within {wait_s:.0f} s")
            self._child.kill()
            status = self._child.wait()
        self._listener.join(wait_s)
        return status

    def kill(self) -> None:
        """End the child at once, if it has not ended; safe to call twice."""
        self._child.kill()
        with contextlib.suppress(OSError):
            self.input.close()
        self._ended(PATIENCE_S)


class _Pipe:
    """The child's input, as all that PyAV is to know of it: something to write to."""

    def __init__(self, to: IO[bytes]) -> None:
        self.write = to.write


class HapWriter:
    """Writes a proxy in HAP; `form` is what FFmpeg calls the texture: hap or hap_q."""

    def __init__(
        self, path: Path, shape: Shape, time_base: Fraction, threads: int = 1, *, form: str = "hap"
    ) -> None:
        self._path, self._shape = path, shape
        self._threads, self._time_base = threads, time_base
        self._reformatter = VideoReformatter()
        with self._explained():
            path.touch()  # said here if it cannot be, in the words of this system
            self.encoder = Encoder(path, form, time_base, threads)
        self._container = av.open(_Pipe(self.encoder.input), "w", format="nut", buffer_size=PIECE)
        self._stream = self._container.add_stream("rawvideo")
        context = self._stream.codec_context
        context.width, context.height = shape.upright
        context.pix_fmt = "rgba"
        context.time_base = self._stream.time_base = time_base

    def write(self, frame: av.VideoFrame, ticks: int) -> None:
        """Add a decoded frame of the film at `ticks` of the time base; `frame` is left as it is."""
        picture = self._converted(frame)
        with self._explained():
            self._container.mux(self._stream.encode(_stamped(picture, ticks, self._time_base)))

    def _converted(self, frame: av.VideoFrame) -> av.VideoFrame:
        colours = colours_of(frame)
        picture = self._reformatter.reformat(
            frame,
            self._shape.width,
            self._shape.height,
            "rgba",
            src_colorspace=MATRICES[colours.matrix],
            dst_colorspace=Colorspace.DEFAULT,
            src_color_range=ColorRange.JPEG if colours.full_range else ColorRange.MPEG,
            interpolation=EXACT,
            threads=self._threads,
        )
        if picture is frame or self._shape.quarter_turns:
            pixels = np.asarray(picture.to_ndarray(), np.uint8)
            upright = np.ascontiguousarray(np.rot90(pixels, -self._shape.quarter_turns))
            return av.VideoFrame.from_ndarray(upright, format="rgba")
        return picture

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise self._failed(self.encoder.last_words()) from None
        except (OSError, av.error.FFmpegError) as error:
            raise self._failed(str(error.strerror or error)) from None
        except FilmError as error:
            raise self._failed(str(error)) from None

    def _failed(self, why: str) -> FilmError:
        return FilmError(f"its proxy {self._path} cannot be written: {why}")

    def finish(self) -> None:
        """Wait for the child to write what is left; afterwards the file is whole."""
        with self._explained():
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self.encoder.close()
            settle(self._path)

    def abandon(self) -> None:
        """Let go of the file, whole or not; safe to call after `finish`."""
        self.encoder.kill()
        with contextlib.suppress(OSError, ValueError, av.error.FFmpegError):
            self._container.close()  # into a pipe that nobody reads any more


def _stamped(picture: av.VideoFrame, ticks: int, time_base: Fraction) -> av.VideoFrame:
    picture.pts, picture.time_base = ticks, time_base
    return picture

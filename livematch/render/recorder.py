"""Recording: pictures read back without waiting, and encoded on a thread of their own."""

import ctypes
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import av.error
import numpy as np

from livematch.control.params import Fit
from livematch.render.encoding import FilmEncoder, Timing, even
from livematch.render.framebuffers import new_framebuffer
from livematch.render.gl import GL, Surface, current_context
from livematch.render.layouts import Rect, placed
from livematch.render.soundtrack import Soundtrack
from livematch.values import Image

log = logging.getLogger(__name__)

LATE = 2  # pictures between asking for one and fetching it: the card is long done by then
WAITING = 8  # pictures that may wait for the encoder


class Policy(StrEnum):
    """What happens when the encoder is slower than the show."""

    DROP = "drop"  # live: the picture goes on, the film has a gap
    BLOCK = "block"  # offline: the show waits


class Encoder(Protocol):
    """What takes the pictures; see `FilmEncoder`."""

    def write(self, upwards: Image, number: int) -> None:
        """Take the picture of tick `number` (h, w, 4), RGBA, bottom row first."""
        ...

    def finish(self) -> None:
        """End the film well."""
        ...

    def abandon(self) -> None:
        """End it after a failure; what there is may be kept."""
        ...

    def discard(self) -> None:
        """End it and leave nothing, whether or not it was abandoned before."""
        ...


def film_encoder(
    path: Path, size: tuple[int, int], timing: Timing, policy: Policy, sound: Soundtrack | None
) -> Encoder:
    """Open the encoder of a recording: quick when live, thrifty when there is time."""
    # the next thriftier one takes half as long again, for half a decibel
    preset = "superfast" if policy is Policy.DROP else "faster"
    return FilmEncoder(path, size, timing, preset=preset, sound=sound)


Opening = Callable[[Path, tuple[int, int], Timing, Policy, Soundtrack | None], Encoder]


class Recorder:
    """Records what is drawn on a surface. `capture` and `close`: the GL thread.

    The film has one picture at most per 1/fps, at the show's own times; with a `Timing` in place
    of a rate, one per tick, and the last lasts as long as that says. It gets its `sound` when it is
    closed. `written` and `dropped` count pictures; `failure` says why recording has stopped, None
    while it goes on. RecordError at once when the film cannot be begun.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        timing: float | Fraction | Timing,
        policy: Policy = Policy.DROP,
        sound: Soundtrack | None = None,
        *,
        open_encoder: Opening = film_encoder,
    ) -> None:
        self.path = path
        self.size_px = even(size)
        self.written = 0
        self.dropped = 0
        self.failure: str | None = None
        self._timing = timing if isinstance(timing, Timing) else Timing.steady(timing)
        self._policy = policy
        self._encoder = open_encoder(path, self.size_px, self._timing, policy, sound)
        # the free buffers are the bound: a picture is only asked for when one can take it
        self._free: queue.SimpleQueue[Image] = queue.SimpleQueue()
        for _ in range(WAITING + LATE):
            self._free.put(np.empty((self.size_px[1], self.size_px[0], 4), np.uint8))
        self._full: queue.SimpleQueue[tuple[Image, int] | None] = queue.SimpleQueue()
        self._readback: Readback | None = None
        self._context: object = None
        self._flying: deque[tuple[Image, int]] = deque()
        self._began_s: float | None = None
        self._number = -1
        self._closed = False
        self._discarded = False
        self._is_whole = False
        self._thread = threading.Thread(target=self._encode, name="livematch-record", daemon=True)
        self._thread.start()

    def capture(self, surface: Surface, now: float) -> None:
        """Take the picture that was drawn on `surface` at `now`, before it is presented.

        Passes over pictures that come faster than the film's rate, and everything once recording
        has stopped. Never waits under the DROP policy.
        """
        if self._closed or self.failure is not None or min(surface.size_px) <= 0:
            return
        if self._began_s is None:
            self._began_s = now
        number = round(Fraction(now - self._began_s) / self._timing.tick_s)
        if number <= self._number:
            return
        self._number = number
        buffer = self._buffer()
        if buffer is None:
            self.dropped += 1
            return
        self._ask(surface, buffer, number)

    def close(self) -> None:
        """Take what is still under way and finish the film; safe to call twice.

        Waits for the encoder. When it returns the film is under its name, or `failure` is set.
        """
        if not self._closed:
            self._closed = True
            if self._readback is not None and self._context is current_context():
                while self._flying and not self._discarded:
                    self._fetch()
                self._readback.delete()
            self._full.put(None)
        self._thread.join()

    def discard(self) -> None:
        """Close, and leave nothing behind, unless the film was whole and had its name already."""
        self._discarded = True
        self.close()
        if not self._is_whole:
            self._encoder.discard()

    def _buffer(self) -> Image | None:
        if self._policy is Policy.BLOCK:
            while self._flying and self._free.empty():
                self._fetch()  # what we hold ourselves the encoder cannot free
            return self._free.get()
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return None

    def _ask(self, surface: Surface, buffer: Image, number: int) -> None:
        """Begin to read the picture back, and fetch the one from `LATE` pictures ago."""
        if self._readback is None or self._context is not current_context():
            for lost, _ in self._flying:  # they were in a context that is gone
                self._free.put(lost)
                self.dropped += 1
            self._flying.clear()
            self._context = current_context()
            self._readback = Readback(self.size_px, LATE + 1)
        if len(self._flying) > LATE:
            self._fetch()
        self._readback.ask(surface)
        self._flying.append((buffer, number))

    def _fetch(self) -> None:
        buffer, number = self._flying.popleft()
        assert self._readback is not None  # noqa: S101 - something is under way
        self._readback.fetch(buffer)
        self._full.put((buffer, number))

    def _encode(self) -> None:
        """Run the encoding thread: until `close`, also after a failure, to keep buffers going."""
        while (item := self._full.get()) is not None:
            buffer, number = item
            if self.failure is None and not self._discarded:
                self._attempt(partial(self._write, buffer, number))
            self._free.put(buffer)
        if self.failure is None and not self._discarded:
            self._attempt(self._finish)

    def _finish(self) -> None:
        self._encoder.finish()
        self._is_whole = True

    def _write(self, buffer: Image, number: int) -> None:
        self._encoder.write(buffer, number)
        self.written += 1

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, ValueError, av.error.FFmpegError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.failure = f"recording stopped after {self.written} pictures: {reason}"
            log.error("%s: %s", self.path, self.failure)  # noqa: TRY400 - said once, to a performer
            self._encoder.abandon()


class Readback:
    """A ring of pixel buffers: pictures leave the card while the next ones are drawn."""

    def __init__(self, size: tuple[int, int], count: int) -> None:
        self._size = size
        self._count = count
        self._asked = 0
        self._fetched = 0
        self._scaled: tuple[Any, Any] | None = None
        self._names = (GL.GLuint * count)()
        GL.glGenBuffers(count, self._names)
        for name in self._names:
            GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, name)
            GL.glBufferData(GL.GL_PIXEL_PACK_BUFFER, size[0] * size[1] * 4, None, GL.GL_STREAM_READ)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)

    def ask(self, surface: Surface) -> None:
        """Have the picture on `surface` copied into the next buffer, fitted to the film's size."""
        source = surface.framebuffer
        if surface.size_px != self._size:
            source = self._fitted(surface)
        width, height = self._size
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, source)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, self._names[self._asked % self._count])
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, None)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, surface.framebuffer)
        self._asked += 1

    def fetch(self, into: Image) -> None:
        """Copy the oldest picture asked for into `into` (h, w, 4)."""
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, self._names[self._fetched % self._count])
        GL.glGetBufferSubData(GL.GL_PIXEL_PACK_BUFFER, 0, into.nbytes, into.ctypes.data)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
        self._fetched += 1

    def _fitted(self, surface: Surface) -> int:
        """Copy the whole picture into a framebuffer of the film's size, with bars if need be."""
        if self._scaled is None:
            self._scaled = new_framebuffer(self._size)
        buffer = int(self._scaled[0].value)
        width, height = surface.size_px
        place, _ = placed(width / height, Rect(0, 0, *self._size), Fit.FIT)
        low = self._size[1] - place.bottom
        GL.glBindFramebuffer(GL.GL_READ_FRAMEBUFFER, surface.framebuffer)
        GL.glBindFramebuffer(GL.GL_DRAW_FRAMEBUFFER, buffer)
        GL.glClearColor(0.0, 0.0, 0.0, 1.0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        GL.glBlitFramebuffer(
            *(0, 0, width, height),
            *(place.x, low, place.right, low + place.height),
            GL.GL_COLOR_BUFFER_BIT,
            GL.GL_LINEAR,
        )
        return buffer

    def delete(self) -> None:
        """Free the buffers, in the context they were made in."""
        GL.glDeleteBuffers(self._count, self._names)
        if self._scaled is not None:
            buffer, colour = self._scaled
            GL.glDeleteFramebuffers(1, ctypes.byref(buffer))
            GL.glDeleteRenderbuffers(1, ctypes.byref(colour))

"""Sound from a file, over and over: the twin of a sound input, live and offline."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

from livematch.audio.hearing import Hearing, Tuning
from livematch.audio.levels import Loudness
from livematch.audio.spectrum import Samples
from livematch.control.params import Params
from livematch.errors import SoundError
from livematch.values import Onset, Sound

RATE = 48000
LONGEST_S = 2.0  # of sound between two calls: a show that stood still for longer hears on from now
MOST_FAULTS = 100  # damaged packets in a row, before a file counts as ended

Channels = tuple[int, ...] | None
"""Which channels are heard, from 1; None: all of them, or of a device the first two."""


class SoundFile:
    """A file's sound, mono, 48,000 samples a second, looped; whatever FFmpeg decodes.

    SoundError when it has no sound, or not the channels that are asked for.
    """

    def __init__(self, path: Path, channels: Channels = None) -> None:
        self._path = path
        try:
            self._container = av.open(str(path))
        except (av.error.FFmpegError, OSError) as error:
            raise SoundError(f"sound {path}: {_reason(error)}") from None
        if not self._container.streams.audio:
            self._container.close()
            raise SoundError(f"sound {path}: there is no sound in it")
        self._stream = self._container.streams.audio[0]
        has = self._stream.codec_context.channels
        if channels is not None and max(channels) > has:
            self._container.close()
            raise SoundError(
                f"sound {path} has no channel {max(channels)}: it has {has}, counted from 1"
            )
        self._picked = [number - 1 for number in channels] if channels else list(range(has))
        self._left: Samples = np.zeros(0, np.float32)
        self._blocks = self._round()

    def read(self, count: int) -> Samples:
        """Return the next `count` samples; SoundError when not one can be decoded any more."""
        blocks, missing = [self._left[:count]], count - len(self._left)
        self._left = self._left[count:]
        is_begun = False
        while missing > 0:
            block = next(self._blocks, None)
            if block is None:
                if is_begun and len(blocks) == 1 and not len(blocks[0]):
                    raise SoundError(f"sound {self._path}: not one sample can be decoded")
                self._begin_again()
                is_begun = True
                continue
            blocks.append(block[:missing])
            self._left = block[missing:]
            missing -= len(block)
        return np.concatenate(blocks)

    def once(self) -> Samples:
        """Return all of it, from here to the end."""
        return np.concatenate((self._left, *self._blocks))

    def close(self) -> None:
        """Free the decoder and the file."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin_again(self) -> None:
        try:
            self._container.seek(0)
        except av.error.FFmpegError as error:
            raise SoundError(f"sound {self._path}: {_reason(error)}") from None
        self._blocks = self._round()

    def _round(self) -> Iterator[Samples]:
        """Yield what is decoded, to the end; damaged packets are passed over."""
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        packets = self._container.demux(self._stream)
        faults = 0
        while faults < MOST_FAULTS:
            try:
                packet = next(packets)
                frames = [out for frame in packet.decode() for out in resampler.resample(frame)]
            except (StopIteration, av.error.EOFError):
                break
            except av.error.FFmpegError:
                faults += 1
                continue
            faults = 0 if frames else faults
            yield from map(self._mono, frames)
        yield from map(self._mono, resampler.resample(None))

    def _mono(self, frame: av.AudioFrame) -> Samples:
        planes: Samples = frame.to_ndarray().astype(np.float32, copy=False)
        return np.asarray(planes[self._picked].mean(axis=0), np.float32)


class FileEars:
    """Ears that hear a file, from their first call on, exactly up to the time they are told.

    The same calls hear the same, live or offline. The engine's thread.
    """

    warning: str | None = None

    def __init__(self, path: Path, channels: Channels = None) -> None:
        self._file = SoundFile(path, channels)
        self._hearing = Hearing(RATE)
        self._file_began_s: float | None = None
        self._began_s = 0.0
        self._pushed = 0
        self._loudness = Loudness()

    def wait_until_ready(self) -> None:
        """Nothing to wait for: the file is open."""

    def listen(self, now: float, params: Params) -> Sound:
        """Return what the file has told up to `now`."""
        if self._file_began_s is None:
            self._file_began_s = self._began_s = now
        if self.warning is not None:
            return Sound()
        if now - self._began_s - self._pushed / RATE > LONGEST_S:
            self._hear_on_from(now)
        missing = int((now - self._began_s) * RATE + 1e-6) - self._pushed
        try:
            samples = self._file.read(max(0, missing))
        except SoundError as error:  # it could be read when the show began
            self.warning = str(error)
            return Sound()
        self._pushed += len(samples)
        heard = self._hearing.push(samples, Tuning.of(params))
        self._loudness = heard.loudness or self._loudness
        loud = self._loudness
        return Sound(
            tuple(Onset(self._began_s + o.at_s, o.strength) for o in heard.onsets),
            loud.level,
            loud.bass,
            loud.mid,
            loud.treble,
            is_heard=True,
        )

    def close(self) -> None:
        """Free the file."""
        self._file.close()

    def _hear_on_from(self, now: float) -> None:
        """Begin a new run of sound after a standstill; what fell into it is not heard."""
        self._hearing = Hearing(RATE)
        self._began_s, self._pushed = now, 0


def _reason(error: Exception) -> str:
    words = {
        av.error.InvalidDataError: "is no sound file, or is damaged beyond reading",
        av.error.FileNotFoundError: "is not there",
        av.error.PermissionError: "may not be read (permissions)",
        av.error.IsADirectoryError: "is a folder",
    }
    known = (text for kind, text in words.items() if isinstance(error, kind))
    return next(known, str(getattr(error, "strerror", None) or error))

"""Sound for a film: another film's, as it is where the container allows, in step with the picture.

Packets are copied bit for bit, with nothing changed but where they stand in time; what lies before
the first picture or after the last is left out. What cannot be copied is encoded as AAC.
"""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import av.error
import av.filter
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

log = logging.getLogger(__name__)

PLAYED_IN: dict[str, frozenset[str]] = {
    "mp4": frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}),
    "mov": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le"}),
}
"""The sound that players expect in a container; Matroska takes all that FFmpeg can put there."""
LEAD_S = 0.1  # kept from before the picture, unheard: decoders have to warm up
AAC_RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
AAC_LAYOUTS = frozenset({"mono", "stereo", "5.1"})
AAC_BITS_A_CHANNEL = 96_000
AAC_SAMPLES = 1024
MOST_FAULTS = 500  # damaged packets before the rest of the sound is given up

SoundPacket: TypeAlias = "Packet[AudioStream]"


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """The sound of the film at `path`, for pictures of which the first is at `begins_s`.

    That is in the film's own time stamps, as `media.FilmInfo.start_s` gives it. Of several sounds
    the one marked as usual is taken, or else the first.
    """

    path: Path
    begins_s: float


class SoundError(Exception):
    """The sound cannot be had, or not this way."""


@contextmanager
def opened(soundtrack: Soundtrack) -> Iterator["Sound | None"]:
    """Open a film for its sound; None when it has none, SoundError when it cannot be read."""
    try:
        # `file:` shuts FFmpeg's other protocols out, as in media.py
        container = av.open(f"file:{soundtrack.path}")
    except (OSError, av.error.FFmpegError) as error:
        raise SoundError(_reason(error)) from None
    with container:
        streams = container.streams.audio
        usual = [stream for stream in streams if stream.disposition & _usual(stream)]
        chosen = next(iter(usual or streams), None)
        if chosen is None:
            yield None
        elif chosen.codec_context is None:  # whatever PyAV's annotations say
            raise SoundError("its sound is in a codec that this FFmpeg does not know")
        elif chosen.codec_context.sample_rate <= 0:
            raise SoundError("its rate cannot be read")
        else:
            yield Sound(soundtrack, container, chosen)


class Sound:
    """An open film's sound, to be put into one other film. One thread."""

    def __init__(
        self, soundtrack: Soundtrack, container: InputContainer, stream: AudioStream
    ) -> None:
        self._path = soundtrack.path
        self._begins_s = soundtrack.begins_s
        self._stream = stream
        self._container = container
        self.rate = stream.codec_context.sample_rate
        self._faults = 0
        self.codec = stream.codec_context.codec.canonical_name

    def copied(self, target: OutputContainer, kind: str, ends_s: float) -> Iterator[SoundPacket]:
        """Add a stream like this one to `target`, of format `kind`, and give its packets in order.

        They end with the picture at `ends_s`. SoundError where `kind` is not for such sound.
        """
        if self.codec not in PLAYED_IN.get(kind, target.supported_codecs):
            raise SoundError(f"{self.codec} is no sound for {kind}")
        stream = target.add_stream_from_template(self._stream)
        return self._moved(stream, self._lead_s(kind), ends_s)

    def encoded(self, target: OutputContainer, ends_s: float) -> Iterator[SoundPacket]:
        """Add a stream of AAC to `target` and give its packets; SoundError where it fails."""
        context = self._stream.codec_context
        rate = next((r for r in AAC_RATES if r <= context.sample_rate), AAC_RATES[-1])
        layout = context.layout.name if context.layout.name in AAC_LAYOUTS else "stereo"
        stream = target.add_stream("aac", rate=rate)
        stream.codec_context.layout = layout
        stream.codec_context.format = "fltp"
        stream.codec_context.bit_rate = AAC_BITS_A_CHANNEL * stream.codec_context.layout.nb_channels
        return self._encoded(stream, ends_s)

    def _lead_s(self, kind: str) -> float:
        """Return how much is kept from before the picture.

        Matroska cannot say that something is not to be heard, but for the codec's own delay, which
        is handed on from one such film to the other.
        """
        if kind in PLAYED_IN:
            return LEAD_S
        if kind in self._container.format.name.split(","):
            context = self._stream.codec_context
            return context.frame_size / context.sample_rate
        return 0.0

    def _moved(self, stream: AudioStream, lead_s: float, ends_s: float) -> Iterator[SoundPacket]:
        stamps = _Stamps(self._stream)
        last = -math.inf
        for packet in self._packets():
            at, base = stamps.of(packet)
            at -= round(self._begins_s / base)
            lasts = round((packet.duration or 0) * packet.time_base / base)
            at_s = float(at * base)
            if at_s >= ends_s:
                return
            if float((at + lasts) * base) <= -lead_s or at <= last:
                continue
            last = at
            packet.time_base = base
            packet.pts = packet.dts = at
            packet.duration = lasts
            packet.stream = stream
            yield packet

    def _encoded(self, stream: AudioStream, ends_s: float) -> Iterator[SoundPacket]:
        graph, context = av.filter.Graph(), stream.codec_context
        chain = [
            graph.add_abuffer(template=self._stream),
            # gaps become silence: what comes after them stays where it was
            graph.add("aresample", f"{context.sample_rate}:async=1"),
            graph.add("atrim", f"start={self._begins_s:.9f}:end={self._begins_s + ends_s:.9f}"),
            graph.add(
                "aformat",
                f"sample_fmts=fltp:sample_rates={context.sample_rate}"
                f":channel_layouts={context.layout.name}",
            ),
            graph.add("asetnsamples", f"n={AAC_SAMPLES}:p=0"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*chain).configure()
        for frame in self._frames():
            if frame.time is not None and frame.time - self._begins_s >= ends_s:
                break
            graph.push(frame)
            yield from self._drained(graph, stream)
        with suppress(av.error.EOFError):  # it knows already when the sound was cut
            graph.push(None)
        yield from self._drained(graph, stream)
        yield from stream.encode(None)

    def _drained(self, graph: av.filter.Graph, stream: AudioStream) -> Iterator[SoundPacket]:
        while True:
            try:
                frame = graph.pull()
            except (BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, AudioFrame)  # noqa: S101 - the graph has nothing else
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(self._begins_s / frame.time_base)
            yield from stream.encode(frame)

    def _frames(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            try:
                yield from packet.decode()
            except av.error.FFmpegError as error:
                self._pass_over(_reason(error))

    def _packets(self) -> Iterator[SoundPacket]:
        """Yield what can be read, with time stamps; what is damaged is passed over."""
        packets = self._container.demux(self._stream)
        while self._faults <= MOST_FAULTS:
            try:
                packet = next(packets, None)
            except av.error.EOFError:
                return
            except (OSError, av.error.FFmpegError) as error:
                self._pass_over(_reason(error))
                packets = self._container.demux(self._stream)  # the one that failed has ended
                continue
            if packet is None:
                return
            if packet.has_sidedata("encryption_info"):
                raise SoundError("it is encrypted, and livematch has no key for it")
            if packet.is_corrupt:
                self._pass_over("a packet is not whole")
            elif packet.size and (packet.pts is not None or packet.dts is not None):
                yield packet

    def _pass_over(self, reason: str) -> None:
        """Count a fault, and say so at the first."""
        self._faults += 1
        if self._faults == 1:
            log.warning("%s: damaged sound is passed over (%s)", self._path, reason)


class _Stamps:
    """Time stamps as fine as samples, also where a container has only milliseconds.

    There each packet follows its forerunner by as many samples as it has, while that agrees with
    what is written.
    """

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        self._written = stream.time_base or Fraction(1, context.sample_rate)
        self._sample = Fraction(1, context.sample_rate)
        self._samples = context.frame_size
        self._due: int | None = None

    def of(self, packet: SoundPacket) -> tuple[int, Fraction]:
        """Return when a packet is due, and the time base of that."""
        written = packet.pts if packet.pts is not None else packet.dts
        assert written is not None  # noqa: S101 - see Sound._packets
        if self._written <= self._sample:
            return written, self._written
        ratio = self._written / self._sample
        lasts = round((packet.duration or 0) * ratio)
        if self._samples and abs(lasts - self._samples) <= ratio:
            lasts = self._samples
        at = round(written * ratio)
        if self._due is not None and abs(at - self._due) <= ratio:
            at = self._due
        self._due = at + lasts
        return at, self._sample


def _usual(stream: AudioStream) -> int:
    return type(stream.disposition).default


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)

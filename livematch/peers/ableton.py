"""Ableton Live through AbletonOSC: its beat, and clips whose names are cues.

AbletonOSC (github.com/ideoforms/AbletonOSC) is a script inside Live that listens on port 11000 and
answers on 11001 of whoever asked, about ten times a second. Its documented addresses are all that
is used here. `Ableton` is the whole conversation and pure; `peers/abletonport.py` is the socket.
"""

import logging
import math
from dataclasses import dataclass, field

from livematch.control.commands import Command
from livematch.errors import UsageError
from livematch.osc.packets import Message
from livematch.osc.space import Arg
from livematch.peers.cues import cue_of
from livematch.peers.songline import SongLine

log = logging.getLogger(__name__)

SOURCE = "ableton"
MOST_TRACKS = 256
MOST_SLOTS = 10_000
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 5.0
ASK_S = 2.0  # a quiet question this often shows that Live is still there
SILENT_S = 7.0  # three questions without an answer: Live has gone
SUBSCRIBE_AGAIN_S = 30.0  # a set that is loaded in Live forgets who listens, and tells nobody
TELL_S = 0.25  # how often the beat is told while nothing changes
SAME_LAUNCH_S = 0.3  # Live tells of one launch in two ways

TEST = Message("/live/test", ())
TRACK_COUNT = Message("/live/song/get/num_tracks", ())
SONG = ("tempo", "is_playing", "current_song_time", "beat")
TRACK = ("playing_slot_index", "fired_slot_index")


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows from what was heard: commands for the show, messages for Live."""

    commands: tuple[Command, ...] = ()
    messages: tuple[Message, ...] = ()


@dataclass(slots=True)
class _Track:
    """What is known of one track; slots are None before Live has told."""

    playing: int | None = None
    fired: int | None = None
    named: tuple[int, str] | None = None  # the name of the slot that is about to be launched
    due: int | None = None  # a slot that was launched before its name was known
    launched: tuple[int, float] | None = None


@dataclass(slots=True)
class _Reply:
    """What one turn has brought so far."""

    commands: list[Command] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


class Ableton:
    """One side of the conversation with AbletonOSC. Pure; one thread.

    Clips that already play when the conversation begins are no cues: only launches are.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._is_there = False
        self._heard_s = 0.0
        self._retry_s = FIRST_RETRY_S
        self._ask_s = self._subscribe_s = self._tell_s = float("-inf")
        self._line = SongLine()
        self._tracks: dict[int, _Track] = {}
        self._wrong_names: set[str] = set()
        self.warning: str | None = self._absent()
        self.ignored = 0

    def due(self, now: float) -> Turn:
        """Return what is to be said without having heard anything; call it a few times a second."""
        reply = _Reply()
        if self._is_there and now - self._heard_s > SILENT_S:
            self._lose(reply, now)
        if now >= self._ask_s:
            reply.messages.append(TRACK_COUNT if self._is_there else TEST)
            self._ask_s = now + self._pause()
        if self._is_there and now >= self._subscribe_s:
            self._subscribe(reply, now)
        if self._line.is_playing and now >= self._tell_s:
            self._tell(reply, now)
        return Turn(tuple(reply.commands), tuple(reply.messages))

    def hear(self, message: Message, now: float) -> Turn:
        """Take one message from Live; what makes no sense is counted in `ignored`."""
        if not message.path.startswith("/live/"):
            self.ignored += 1
            return Turn()
        reply = _Reply()
        self._heard_s = now
        if not self._is_there or message.path == "/live/startup":
            self._meet(reply, now)
        try:
            self._take(message, reply, now)
        except (
            LookupError,
            TypeError,
            ValueError,
        ):  # not as it is documented
            self.ignored += 1
        return Turn(tuple(reply.commands), tuple(reply.messages))

    def _absent(self) -> str:
        return f"Ableton Live does not answer at {self._host}: is AbletonOSC installed and chosen?"

    def _pause(self) -> float:
        if self._is_there:
            return ASK_S
        pause_s, self._retry_s = self._retry_s, min(LONGEST_RETRY_S, self._retry_s * 2)
        return pause_s

    def _meet(self, reply: _Reply, now: float) -> None:
        self._is_there, self.warning = True, None
        self._retry_s = FIRST_RETRY_S
        self._tracks.clear()
        self._ask_s = now + ASK_S
        self._subscribe(reply, now)

    def _lose(self, reply: _Reply, now: float) -> None:
        self._is_there, self.warning = False, self._absent()
        self._ask_s = now
        if self._line.set_playing(False):
            self._tell(reply, now)

    def _subscribe(self, reply: _Reply, now: float) -> None:
        self._subscribe_s = now + SUBSCRIBE_AGAIN_S
        reply.messages.append(TRACK_COUNT)
        reply.messages += [Message(f"/live/song/start_listen/{name}", ()) for name in SONG]
        for track in self._tracks:
            self._listen(track, reply)

    def _listen(self, track: int, reply: _Reply) -> None:
        reply.messages += [Message(f"/live/track/start_listen/{name}", (track,)) for name in TRACK]

    def _tell(self, reply: _Reply, now: float) -> None:
        self._tell_s = now + TELL_S
        beat = self._line.beat_at(now, SOURCE)
        if beat is not None:
            reply.commands.append(beat)

    def _take(self, message: Message, reply: _Reply, now: float) -> None:
        match message.path.split("/")[2:]:
            case ["song", "get", what]:
                (value,) = message.args
                self._take_of_song(what, _number(value), reply, now)
            case ["track", "get", what]:
                number, value = message.args
                self._take_of_track(what, _whole(number), _slot(value), reply, now)
            case ["clip", "get", "name"]:
                number, slot, name = message.args
                if not isinstance(name, str):
                    raise TypeError(name)
                self._named(_whole(number), _slot(slot), name, reply)
            case ["test" | "startup" | "error"]:
                pass
            case _:
                self.ignored += 1

    def _take_of_song(self, what: str, value: float, reply: _Reply, now: float) -> None:
        is_new = False
        match what:
            case "tempo":
                is_new = self._line.set_tempo(value)
            case "is_playing":
                is_new = self._line.set_playing(bool(value))
            case "current_song_time" | "beat":
                is_new = self._line.heard(value, now)
            case "num_tracks":
                self._count(min(MOST_TRACKS, _whole(value)), reply)
            case _:
                self.ignored += 1
        if is_new:
            self._tell(reply, now)

    def _take_of_track(self, what: str, number: int, slot: int, reply: _Reply, now: float) -> None:
        match what:
            case "playing_slot_index":
                self._played(number, slot, reply, now)
            case "fired_slot_index":
                self._fired(number, slot, reply, now)
            case _:
                self.ignored += 1

    def _count(self, count: int, reply: _Reply) -> None:
        for track in [track for track in self._tracks if track >= count]:
            del self._tracks[track]
        for track in range(len(self._tracks), count):
            self._tracks[track] = _Track()
            self._listen(track, reply)

    def _played(self, number: int, slot: int, reply: _Reply, now: float) -> None:
        track = self._tracks[number]
        before, track.playing = track.playing, slot
        if before is not None and slot >= 0 and slot != before:
            self._launch(number, track, slot, reply, now)

    def _fired(self, number: int, slot: int, reply: _Reply, now: float) -> None:
        """Take which clip blinks: its name is asked for in good time, before it is launched.

        When it no longer blinks and plays, it was launched; so is known, too, that the clip that
        plays anyway was launched again.
        """
        track = self._tracks[number]
        before, track.fired = track.fired, slot
        if slot >= 0 and slot != before:
            track.named = None
            self._ask_name(number, slot, reply)
        elif slot == -1 and before is not None and 0 <= before == track.playing:
            self._launch(number, track, before, reply, now)

    def _launch(self, number: int, track: _Track, slot: int, reply: _Reply, now: float) -> None:
        if track.launched is not None:
            launched, at_s = track.launched
            if launched == slot and now - at_s < SAME_LAUNCH_S:
                return
        track.launched = slot, now
        if track.named is not None and track.named[0] == slot:
            self._perform(track.named[1], reply)
            track.named = None
        else:
            track.due = slot
            self._ask_name(number, slot, reply)

    def _ask_name(self, track: int, slot: int, reply: _Reply) -> None:
        reply.messages.append(Message("/live/clip/get/name", (track, slot)))

    def _named(self, number: int, slot: int, name: str, reply: _Reply) -> None:
        track = self._tracks[number]
        if track.due == slot:
            track.due = None
            self._perform(name, reply)
        elif track.fired == slot:
            track.named = slot, name

    def _perform(self, name: str, reply: _Reply) -> None:
        try:
            cue = cue_of(name)
        except UsageError as error:
            self.ignored += 1
            if name not in self._wrong_names and len(self._wrong_names) < 100:
                self._wrong_names.add(name)
                log.warning("Ableton Live: %s", error)
            return
        if cue is not None:
            reply.commands.append(cue)


def _number(value: Arg) -> float:
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    raise ValueError(value)


def _whole(value: Arg) -> int:
    number = _number(value)
    if number != int(number) or number < 0:
        raise ValueError(value)
    return int(number)


def _slot(value: Arg) -> int:
    """Return a slot's number; −1 is none, −2 is the track's stop button."""
    number = _number(value)
    if number != int(number) or not -2 <= number < MOST_SLOTS:
        raise ValueError(value)
    return int(number)

"""A stand-in for Ableton Live with AbletonOSC: the documented addresses that livematch uses.

`Live.hear` is pure and follows the documentation of ideoforms/AbletonOSC: getters answer with the
indices asked for and the value, `start_listen` sends the present value at once and each new one
after it, `/live/startup` is sent when the script starts. `LivePort` puts it on a socket.
"""

import socket
import threading

from livematch.osc.packets import Message, decode, encode


class Live:
    """A set with some tracks of named clips. Listeners are lost by `restart`."""

    def __init__(self, *tracks: tuple[str, ...], bpm: float = 120.0) -> None:
        self.tracks = tracks
        self.bpm = bpm
        self.is_playing = False
        self.beat = 0.0
        self.playing = [-1] * len(tracks)
        self.fired = [-1] * len(tracks)
        self.listeners: set[tuple[str, ...]] = set()
        self.tests = 0

    def hear(self, message: Message) -> list[Message]:
        parts, args = message.path.split("/")[2:], message.args
        match parts:
            case ["test"]:
                self.tests += 1
                return [Message("/live/test", ("ok",))]
            case ["song", "get", "num_tracks"]:
                return [Message(message.path, (len(self.tracks),))]
            case ["song", "start_listen", name]:
                self.listeners.add(("song", name))
                # on the beat itself there is nothing to tell yet
                return [] if name == "beat" else [self._song(name)]
            case ["track", "start_listen", name]:
                self.listeners.add(("track", name, str(args[0])))
                return [self._track(name, int(args[0] or 0))]
            case ["clip", "get", "name"]:
                track, slot = int(args[0] or 0), int(args[1] or 0)
                return [Message(message.path, (track, slot, self.tracks[track][slot]))]
            case _:
                return [Message("/live/error", (f"Unknown OSC address: {message.path}",))]

    def set_tempo(self, bpm: float) -> list[Message]:
        self.bpm = bpm
        return self._told("tempo")

    def play(self, beat: float = 0.0) -> list[Message]:
        self.is_playing, self.beat = True, beat
        return self._told("is_playing") + self._told("current_song_time")

    def stop(self) -> list[Message]:
        self.is_playing = False
        return self._told("is_playing")

    def reach(self, beat: float) -> list[Message]:
        passed = int(beat) != int(self.beat)
        self.beat = beat
        told = self._told("current_song_time")
        return told + (self._told("beat") if passed else [])

    def fire(self, track: int, slot: int) -> list[Message]:
        """The clip blinks: it will be launched at the next bar."""
        self.fired[track] = slot
        return self._track_told("fired_slot_index", track)

    def launch(self, track: int, slot: int) -> list[Message]:
        was, self.playing[track] = self.playing[track], slot
        told = self._track_told("playing_slot_index", track) if was != slot else []
        blinked, self.fired[track] = self.fired[track], -1
        return told + (self._track_told("fired_slot_index", track) if blinked != -1 else [])

    def restart(self) -> list[Message]:
        self.listeners.clear()
        return [Message("/live/startup", ())]

    def _told(self, name: str) -> list[Message]:
        return [self._song(name)] if ("song", name) in self.listeners else []

    def _track_told(self, name: str, track: int) -> list[Message]:
        return [self._track(name, track)] if ("track", name, str(track)) in self.listeners else []

    def _song(self, name: str) -> Message:
        values = {
            "tempo": float(self.bpm),
            "is_playing": self.is_playing,
            "current_song_time": float(self.beat),
            "beat": int(self.beat),
        }
        return Message(f"/live/song/get/{name}", (values[name],))

    def _track(self, name: str, track: int) -> Message:
        slots = {"playing_slot_index": self.playing, "fired_slot_index": self.fired}
        return Message(f"/live/track/get/{name}", (track, slots[name][track]))


class LivePort:
    """The stand-in on a socket of its own, answering on a thread until closed."""

    def __init__(self, live: Live, answer_port: int = 0) -> None:
        self.live = live
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.answers = ("127.0.0.1", answer_port)
        self.heard: list[Message] = []
        self._thread = threading.Thread(target=self._run, name="livematch-twin-live", daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        self._thread.start()

    def send(self, messages: list[Message]) -> None:
        for message in messages:
            self.send_raw(encode(message.path, message.args))

    def send_raw(self, datagram: bytes) -> None:
        self._socket.sendto(datagram, self.answers)

    def close(self) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        while datagram := self._socket.recv(65536):
            for message in decode(datagram):
                assert isinstance(message, Message)
                self.heard.append(message)
                self.send(self.live.hear(message))

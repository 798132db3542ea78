"""Sound inputs that vanish, hang, fall silent and come back; real processes, and a fake's clock."""

import dataclasses
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sound_kit import silence, with_hits, write_wav

from livematch.audio.capture import DeviceEars
from livematch.audio.device import (
    Begun,
    Block,
    Failed,
    InputSpec,
    Listener,
    PlayedSpec,
    SoundSpec,
    Told,
)
from livematch.audio.hearing import Tuning
from livematch.audio.inputs import SoundInput, find_input
from livematch.audio.judge import BACKOFF_S, Health, Verdict, judge, patience_s
from livematch.audio.levels import Loudness
from livematch.clock import ManualClock, SystemClock
from livematch.control.params import Params
from livematch.errors import SoundError
from livematch.values import Onset, Sound

GIVE_UP_S = 60.0
PARAMS = Params()
SPEC = PlayedSpec(Path("never opened"))
HEARD = Told((), Loudness(0.5), sounded=True)
ZEROS = Told((), Loudness(), sounded=False)

# A listening process played by the test, on a manual clock.


class FakeProcess:
    """A process that ends when it is told to."""

    def __init__(self) -> None:
        self.exitcode: int | None = None
        self.sentinel = -1  # nobody waits for it here

    def join(self, timeout: float | None = None) -> None:
        """It has ended already, or never will."""

    def kill(self) -> None:
        self.exitcode = self.exitcode or -9


class FakeInput:
    """What `spawn` would begin: keeps both ends of every pipe, and what each process was told."""

    def __init__(self) -> None:
        self.processes: list[FakeProcess] = []
        self.ends: list[Connection] = []
        self.tunings: list[Tuning] = []
        self.refuse: OSError | None = None

    def __call__(self, spec: SoundSpec, tuning: Tuning) -> tuple[FakeProcess, Connection]:
        if self.refuse is not None:
            raise self.refuse
        ours, theirs = Pipe()
        process = FakeProcess()
        self.processes.append(process)
        self.ends.append(theirs)
        self.tunings.append(tuning)
        return process, ours

    def tell(self, *words: object) -> None:
        for word in words:
            self.ends[-1].send(word)

    def die(self) -> None:
        self.processes[-1].exitcode = 7
        self.ends[-1].close()


class Rig:
    """Device ears whose thread is the test itself."""

    def __init__(self) -> None:
        self.clock = ManualClock(50.0)
        self.input = FakeInput()
        self.ears = DeviceEars("Mic", SPEC, self.clock, PARAMS, begin=self.input)
        self.ears.tend()

    def after(self, seconds: float, *words: object) -> None:
        """Let time go by, then something be told."""
        self.clock.advance(seconds)
        self.input.tell(*words)
        self.ears.tend()

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.ears.tend()

    def listen(self) -> Sound:
        return self.ears.listen(self.clock.now(), PARAMS)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.ears.close()


def test_what_is_told_is_heard_once(rig: Rig) -> None:
    onset = Onset(50.4, 0.7)
    rig.after(0.5, Begun("Mic, channel 1"), Told((onset,), Loudness(0.5, 0.4, 0.3, 0.2), True))
    assert rig.listen() == Sound((onset,), 0.5, 0.4, 0.3, 0.2, is_heard=True)
    assert rig.listen().onsets == ()
    assert rig.ears.warning is None


def test_a_flood_loses_its_oldest(rig: Rig) -> None:
    onsets = tuple(Onset(50 + n / 100, 0.5) for n in range(500))
    rig.after(0.1, Begun(""), Told(onsets, None, sounded=True))
    assert rig.listen().onsets == onsets[-64:]


def test_no_more_blocks_is_noticed_shown_and_mended(rig: Rig) -> None:
    rig.after(0.5, Begun("Mic"), HEARD)
    rig.wait(0.79)
    assert rig.ears.warning is None
    rig.wait(0.02)
    assert "gives no sound for 0.8 s" in (rig.ears.warning or "")
    assert rig.input.processes[0].exitcode == -9
    assert not rig.listen().is_heard
    assert len(rig.input.processes) == 1
    rig.wait(BACKOFF_S)
    assert len(rig.input.processes) == 2, "it is begun anew"
    assert rig.ears.warning is not None, "until it is heard again"
    rig.after(0.3, Begun("Mic"), HEARD)
    assert rig.ears.warning is None
    assert rig.listen().is_heard


def test_it_is_tried_again_ever_more_rarely(rig: Rig) -> None:
    waited = []
    for _ in range(8):
        rig.input.die()
        begun, began_s = len(rig.input.processes), rig.clock.now()
        rig.ears.tend()
        assert "ended unasked (exit code 7)" in (rig.ears.warning or "")
        while len(rig.input.processes) == begun:
            rig.wait(0.125)
        waited.append(rig.clock.now() - began_s)
    assert waited == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    for _ in range(41):
        rig.after(0.25, Begun(""), HEARD)
    rig.input.die()
    rig.ears.tend()
    rig.wait(BACKOFF_S)
    assert len(rig.input.processes) == 10, "ten good seconds, and it is tried at once again"


def test_zeros_are_shown_and_the_input_is_opened_anew(rig: Rig) -> None:
    rig.after(0.1, Begun("Mic"), HEARD)
    for _ in range(25):
        rig.after(0.1, ZEROS)
    assert "digital silence" in (rig.ears.warning or "")
    assert len(rig.input.processes) == 1
    for _ in range(20):
        rig.after(0.1, ZEROS)
        if rig.input.processes[0].exitcode is not None:
            break
    rig.wait(BACKOFF_S)
    assert len(rig.input.processes) == 2
    for _ in range(60):
        rig.after(0.1, Begun(""), ZEROS)
    assert len(rig.input.processes) == 2, "in vain once, it is more patient"
    assert rig.ears.warning is not None
    assert rig.listen().is_heard, "silence is heard, too"
    rig.after(0.1, HEARD)
    assert rig.ears.warning is None


def test_a_process_that_cannot_be_begun_is_tried_again(rig: Rig) -> None:
    rig.input.refuse = OSError("too many processes")
    rig.input.die()
    rig.ears.tend()
    rig.wait(1.0)
    assert "too many processes" in (rig.ears.warning or "")
    rig.input.refuse = None
    rig.wait(1.0)
    assert len(rig.input.processes) == 2


def test_settings_reach_the_process(rig: Rig) -> None:
    rig.after(0.1, Begun(""), HEARD)
    params = dataclasses.replace(PARAMS, gain=20.0, onset_threshold=2.0, onset_gap=0.5)
    rig.ears.listen(0.0, params)
    rig.ears.tend()
    assert rig.input.ends[0].recv() == Tuning(10.0, 2.0, 0.5)
    rig.ears.tend()
    assert not rig.input.ends[0].poll(), "once"
    rig.input.die()
    rig.ears.tend()
    rig.wait(1.0)
    assert rig.input.tunings[-1] == Tuning(10.0, 2.0, 0.5), "and the next one, from its beginning"


def test_an_input_that_never_opens_is_told_before_the_show(rig: Rig) -> None:
    rig.input.tell(Failed("there is no sound input 'Mic'"))
    rig.ears.tend()
    with pytest.raises(SoundError, match="no sound input 'Mic'"):
        rig.ears.wait_until_ready(0)


def test_patience_has_an_end() -> None:
    assert [patience_s(n) for n in (0, 1, 2, 3, 99)] == [4, 32, 256, 300, 300]
    assert judge(9.9, Health(0.0)) is Verdict.OPENING
    assert judge(15.0, Health(0.0)) is Verdict.HUNG
    assert judge(3.0, Health(0.0, ready_s=0.0)) is Verdict.HUNG
    assert judge(1.0, Health(0.0, alive=False)) is Verdict.LOST


# Blocks, on the machine's clock.


def blocks(sound: np.ndarray, size: int, late_s: Callable[[int], float]) -> Iterator[Block]:
    for number, first in enumerate(range(0, len(sound), size)):
        piece = sound[first : first + size]
        yield Block(piece, 1000 + (first + len(piece)) / 48000 + late_s(number))


def told(listener: Listener, pieces: Iterator[Block]) -> list[float]:
    return [o.at_s for piece in pieces for o in listener.hear(piece, Tuning()).onsets]


def test_times_are_free_of_the_jitter_of_blocks() -> None:
    sound = with_hits(silence(4.0), (1.0, 2.0, 3.0))
    chance = np.random.default_rng(3)
    late = told(
        Listener(48000, attacks=True), blocks(sound, 240, lambda _: chance.exponential(0.004))
    )
    assert late == pytest.approx([1001, 1002, 1003], abs=0.013)


def test_that_an_input_begins_is_no_attack() -> None:
    loud = np.full(48000, 0.1, np.float32) * np.sign(np.sin(np.arange(48000)))
    assert told(Listener(48000, attacks=True), blocks(np.float32(loud), 240, lambda _: 0.0)) == []


def test_sound_that_was_lost_begins_a_new_run() -> None:
    listener = Listener(48000, attacks=False)
    listener.hear(Block(silence(0.5), 10.0), Tuning())
    after = Block(silence(0.5) + np.float32(1), 70.0, attacks=(12000,), broken=True)
    assert listener.hear(after, Tuning()).onsets == (Onset(69.75, 1.0),)


# Which input is meant.

INPUTS = (
    SoundInput(2, "Built-in Microphone", True, 1, 48000, 5),
    SoundInput(4, "Scarlett 2i2 USB", False, 2, 44100, 5),
    SoundInput(7, "Scarlett 18i20 USB", False, 18, 48000, 5),
)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("default", 2), ("4", 4), ("2i2", 4), ("built", 2), ("Scarlett 18i20 usb", 7)],
)
def test_an_input_is_found(wanted: str, index: int) -> None:
    assert find_input(wanted, INPUTS).index == index


@pytest.mark.parametrize(
    ("wanted", "inputs", "words"),
    [
        ("scarlett", INPUTS, "several sound inputs: 4 'Scarlett 2i2 USB', 7 "),
        ("Scarlet 2i2 USB", INPUTS, "did you mean 'Scarlett 2i2 USB'.*There is 2 'Built-in"),
        ("3", INPUTS, "no sound input '3'"),
        ("1", (), "no sound input is connected"),
    ],
)
def test_an_input_that_is_not_there_names_those_that_are(
    wanted: str, inputs: tuple[SoundInput, ...], words: str
) -> None:
    with pytest.raises(SoundError, match=words):
        find_input(wanted, inputs)


# Real processes.


class Listened:
    """Real ears, and what they have heard so far."""

    def __init__(self, ears: DeviceEars) -> None:
        self.ears = ears
        self.onsets: list[Onset] = []
        self.last = Sound()

    def until(self, condition: Callable[[], bool]) -> None:
        give_up_s, pause = time.monotonic() + GIVE_UP_S, threading.Event()
        while not condition():
            assert time.monotonic() < give_up_s, f"never so; {self.ears.warning}"
            self.last = self.ears.listen(time.monotonic(), PARAMS)
            self.onsets += self.last.onsets
            pause.wait(0.02)


@pytest.fixture
def listen() -> Iterator[Callable[[Any], Listened]]:
    opened: list[DeviceEars] = []

    def begin(spec: SoundSpec) -> Listened:
        ears = DeviceEars("twin", spec, SystemClock(), PARAMS).start()
        opened.append(ears)
        ears.wait_until_ready(GIVE_UP_S)
        return Listened(ears)

    yield begin
    for ears in opened:
        ears.close()


@pytest.mark.parametrize("attacks", [False, True])
def test_pyo_in_its_own_process_hears_a_file(
    listen: Callable[[Any], Listened], tmp_path: Path, attacks: bool
) -> None:
    path = write_wav(tmp_path / "hit.wav", with_hits(silence(0.5), (0.25,)))
    listened = listen(PlayedSpec(path, attacks=attacks))
    listened.until(lambda: len(listened.onsets) >= 4)
    at_s = [onset.at_s for onset in listened.onsets]
    beats = np.diff(at_s) / 0.5
    assert beats == pytest.approx(np.round(beats), abs=0.05), "they come every half second"
    assert abs(at_s[-1] - time.monotonic()) < GIVE_UP_S, "in the machine's own time"
    assert listened.last.is_heard


@pytest.mark.skipif(sys.platform != "linux", reason="the input is made with ALSA")
def test_pyo_in_its_own_process_hears_an_input(
    listen: Callable[[Any], Listened], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ALSA's null device, whose sound is whatever lay in memory: opened, named, heard."""
    asound = tmp_path / "asound.conf"
    asound.write_text(
        """
        ctl.!default { type null }
        pcm.!default { type null }
        pcm.nothing { type null; hint { show on; description "Nothing" } }
        """
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(asound))
    listened = listen(InputSpec("nothing", channels=(2,)))
    listened.until(lambda: listened.last.is_heard)
    with pytest.raises(SoundError, match=r"no channel 9999.*counted from 1"):
        listen(InputSpec("nothing", channels=(9999,)))
    with pytest.raises(SoundError, match=r"no sound input 'Scarlett'.*'nothing'"):
        listen(InputSpec("Scarlett"))


def test_a_process_that_is_killed_is_begun_again(
    listen: Callable[[Any], Listened], tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "hit.wav", with_hits(silence(0.5), (0.25,)))
    listened = listen(PlayedSpec(path))
    first = listened.ears.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    listened.until(lambda: listened.ears.warning is not None)
    listened.until(lambda: listened.ears.warning is None and listened.last.is_heard)
    assert listened.ears.process_id not in {None, first}


def test_a_file_that_cannot_be_opened_there_is_told(tmp_path: Path) -> None:
    ears = DeviceEars("twin", PlayedSpec(tmp_path / "no.wav"), SystemClock(), PARAMS).start()
    with pytest.raises(SoundError, match="is not there"):
        ears.wait_until_ready(GIVE_UP_S)
    ears.close()

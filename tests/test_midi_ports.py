"""Ports: which is meant, the twin, the machine's own where it has any, and a controller's life."""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_kit import mapped

from livematch.clock import ManualClock
from livematch.control.commands import Beat, Command, Fire, Nudge, Position, Set, Trigger
from livematch.control.params import Params
from livematch.control.state import Control
from livematch.errors import UsageError
from livematch.midi import ports as module
from livematch.midi.feedback import Shown
from livematch.midi.listener import Listener
from livematch.midi.maps import WatchedMap
from livematch.midi.opening import open_surfaces
from livematch.midi.ports import (
    VIRTUAL,
    Ports,
    PortsInMemory,
    SystemPorts,
    find_again,
    find_answering,
    find_port,
)
from livematch.midi.recording import Recording, read_recording
from livematch.midi.surface import BACKOFF_S, LOOK_S, MAX_BACKOFF_S, READ_S, Controller

START = Params()
PADS = "nanoPAD2:nanoPAD2 MIDI 1 20:0"
MAP = mapped(
    "note = 1; fire = 'next'",
    "note = 2; set = 'blackout'; button = 'momentary'",
    "cc = 7; set = 'colour'; pickup = false",
)
NEXT, BLACK, LET_GO = (0x90, 1, 100), (0x90, 2, 100), (0x80, 2, 0)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("nano", PADS), ("NANOPAD", PADS), (PADS, PADS), ("1", "Through"), ("7", None), ("x", None)],
)
def test_a_port_is_a_number_or_part_of_its_name(wanted: str, found: str | None) -> None:
    assert find_port(wanted, (PADS, "Through")) == found


def test_a_part_that_fits_several_is_told_but_a_whole_name_is_enough() -> None:
    with pytest.raises(UsageError, match="could be any of: Pad 1, Pad 10"):
        find_port("Pad", ("Pad 1", "Pad 10"))
    assert find_port("Pad 1", ("Pad 1", "Pad 10")) == "Pad 1"


def test_a_port_is_found_again_at_another_place() -> None:
    assert find_again(PADS, ("Through", PADS.replace("20:0", "24:0"))) is not None
    assert find_again("nanoPAD2 0", ("Through 0", "nanoPAD2 1")) == "nanoPAD2 1"
    assert find_again(PADS, ("Through",)) is None


def test_the_output_that_answers_has_the_same_name_or_nearly() -> None:
    assert find_answering("Launch IN", ("Through", "Launch OUT")) == "Launch OUT"
    assert find_answering("nanoPAD2 0", ("Microsoft GS 0", "nanoPAD2 1")) == "nanoPAD2 1"
    assert find_answering("system:midi_capture_1", ("system:midi_playback_1",)) is not None
    assert find_answering("MIDIIN2 (Pad) 1", ("Pad 0", "MIDIOUT2 (Pad) 2")) == "MIDIOUT2 (Pad) 2"
    assert find_answering("nanoPAD2", ("Microsoft GS Wavetable Synth 0",)) is None


# One contract for both kinds of ports


def system_ports() -> Ports:
    """The machine's own; skips where its MIDI cannot be used."""
    pytest.importorskip("rtmidi")
    try:
        return SystemPorts()
    except UsageError as error:
        pytest.skip(str(error))


def test_what_is_sent_through_a_virtual_port_arrives() -> None:
    """On a machine with ALSA's sequencer or CoreMIDI, through the system itself."""
    import threading  # noqa: PLC0415 - for this test only

    first, second = system_ports(), system_ports()
    heard: list[bytes] = []
    arrived = threading.Event()

    def hear(data: object) -> None:
        heard.append(bytes(data))  # type: ignore[call-overload]
        arrived.set()

    virtual = first.open_input(VIRTUAL, hear)
    name = next(name for name in second.outputs() if "livematch" in name)
    sender = second.open_output(name)
    sender.send(bytes(NEXT))
    assert arrived.wait(5.0)
    assert heard == [bytes(NEXT)]
    for closing in (sender, virtual, first, second):
        closing.close()


def test_a_machine_without_midi_says_so() -> None:
    """Either the ports can be listed, or one message says why not."""
    pytest.importorskip("rtmidi")
    try:
        ports = SystemPorts()
    except UsageError as error:
        assert "there is no MIDI on this machine" in str(error)  # noqa: PT017
    else:
        assert isinstance(ports.inputs(), tuple)
        ports.close()


class Rtmidi:
    """A stand-in for python-rtmidi as its documentation has it: ALSA is missing, JACK is there."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.devices: list[Rtmidi.Device] = []
        self.fault: Exception | None = None

    @staticmethod
    def get_compiled_api() -> list[int]:
        return [2, 3]

    def MidiIn(self, rtapi: int, name: str) -> "Rtmidi.Device":  # noqa: N802 - rtmidi's name
        if rtapi == 2:
            raise SystemError("no ALSA")
        assert name == "livematch"
        self.devices.append(Rtmidi.Device(self))
        return self.devices[-1]

    MidiOut = MidiIn

    class Device:
        def __init__(self, system: "Rtmidi") -> None:
            self.system = system
            self.log: list[object] = []
            self.callback: Callable[[tuple[list[int], float], object], None] | None = None

        def get_ports(self) -> list[str]:
            return list(self.system.names)

        def open_port(self, number: int, name: str) -> None:
            self.log.append(("open", number))

        def open_virtual_port(self, name: str) -> None:
            raise NotImplementedError("not on this system")

        def ignore_types(self, sysex: bool, timing: bool, active_sense: bool) -> None:
            self.log.append(("ignores", sysex, timing, active_sense))

        def set_callback(self, callback: Callable[..., None]) -> None:
            self.callback = callback

        def send_message(self, data: bytes) -> None:
            if self.system.fault:
                raise self.system.fault
            self.log.append(data)

        def close_port(self) -> None:
            self.log.append("closed")

        def delete(self) -> None:
            self.log.append("deleted")


@pytest.fixture
def rtmidi(monkeypatch: pytest.MonkeyPatch) -> Rtmidi:
    stand_in = Rtmidi("Through", PADS)
    monkeypatch.setitem(sys.modules, "rtmidi", stand_in)
    return stand_in


def test_the_systems_ports_are_heard_and_told_through_the_first_system_there_is(
    rtmidi: Rtmidi,
) -> None:
    ports = SystemPorts()
    assert ports.inputs() == ports.outputs() == ("Through", PADS)
    heard: list[object] = []
    port = ports.open_input(PADS, heard.append)
    device = rtmidi.devices[-1]
    assert device.log == [("open", 1), ("ignores", True, False, True)]  # the clock is heard
    assert device.callback is not None
    device.callback((list(NEXT), 0.0), None)
    assert heard == [list(NEXT)]
    ports.open_output("Through").send(b"abc")
    assert rtmidi.devices[-1].log == [("open", 0), b"abc"]
    port.close()
    assert device.log[-2:] == ["closed", "deleted"]


def test_a_system_port_that_has_gone_or_fails_is_an_os_error(rtmidi: Rtmidi) -> None:
    ports = SystemPorts()
    with pytest.raises(OSError, match="not in list"):
        ports.open_input("gone", print)
    assert rtmidi.devices[-1].log == ["closed", "deleted"]
    with pytest.raises(OSError, match="not on this system"):
        ports.open_input(VIRTUAL, print)
    sender = ports.open_output(PADS)
    rtmidi.fault = RuntimeError("cable cut")
    with pytest.raises(OSError, match="cable cut"):
        sender.send(b"abc")


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(module.importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"pip install 'livematch\[midi\]'"):
        SystemPorts()
    with pytest.raises(UsageError, match=r"pip install 'livematch\[midi\]'"):
        read_recording(Path("x.mid"))


# A controller's life


class Rig:
    """A controller on ports in memory, worked by hand on a manual clock."""

    def __init__(
        self,
        *names: str,
        wanted: str = "nano",
        speechless: bool = False,
        watched: WatchedMap | None = None,
    ) -> None:
        self.ports = PortsInMemory(*names, speechless=speechless)
        self.clock = ManualClock()
        self.commands: list[Command] = []
        self.controller = Controller(
            wanted, self.ports, MAP, self.commands.append, self.clock, START, watched
        )

    def work(self, seconds: float = 0.0, params: Params = START) -> None:
        """Let time pass, and the worker do one step."""
        self.clock.advance(seconds)
        self.controller.work(self.clock.now(), Shown(self.clock.now(), params))

    def sent(self, name: str = PADS) -> list[bytes]:
        told = list(self.ports.sent[name])
        self.ports.sent[name].clear()
        return told


def test_a_port_that_is_not_there_is_told_before_the_show() -> None:
    with pytest.raises(UsageError, match="there is no MIDI port 'nano'; there are: Through"):
        Rig("Through").controller.open()


def test_a_port_that_cannot_be_opened_is_told_before_the_show() -> None:
    rig = Rig(PADS)
    rig.ports.is_broken = True
    with pytest.raises(UsageError, match="cannot be opened"):
        rig.controller.open()


def test_what_is_played_is_submitted_at_once() -> None:
    rig = Rig("Through", PADS)
    rig.controller.open()
    rig.ports.play(PADS, NEXT, (0xB0, 7, 127))
    assert rig.commands == [Fire(Trigger.NEXT), Position("colour", 1.0)]


def test_everything_is_told_on_connecting_and_changes_after_that() -> None:
    rig = Rig(PADS)
    rig.controller.open()
    rig.work()
    assert rig.sent() == [bytes((0x90, 2, 0)), bytes((0xB0, 7, 32))]
    rig.work(0.1)
    assert rig.sent() == []
    rig.work(0.1, Params(blackout=True))
    assert rig.sent() == [bytes((0x90, 2, 127))]


def test_a_controller_that_can_be_told_nothing_is_heard_all_the_same() -> None:
    rig = Rig(PADS, speechless=True)
    rig.controller.open()
    rig.work()
    rig.ports.play(PADS, NEXT)
    assert rig.commands == [Fire(Trigger.NEXT)]


def test_a_virtual_port_is_opened_and_never_looked_for() -> None:
    rig = Rig(wanted=VIRTUAL)
    rig.controller.open()
    rig.work(2 * LOOK_S)
    rig.ports.play(VIRTUAL, NEXT)
    assert rig.commands == [Fire(Trigger.NEXT)]
    assert rig.controller.warning is None


def test_unplugged_it_lets_go_and_plugged_in_elsewhere_it_is_found_and_told_everything() -> None:
    rig = Rig(PADS, speechless=False)
    rig.controller.open()
    rig.work()
    rig.ports.play(PADS, BLACK)
    rig.ports.unplug(PADS)
    rig.work(LOOK_S + 0.1)
    assert rig.commands == [Set("blackout", True), Set("blackout", False)]
    assert "looking for it" in str(rig.controller.warning)
    elsewhere = PADS.replace("20:0", "24:0")
    rig.ports.plug(elsewhere)
    rig.work(BACKOFF_S)
    assert rig.controller.warning is None
    rig.work(0.1)
    assert len(rig.sent(elsewhere)) == 2
    rig.ports.play(elsewhere, NEXT)
    assert rig.commands[-1] == Fire(Trigger.NEXT)
    assert rig.controller.counters["MIDI ports reopened"] == 1


def test_a_controller_that_cannot_be_told_any_more_is_opened_anew() -> None:
    rig = Rig(PADS)
    rig.controller.open()
    rig.ports.unplug(PADS)
    rig.work(0.1)  # before it is looked for
    assert rig.controller.warning is not None
    assert rig.controller.counters["MIDI messages not sent"] == 1


def test_a_port_that_cannot_be_opened_is_tried_less_and_less_often() -> None:
    rig = Rig(PADS)
    rig.controller.open()
    rig.ports.unplug(PADS)
    rig.work(LOOK_S + 0.1)
    rig.ports.plug(PADS)
    rig.ports.is_broken = True
    tried, tries = 0, []
    for _ in range(160):
        rig.work(0.25)
        if rig.controller._failures > tried:
            tried = rig.controller._failures
            tries.append(rig.clock.now())
    gaps = [later - sooner for sooner, later in pairwise(tries)]
    assert gaps == pytest.approx([0.5, 1, 2, 4, *[MAX_BACKOFF_S] * (len(gaps) - 4)], abs=0.3)
    assert len(gaps) > 5
    rig.ports.is_broken = False
    rig.work(MAX_BACKOFF_S + 0.1)
    assert rig.controller.warning is None


def test_a_clock_that_goes_with_its_cable_has_stopped() -> None:
    rig = Rig(PADS)
    rig.controller.open()
    for _ in range(48):
        rig.clock.advance(60 / 120 / 24)
        rig.ports.play(PADS, (0xF8,))
    assert isinstance(rig.commands[-1], Beat)
    rig.work(2.0)
    assert rig.commands[-1].is_playing is False  # type: ignore[union-attr]


def test_a_map_that_was_changed_is_followed_and_a_broken_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "midi.toml"
    path.write_text("[[map]]\nnote = 1\nfire = 'next'\n")
    rig = Rig(PADS, watched=WatchedMap(path))
    rig.controller.open()
    rig.work(READ_S)
    rig.ports.play(PADS, BLACK)  # held while the map changes
    rig.sent()
    path.write_text("[[map]]\nnote = 1\nset = 'hold'\n# more\n")
    rig.work(READ_S)
    rig.ports.play(PADS, NEXT)
    assert rig.commands == [Set("blackout", True), Set("blackout", False), Nudge("hold")]
    rig.work(0.1, Params(hold=True))
    assert rig.sent()[-1] == bytes((0x90, 1, 127))
    path.write_text("[[map]]\nnote = 1\nfire = 'nextt'\n")
    rig.work(READ_S)
    assert "midi.toml:3" in str(rig.controller.warning)
    rig.ports.play(PADS, NEXT)
    assert rig.commands[-1] == Nudge("hold")
    path.write_text("[[map]]\nnote = 1\nfire = 'next'\n# mended\n")
    rig.work(READ_S)
    rig.ports.play(PADS, NEXT)
    assert (rig.commands[-1], rig.controller.warning) == (Fire(Trigger.NEXT), None)


def test_a_started_controller_works_on_its_own_thread_and_ends() -> None:
    """The engine's thread only leaves what there is to show."""
    rig = Rig(PADS)
    rig.controller.open()
    rig.controller.start()
    rig.controller.tick(Shown(0.0, START))
    rig.controller.close()
    rig.ports.play(PADS, NEXT)
    assert rig.commands == []


def test_names_are_opened_in_order_and_all_are_closed_when_one_is_missing() -> None:
    ports = PortsInMemory(PADS)

    def submit(command: Command) -> None: ...

    with pytest.raises(UsageError, match="no MIDI port 'missing'"):
        open_surfaces(
            ("nano", "missing"), None, submit, ManualClock(), START, open_ports=lambda: ports
        )
    assert ports.opened == [PADS]
    heard = Listener(MAP, submit, START)
    ports.play(PADS, NEXT)  # nobody is there
    assert heard.heard == 0


def test_no_names_open_nothing_and_read_no_map() -> None:
    def submit(command: Command) -> None: ...

    assert open_surfaces((), Path("nowhere.toml"), submit, ManualClock(), START) == ()


# Hostile


@given(st.lists(st.lists(st.integers(-5, 300), max_size=6)))
def test_whatever_arrives_nothing_raises_and_all_is_counted(messages: list[list[int]]) -> None:
    commands: list[Command] = []
    listener = Listener(MAP, commands.append, START)
    for n, data in enumerate(messages):
        listener.hear(data, n * 0.01)
    assert listener.heard == len(messages)
    assert listener.unmapped + listener.unreadable + len(commands) <= len(messages)


def test_system_exclusive_of_any_length_is_passed_over() -> None:
    listener = Listener(MAP, print, START)
    listener.hear([0xF0, *[0x55] * 100_000, 0xF7], 0.0)
    assert listener.unreadable == 1


@pytest.mark.expects_errors
def test_a_fault_of_our_own_stays_on_the_systems_thread() -> None:
    def broken(command: Command) -> None:
        raise RuntimeError("out of order")

    listener = Listener(MAP, broken, START)
    listener.hear(NEXT, 0.0)
    listener.hear(NEXT, 0.1)
    assert listener.unreadable == 2


def test_a_flood_ends_with_its_last_value_and_bounded() -> None:
    control = Control()
    listener = Listener(MAP, control.submit, START)
    for n in range(20_000):
        listener.hear((0xB0, 7, n % 128), n / 20_000)
    assert control.update(1.0).params.colour == 19_999 % 128 / 127


# The recorded controller


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """A MIDI file: a fader up within a second, then a pad."""
    mido = pytest.importorskip("mido")
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])  # 480 ticks: 0.5 s
    for value in (0, 64, 127):
        track.append(mido.Message("control_change", control=7, value=value, time=480))
    track.append(mido.Message("note_on", note=1, velocity=99, time=480))
    path = tmp_path / "take.mid"
    mido.MidiFile(tracks=[track]).save(path)
    return path


def test_a_recording_is_read_with_its_times(take: Path) -> None:
    times = [at_s for at_s, _ in read_recording(take)]
    assert times == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert read_recording(take)[-1][1] == bytes((0x90, 1, 99))


def test_a_recording_plays_on_the_shows_clock(take: Path) -> None:
    commands: list[Command] = []
    clock = ManualClock(100.0)
    recording = Recording(take, MAP, commands.append, clock, START)
    played = {}
    for n in range(25):
        recording.tick(Shown(100.0 + n / 10, START))
        played[n / 10] = len(commands)
    assert [played[t] for t in (0.4, 0.5, 0.9, 1.0, 1.5, 2.0, 2.4)] == [0, 1, 1, 2, 3, 4, 4]
    assert commands[-1] == Fire(Trigger.NEXT)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_recording_or_told(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    pytest.importorskip("mido")
    path = tmp_path_factory.getbasetemp() / "any.mid"
    path.write_bytes(b"MThd" + data)
    try:
        read_recording(path)
    except UsageError as error:
        assert "any.mid" in str(error)  # noqa: PT017

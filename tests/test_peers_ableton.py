"""Ableton Live through AbletonOSC: the conversation, the cues in clip names, and the socket."""

import itertools
import logging
import os
import queue
import socket
from collections.abc import Iterator

import pytest
from ableton_twin import Live, LivePort
from hypothesis import given
from hypothesis import strategies as st

from livematch.clock import SystemClock
from livematch.control.commands import (
    Beat,
    Command,
    Fire,
    Jump,
    Nudge,
    Pick,
    Recall,
    Set,
    Trigger,
    UseLens,
)
from livematch.control.params import TABLE
from livematch.errors import UsageError
from livematch.osc.packets import Message
from livematch.peers.ableton import LONGEST_RETRY_S, SILENT_S, SUBSCRIBE_AGAIN_S, Ableton, Turn
from livematch.peers.abletonport import AbletonPort
from livematch.peers.cues import cue_of
from livematch.peers.songline import SongLine

# The names of clips


@pytest.mark.parametrize(
    ("name", "cue"),
    [
        ("livematch:next", Fire(Trigger.NEXT)),
        ("livematch:go", Fire(Trigger.GO)),
        (" LiveMatch: Panic ", Fire(Trigger.PANIC)),
        ("livematch:blackout", Nudge("blackout")),
        ("livematch:blackout=on", Set("blackout", True)),
        ("livematch:fade=2", Set("fade", 2.0)),
        ("livematch: fade = 2.5", Set("fade", 2.5)),
        ("livematch:screen=grid", Set("screen", "grid")),
        ("livematch:tag=sea,-night", Set("tag", "sea,-night")),
        ("livematch:pick=3", Pick(3)),
        ("livematch:preset=storm", Recall("storm")),
        ("livematch:preset=2", Recall(2)),
        ("livematch:step=4", Jump(4)),
        ("livematch:lens=2", UseLens(2)),
        ("livematch:lens=sea", UseLens("sea")),
        ("livematch:next_lens", Fire(Trigger.NEXT_LENS)),
        ("livematch:lens_mix=0.5", Set("lens_mix", 0.5)),
        ("livematch:step=the storm", Jump("the storm")),
    ],
)
def test_a_clip_name_is_a_cue(name: str, cue: Command) -> None:
    assert cue_of(name) == cue


@pytest.mark.parametrize("name", ["", "Bass 2", "livematch", "the livematch:next", "next"])
def test_other_names_are_none(name: str) -> None:
    assert cue_of(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("livematch:", "there is no ''"),
        ("livematch:nxt", "did you mean next?"),
        ("livematch:prset=storm", "did you mean preset?"),
        ("livematch:fade", "fade needs a value, fade=…; allowed: 0 to 20 s"),
        ("livematch:fade=200", "fade cannot be '200'; allowed: 0 to 20 s"),
        ("livematch:fade=nan", "fade cannot be 'nan'"),
        ("livematch:next=2", "next stands alone"),
        ("livematch:pick", "pick needs a value"),
        ("livematch:pick=0", "allowed: 1 to 9"),
        ("livematch:pick=²", "allowed: 1 to 9"),
        ("livematch:preset=../storm", "a name is 1 to 40 letters"),
        ("livematch:step=", "step needs"),
        ("livematch:lens=", "lens needs the name of a lens"),
        ("livematch:lens", "lens needs a value"),
    ],
)
def test_a_wrong_cue_says_what_is_right(name: str, said: str) -> None:
    with pytest.raises(UsageError) as fault:
        cue_of(name)
    assert said in str(fault.value)
    assert "clip" in str(fault.value)


@given(st.text(max_size=200).map(lambda text: f"livematch:{text}"))
def test_no_name_does_more_than_refuse(name: str) -> None:
    try:
        cue = cue_of(name)
    except UsageError:
        return
    assert cue is not None


def test_every_switch_and_trigger_has_its_clip() -> None:
    for trigger in Trigger:
        assert cue_of(f"livematch:{trigger}") == Fire(trigger)
    for row in TABLE.values():
        if row.kind == "switch":
            assert cue_of(f"livematch:{row.name}") == Nudge(row.name)


# The song's line


def test_the_earliest_report_places_the_beat() -> None:
    line = SongLine()
    line.set_tempo(120)
    line.set_playing(True)
    delays_s = (0.08, 0.03, 0.09, 0.001, 0.07, 0.05)
    for number, delay_s in enumerate(delays_s):
        line.heard(number * 0.25, 10.0 + number * 0.125 + delay_s)
    told = line.beat_at(11.0, "ableton")
    assert told is not None
    assert told.beat == pytest.approx(2.0, abs=0.0021)


def test_a_jump_back_or_forward_is_followed_at_once() -> None:
    line = SongLine()
    line.set_tempo(60)
    line.set_playing(True)
    assert line.heard(16.0, 16.0)
    assert not line.heard(17.0, 17.05)
    assert line.heard(0.0, 18.0)
    assert line.beat_at(18.5, "ableton") == Beat("ableton", 60, 0.5, 18.5)
    assert line.heard(8.0, 18.6)


def test_old_reports_no_longer_count() -> None:
    """Two clocks never agree for long: what was earliest an hour ago says nothing."""
    line = SongLine()
    line.set_tempo(60)
    line.set_playing(True)
    drift = 1.0001
    for second in range(3600):
        line.heard(float(second), second * drift)
    told = line.beat_at(3599 * drift, "ableton")
    assert told is not None
    assert told.beat == pytest.approx(3599, abs=0.001)


@pytest.mark.parametrize("bpm", [0, -120, 5, 1e9, float("nan"), float("inf")])
def test_no_tempo_that_cannot_be(bpm: float) -> None:
    line = SongLine()
    assert not line.set_tempo(bpm)
    assert line.beat_at(0.0, "ableton") is None


# The conversation, on a clock that is moved by hand


class Conversation:
    """Both sides, joined without a network."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.ableton = Ableton("studio")
        self.now = 100.0
        self.commands: list[Command] = []
        self.is_reachable = True

    def follow(self, turn: Turn) -> None:
        self.commands += turn.commands
        for message in turn.messages:
            if self.is_reachable:
                self.told(self.live.hear(message))

    def told(self, messages: list[Message]) -> None:
        for message in messages:
            self.follow(self.ableton.hear(message, self.now))

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.follow(self.ableton.due(self.now))

    def cues(self) -> list[Command]:
        return [command for command in self.commands if not isinstance(command, Beat)]

    def beats(self) -> list[Beat]:
        return [command for command in self.commands if isinstance(command, Beat)]


CLIPS = (("Bass", "livematch:next"), ("livematch:preset=storm", "livematch:oops", "Drums"))


@pytest.fixture
def talk() -> Conversation:
    conversation = Conversation(Live(*CLIPS))
    conversation.wait(0.1)
    return conversation


def test_live_that_is_absent_is_looked_for_ever_more_slowly() -> None:
    talk = Conversation(Live(*CLIPS))
    talk.is_reachable = False
    asked: list[float] = []
    for _ in range(600):
        talk.now += 0.1
        turn = talk.ableton.due(talk.now)
        assert not turn.commands
        asked += [talk.now for message in turn.messages if message.path == "/live/test"]
    gaps = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(LONGEST_RETRY_S, abs=0.11)
    assert talk.ableton.warning is not None
    assert "studio" in talk.ableton.warning
    talk.is_reachable = True
    talk.wait(LONGEST_RETRY_S + 0.1)
    assert talk.ableton.warning is None


def test_live_is_not_pestered(talk: Conversation) -> None:
    """/live/test shows a line in Live's window: it is for finding Live only."""
    before = talk.live.tests
    talk.wait(60)
    assert before == talk.live.tests == 1


def test_the_beat_is_told(talk: Conversation) -> None:
    assert all(not beat.is_playing for beat in talk.beats())
    talk.told(talk.live.play())
    for step in range(1, 41):
        talk.wait(0.1)
        talk.told(talk.live.reach(step * 0.2))  # 120 a minute
    last = talk.beats()[-1]
    assert (last.source, last.bpm, last.is_playing) == ("ableton", 120.0, True)
    assert last.beat + (talk.now - last.at_s) * 2 == pytest.approx(8.0)
    talk.told(talk.live.set_tempo(90))
    talk.told(talk.live.reach(8.0))
    assert talk.beats()[-1].bpm == 90
    assert talk.beats()[-1].beat == pytest.approx(8.0)
    talk.told(talk.live.stop())
    assert talk.beats()[-1] == Beat("ableton", 90.0, 8.0, talk.now, is_playing=False)
    told = len(talk.beats())
    talk.wait(10)
    assert len(talk.beats()) == told, "who stands still has nothing to tell"


def test_a_live_that_only_tells_beats_will_do() -> None:
    talk = Conversation(Live(*CLIPS))
    talk.is_reachable = False
    for path, value in (("tempo", 60.0), ("is_playing", 1)):
        talk.follow(talk.ableton.hear(Message(f"/live/song/get/{path}", (value,)), talk.now))
    for beat in range(1, 5):
        talk.now += 1.0
        talk.follow(talk.ableton.hear(Message("/live/song/get/beat", (beat,)), talk.now))
    talk.follow(talk.ableton.due(talk.now + 0.5))
    assert talk.beats()[-1].beat == pytest.approx(4.5)


def test_a_launched_clip_is_a_cue(talk: Conversation) -> None:
    talk.told(talk.live.launch(1, 0))
    assert talk.cues() == [Recall("storm")]
    talk.told(talk.live.launch(0, 0))
    talk.told(talk.live.launch(1, -1))
    assert talk.cues() == [Recall("storm")]


def test_a_blinking_clip_is_asked_for_its_name_before_it_is_launched(talk: Conversation) -> None:
    talk.told(talk.live.fire(0, 1))
    assert talk.cues() == []
    talk.is_reachable = False  # nothing more can be asked
    talk.told(talk.live.launch(0, 1))
    assert talk.cues() == [Fire(Trigger.NEXT)]


def test_a_clip_that_is_launched_again_is_a_cue_again(talk: Conversation) -> None:
    for times in range(1, 4):
        talk.told(talk.live.fire(0, 1))
        talk.wait(2)
        talk.told(talk.live.launch(0, 1))
        assert talk.cues() == [Fire(Trigger.NEXT)] * times
        talk.wait(2)


def test_a_clip_that_is_called_off_is_none(talk: Conversation) -> None:
    talk.told(talk.live.launch(0, 0))
    talk.told(talk.live.fire(0, 1))
    talk.wait(1)
    talk.told(talk.live.fire(0, -2))  # the track's stop button
    talk.wait(1)
    talk.told(talk.live.launch(0, -1))
    assert talk.cues() == []


@pytest.mark.parametrize("how", ["it says so", "after silence", "another set is loaded"])
def test_live_is_listened_to_again_after_it_restarts(talk: Conversation, how: str) -> None:
    talk.told(talk.live.launch(0, 1))
    assert len(talk.cues()) == 1
    if how == "it says so":
        talk.told(talk.live.restart())
    elif how == "after silence":
        talk.told(talk.live.play())
        talk.is_reachable = False
        talk.wait(SILENT_S + 0.3)
        assert talk.ableton.warning is not None
        assert not talk.beats()[-1].is_playing
        talk.live.restart()
        talk.is_reachable = True
        talk.wait(1)
    else:
        talk.live.restart()
        talk.wait(SUBSCRIBE_AGAIN_S + 0.1)
    assert talk.ableton.warning is None
    assert len(talk.cues()) == 1, "a clip that plays already is no cue"
    talk.told(talk.live.launch(1, 0))
    talk.told(talk.live.set_tempo(77))
    talk.told(talk.live.play(4.0))
    assert talk.cues()[1:] == [Recall("storm")]
    assert talk.beats()[-1].bpm == 77


def test_a_new_track_is_listened_to(talk: Conversation) -> None:
    talk.live.tracks += (("livematch:go",),)
    talk.live.playing.append(-1)
    talk.live.fired.append(-1)
    talk.wait(2.1)
    talk.told(talk.live.launch(2, 0))
    assert talk.cues() == [Fire(Trigger.GO)]


def test_a_wrong_cue_is_told_once(talk: Conversation, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            talk.told(talk.live.launch(1, 1))
            talk.told(talk.live.launch(1, 2))
    assert talk.cues() == []
    assert len([r for r in caplog.records if "livematch:oops" in r.getMessage()]) == 1


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["livematch:next", -1, 0, 1, 2]),
)
paths = st.sampled_from(
    [
        *(f"/live/song/get/{name}" for name in ("tempo", "is_playing", "beat", "num_tracks")),
        "/live/song/get/current_song_time",
        "/live/track/get/playing_slot_index",
        "/live/track/get/fired_slot_index",
        "/live/clip/get/name",
        "/live/startup",
        "/live/error",
        "/live",
        "/livematch/quit",
        "/live/song/get/tempo/",
    ]
)


@given(st.lists(st.tuples(paths, st.lists(anything, max_size=4).map(tuple)), max_size=40))
def test_nothing_that_is_said_breaks_the_conversation(said: list[tuple[str, tuple]]) -> None:
    talk = Conversation(Live(*CLIPS))
    talk.wait(0.1)
    for path, args in said:
        talk.now += 0.01
        turn = talk.ableton.hear(Message(path, args), talk.now)
        assert len(turn.messages) < 1100
        for command in turn.commands:
            assert isinstance(command, Beat | Fire)
    talk.told(talk.live.restart())
    talk.commands.clear()
    talk.now += 10
    talk.told(talk.live.launch(1, 0))
    assert talk.cues() == [Recall("storm")]


# The socket


class Session:
    """A port and a stand-in for Live on loopback, and the commands that come of it."""

    def __init__(self) -> None:
        self.commands: queue.Queue[Command] = queue.Queue()
        self.twin = LivePort(Live(*CLIPS))
        self.port = AbletonPort(
            "127.0.0.1",
            self.commands.put,
            SystemClock(),
            ask_port=self.twin.port,
            answer_port=0,
        )
        self.twin.answers = ("127.0.0.1", self.port.port)

    def next_cue(self) -> Command:
        while isinstance(command := self.commands.get(timeout=20), Beat):
            pass
        return command

    def next_beat(self) -> Beat:
        while not isinstance(command := self.commands.get(timeout=20), Beat):
            pass
        return command


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.port.close()
    session.twin.close()


def test_over_the_network(session: Session) -> None:
    session.twin.live.play()
    session.twin.start()
    session.port.start()
    session.next_beat()  # so all was subscribed to
    assert session.port.warning is None
    session.twin.send(session.twin.live.play(300.0))
    while (beat := session.next_beat()).beat < 300:
        pass
    assert (beat.bpm, beat.is_playing) == (120.0, True)
    while ("track", "fired_slot_index", "1") not in session.twin.live.listeners:
        session.next_beat()
    while session.port._ableton._tracks[1].playing is None:
        session.next_beat()
    session.twin.send(session.twin.live.launch(1, 0))
    assert session.next_cue() == Recall("storm")


def test_hostile_packets_are_counted_and_the_rest_goes_on(session: Session) -> None:
    session.twin.start()
    session.port.start()
    session.next_beat()
    hostile = [b"", b"#bundle\0" * 900, b"/live/song/get/tempo\0\0\0\0,f\0\0", b"\xff" * 4000]
    hostile += [os.urandom(200) for _ in range(60)]  # as many as wait in a socket without loss
    for datagram in hostile:
        session.twin.send_raw(datagram)
    session.twin.send(session.twin.live.set_tempo(99))
    while session.next_beat().bpm != 99:
        pass
    assert session.port.counters["Ableton messages without sense"] > 0


def test_a_port_that_is_taken_is_told_before_the_show() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {taken}"):
            AbletonPort("localhost", lambda _: None, SystemClock(), answer_port=taken)


def test_an_unknown_machine_is_told_before_the_show() -> None:
    with pytest.raises(UsageError, match="no machine is called"):
        AbletonPort("no.such.machine.invalid", lambda _: None, SystemClock(), answer_port=0)

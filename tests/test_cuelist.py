"""Cue lists: their file, and how their steps come."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Command, Fire, Jump, Recall, Trigger
from livematch.control.cuelist import CueList, Cues, Step, parse_cues, read_cues
from livematch.control.handwritten import FaultyFileError
from livematch.control.params import Params
from livematch.control.presets import Preset, PresetsInMemory
from livematch.control.state import Control
from livematch.errors import UsageError
from livematch.values import Pulse

LIBRARY = PresetsInMemory(
    Preset("calm", (("semantic", 0.0),), 2.0), Preset("storm", (("fade", 0.0),))
).snapshot

EVENING = """about = "Opening night"

[[step]]
name = "doors"
preset = "calm"
fade = 4

[[step]]
name = "Act 2: storm"
preset = "storm"
after = 90
trigger = "cut"

[[step]]
name = "end"
trigger = "veto"
after_beats = 16
"""
DOORS = Step("doors", "calm", 4.0)
ACT_TWO = Step("Act 2: storm", "storm", trigger=Trigger.CUT, after_s=90.0)
END = Step("end", trigger=Trigger.VETO, after_beats=16.0)


def pulse(bpm: float = 120.0, beat: float = 0.0, at_s: float = 0.0, source: str = "tap") -> Pulse:
    return Pulse(bpm, beat, at_s, source)


# The file


def test_a_cue_list_is_read() -> None:
    cues = parse_cues(Path("evening.toml"), EVENING, LIBRARY)
    assert cues == CueList((DOORS, ACT_TWO, END), "Opening night")


def test_all_its_faults_are_told_at_once() -> None:
    text = """abuot = "x"
[[step]]
name = "doors"
preset = "clam"
fade = 9999
[[step]]
preset = "calm"
afer = 3
[[step]]
name = "doors"
preset = "storm"
trigger = "quit"
after = 3
after_beats = 4
[[step]]
name = "7"
"""
    with pytest.raises(FaultyFileError) as caught:
        parse_cues(Path("e.toml"), text, LIBRARY)
    assert str(caught.value).splitlines() == [
        "e.toml:1: there is no 'abuot' here; did you mean 'about'?",
        "e.toml:4: there is no preset 'clam'; did you mean 'calm'?",
        "e.toml:5: fade cannot be 9999; allowed: 0 to 600 s",
        "e.toml:6: this step has no name",
        "e.toml:8: there is no 'afer' here; did you mean 'after'?",
        "e.toml:10: step 1 is called 'doors' too",
        "e.toml:12: trigger cannot be 'quit'; allowed: next | cut | veto | next_lens",
        "e.toml:14: a step has after or after_beats, not both",
        "e.toml:15: this step does nothing: give it a preset, a trigger or both",
        "e.toml:16: a step's name cannot be empty nor a number",
    ]


@pytest.mark.parametrize("text", ["", "step = 3", "step = [1]", "[step]\nname = 'x'"])
def test_a_list_without_steps_is_refused(text: str) -> None:
    with pytest.raises(FaultyFileError, match=r"\[\[step\]\]"):
        parse_cues(Path("e.toml"), text, LIBRARY)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultyFileError, match=r"nowhere.toml: cannot be read"):
        read_cues(tmp_path / "nowhere.toml", LIBRARY)


@given(st.text())
def test_any_text_is_a_list_or_faults(text: str) -> None:
    try:
        cues = parse_cues(Path("e.toml"), text, LIBRARY)
    except FaultyFileError:
        return
    assert cues.steps


# The steps


def cues_of(*steps: Step) -> Cues:
    return Cues(CueList(steps))


def test_go_performs_one_after_the_other() -> None:
    cues = cues_of(DOORS, ACT_TWO, END)
    assert cues.step is None
    assert cues.go(0.0) == (Recall("calm", 4.0),)
    assert cues.step is DOORS
    assert cues.go(1.0) == (Recall("storm", None), Fire(Trigger.CUT))
    assert cues.go(2.0) == (Fire(Trigger.VETO),)
    with pytest.raises(UsageError, match="last step"):
        cues.go(3.0)
    assert cues.step is END


def test_back_performs_the_one_before_again() -> None:
    cues = cues_of(DOORS, ACT_TWO)
    for _ in range(2):
        with pytest.raises(UsageError, match="no step before"):
            cues.back(0.0)
        if cues.step is None:
            cues.go(0.0)
    cues.go(1.0)
    assert cues.back(2.0) == DOORS.commands
    assert cues.go(3.0) == ACT_TWO.commands


@pytest.mark.parametrize("wanted", ["Act 2: storm", 2, "2"])
def test_a_step_is_found_by_name_and_number(wanted: str | int) -> None:
    cues = cues_of(DOORS, ACT_TWO, END)
    assert cues.jump(wanted, 0.0) == ACT_TWO.commands
    assert cues.go(0.0) == END.commands


@pytest.mark.parametrize(("wanted", "hint"), [("dors", "'doors'"), (0, "3"), (4, "3"), ("9", "3")])
def test_a_step_that_is_not_there_is_refused(wanted: str | int, hint: str) -> None:
    cues = cues_of(DOORS, ACT_TWO, END)
    with pytest.raises(UsageError, match=hint):
        cues.jump(wanted, 0.0)
    assert cues.step is None


def test_a_step_comes_by_itself_so_long_after_the_one_before() -> None:
    cues = cues_of(DOORS, ACT_TWO)
    assert cues.due(0.0, None) == ()
    cues.go(10.0)
    assert cues.due(99.9, None) == ()
    assert cues.due(100.0, None) == ACT_TWO.commands
    assert cues.due(500.0, None) == ()


def test_the_first_step_counts_from_the_beginning_of_the_show() -> None:
    cues = cues_of(ACT_TWO, DOORS)
    assert cues.due(1000.0, None) == ()
    assert cues.due(1089.9, None) == ()
    assert cues.due(1090.0, None) == ACT_TWO.commands


def test_late_ticks_do_not_put_off_what_follows() -> None:
    cues = cues_of(Step("a", "calm", after_s=10.0), Step("b", "calm", after_s=10.0), DOORS)
    cues.due(0.0, None)
    assert cues.due(15.0, None) != ()
    assert cues.due(19.9, None) == ()
    assert cues.due(20.0, None) != ()


def test_who_goes_on_early_counts_anew() -> None:
    cues = cues_of(DOORS, ACT_TWO, Step("c", "calm", after_s=5.0))
    cues.go(0.0)
    cues.go(30.0)
    assert cues.due(34.9, None) == ()
    assert cues.due(35.0, None) == Step("c", "calm").commands


def test_after_waiting_nothing_comes_by_itself_until_go() -> None:
    cues = cues_of(DOORS, ACT_TWO, Step("c", "calm", after_s=5.0))
    cues.go(0.0)
    cues.wait()
    assert cues.due(1000.0, None) == ()
    cues.go(1000.0)
    assert cues.due(1005.0, None) == Step("c", "calm").commands


def perform_by_beat(cues: Cues, begin_s: float, until_s: float, beat: Pulse | None) -> list[float]:
    """Return when steps came by themselves, in ticks of a hundredth of a second."""
    came = []
    for tick in range(round(begin_s * 100), round(until_s * 100) + 1):
        if cues.due(tick / 100, beat):
            came.append(tick / 100)  # noqa: PERF401 - each call counts
    return came


@pytest.mark.parametrize("asked_s", [9.8, 10.0, 10.2])
def test_beats_count_from_the_nearest_beat(asked_s: float) -> None:
    cues = cues_of(DOORS, END)
    perform_by_beat(cues, 0.0, asked_s, pulse())  # two beats a second, one at 10.0
    cues.go(asked_s)
    assert perform_by_beat(cues, asked_s, 30.0, pulse()) == [18.0]


def test_without_a_beat_a_step_waits_for_go() -> None:
    cues = cues_of(DOORS, END)
    cues.due(0.0, None)
    cues.go(0.0)
    assert perform_by_beat(cues, 0.0, 60.0, None) == []
    assert perform_by_beat(cues, 60.01, 70.0, pulse()) == [68.0]
    assert cues.step is END


def test_beats_that_are_counted_anew_or_by_another_do_not_jump() -> None:
    cues = cues_of(DOORS, END)
    perform_by_beat(cues, 0.0, 0.0, pulse())
    cues.go(0.0)
    assert perform_by_beat(cues, 0.0, 2.0, pulse()) == []
    assert perform_by_beat(cues, 2.01, 4.0, pulse(beat=5000.0)) == []
    assert perform_by_beat(cues, 4.01, 6.0, pulse(beat=-70.0, source="link")) == []
    assert perform_by_beat(cues, 6.01, 9.0, pulse(source="link")) == [8.0]


def test_a_new_tempo_counts_from_then_on() -> None:
    cues = cues_of(DOORS, END)
    perform_by_beat(cues, 0.0, 0.0, pulse())
    cues.go(0.0)
    perform_by_beat(cues, 0.0, 4.0, pulse())
    faster = pulse(bpm=240.0, beat=8.0, at_s=4.0)
    assert perform_by_beat(cues, 4.01, 9.0, faster) == [6.0]


# In the hands of Control


def control_with(*steps: Step) -> Control:
    return Control(Params(), _presets(), CueList(steps))


def _presets() -> PresetsInMemory:
    return PresetsInMemory(*LIBRARY.presets.values())


def test_a_step_goes_to_its_preset_in_its_own_time_and_fires_its_trigger() -> None:
    control = control_with(DOORS, ACT_TWO)
    control.submit(Fire(Trigger.GO))
    assert control.update(0.0).step == "doors"
    assert control.update(1.0).params.semantic == 0.75
    assert control.update(89.9).fired == frozenset()
    hands = control.update(90.0)
    assert hands.fired == {Trigger.CUT}
    assert (hands.step, hands.preset, hands.params.fade) == ("Act 2: storm", "storm", 0.0)


@pytest.mark.parametrize("command", [Fire(Trigger.GO), Fire(Trigger.BACK), Jump(1)])
def test_without_a_list_its_triggers_are_refused(
    command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    control = Control()
    control.submit(command)
    assert control.update(0.0).step == ""
    assert control.refused == 1
    assert "--cues" in caplog.text


def test_a_step_whose_preset_has_gone_is_told_and_the_list_goes_on() -> None:
    control = control_with(Step("gone", "drak", trigger=Trigger.NEXT), DOORS)
    control.submit(Fire(Trigger.GO))
    hands = control.update(0.0)
    assert (hands.step, hands.fired, control.refused) == ("gone", {Trigger.NEXT}, 1)
    control.submit(Fire(Trigger.GO))
    assert control.update(1.0).step == "doors"


def test_panic_lets_nothing_come_by_itself() -> None:
    control = control_with(DOORS, ACT_TWO)
    for command in (Fire(Trigger.GO), Fire(Trigger.PANIC)):
        control.submit(command)
    control.update(0.0)
    hands = control.update(1000.0)
    assert (hands.step, hands.params) == ("doors", Params())
    control.submit(Fire(Trigger.GO))
    assert control.update(1001.0).step == "Act 2: storm"


def test_back_and_jump_are_heard() -> None:
    control = control_with(DOORS, ACT_TWO, END)
    control.submit(Jump("end"))
    assert control.update(0.0).step == "end"
    control.submit(Fire(Trigger.BACK))
    assert control.update(1.0).step == "Act 2: storm"

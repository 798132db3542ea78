"""The conductor: the beat from taps, from other instruments and from what is heard."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.bars import bar_and_beat, beats_apart
from livematch.control.commands import Beat, Tap
from livematch.control.conductor import MOST_STEER, Conductor
from livematch.control.keys import Keyboard
from livematch.control.params import BeatFrom, Every, Grid, Params, changed
from livematch.control.state import Control
from livematch.control.taps import Taps
from livematch.errors import UsageError
from livematch.values import SILENCE, Onset, Pulse, Sound

AUTO = Params()
FRAME_S = 1 / 60


def tapped(*times_s: float) -> Pulse:
    taps = Taps()
    for at_s in times_s:
        taps.tap(at_s)
    assert taps.pulse is not None
    return taps.pulse


def phase(pulse: Pulse, at_s: float) -> float:
    """How far the beat nearest to a time is from it, in beats."""
    return (pulse.beat_at(at_s) + 0.5) % 1 - 0.5


# Taps


def test_two_taps_make_a_tempo_and_the_first_is_the_downbeat() -> None:
    pulse = tapped(10.0, 10.5)
    assert pulse.bpm == pytest.approx(120)
    assert pulse.beat_at(10.0) == pytest.approx(0)
    assert pulse.beat_at(12.0) == pytest.approx(4)


def test_one_tap_is_no_tempo() -> None:
    taps = Taps()
    taps.tap(3.0)
    assert taps.pulse is None


@pytest.mark.parametrize("missed", range(1, 12))
def test_a_missed_tap_does_no_harm(missed: int) -> None:
    pulse = tapped(*(5 + n * 0.5 for n in range(13) if n != missed))
    assert pulse.bpm == pytest.approx(120)
    assert pulse.beat_at(11.0) == pytest.approx(12)


@pytest.mark.parametrize("after", range(1, 12))
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_a_tap_too_many_does_no_harm(after: int, share: float) -> None:
    times_s = [5 + n * 0.5 for n in range(16)]
    pulse = tapped(*sorted([*times_s, 5 + (after + share) * 0.5]))
    assert pulse.bpm == pytest.approx(120, rel=0.01)
    assert pulse.beat_at(12.5) == pytest.approx(15, abs=0.05)


@given(st.floats(40, 220), st.integers(0, 2**32 - 1))
def test_an_unsteady_hand_is_evened_out(bpm: float, seed: int) -> None:
    unsteady_s = np.random.default_rng(seed).uniform(-0.012, 0.012, 16)
    pulse = tapped(*(n * 60 / bpm + off_s for n, off_s in enumerate(unsteady_s)))
    assert pulse.bpm == pytest.approx(bpm, rel=0.03)
    assert pulse.beat_at(15 * 60 / bpm) == pytest.approx(15, abs=0.02 * bpm / 60)


def test_a_pause_begins_a_new_series_and_its_first_tap_a_bar() -> None:
    taps = Taps()
    for at_s in (1.0, 1.5, 2.0, 2.5, 10.2):
        taps.tap(at_s)
    assert taps.pulse == Pulse(pytest.approx(120), 0.0, 10.2, "tap")  # the tempo stays
    taps.tap(11.2)
    assert taps.pulse is not None
    assert taps.pulse.bpm == pytest.approx(60)


def test_a_bouncing_finger_and_a_late_packet_are_no_taps() -> None:
    assert tapped(1.0, 1.03, 1.5, 1.2, 2.0) == tapped(1.0, 1.5, 2.0)


def test_the_key_t_taps_when_it_is_pressed() -> None:
    keyboard, control = Keyboard(), Control()
    for press_s in (1.0, 1.4, 1.8):
        command = keyboard.press("T", press_s)
        assert command == Tap(press_s)
        control.submit(command)
    pulse = control.update(2.0).pulse
    assert pulse is not None
    assert (pulse.source, pulse.bpm) == ("tap", pytest.approx(150))
    assert pulse.beat_at(2.2) == pytest.approx(3)


# Other instruments


def link(beat: float, at_s: float, bpm: float = 120.0, source: str = "link") -> Beat:
    return Beat(source, bpm, beat, at_s)


def test_another_instrument_gives_the_beat_until_it_is_stale() -> None:
    conductor = Conductor()
    conductor.hear(link(17.0, 5.0))
    pulse = conductor.update(5.1, SILENCE, AUTO)
    assert pulse == Pulse(120.0, pytest.approx(17.2), 5.1, "link")
    assert conductor.update(7.9, SILENCE, AUTO) is not None
    assert conductor.update(8.1, SILENCE, AUTO) is None


def test_an_instrument_that_stops_gives_no_beat() -> None:
    conductor = Conductor()
    conductor.hear(link(17.0, 5.0))
    assert conductor.update(5.1, SILENCE, AUTO) is not None
    conductor.hear(Beat("link", 120.0, 18.0, 5.5, is_playing=False))
    assert conductor.update(5.5, SILENCE, AUTO) is None


def test_auto_takes_the_first_in_the_order_of_the_table_and_a_choice_only_its_own() -> None:
    conductor = Conductor()
    for source, bpm in (("midi-clock", 100), ("ableton", 110)):
        conductor.hear(link(0.0, 5.0, bpm, source))
    for at_s in (4.0, 4.5):
        conductor.tap(at_s)
    sources = {}
    for choice in BeatFrom:
        pulse = conductor.update(5.0, SILENCE, changed(AUTO, "beat_from", choice.value))
        sources[choice.value] = pulse.source if pulse else None
    assert sources == {
        "auto": "ableton",
        "link": None,
        "ableton": "ableton",
        "midi-clock": "midi-clock",
        "tap": "tap",
        "onsets": None,
    }


@pytest.mark.parametrize(
    "beat",
    [
        link(math.nan, 1.0),
        link(math.inf, 1.0),
        link(1e300, 1.0),
        link(1.0, math.nan),
        link(1.0, 1.0, bpm=0.0),
        link(1.0, 1.0, bpm=-120.0),
        link(1.0, 1.0, bpm=math.nan),
        link(1.0, 1.0, source="drummer"),
        link(1.0, 1.0, source="auto"),
        link(1.0, 1.0, source="tap"),
        Tap(math.nan),
    ],
)
def test_a_beat_that_cannot_be_is_refused_and_the_show_goes_on(beat: Beat | Tap) -> None:
    control = Control()
    control.submit(beat)
    assert control.update(1.0).pulse is None
    assert control.refused == 1


def test_a_beat_of_another_age_is_not_believed() -> None:
    conductor = Conductor()
    for at_s in (-1e9, 1e9):
        conductor.hear(link(1.0, at_s))
        assert conductor.update(5.0, SILENCE, AUTO) is None


def test_a_wrong_tempo_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(UsageError, match="20 to 999 bpm"):
        Conductor().hear(link(1.0, 1.0, bpm=5.0))


# How the count goes on


def test_a_loop_of_the_other_instrument_does_not_turn_the_count_back() -> None:
    conductor, beats = Conductor(), []
    for tick in range(60 * 20):
        now = tick * FRAME_S
        conductor.hear(link(now * 2 % 16, now))  # four bars, again and again
        pulse = conductor.update(now, SILENCE, AUTO)
        assert pulse is not None
        beats.append(pulse.beat)
    np.testing.assert_allclose(beats, np.arange(60 * 20) * FRAME_S * 2, atol=1e-6)


def test_a_restart_goes_on_at_the_next_place_that_is_alike() -> None:
    conductor = Conductor()
    conductor.hear(link(37.4, 1.0))
    conductor.update(1.0, SILENCE, AUTO)
    conductor.hear(link(0.0, 1.1))
    pulse = conductor.update(1.1, SILENCE, AUTO)
    assert pulse is not None
    assert pulse.beat == pytest.approx(48)  # four bars of four beats are 16


def test_a_small_difference_is_made_up_for_without_a_jump() -> None:
    conductor, beats = Conductor(), []
    for tick in range(120):
        now = tick * FRAME_S
        late = 0.0 if tick < 60 else 0.2
        conductor.hear(link(now * 2 - late, now))
        pulse = conductor.update(now, SILENCE, AUTO)
        assert pulse is not None
        beats.append(pulse.beat)
    steps = np.diff(beats)
    assert steps.min() >= (1 - MOST_STEER) * 2 * FRAME_S - 1e-9
    assert beats[-1] == pytest.approx(119 * FRAME_S * 2 - 0.2, abs=1e-3)


moments = st.tuples(
    st.floats(0, 1),  # time gone by
    st.one_of(
        st.none(),
        st.just("tap"),
        st.tuples(
            st.sampled_from(["link", "ableton", "midi-clock"]),
            st.floats(20, 999),
            st.floats(-1e4, 1e4),
            st.floats(-4, 4),
            st.booleans(),
        ),
    ),
    st.lists(st.floats(0, 1), max_size=3),  # strengths of onsets
    st.sampled_from(list(BeatFrom)),
    st.floats(1, 16),
)


@given(st.lists(moments, max_size=60))
def test_the_count_never_goes_back_whoever_gives_it(
    show: Sequence[tuple[float, object, list[float], BeatFrom, float]],
) -> None:
    conductor, now, last = Conductor(), 0.0, -math.inf
    for gone_s, said, strengths, beat_from, beats_per_bar in show:
        before_s, now = now, now + gone_s
        if said == "tap":
            conductor.tap(now)
        elif isinstance(said, tuple):
            source, bpm, beat, off_s, is_playing = said
            conductor.hear(Beat(source, bpm, beat, now + off_s, is_playing))
        onsets = tuple(
            Onset(before_s + gone_s * (n + 1) / len(strengths), strength)
            for n, strength in enumerate(strengths)
        )
        params = replace(AUTO, beat_from=beat_from, beats_per_bar=beats_per_bar)
        pulse = conductor.update(now, Sound(onsets), params)
        if pulse is not None:
            assert pulse.beat >= last
            assert math.isfinite(pulse.bpm)
            last = pulse.beat


# What is heard

Bar = Sequence[Sequence[tuple[float, float]]]
FOUR: Bar = [[(0, 1.0)]]
ROCK: Bar = [
    [(0, 1.0), (0.5, 0.3)],
    [(0, 0.9), (0.5, 0.3)],
    [(0, 1.0), (0.5, 0.7)],
    [(0, 0.9), (0.5, 0.3)],
]
SIXTEENTHS: Bar = [[(0, 1.0), (0.25, 0.3), (0.5, 0.4), (0.75, 0.3)]]
BROKEN: Bar = [[(0, 1.0)], [(0, 0.9)], [(0.5, 0.9)], [(0, 0.9)]]


def drums(bar: Bar, bpm: float, seconds: float, start_s: float = 0.3, seed: int = 1) -> list[Onset]:
    """Onsets of a drummer who is within 8 ms, most of the time, and leaves one in twenty out."""
    rng = np.random.default_rng(seed)
    period_s = 60 / bpm
    hits = [
        Onset(start_s + (beat + at) * period_s + rng.normal(0, 0.008), strength)
        for beat in range(int(seconds / period_s))
        for at, strength in bar[beat % len(bar)]
        if rng.random() > 0.05
    ]
    return sorted(hits, key=lambda onset: onset.at_s)


def listen(onsets: Sequence[Onset], until_s: float) -> list[tuple[float, Pulse | None]]:
    """Tick at 60 a second; every onset is heard in the first tick after it."""
    conductor, waiting, pulses = Conductor(), list(onsets), []
    for tick in range(int(until_s * 60)):
        now = tick * FRAME_S
        heard = tuple(onset for onset in waiting if onset.at_s <= now)
        waiting = waiting[len(heard) :]
        pulses.append((now, conductor.update(now, Sound(heard, is_heard=True), AUTO)))
    return pulses


@pytest.mark.parametrize("bar", [FOUR, ROCK, SIXTEENTHS, BROKEN], ids=["four", "rock", "16", "br"])
@pytest.mark.parametrize("bpm", [96, 110, 120, 128])
def test_steady_drums_are_followed(bar: Bar, bpm: int) -> None:
    pulses = listen(drums(bar, bpm, 16), 16)
    late = [(now, pulse) for now, pulse in pulses if now > 8]
    assert all(pulse is not None and pulse.source == "onsets" for _, pulse in late)
    tempi = [pulse.bpm for _, pulse in late if pulse]
    assert np.median(tempi) == pytest.approx(bpm, rel=0.01)
    off = [phase(pulse, 0.3 + 60 / bpm * 20) * 60 / bpm for _, pulse in late if pulse]
    assert np.percentile(np.abs(off), 95) < 0.03


@pytest.mark.parametrize("bpm", [90, 120, 174])
def test_four_to_the_floor_is_known_within_six_seconds(bpm: int) -> None:
    pulses = listen(drums(FOUR, bpm, 8), 8)
    known_s = next(now for now, pulse in pulses if pulse is not None)
    assert known_s < 6
    pulse = dict(pulses)[pulses[-1][0]]
    assert pulse is not None
    assert pulse.bpm == pytest.approx(bpm, rel=0.02)


def test_the_beat_goes_on_through_a_break_and_ends_with_the_music() -> None:
    pulses = dict(listen(drums(ROCK, 120, 12), 60))
    in_the_break = pulses[20.0]
    assert in_the_break is not None
    assert in_the_break.bpm == pytest.approx(120, rel=0.01)
    assert abs(phase(in_the_break, 0.3 + 0.5 * 40)) < 0.1
    assert pulses[max(pulses)] is None


def test_after_a_break_the_beat_is_still_the_same() -> None:
    hits = [hit for hit in drums(ROCK, 120, 40) if not 12 < hit.at_s < 24]
    pulses = [(now, pulse) for now, pulse in listen(hits, 40) if now > 8]
    for now, pulse in pulses:
        assert pulse is not None, now
        assert pulse.bpm == pytest.approx(120, rel=0.015)
        assert abs(phase(pulse, 0.3 + 0.5 * round(now * 2))) < 0.1


def test_onsets_that_come_late_or_at_no_time_do_no_harm() -> None:
    hits = drums(FOUR, 120, 10)
    odd = [Onset(math.nan, 0.5), Onset(-5.0, 0.5), Onset(hits[3].at_s, 0.5)]
    conductor = Conductor()
    for hit in hits:
        conductor.update(hit.at_s, Sound((hit, *odd)), AUTO)
    pulse = conductor.update(10.5, SILENCE, AUTO)
    assert pulse is not None
    assert pulse.bpm == pytest.approx(120, rel=0.01)


def test_a_new_tempo_is_followed() -> None:
    first, then = drums(FOUR, 100, 12), drums(FOUR, 132, 20, start_s=12.4)
    pulses = listen([*first, *then], 32)
    pulse = pulses[-1][1]
    assert pulse is not None
    assert pulse.bpm == pytest.approx(132, rel=0.01)
    beats = [pulse.beat for _, pulse in pulses if pulse]
    assert np.diff(beats).min() >= 0
    assert np.diff(beats).max() < 0.1  # and no jump forward


@pytest.mark.parametrize("track", ["80sRock", "Beatles", "Reggae"])
def test_real_drums_are_followed(footage: Path, track: str) -> None:
    """Their onsets are annotated, their beats are not: the beat is what all onsets lie on best."""
    times_s = np.loadtxt(footage / "audio" / f"MusicDelta_{track}_Drum.onsets.txt")
    tempi = np.linspace(80, 160, 3201)
    turns = np.exp(2j * np.pi * np.outer(tempi / 60, times_s))
    fits = sum(np.abs((turns**part).sum(axis=1)) for part in (1, 2, 4))
    tempo = float(tempi[np.argmax(fits)])
    pulses = listen([Onset(float(at_s), 0.5) for at_s in times_s], float(times_s[-1]))
    known = [(now, pulse) for now, pulse in pulses if pulse is not None]
    assert known[0][0] < 5
    settled = [pulse for now, pulse in known if now > 6]
    assert np.median([pulse.bpm for pulse in settled]) == pytest.approx(tempo, rel=0.01)
    beats_s = {round(pulse.beat_at(pulse.at_s)): pulse for pulse in settled}
    off_s = [np.abs(times_s - pulse.time_of(float(n))).min() for n, pulse in beats_s.items()]
    assert np.mean(np.array(off_s) < 0.05) > 0.9


def test_there_is_hardly_a_beat_in_noises() -> None:
    told = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        times_s = np.cumsum(rng.exponential(1 / 4, 120))
        noises = [Onset(float(at_s), float(rng.uniform(0.2, 1))) for at_s in times_s]
        told += [pulse is not None for _, pulse in listen(noises, 20)]
    assert np.mean(told) < 0.25


# Bars


def test_bars_and_beats_are_counted_as_musicians_do() -> None:
    assert [bar_and_beat(beat, AUTO) for beat in (0.0, 3.99, 4.0, 9.5, -0.5)] == [
        (1, 1),
        (1, 4),
        (2, 1),
        (3, 2),
        (0, 4),
    ]
    assert bar_and_beat(3.0, replace(AUTO, beats_per_bar=2.9)) == (2, 1)


def test_the_lines_of_the_grid() -> None:
    assert [beats_apart(lines, AUTO) for lines in Grid] == [0, 1, 4, 8, 16]
    assert [beats_apart(lines, AUTO) for lines in Every] == [0, 1, 4, 8, 16]
    assert beats_apart(Grid.TWO_BARS, replace(AUTO, beats_per_bar=3.0)) == 6

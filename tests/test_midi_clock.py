"""MIDI clock on made-up arrivals: tempo, phase, stops and song positions."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Beat
from livematch.midi.clock import SILENT_S, MidiClock
from livematch.midi.wire import CLOCK, CONTINUE, SONG_POSITION, START, STOP


def ticks(bpm: float, beats: float, begin_s: float = 0.0) -> list[float]:
    return [begin_s + n * 60 / bpm / 24 for n in range(round(beats * 24))]


def play(clock: MidiClock, arrivals: Iterable[float]) -> list[Beat]:
    return [beat for at_s in arrivals if (beat := clock.hear((CLOCK,), at_s))]


def late(arrivals: list[float], by_s: float, seed: int = 1) -> list[float]:
    """Delay each arrival by up to `by_s`, in order, as a USB hub does."""
    rng = random.Random(seed)  # noqa: S311 - made-up delays
    delayed, last = [], 0.0
    for at_s in arrivals:
        last = max(last, at_s + rng.uniform(0, by_s))
        delayed.append(last)
    return delayed


@pytest.mark.parametrize("bpm", [40.0, 97.3, 120.0, 174.0, 300.0])
def test_an_even_clock_gives_its_tempo_and_phase_exactly(bpm: float) -> None:
    clock = MidiClock()
    clock.hear((START,), 9.9)
    beats = play(clock, ticks(bpm, 8, begin_s=10.0))
    assert beats
    for beat in beats:
        assert beat.bpm == pytest.approx(bpm, rel=1e-6)
        assert beat.at_s == pytest.approx(10.0 + beat.beat * 60 / bpm, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_late_ticks_blur_neither_tempo_nor_phase(seed: int) -> None:
    """Single arrivals are up to 5 ms off, the tempo within 0.5 %, the beat within 2 ms."""
    clock = MidiClock()
    clock.hear((START,), 0.0)
    beats = play(clock, late(ticks(128, 16), 0.005, seed))
    for beat in beats[-40:]:
        assert beat.bpm == pytest.approx(128, rel=0.005)
        assert beat.at_s - 0.0025 == pytest.approx(beat.beat * 60 / 128, abs=0.002)


def test_a_stalled_tick_does_not_bend_the_tempo() -> None:
    arrivals = ticks(120, 8)
    arrivals[150] += 0.015
    clock = MidiClock()
    beats = play(clock, arrivals)
    assert all(beat.bpm == pytest.approx(120, rel=1e-6) for beat in beats)


def test_a_new_tempo_is_followed_within_a_beat_and_a_half() -> None:
    clock = MidiClock()
    first = ticks(120, 8)
    second = ticks(140, 8, begin_s=first[-1] + 60 / 140 / 24)
    play(clock, late(first, 0.002))
    beats = play(clock, late(second, 0.002, seed=2))
    assert all(beat.bpm == pytest.approx(140, rel=0.01) for beat in beats[7:])


def test_ticks_alone_are_a_beat_too() -> None:
    """Drum machines often send their clock and no start."""
    beats = play(MidiClock(), ticks(100, 3))
    assert beats[-1].is_playing
    assert beats[-1].bpm == pytest.approx(100)


def test_less_than_a_beat_of_ticks_gives_no_tempo() -> None:
    assert play(MidiClock(), ticks(100, 1)) == []


def test_start_begins_a_bar() -> None:
    clock = MidiClock()
    play(clock, ticks(120, 3.3))
    clock.hear((START,), 2.0)
    first = play(clock, ticks(120, 0.5, begin_s=2.1))[0]
    assert (first.beat, first.at_s) == (0.0, 2.1)
    assert first.bpm == pytest.approx(120)


def test_stop_is_told_once_and_ticks_after_it_are_no_beats() -> None:
    clock = MidiClock()
    clock.hear((START,), 0.0)
    play(clock, ticks(120, 4))
    stop = clock.hear((STOP,), 2.0)
    assert stop is not None
    assert (stop.is_playing, stop.beat) == (False, 4.0)
    assert clock.hear((STOP,), 2.1) is None
    assert play(clock, ticks(120, 4, begin_s=2.2)) == []


def test_continue_goes_on_where_it_stopped() -> None:
    clock = MidiClock()
    clock.hear((START,), 0.0)
    play(clock, ticks(120, 6))
    clock.hear((STOP,), 3.0)
    clock.hear((CONTINUE,), 5.0)
    beats = play(clock, ticks(120, 2, begin_s=5.0))
    assert [beat.beat for beat in beats][:3] == [6.0, 6.25, 6.5]


def test_a_song_position_sets_the_bar() -> None:
    clock = MidiClock()
    play(clock, ticks(120, 2))
    clock.hear((STOP,), 1.0)
    clock.hear((SONG_POSITION, 36, 1), 1.1)  # sixteenths: 128 + 36 = 164, so 41 beats
    clock.hear((CONTINUE,), 1.2)
    assert play(clock, ticks(120, 1, begin_s=1.2))[0].beat == 41.0


def test_a_clock_that_falls_silent_has_stopped() -> None:
    clock = MidiClock()
    play(clock, ticks(120, 4))
    assert clock.check(2.0) is None
    silent = clock.check(2.1 + SILENT_S)
    assert silent is not None
    assert not silent.is_playing
    assert clock.check(9.0) is None


def test_a_flood_of_ticks_is_no_tempo() -> None:
    assert play(MidiClock(), (n / 20_000 for n in range(5_000))) == []


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 255), max_size=4),
            st.floats(0, 1e4, allow_nan=False),
        )
    )
)
def test_any_bytes_at_any_times_are_survived(heard: list[tuple[list[int], float]]) -> None:
    clock = MidiClock()
    for data, at_s in heard:
        beat = clock.hear(data, at_s)
        assert beat is None or 20 <= beat.bpm <= 400
        clock.check(at_s)

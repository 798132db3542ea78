"""Meters: equal steps of decibels, bands apart, up at once and down gently."""

import numpy as np
import pytest
from sound_kit import noise, silence

from livematch.audio.file import RATE
from livematch.audio.hearing import Hearing, Tuning
from livematch.audio.levels import Loudness
from livematch.audio.spectrum import Samples


def tone(hertz: float, amplitude: float, seconds: float = 1.0) -> Samples:
    n = np.arange(round(seconds * RATE))
    return (amplitude * np.sin(2 * np.pi * hertz * n / RATE)).astype(np.float32)


def level_after(*sounds: Samples) -> Loudness:
    hearing, shown = Hearing(RATE, attacks=False), Loudness()
    for sound in sounds:
        shown = hearing.push(sound, Tuning()).loudness or shown
    return shown


@pytest.mark.parametrize(
    ("decibels", "shown"), [(0, 1.0), (-15, 0.75), (-30, 0.5), (-60, 0.0), (-90, 0.0)]
)
def test_equal_steps_of_decibels(decibels: float, shown: float) -> None:
    level = level_after(tone(1000, 10 ** (decibels / 20))).level
    assert level == pytest.approx(shown, abs=0.005)


@pytest.mark.parametrize(("hertz", "band"), [(80, "bass"), (700, "mid"), (6000, "treble")])
def test_a_tone_is_in_its_band(hertz: float, band: str) -> None:
    shown = level_after(tone(hertz, 0.5))
    bands = {name: getattr(shown, name) for name in ("bass", "mid", "treble")}
    assert max(bands, key=lambda name: bands[name]) == band
    assert shown.level == pytest.approx(bands[band], abs=0.01)
    assert sorted(bands.values())[1] < bands[band] - 0.3


def test_silence_is_nothing_and_too_loud_is_one() -> None:
    assert level_after(silence(1.0)) == Loudness()
    assert level_after(silence(0.5) + np.float32(0.5), silence(3.0)).level < 1e-3
    shown = level_after(noise(1.0, 12.0))
    assert (shown.level, shown.bass, shown.mid, shown.treble) == pytest.approx(
        (1, 1, 1, 1), abs=1e-3
    )


def test_up_at_once_and_down_gently() -> None:
    loud = tone(1000, 1.0)
    assert level_after(silence(0.5), loud[: round(0.1 * RATE)]).level > 0.95
    just_after = level_after(loud, silence(0.15)).level
    assert 0.4 < just_after < 0.9
    assert level_after(loud, silence(2.0)).level < 0.01

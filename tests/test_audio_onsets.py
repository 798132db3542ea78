"""Attacks: found, timed, counted once, and the same however the sound is cut up."""

from pathlib import Path

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_kit import Times, noise, onsets_of, silence, with_hits

from livematch.audio.file import RATE, SoundFile
from livematch.audio.hearing import Hearing, Tuning
from livematch.audio.onsets import filter_bank
from livematch.audio.spectrum import Samples, Spectra
from livematch.values import Onset

HITS: Times = (0.5, 1.0, 1.25, 1.5, 2.0, 2.4)
SILENCE = silence(3.0)
FINEST = Tuning(gap_s=0.03)


def times(onsets: tuple[Onset, ...]) -> list[float]:
    return [onset.at_s for onset in onsets]


@pytest.mark.parametrize("kind", ["click", "tone", "noise"])
@pytest.mark.parametrize("bed", [0.0, 0.003])
def test_every_attack_is_found_once_and_in_time(kind: str, bed: float) -> None:
    quiet = noise(3.0, bed)
    found = times(onsets_of(with_hits(quiet, HITS, kind)))
    found = [at_s for at_s in found if at_s > 0.1]  # that the bed begins is an attack as well
    assert len(found) == len(HITS)
    assert found == pytest.approx(HITS, abs=0.012)


def test_silence_and_steady_sound_have_no_attacks() -> None:
    assert onsets_of(SILENCE) == ()
    steady = with_hits(noise(20.0, 0.05), (10.0,))
    invented = [at_s for at_s in times(onsets_of(steady)) if at_s > 0.3 and abs(at_s - 10) > 0.02]
    assert len(invented) <= 3, "noise has moments that are louder by chance, but few"


@pytest.mark.parametrize("hertz", [220, 440, 880])
def test_a_vibrato_is_no_attack(hertz: float) -> None:
    """A voice with eleven partials that swings by a third of a semitone, six times a second."""
    n = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * hertz * (n + 0.02 / (2 * np.pi * 6) * np.sin(2 * np.pi * 6 * n))
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * 0.15 * np.minimum(1, n / 0.02)
    later = [at_s for at_s in times(onsets_of(np.float32(voice))) if at_s > 0.1]
    assert later == []


def test_an_offset_changes_nothing() -> None:
    sound = with_hits(SILENCE, HITS)
    moved = [at_s for at_s in times(onsets_of(sound + np.float32(0.3))) if at_s > 0.1]
    assert moved == times(onsets_of(sound))


def test_clipped_sound_is_heard_as_well() -> None:
    loud = np.clip(with_hits(noise(3.0, 0.01), HITS, level=20.0), -1, 1)
    found = [at_s for at_s in times(onsets_of(loud)) if at_s > 0.1]
    assert found == pytest.approx(HITS, abs=0.012)


@pytest.mark.parametrize("decibels", [-24, -12, 12, 24])
def test_gain_changes_little(decibels: float) -> None:
    sound = with_hits(noise(3.0, 0.003), HITS, "noise", 0.3)
    plain = times(onsets_of(sound))[-len(HITS) :]
    gained = times(onsets_of(sound, Tuning(gain=10 ** (decibels / 20))))
    assert [at_s for at_s in gained if at_s > 0.1] == pytest.approx(plain, abs=0.006)


def test_what_is_no_number_is_silence() -> None:
    sound = with_hits(SILENCE, HITS)
    sound[100:200], sound[300], sound[400] = np.nan, np.inf, -np.inf
    onsets = onsets_of(sound)
    assert all(np.isfinite((o.at_s, o.strength)).all() and 0 <= o.strength <= 1 for o in onsets)
    assert times(onsets)[-len(HITS) :] == pytest.approx(HITS, abs=0.012)


def test_attacks_keep_their_distance() -> None:
    roll = with_hits(SILENCE, tuple(np.arange(0.5, 2.5, 0.06)), "click")
    near, far = times(onsets_of(roll, FINEST)), times(onsets_of(roll, Tuning(gap_s=0.5)))
    assert len(near) > 30
    assert min(np.diff(near)) >= 0.03 - 1e-9
    assert 4 <= len(far) <= 5
    assert min(np.diff(far)) >= 0.5 - 1e-9


def test_a_higher_threshold_hears_fewer() -> None:
    sound = with_hits(with_hits(noise(3.0, 0.02), HITS[:3], level=0.5), HITS[3:], level=0.06)
    few, all_of_them = onsets_of(sound, Tuning(threshold=4)), onsets_of(sound, Tuning())
    assert 3 <= len(few) < len(all_of_them)


def test_the_louder_of_two_hits_is_the_stronger() -> None:
    bed = noise(2.0, 0.02)
    soft, loud = (onsets_of(with_hits(bed, (1.0,), level=level))[-1] for level in (0.1, 0.6))
    assert soft.at_s == pytest.approx(loud.at_s, abs=0.012)
    assert 0 <= soft.strength < loud.strength <= 1


def test_threshold_and_gain_count_from_the_block_they_come_with() -> None:
    hearing = Hearing(RATE)
    sound = with_hits(SILENCE, HITS)
    half = round(1.1 * RATE)
    deaf = hearing.push(sound[:half], Tuning(gain=1e-6))
    heard = hearing.push(sound[half:], Tuning())
    assert deaf.onsets == ()
    assert times(heard.onsets)[-4:] == pytest.approx(HITS[2:], abs=0.012)


MIXED = with_hits(noise(1.0, 0.01), (0.2, 0.3, 0.5, 0.55, 0.8))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60))
def test_blocks_of_any_size_hear_the_same(sizes: list[int]) -> None:
    hearing, found, levels, first = Hearing(RATE), [], None, 0
    for size in [*sizes, len(MIXED)]:
        heard = hearing.push(MIXED[first : first + size], FINEST)
        found += heard.onsets
        levels = heard.loudness or levels
        first += size
    whole = Hearing(RATE).push(MIXED, FINEST)
    assert tuple(found) == whole.onsets
    assert levels == whole.loudness


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_other_rates_hear_alike(rate: float) -> None:
    sound = with_hits(SILENCE, HITS)
    at = np.arange(0, 3.0, 1 / rate)
    resampled = np.interp(at, np.arange(len(sound)) / RATE, sound).astype(np.float32)
    found = times(Hearing(rate).push(resampled, Tuning()).onsets)
    assert found == pytest.approx(HITS, abs=0.015)


def test_the_bank_weighs_every_band_alike() -> None:
    bins, bank = filter_bank(Spectra(RATE).frequencies)
    assert bank.shape[0] == bins.stop - bins.start
    assert bank.sum(axis=0) == pytest.approx(1)
    assert (bank >= 0).all()


# The drum tracks that the detector was tuned on: a regression test, not a proof.


def pink(samples: int, seed: int = 1) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    sound = np.fft.irfft(spectrum, samples)
    return (sound / np.sqrt((sound**2).mean())).astype(np.float32)


@pytest.mark.parametrize(("bed_db", "least_f"), [(None, 0.92), (-18, 0.80)])
def test_annotated_drums(footage: Path, bed_db: float | None, least_f: float) -> None:
    hits = found = annotated = 0
    delays: list[float] = []
    for path in sorted((footage / "audio").glob("*.flac")):
        with SoundFile(path) as file:
            sound = file.once()
        if bed_db is not None:
            sound = sound + pink(len(sound)) * np.float32(10 ** (bed_db / 20))
        truth = np.loadtxt(path.with_suffix(".onsets.txt"))
        hearing, told = Hearing(RATE), []
        for first in range(0, len(sound), 240):
            heard = hearing.push(sound[first : first + 240], FINEST)
            told += [(onset.at_s, hearing.heard_s) for onset in heard.onsets]
        at_s, event_s = np.array(told).T
        matched = mir_eval.util.match_events(truth, at_s, 0.05)
        hits, found, annotated = hits + len(matched), found + len(told), annotated + len(truth)
        delays += [event_s[b] - truth[a] for a, b in matched]
    assert 2 * hits / (found + annotated) >= least_f
    assert np.median(delays) <= 0.015

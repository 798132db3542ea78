"""Detectors compared: the score, the labels, and the sound that the bench makes itself."""

from pathlib import Path

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sound_kit import silence, with_hits, write_wav

from livematch.audio.file import RATE
from livematch.bench.drums import (
    NEAR_S,
    Report,
    Score,
    own_loop,
    pink_noise,
    read_tracks,
    score,
)
from livematch.bench.ears import OURS, detectors
from livematch.errors import UsageError

# in milliseconds, and never at the very edge of what counts as near
TIMES = st.lists(st.integers(0, 400), max_size=12, unique=True)


@given(TIMES, TIMES)
def test_pairs_are_as_many_as_can_be(attacks: list[int], reports: list[int]) -> None:
    attacks_s = [n * 0.007 for n in sorted(attacks)]
    reports_s = [n * 0.007 for n in sorted(reports)]
    result = score(attacks_s, [Report(at_s, at_s + 0.01) for at_s in reports_s])
    theirs = mir_eval.util.match_events(np.array(attacks_s), np.array(reports_s), NEAR_S)
    assert result.found == len(theirs)
    f, precision, recall = mir_eval.onset.f_measure(np.array(attacks_s), np.array(reports_s))
    if attacks_s and reports_s:
        assert (result.f, result.precision, result.recall) == pytest.approx((f, precision, recall))


def test_scores_of_tracks_are_added() -> None:
    one = score([1.0, 2.0], [Report(1.01, 1.02), Report(5.0, 5.0)])
    assert one == Score(1, 2, 2, (pytest.approx(0.02),))  # type: ignore[arg-type]
    both = one + score([3.0], [Report(3.0, 3.01)])
    assert (both.f, both.precision, both.recall) == pytest.approx((4 / 6, 2 / 3, 2 / 3))
    assert (Score().f, Score().precision, Score().recall) == (1, 1, 1)


def test_the_own_loop_is_always_the_same_and_is_found() -> None:
    loop = own_loop()
    assert np.array_equal(loop.sound, own_loop().sound)
    assert np.abs(loop.sound).max() < 1
    assert len(loop.attacks_s) == len(set(loop.attacks_s)) > 60
    result = score(loop.attacks_s, list(detectors()[OURS](loop.sound)))
    assert result.f > 0.92
    assert np.median(result.delays_s) <= 0.015


@pytest.mark.parametrize("name", list(detectors()))
def test_every_detector_reports_in_seconds(name: str) -> None:
    sound = with_hits(silence(3.0), (0.5, 1.2, 2.1))
    reports = list(detectors()[name](sound))
    assert score((0.5, 1.2, 2.1), reports).f == 1
    assert all(report.told_s <= 3.0 for report in reports)


def test_pink_noise_is_as_loud_as_asked_and_pink() -> None:
    noise = pink_noise(4 * RATE, -18)
    assert 20 * np.log10(np.sqrt(np.mean(noise**2))) == pytest.approx(-18, abs=0.01)
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[4 * hz : 8 * hz].sum() for hz in (100, 400, 1600, 6400)]
    assert max(octaves) < 1.3 * min(octaves)


def test_labels_are_read_beside_their_sound(tmp_path: Path) -> None:
    folder = tmp_path / "audio"
    folder.mkdir()
    write_wav(folder / "one.wav", silence(0.5))
    (folder / "one.onsets.txt").write_text("0.1\n0.25 snare\n\n", "utf-8")
    (track,) = read_tracks(tmp_path)
    assert (track.name, track.attacks_s, len(track.sound)) == ("one", (0.1, 0.25), RATE // 2)
    (folder / "one.onsets.txt").write_text("soon\n", "utf-8")
    with pytest.raises(UsageError, match="each line begins with a time"):
        read_tracks(tmp_path)
    (folder / "two.onsets.txt").write_text("0.1\n", "utf-8")
    (folder / "one.onsets.txt").unlink()
    with pytest.raises(UsageError, match="one file of sound beside it"):
        read_tracks(tmp_path)


def test_a_folder_without_labelled_sound_has_no_tracks(tmp_path: Path) -> None:
    assert read_tracks(tmp_path) == []

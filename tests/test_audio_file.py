"""A file as the ears of a show: looped, timed by the clock it is told, the same every time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sound_kit import noise, silence, with_hits, write_wav

from livematch.audio.ears import Deaf
from livematch.audio.file import RATE, FileEars, SoundFile
from livematch.audio.open import open_ears
from livematch.clock import ManualClock
from livematch.config import Detector, parse_channels
from livematch.control.params import Params
from livematch.errors import SoundError, UsageError
from livematch.values import Sound

PARAMS = Params()
HITS = (0.4, 0.8, 1.1)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    """A second and a half, with three hits."""
    return write_wav(tmp_path / "loop.wav", with_hits(silence(1.5), HITS))


def heard(ears: FileEars, times_s: list[float], params: Params = PARAMS) -> list[Sound]:
    return [ears.listen(now, params) for now in times_s]


def attacks(sounds: list[Sound]) -> list[float]:
    return [onset.at_s for sound in sounds for onset in sound.onsets]


def test_it_is_heard_exactly_up_to_now_and_over_again(loop: Path) -> None:
    ears, ticks = FileEars(loop), [100 + n / 30 for n in range(120)]
    sounds = heard(ears, ticks)
    expected = [100 + at_s + round_ * 1.5 for round_ in range(3) for at_s in HITS]
    found = attacks(sounds)
    assert found == pytest.approx([at_s for at_s in expected if at_s < ticks[-1]], abs=0.012)
    for sound, now in zip(sounds, ticks, strict=True):
        assert all(now - 0.1 < onset.at_s < now for onset in sound.onsets)
    assert all(sound.is_heard for sound in sounds)
    assert max(sound.level for sound in sounds) > 0.5
    ears.close()


def test_the_rate_of_the_ticks_changes_nothing(loop: Path) -> None:
    slow, fast = FileEars(loop), FileEars(loop)
    coarse = heard(slow, [n / 10 for n in range(31)])
    fine = heard(fast, [n / 240 for n in range(721)])
    assert attacks(coarse) == pytest.approx(attacks(fine))
    assert coarse[-1].level == fine[-1].level
    slow.close()
    fast.close()


def test_after_a_standstill_it_goes_on_from_now(loop: Path) -> None:
    ears = FileEars(loop)
    heard(ears, [0.0, 0.1])
    later = heard(ears, [3600.0, *(3600 + n / 30 for n in range(1, 46))])
    found = attacks(later)
    assert 2 <= len(found) <= 4
    assert all(3600 <= at_s <= 3601.5 for at_s in found)
    ears.close()


def test_gain_and_threshold_count_live(loop: Path) -> None:
    ears = FileEars(loop)
    first = heard(ears, [n / 30 for n in range(46)], replace(PARAMS, gain=-40.0))
    second = heard(ears, [1.5 + n / 30 for n in range(1, 46)])
    assert max(s.level for s in second) > max(s.level for s in first) + 0.4
    ears.close()


def test_channels_are_mixed_or_chosen(tmp_path: Path) -> None:
    left, right = noise(0.5, 0.1, 1), noise(0.5, 0.1, 2)
    path = write_wav(tmp_path / "two.wav", left, right)
    for channels, expected in ((None, (left + right) / 2), ((1,), left), ((2,), right)):
        with SoundFile(path, channels) as file:
            assert np.abs(file.once() - expected).max() < 1e-3
    with pytest.raises(SoundError, match="no channel 3: it has 2"):
        SoundFile(path, (1, 3))


def test_other_rates_and_kinds_of_files(tmp_path: Path, loop: Path) -> None:
    plain = write_wav(tmp_path / "cd.wav", with_hits(silence(1.5), HITS)[::2], rate=RATE // 2)
    with SoundFile(plain) as file:
        assert len(file.read(3 * RATE)) == 3 * RATE
    ears = FileEars(plain)
    assert attacks(heard(ears, [n / 30 for n in range(46)])) == pytest.approx(HITS, abs=0.012)
    ears.close()


def test_reading_goes_round_without_a_seam(loop: Path) -> None:
    with SoundFile(loop) as file:
        once = file.once()
    with SoundFile(loop) as file:
        pieces = [file.read(n) for n in (1, 0, 50_000, 7, 120_000)]
    assert np.array_equal(np.concatenate(pieces), np.resize(once, 170_008))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"no sound at all", "no sound file"),
        ("empty.wav", b"", "no sound file"),
    ],
)
def test_what_is_no_sound_is_told_at_once(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SoundError, match=words):
        FileEars(tmp_path / name)


def test_a_file_of_no_samples_becomes_a_warning(tmp_path: Path) -> None:
    ears = FileEars(write_wav(tmp_path / "none.wav", silence(0)))
    assert heard(ears, [0.0, 1.0])[-1] == Sound()
    assert "not one sample" in (ears.warning or "")
    ears.close()


def test_what_is_asked_for_is_opened(tmp_path: Path, loop: Path) -> None:
    clock = ManualClock()
    assert isinstance(open_ears("none", clock, PARAMS), Deaf)
    ears = open_ears(str(loop), clock, PARAMS)
    assert isinstance(ears, FileEars)
    ears.close()
    with pytest.raises(SoundError, match=r"did you mean .*loop\.wav"):
        open_ears(str(tmp_path / "lop.wav"), clock, PARAMS)
    with pytest.raises(SoundError, match="only live"):
        open_ears("Scarlett", clock, PARAMS)
    with pytest.raises(SoundError, match="only live; offline: superflux"):
        open_ears(str(loop), clock, PARAMS, detector=Detector.ATTACK)


@pytest.mark.parametrize(
    ("text", "channels"), [("1", (1,)), ("1,2", (1, 2)), ("3-6, 1", (3, 4, 5, 6, 1))]
)
def test_channels_are_read(text: str, channels: tuple[int, ...]) -> None:
    assert parse_channels(text) == channels


@pytest.mark.parametrize("text", ["", "0", "left", "1-", "2-1", "65", "1-99999999999"])
def test_wrong_channels_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="channels"):
        parse_channels(text)

"""The sound of another film in a film of ours: the same bytes, at the same time."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import sounding_films
from sounding_films import (
    PICTURES,
    SIZE,
    TICK_S,
    Sounding,
    apart,
    codec_of,
    grey,
    heard,
    length_s,
    packets,
)

from livematch.media import open_film
from livematch.render.encoding import FilmEncoder, Timing
from livematch.render.soundtrack import Soundtrack

LENGTH_S = PICTURES / 24
TIMING = Timing(Fraction(24), TICK_S, last=1000)


def film_with(sound: Path, path: Path, timing: Timing = TIMING) -> Path:
    """Write a film of the same pictures with the sound of another."""
    with open_film(sound) as film:
        begins_s = film.info.start_s
    encoder = FilmEncoder(path, SIZE, timing, preset="ultrafast", sound=Soundtrack(sound, begins_s))
    for number in range(PICTURES):
        shade = np.repeat(grey(number)[..., None], 4, axis=2)
        encoder.write(shade, number * 1000)
    encoder.finish()
    assert not list(path.parent.glob("*.part"))
    assert not list(path.parent.glob("*.ready"))
    return path


def lies_in(some: list[bytes], whole: list[bytes]) -> bool:
    """Whether the packets are a run of the others."""
    first = whole.index(some[0])
    return whole[first : first + len(some)] == some


COPIED = [
    ("aac.mp4", ".mp4", Sounding()),
    ("aac.mp4", ".mov", Sounding()),
    ("aac.mp4", ".mkv", Sounding()),
    ("aac.mkv", ".mkv", Sounding()),
    ("aac.mkv", ".mp4", Sounding()),
    ("late.mp4", ".mp4", Sounding(late_s=0.4)),
    ("late.mkv", ".mkv", Sounding(late_s=0.4)),
    ("late.mp4", ".mkv", Sounding(late_s=0.4)),
    ("early.mp4", ".mp4", Sounding(held_s=0.513)),
    ("early.mkv", ".mkv", Sounding(held_s=0.513)),
    ("brief.mp4", ".mp4", Sounding(seconds=0.6)),
    ("opus.mp4", ".mp4", Sounding("libopus", 48_000)),
    ("opus.mkv", ".mkv", Sounding("libopus", 48_000)),
    ("mp3.mp4", ".mov", Sounding("libmp3lame")),
    ("ac3.mkv", ".mp4", Sounding("ac3")),
    ("flac.mkv", ".mp4", Sounding("flac")),
    ("pcm.mov", ".mov", Sounding("pcm_s16le")),
    ("pcm.mov", ".mkv", Sounding("pcm_s16le")),
]


@pytest.mark.parametrize(("name", "suffix", "recipe"), COPIED)
def test_sound_is_copied_bit_for_bit_and_in_step(
    tmp_path: Path, name: str, suffix: str, recipe: Sounding
) -> None:
    source = sounding_films.make(tmp_path / name, recipe)
    film = film_with(source, tmp_path / f"out{suffix}")
    assert lies_in(packets(film), packets(source))
    wave, begins_s, _ = heard(source, recipe.rate)
    ours, we_begin_s, we_end_s = heard(film, recipe.rate)
    inside = slice(recipe.rate // 10, round((LENGTH_S - 0.1) * recipe.rate))
    # Matroska has milliseconds, and so do we where it is on one side
    allowed = 1 if ".mkv" not in f"{source} {film}" else recipe.rate // 2000 + 1
    assert abs(apart(wave[inside], ours[inside])) <= allowed
    packet_s = 0.03 if recipe.codec != "flac" else 0.11
    assert we_begin_s == pytest.approx(max(0.0, begins_s), abs=packet_s)
    assert we_end_s == pytest.approx(min(LENGTH_S, recipe.seconds + recipe.late_s), abs=packet_s)
    assert length_s(film) == pytest.approx(LENGTH_S, abs=1e-9 if suffix != ".mkv" else 2e-3)


@pytest.mark.parametrize(
    ("name", "suffix", "recipe"),
    [
        ("pcm.mov", ".mp4", Sounding("pcm_s16le")),
        ("opus.mkv", ".mov", Sounding("libopus", 48_000)),
        ("fine.mkv", ".mp4", Sounding("pcm_s16le", 96_000)),
        ("late.mov", ".mp4", Sounding("pcm_s16le", late_s=0.4)),
        ("early.mkv", ".mp4", Sounding("pcm_s16le", held_s=0.513)),
    ],
)
def test_what_the_container_does_not_take_is_encoded_and_in_step(
    tmp_path: Path,
    name: str,
    suffix: str,
    recipe: Sounding,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = sounding_films.make(tmp_path / name, recipe)
    film = film_with(source, tmp_path / f"out{suffix}")
    assert codec_of(film) == "aac"
    rate = 44_100
    wave, begins_s, _ = heard(source, rate)
    ours, _, we_end_s = heard(film, rate)
    inside = slice(rate // 10, round((LENGTH_S - 0.1) * rate))
    assert abs(apart(wave[inside], ours[inside])) <= (1 if ".mkv" not in name else 23)
    assert np.corrcoef(wave[inside], ours[inside])[0, 1] > 0.8 or ".mkv" in name
    assert we_end_s == pytest.approx(LENGTH_S, abs=0.03)
    told = [record.getMessage() for record in caplog.records if "AAC" in record.getMessage()]
    assert len(told) == 1
    assert name in told[0]
    assert begins_s < 0.5


def test_a_film_without_sound_makes_one_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = sounding_films.make(tmp_path / "silent.mp4", Sounding(sounds=0))
    film = film_with(source, tmp_path / "out.mp4")
    with av.open(str(film)) as container:
        assert not container.streams.audio
    assert not caplog.records


def test_of_two_sounds_the_first_is_taken(tmp_path: Path) -> None:
    source = sounding_films.make(tmp_path / "two.mkv", Sounding(sounds=2))
    film = film_with(source, tmp_path / "out.mkv")
    assert lies_in(packets(film), packets(source, 0))


def test_sound_that_breaks_off_costs_no_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = sounding_films.make(tmp_path / "whole.mkv", Sounding("pcm_s16le"))
    content = whole.read_bytes()
    source = tmp_path / "broken.mkv"
    source.write_bytes(content[: len(content) // 2])
    film = film_with(source, tmp_path / "out.mkv")
    assert length_s(film) == pytest.approx(LENGTH_S, abs=2e-3)
    assert lies_in(packets(film)[:-1], packets(whole))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_sound_that_is_gone_costs_no_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = FilmEncoder(
        tmp_path / "out.mp4",
        SIZE,
        TIMING,
        preset="ultrafast",
        sound=Soundtrack(tmp_path / "gone.mp4", 0.0),
    )
    encoder.write(np.zeros((SIZE[1], SIZE[0], 4), np.uint8), 0)
    encoder.finish()
    assert length_s(tmp_path / "out.mp4") == pytest.approx(1000 * float(TICK_S))
    assert "left out" in caplog.text


def test_damaged_sound_is_copied_as_it_is(tmp_path: Path) -> None:
    source = sounding_films.make(tmp_path / "aac.mp4", Sounding())
    content = bytearray(source.read_bytes())
    victim = packets(source)[30]
    at = bytes(content).index(victim)
    content[at : at + len(victim)] = bytes(len(victim))
    source.write_bytes(content)
    film = film_with(source, tmp_path / "out.mp4")
    assert lies_in(packets(film), packets(source))


def test_what_is_seen_and_heard_together_stands_together(tmp_path: Path) -> None:
    source = sounding_films.make(tmp_path / "aac.mp4", Sounding())
    film = film_with(source, tmp_path / "out.mp4")
    with av.open(str(film)) as container:
        found = [
            (packet.pos, packet.stream.type, float(packet.dts * packet.time_base))
            for packet in container.demux()
            if packet.dts is not None
        ]
    times = {"video": 0.0, "audio": 0.0}
    for _, kind, at_s in sorted(found):
        times[kind] = at_s
        assert abs(times["video"] - times["audio"]) < 1.1


def test_the_real_trailers_sound_is_copied(footage: Path, tmp_path: Path) -> None:
    source = footage / "trailer" / "sintel_trailer.mp4"
    film = film_with(source, tmp_path / "out.mp4")
    assert lies_in(packets(film), packets(source))
    assert heard(film, 44_100)[2] == pytest.approx(LENGTH_S, abs=0.03)

"""MIDI in a whole show and on the command line, played from MIDI files."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from livematch.config import ShowConfig
from livematch.errors import UsageError
from livematch.midi.mapfile import parse_map
from livematch.session import open_show
from livematch.show import Watch, all_counters

mido = pytest.importorskip("mido")


def record(path: Path, *messages: object) -> Path:
    """Write a MIDI file whose messages are a tenth of a second apart."""
    track = mido.MidiTrack(message.copy(time=96) for message in messages)  # of 480 in 0.5 s
    mido.MidiFile(tracks=[track]).save(path)
    return path


def cc(number: int, value: int) -> object:
    return mido.Message("control_change", control=number, value=value)


def pad(number: int, velocity: int = 100) -> object:
    return mido.Message("note_on", note=number, velocity=velocity)


@pytest.fixture
def config(folder: Path, tmp_path: Path) -> ShowConfig:
    map_file = tmp_path / "map.toml"
    map_file.write_text(
        "pickup = false\n[[map]]\ncc = 7\nset = 'colour'\n"
        "[[map]]\nnote = 1\nset = 'hold'\n[[map]]\nnote = 2\nfire = 'next'\n"
    )
    take = record(tmp_path / "take.mid", cc(7, 127), pad(1), cc(99, 1), pad(1), pad(2))
    return ShowConfig(
        archive=folder / "archive",
        camera=str(folder / "camera.mp4"),
        size_px=(192, 108),
        offscreen=True,
        offline=True,
        fps=25,
        seconds=1.0,
        provider="cpu",
        midi=(str(take),),
        midi_map=map_file,
    )


def test_a_recorded_controller_plays_a_show(config: ShowConfig) -> None:
    with open_show(config) as show:
        watch = Watch(show)
        seen = []

        def on_tick(tick: object) -> None:
            watch(tick)
            seen.append(watch.shown(tick))

        show.engine.run(on_tick, 1.0)
        counters = all_counters(show)
    held = [shown.now for shown in seen if shown.params.hold]
    assert seen[-1].params.colour == 1.0
    assert (min(held), max(held)) == pytest.approx((0.24, 0.40), abs=0.041)
    assert seen[-1].picks > 0
    assert counters["MIDI messages that nothing is mapped to"] == 1


def test_a_port_cannot_be_played_offline(config: ShowConfig) -> None:
    with (
        pytest.raises(UsageError, match="plays only live"),
        open_show(replace(config, midi=("nano",))),
    ):
        pass


def test_a_wrong_map_is_told_before_anything_is_opened(config: ShowConfig) -> None:
    assert config.midi_map is not None
    config.midi_map.write_text("[[map]]\nnote = 200\nfire = 'nxt'\n")
    with pytest.raises(UsageError, match=r"map.toml:2: .*\n.*map.toml:3: .*next"):  # noqa: SIM117
        with open_show(replace(config, archive=Path("nowhere"))):
            pass


def livematch(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line with a configuration folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "livematch", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"XDG_CONFIG_HOME": str(cwd / "config"), "COLUMNS": "120"},
        check=False,
    )


def test_learning_writes_the_map_and_keeps_the_one_before(tmp_path: Path) -> None:
    record(tmp_path / "fader.mid", *(cc(21, value) for value in range(12)))
    record(tmp_path / "pad.mid", pad(36, 5))
    own = tmp_path / "own.toml"
    options = ("--midi-map", str(own))
    first = livematch("midi", "learn", "fade", "--port", "fader.mid", *options, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "cc 21, channel 1" in first.stdout
    before = own.read_text()
    second = livematch("midi", "learn", "pick 9", "--port", "pad.mid", *options, cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert (tmp_path / "own.toml.bak").read_text() == before
    rows = {str(row) for row in parse_map(own, own.read_text()).rows}
    assert {"cc 21, channel 1", "note 36, channel 1"} <= rows
    checked = livematch("midi", "check", "own.toml", cwd=tmp_path)
    assert "cc 21, channel 1    fade, by its place" in checked.stdout


def test_what_cannot_do_it_leaves_no_map(tmp_path: Path) -> None:
    record(tmp_path / "pad.mid", pad(36))
    done = livematch("midi", "learn", "fade", "-p", "pad.mid", "-m", "own.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "move the fader" in done.stderr
    assert not (tmp_path / "own.toml").exists()


def test_the_monitor_says_what_would_happen(tmp_path: Path) -> None:
    record(tmp_path / "take.mid", pad(45), mido.Message("sysex", data=[1, 2]), cc(99, 3))
    done = livematch("midi", "monitor", "-p", "take.mid", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "note 45 on channel 1 = 100: bring in the best other shot now",
        "f0 01 02 f7",
        "cc 99 on channel 1 = 3: nothing",
    ]


def test_ports_are_listed_or_it_is_said_why_not(tmp_path: Path) -> None:
    done = livematch("midi", "list", "--json", cwd=tmp_path)
    if done.returncode:
        assert "there is no MIDI on this machine" in done.stderr
    else:
        assert set(json.loads(done.stdout)) == {"inputs", "outputs"}

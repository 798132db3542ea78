"""The commands as a person types them, above all the wrong ones."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from livematch.config import parse_settings, parse_size
from livematch.control.keys import KEYS
from livematch.control.params import TABLE, Params
from livematch.errors import UsageError


def livematch(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "livematch", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


def test_every_command_explains_itself() -> None:
    listed = livematch("--help").stdout
    for command in ("demo", "play", "index", "find", "archive", "devices", "keys", "bench", "midi"):
        assert command in listed
    assert "preset" in listed
    assert "cues" in listed


def test_keys_are_the_windows_own() -> None:
    assert list(json.loads(livematch("keys", "--json").stdout)) == list(KEYS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("play", "-a", "nowhere", "-c", "pattern"), "nowhere"),
        (("play", "-a", "x", "--size", "huge"), "WIDTHxHEIGHT"),
        (("play", "-a", "x", "--set", "fades=1"), "did you mean 'fade'"),
        (("play", "-a", "x", "--set", "fade=99"), "0 to 20 s"),
        (("play", "-a", "x", "--preset", "vjj"), "did you mean 'vj'"),
        (("preset", "show", "galery"), "did you mean 'gallery'"),
        (("cues", "nowhere.toml"), "nowhere.toml"),
        (("play", "-a", "x", "--offscreen"), "--record"),
        (("play", "-a", "x", "--offscreen", "--record", "a.mp4"), "--seconds"),
        (("bench", "--only", "speed"), "latency"),
        (("index", "nowhere", "-a", "x"), "nowhere"),
        (("find", "nowhere.jpg", "-a", "x"), "nowhere.jpg"),
    ],
)
def test_a_wrong_word_is_told_in_one_message(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = livematch(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(["fade=99", "stickyness=0.1", "hud", "mirror=off"])
    assert "fade cannot be '99'; allowed: 0 to 20 s" in str(caught.value)
    assert "did you mean 'stickiness'" in str(caught.value)
    assert "did you mean hud=" in str(caught.value)


def test_settings_are_read_by_the_table() -> None:
    assert parse_settings(["tag=sea,-night"]).tag == "sea,-night"
    assert parse_settings(["tag=", "blank=on"]) == replace(Params(), blank=True)
    params = parse_settings(["fade=2", "screen=side-by-side", "hud=on", "radius = 0.4"])
    assert (params.fade, params.screen, params.hud, params.radius) == (2, "side-by-side", True, 0.4)
    assert {name for name in TABLE if getattr(params, name) != TABLE[name].default} == {
        "fade",
        "screen",
        "hud",
        "radius",
    }


@pytest.mark.parametrize(
    "text", ["", "640", "640x", "x480", "12x480", "640x9999", "640×480", "-1x5"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="WIDTHxHEIGHT"):
        parse_size(text)


def test_sizes_are_read() -> None:
    assert parse_size("1280x720") == (1280, 720)
    assert parse_size("640X360") == (640, 360)


def test_a_command_that_is_not_asked_for_costs_nothing() -> None:
    """A show starts without what the bench, the pieces and the index import."""
    asked = (
        "import sys; from typer.testing import CliRunner; from livematch.cli.app import app;"
        " assert CliRunner().invoke(app, ['play', '--help']).exit_code == 0;"
        " print(*sorted({name.split('.')[0] for name in sys.modules}),"
        " *sorted(name for name in sys.modules if name.startswith('livematch.')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout.split()
    others = {"scipy", "scenedetect", "opentimelineio", "livematch.bench", "livematch.cli.index"}
    assert not others & set(loaded)
    assert "livematch.cli.play" in loaded


def test_a_misspelt_command_is_told_the_nearest() -> None:
    done = livematch("reinterprete")
    assert done.returncode == 2
    assert "'reinterpret'" in done.stderr

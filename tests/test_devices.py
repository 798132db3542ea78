"""Listing what is connected: complete, quiet, and never dragged down by a bad driver."""

import json
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from livematch import devices as listing
from livematch.camera.listing import CameraDevice
from livematch.cli.devices import devices, show
from livematch.devices import Devices, Display, SoundInput, list_devices

FULL = Devices(
    cameras=(CameraDevice(0, "Webcam", "usb-webcam", "/dev/video0"),),
    displays=(
        Display(0, "HDMI-1", 0, 0, 1920, 1080, 59.94),
        Display(1, "", 1920, 0, 800, 600, None),
    ),
    sounds=(SoundInput(3, "Scarlett [2i2]", True, 2, 48000.0, 8.7),),
    providers=("CPUExecutionProvider",),
)


def test_everything_is_asked_and_what_is_missing_is_explained(
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = list_devices()
    assert "CPUExecutionProvider" in found.providers
    for group in ("cameras", "displays", "sounds"):
        assert bool(getattr(found, group)) != bool(found.notes.get(group))
    said = capfd.readouterr()
    assert said.out == said.err == "", "sound and display libraries chatter; nobody hears it"


def test_json_has_every_group() -> None:
    app = Typer()
    app.command()(devices)
    done = CliRunner().invoke(app, ["--json"])
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.output)) == {"cameras", "displays", "sounds", "providers", "notes"}
    assert json.loads(FULL.as_json())["displays"][1]["rate_hz"] is None


def test_tables_show_every_field() -> None:
    console = Console(width=120, record=True, quiet=False, file=sys.stderr)
    show(FULL, console)
    text = console.export_text()
    for words in ("usb-webcam", "/dev/video0", "1920×1080", "59.94 Hz", "unknown", "1920, 0"):
        assert words in text
    assert "Scarlett [2i2]" in text, "a device's name is not markup"
    assert "used when none is named" in text


def test_empty_groups_show_their_notes() -> None:
    console = Console(width=120, record=True, file=sys.stderr)
    show(Devices((), (), (), (), {"displays": "no display: [off]"}), console)
    assert "no display: [off]" in console.export_text()


def interpreter(tmp_path: Path, does: str) -> str:
    """Stand in for Python: whatever is asked, do this."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize(
    ("does", "note"),
    [
        ("kill -SEGV $$", "ended with exit code -11"),
        ("echo noise", "ended with exit code 0"),
        ("exec cat /dev/zero >/dev/null", "no answer within"),
        ("echo noise; echo '\"no server\"'", "no server"),
    ],
)
def test_a_driver_that_crashes_or_hangs_becomes_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, note: str
) -> None:
    monkeypatch.setattr(sys, "executable", interpreter(tmp_path, does))
    said = listing._ask("sounds", limit_s=0.3 if "zero" in does else 30.0)
    assert isinstance(said, str)
    assert note in said


def test_what_a_library_throws_becomes_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise OSError("no such server")

    monkeypatch.setitem(listing.PROBES, "sounds", broken)
    listing.answer("sounds")
    assert json.loads(capsys.readouterr().out) == "OSError: no such server"

"""The other instruments a show is asked to play along with."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.clock import SystemClock
from livematch.control.state import Control
from livematch.errors import UsageError
from livematch.peers.abletonport import ANSWER_PORT
from livematch.peers.open import open_peers


def test_nobody_is_there_unasked() -> None:
    assert open_peers(Control(), SystemClock()) == ()


def test_live_is_opened_and_said_to_be_absent() -> None:
    try:
        (live,) = open_peers(Control(), SystemClock(), ableton="127.0.0.1")
    except UsageError:  # the port is AbletonOSC's own: another test has it, or a real Live's peer
        pytest.skip(f"port {ANSWER_PORT} is in use here")
    try:
        assert live.warning is not None
        assert "127.0.0.1" in live.name
        with pytest.raises(UsageError, match=str(ANSWER_PORT)):
            open_peers(Control(), SystemClock(), ableton="127.0.0.1")
    finally:
        live.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as after:
        after.bind(("127.0.0.1", ANSWER_PORT))


@pytest.mark.parametrize("option", [["--link"], ["--ableton"], ["--ableton-host", "10.0.0.2"]])
def test_a_show_that_is_always_the_same_hears_nobody(option: list[str], tmp_path: Path) -> None:
    where = ["--archive", str(tmp_path), "--record", str(tmp_path / "out.mp4")]
    asked = ["play", *where, "--offscreen", "--seconds", "1", *option]
    went = CliRunner().invoke(app, asked)
    assert isinstance(went.exception, UsageError)
    assert "--live" in str(went.exception)

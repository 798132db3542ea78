import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
DRAW_HEADLESS = "from livematch.render.offscreen import open_offscreen as o; o((8, 8)).close()"


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(HERE.parent), str(HERE)])
    env = {**os.environ, "PYTHONPATH": paths, **environment}
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    if shutil.which("xvfb-run") is None:
        pytest.skip("no xvfb-run here")
    screen = "-screen 0 1280x720x24 +extension GLX"
    script = str(HERE / "render_window_show.py")
    done = run("xvfb-run", "-a", "-s", screen, sys.executable, script)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_a_window_shows_what_is_drawn(told: dict[str, Any]) -> None:
    assert told["open"]["size"] == [320, 240]
    assert told["open"]["middle"] == [0, 0, 255]
    assert told["open"]["at"] == [480, 240], "in the middle of its screen"
    assert told["open"]["hz"] >= 1


def test_keys_have_the_names_of_the_table_and_escape_closes_nothing(told: dict[str, Any]) -> None:
    assert told["keys"] == ["SPACE", "F11", "UP", "ESCAPE", "B"]
    assert told["closed after escape"] is False


def test_fullscreen_and_back_keeps_drawing(told: dict[str, Any]) -> None:
    assert told["full"]["fullscreen"] is True
    assert told["full"]["size"] == [1280, 720]
    assert told["full"]["middle"] == [0, 0, 255]
    assert told["back"]["fullscreen"] is False
    assert told["back"]["size"] == [320, 240]
    assert told["back"]["middle"] == [0, 0, 255]


def test_a_misplaced_full_screen_becomes_a_borderless_window(told: dict[str, Any]) -> None:
    assert told["misplaced"]["at"] == [0, 0]
    assert told["borderless"]["at"] == [320, 0]
    assert told["borderless"]["size"] == [320, 240]
    assert told["borderless"]["fullscreen"] is True
    assert told["borderless"]["middle"] == [0, 0, 255]
    assert told["from borderless"]["fullscreen"] is False
    assert told["from borderless"]["middle"] == [0, 0, 255]


def test_the_close_button_closes(told: dict[str, Any]) -> None:
    assert told["closed by hand"] is True


def without_display(code: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-c", code, DISPLAY="", WAYLAND_DISPLAY="")


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a display be taken away")
def test_without_a_display_the_message_says_what_to_do() -> None:
    done = without_display("from livematch.render.window import open_window as o; o((8, 8), 't')")
    assert "DisplayError: no display answers" in done.stderr
    assert "--offscreen --record" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="EGL is only there")
def test_importing_the_room_decides_nothing() -> None:
    modules = ("compositor", "panel", "recorder", "window", "measure")
    names = "; ".join(f"import livematch.render.{name}" for name in modules)
    done = without_display(f"{names}; import sys; assert 'pyglet' not in sys.modules")
    assert done.returncode == 0, done.stderr
    done = without_display(f"{names}; {DRAW_HEADLESS}")
    assert done.returncode == 0 or "DisplayError" in done.stderr, done.stderr

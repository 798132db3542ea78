"""What is connected: cameras, displays, sound inputs and ONNX Runtime's execution providers.

Displays and sound are asked for in processes of their own: the libraries below may write to the
terminal, hang on a dead server or crash, and none of that may reach a show.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from livematch.audio.inputs import SoundInput, connected_inputs
from livematch.camera.listing import CameraDevice, connected_cameras

ASK_LIMIT_S = 15.0  # PortAudio tries every sound system in turn


@dataclass(frozen=True, slots=True)
class Display:
    """A screen: its number for `--display`, where it lies and how often it is drawn."""

    index: int
    name: str
    x: int
    y: int
    width: int
    height: int
    rate_hz: float | None


@dataclass(frozen=True, slots=True)
class Devices:
    """All of it. `notes` says, by group, why a list is empty."""

    cameras: tuple[CameraDevice, ...]
    displays: tuple[Display, ...]
    sounds: tuple[SoundInput, ...]
    providers: tuple[str, ...]
    notes: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """Write it for other programs."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def list_devices() -> Devices:
    """Ask for everything at once; takes about as long as the slowest."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        displays = pool.submit(_ask, "displays")
        sounds = pool.submit(_ask, "sounds")
        providers = pool.submit(_ask, "providers")
        cameras = connected_cameras()
        answers = {
            "displays": displays.result(),
            "sounds": sounds.result(),
            "providers": providers.result(),
        }
    notes = {group: answer for group, answer in answers.items() if isinstance(answer, str)}
    if not cameras:
        notes["cameras"] = "no camera is connected; --camera pattern and --camera FILM need none"
    for group, words in (("displays", "no display"), ("sounds", "no sound input")):
        if answers[group] == []:
            notes[group] = f"{words} is connected"
    return Devices(
        cameras=cameras,
        displays=tuple(Display(**row) for row in _rows(answers["displays"])),
        sounds=tuple(SoundInput(**row) for row in _rows(answers["sounds"])),
        providers=tuple(row["name"] for row in _rows(answers["providers"])),
        notes=notes,
    )


Row = dict[str, Any]


def _rows(answer: list[Row] | str) -> list[Row]:
    return [] if isinstance(answer, str) else answer


def _ask(what: str, limit_s: float = ASK_LIMIT_S) -> list[Row] | str:
    """Run one of `PROBES` in a process of its own; why there is no answer, where there is none."""
    command = [sys.executable, "-c", f"from livematch.devices import answer; answer({what!r})"]
    environment = {**os.environ, "PYO_GUI_WX": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - our own code, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=limit_s,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {limit_s:g} s"
    last = done.stdout.strip().rpartition("\n")[2]
    try:
        said: list[Row] | str = json.loads(last)
    except json.JSONDecodeError:
        return f"asking for them ended with exit code {done.returncode}"
    return said


def answer(what: str) -> None:
    """Print one probe's rows, or why there are none, as one line of JSON."""
    try:
        said: object = PROBES[what]()
    except Exception as error:  # noqa: BLE001 - whatever a library throws becomes a note
        said = f"{type(error).__name__}: {error}"
    print(json.dumps(said))  # noqa: T201 - read by the process that asked


def _displays() -> list[Row] | str:
    import pyglet  # noqa: PLC0415 - only in a process of its own
    from pyglet.display import get_display  # noqa: PLC0415

    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return "no display: $DISPLAY is not set; on a machine without a screen, render offline"
    pyglet.options["debug_gl"] = False
    return [
        {
            "index": index,
            "name": _display_name(screen),
            "x": int(screen.x),
            "y": int(screen.y),
            "width": int(screen.width),
            "height": int(screen.height),
            # a virtual screen says 0
            "rate_hz": float(screen.get_mode().rate or 0) or None,
        }
        for index, screen in enumerate(get_display().get_screens())
    ]


def _display_name(screen: Any) -> str:
    with contextlib.suppress(Exception):  # not every system has names for its screens
        return str(screen.get_monitor_name() or "")
    return ""


def _sounds() -> list[Row]:
    return [asdict(sound) for sound in connected_inputs()]


def _providers() -> list[Row]:
    import onnxruntime  # noqa: PLC0415 - only in a process of its own

    return [{"name": name} for name in onnxruntime.get_available_providers()]


PROBES: dict[str, Callable[[], list[Row] | str]] = {
    "displays": _displays,
    "sounds": _sounds,
    "providers": _providers,
}

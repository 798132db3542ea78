"""What a show is started with: everything that cannot change while it runs."""

import difflib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from livematch.control.params import Params, changed
from livematch.control.presetfolder import own_folder
from livematch.errors import UsageError

MOST_CHANNELS = 64
SIZES = "a size is WIDTHxHEIGHT, such as 1280x720, each from 64 to 8192"


class Detector(StrEnum):
    """What listens for attacks: ours, or pyo's, which follows loudness alone."""

    SUPERFLUX = "superflux"
    ATTACK = "attack"


@dataclass(frozen=True, slots=True)
class ShowConfig:
    """One show's set-up.

    `offscreen` needs no display. `offline` runs on a manual clock at `fps`, as fast as the machine
    can, and gives the same show every time; a device camera cannot be played so. `seconds` ends
    the show by itself. On `operator_display` preview and HUD have a window of their own. `osc_port`
    None hears nobody by OSC; `osc_allow` names who is heard, and without it everybody who reaches
    `osc_listen` is; `osc_reply` is where a sender is told back.
    `midi` are controllers by name, and MIDI files; without a `midi_map` the performer's own counts.
    `oscquery_port` None describes the instrument to nobody, 0 takes any port. `ableton` is the host
    of Ableton Live.
    `lenses` are files and folders of lenses, beside those that come with livematch.
    `sound` is none, a file or an input; `sound_rate` is asked of an input only.
    `preset` names the one that `start` was made with, `presets` is the folder of one's own and
    `cues` a file with a cue list.
    The show is logged to the new file `log`, or to one named by date and time in the folder `logs`.
    """

    archive: Path
    camera: str
    camera_mode: str | None = None
    sound: str = "none"
    sound_channels: tuple[int, ...] | None = None
    sound_rate: float | None = None
    onsets: Detector = Detector.SUPERFLUX
    size_px: tuple[int, int] = (1280, 720)
    fullscreen: bool = False
    display: int = 0
    operator_display: int | None = None
    offscreen: bool = False
    offline: bool = False
    fps: float = 30.0
    seconds: float | None = None
    record: Path | None = None
    model: str | None = None
    provider: str = "auto"
    threads: int = 1
    require_gpu: bool = False
    osc_port: int | None = None
    osc_listen: str = "127.0.0.1"
    osc_allow: tuple[str, ...] = ()
    osc_reply: int = 7001
    midi: tuple[str, ...] = ()
    midi_map: Path | None = None
    oscquery_port: int | None = None
    ableton: str | None = None
    link: bool = False
    start: Params = field(default_factory=Params)
    preset: str = ""
    presets: Path = field(default_factory=own_folder)
    cues: Path | None = None
    lenses: tuple[Path, ...] = ()
    log: Path | None = None
    logs: Path | None = None


def parse_size(text: str) -> tuple[int, int]:
    """Read `WIDTHxHEIGHT` in pixels; UsageError says how a size is written."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise UsageError(f"{text!r} is no size: {SIZES}")
    size = int(width), int(height)
    if not all(64 <= side <= 8192 for side in size):
        raise UsageError(f"{text!r} is out of range: {SIZES}")
    return size


def parse_channels(text: str) -> tuple[int, ...]:
    """Read `1`, `1,2` or `3-6`, counted from 1; UsageError says how channels are written."""
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"channels {text!r}: write 1, or 1,2 or 3-6, counted from 1")
        numbers += range(int(first), min(int(last or first), MOST_CHANNELS + 1) + 1)
    if not numbers or not all(1 <= number <= MOST_CHANNELS for number in numbers):
        raise UsageError(f"channels {text!r} are not from 1 to {MOST_CHANNELS}")
    return tuple(dict.fromkeys(numbers))


def parse_settings(settings: list[str], start: Params | None = None) -> Params:
    """Apply `NAME=VALUE` texts to `start`, or the defaults; UsageError lists all that is wrong."""
    params, faults = start or Params(), []
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            faults.append(f"{setting!r} is not NAME=VALUE{_guess(name)}")
            continue
        try:
            params = changed(params, name.strip(), value.strip())
        except UsageError as fault:
            faults.append(str(fault))
    if faults:
        raise UsageError("; ".join(faults))
    return params


def _guess(name: str) -> str:
    near = difflib.get_close_matches(name, Params.__dataclass_fields__, n=1)
    return f"; did you mean {near[0]}=…?" if near else ""

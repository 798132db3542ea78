"""From what a person writes after `--sound` to ears."""

import difflib
from pathlib import Path

from livematch.audio.capture import DeviceEars
from livematch.audio.device import InputSpec, PlayedSpec
from livematch.audio.ears import Deaf, Ears
from livematch.audio.file import Channels, FileEars
from livematch.clock import Clock, SystemClock
from livematch.config import Detector
from livematch.control.params import Params
from livematch.errors import SoundError
from livematch.telemetry import Telemetry

NONE = "none"


def open_ears(
    wanted: str,
    clock: Clock,
    params: Params,
    *,
    channels: Channels = None,
    rate: float | None = None,
    detector: Detector = Detector.SUPERFLUX,
    telemetry: Telemetry | None = None,
) -> Ears:
    """Open `none`, a file with sound, or an input by number, part of its name or `default`.

    An input begins to open and is not waited for. SoundError says what there is instead.
    """
    if wanted == NONE:
        return Deaf()
    path = Path(wanted).expanduser()
    is_file = not wanted.isdigit() and (path.exists() or _looks_like_path(wanted))
    if is_file and not path.exists():
        raise SoundError(f"there is no sound file {path}{_nearest(path)}")
    if is_file and detector is Detector.SUPERFLUX:
        return FileEars(path, channels)
    if not isinstance(clock, SystemClock):
        if is_file:
            raise SoundError("--onsets attack is pyo's and hears only live; offline: superflux")
        raise SoundError(
            f"sound {wanted!r} is a device and is heard only live; offline, name a file"
        )
    attacks = detector is Detector.ATTACK
    if is_file:
        played = PlayedSpec(path, channels, attacks)
        return DeviceEars(path.name, played, clock, params, telemetry).start()
    spec = InputSpec(wanted, channels, rate, attacks)
    return DeviceEars(f"sound input {wanted}", spec, clock, params, telemetry).start()


def _looks_like_path(wanted: str) -> bool:
    suffix = Path(wanted).suffix
    return any(mark in wanted for mark in "/\\") or (2 <= len(suffix) <= 6 and suffix[1:].isalnum())


def _nearest(path: Path) -> str:
    """Name the most similar file beside the one that is not there."""
    if not path.parent.is_dir():
        return f"; there is no folder {path.parent} either"
    names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"; did you mean {str(path.parent / near[0])!r}?" if near else ""

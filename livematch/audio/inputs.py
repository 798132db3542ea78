"""The sound inputs there are, by PortAudio, and which of them a person means."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from livematch.errors import SoundError

USUAL = "default"


@dataclass(frozen=True, slots=True)
class SoundInput:
    """A sound input, by PortAudio's number; `usual` is the one taken when none is named."""

    index: int
    name: str
    usual: bool
    channels: int
    rate_hz: float
    latency_ms: float


def connected_inputs() -> tuple[SoundInput, ...]:
    """Ask PortAudio. Only in a process of its own: it chatters, may hang, may crash."""
    import pyo  # noqa: PLC0415 - never in the process of a show

    infos, _ = pyo.pa_get_devices_infos()
    names, numbers = pyo.pa_get_input_devices()
    usual = pyo.pa_get_default_input() if numbers else None
    return tuple(
        SoundInput(
            index=int(number),
            name=str(name),
            usual=number == usual,
            channels=int(pyo.pa_get_input_max_channels(number)),
            rate_hz=float(infos.get(number, {}).get("default sr", 0)),
            latency_ms=round(float(infos.get(number, {}).get("latency", 0)) * 1000, 1),
        )
        for name, number in zip(names, numbers, strict=True)
    )


def find_input(wanted: str, inputs: Sequence[SoundInput]) -> SoundInput:
    """Find an input by number, name or part of it, or `default`; SoundError says what there is."""
    if not inputs:
        raise SoundError("no sound input is connected; --sound FILE and --sound none need none")
    if wanted == USUAL:
        return next((i for i in inputs if i.usual), inputs[0])
    if wanted.isdigit():
        found = [i for i in inputs if i.index == int(wanted)]
    else:
        low = wanted.casefold()
        exact = [i for i in inputs if i.name.casefold() == low]
        found = exact[:1] or [i for i in inputs if low in i.name.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        which = ", ".join(f"{i.index} {i.name!r}" for i in found)
        raise SoundError(
            f"{wanted!r} is part of several sound inputs: {which}; say more, or a number"
        )
    near = difflib.get_close_matches(wanted, [i.name for i in inputs], n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    there = ", ".join(f"{i.index} {i.name!r}" for i in inputs)
    raise SoundError(f"there is no sound input {wanted!r}{guess} There is {there}")

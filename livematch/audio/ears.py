"""What the engine asks the ears for, and the ears of a show without sound."""

from typing import Protocol

from livematch.control.params import Params
from livematch.values import SILENCE, Sound


class Ears(Protocol):
    """Where the engine gets its sound from."""

    def listen(self, now: float, params: Params) -> Sound:
        """Return what was heard since the last call; never blocks when live. The engine's thread.

        `params` carries gain and thresholds to whatever hears; they count from then on.
        """
        ...

    @property
    def warning(self) -> str | None:
        """What the performer should know, such as a device that has gone; None when all is well."""
        ...

    def wait_until_ready(self) -> None:
        """Return once they hear; SoundError says why they cannot. Before the first `listen`."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


class Deaf:
    """No ears: silence, always."""

    warning: str | None = None

    def listen(self, now: float, params: Params) -> Sound:  # noqa: ARG002 - there is nothing to hear
        """Return silence."""
        return SILENCE

    def wait_until_ready(self) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to let go."""

"""What the engine sees: the newest frame and what was found in it, live or offline."""

from dataclasses import dataclass
from typing import Protocol

from livematch.camera.source import Camera
from livematch.slots import Newest
from livematch.values import Frame, Observation
from livematch.vision import Vision, watch


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest camera frame and the newest observation, which may be of an earlier frame."""

    frame: Frame | None
    observation: Observation | None


class Eyes(Protocol):
    """Where the engine gets its sight from."""

    def look(self, now: float) -> Sight:
        """Return what is seen at `now`; never blocks when live. The engine's thread."""
        ...

    @property
    def frames_skipped(self) -> int:
        """Frames that vision had no time for."""
        ...

    def close(self) -> None:
        """Let the camera go."""
        ...


class LiveEyes:
    """Camera and vision at work on threads of their own; `look` takes the newest of both."""

    def __init__(self, camera: Camera, vision: Vision) -> None:
        self._camera = camera
        self._to_vision: Newest[Frame] = Newest()
        self._observations: Newest[Observation] = Newest()
        self._watcher = watch(vision, self._to_vision, self._observations).start()
        camera.start(self._to_vision)

    def look(self, now: float) -> Sight:  # noqa: ARG002 - live, now is whatever has come in
        """Return the newest frame and observation."""
        return Sight(self._to_vision.peek(), self._observations.peek())

    @property
    def frames_skipped(self) -> int:
        """Frames that vision had no time for."""
        return self._to_vision.dropped

    def close(self) -> None:
        """Stop the camera, then vision."""
        self._camera.stop()
        self._watcher.stop()


class OfflineEyes:
    """Camera and vision asked in step with a manual clock: the same show every time."""

    def __init__(self, camera: Camera, vision: Vision) -> None:
        self._camera = camera
        self._vision = vision
        self._sight = Sight(None, None)

    def look(self, now: float) -> Sight:
        """Fetch the frame that is due at `now` and observe it, if there is a new one."""
        frame = self._camera.frame_at(now)
        if frame is not None:
            self._sight = Sight(frame, self._vision.observe(frame))
        return self._sight

    @property
    def frames_skipped(self) -> int:
        """None: offline there is time for each."""
        return 0

    def close(self) -> None:
        """Let the camera go."""
        self._camera.stop()


class Blind:
    """No eyes: neither a camera nor anything seen, for shows that are known beforehand."""

    frames_skipped = 0

    def look(self, now: float) -> Sight:  # noqa: ARG002 - there is nothing to see
        """Return nothing."""
        return Sight(None, None)

    def close(self) -> None:
        """Nothing to let go."""

"""From a camera frame to what the archive has like it."""

from collections.abc import Callable

from livematch.archive.finder import Finder
from livematch.clock import Clock
from livematch.control.params import Params, weights
from livematch.embed.describer import Describer
from livematch.embed.motion import small
from livematch.embed.preprocess import halved
from livematch.embed.trail import Trail
from livematch.indexing.shrinking import SMALL_PX
from livematch.inputcuts import InputCuts
from livematch.inputmovement import movement
from livematch.slots import Newest
from livematch.telemetry import Telemetry
from livematch.values import Frame, Glimpse, Image, Observation
from livematch.worker import Worker

CANDIDATES = 32  # matches an observation carries: enough for the cooldowns to choose among


class Vision:
    """Observes frames: describe, search, rank. Pure but for the clock it times itself by.

    One thread at a time; `params` returns the newest snapshot of what the performer has set.
    """

    def __init__(
        self,
        describer: Describer,
        finder: Finder,
        params: Callable[[], Params],
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._describer = describer
        self._finder = finder
        self._params = params
        self._clock = clock
        self._telemetry = telemetry
        self._cuts = InputCuts()
        self._trail: Trail[Image] = Trail()
        self._last_frame: int | None = None
        self._cut_frame: int | None = None

    def observe(self, frame: Frame) -> Observation:
        """Return the archive's candidates for one frame."""
        taken_s = self._clock.now()
        before = self._cuts.count
        glimpse, cuts = self._look(frame)
        if cuts != before:  # known with its second picture: the one before was its first
            self._cut_frame = self._last_frame
        self._last_frame = frame.number
        params = self._params()
        weighed = [name for name, weight in weights(params).items() if weight > 0]
        descriptor = self._describer.describe([glimpse], weighed or None)[0]
        described_s = self._clock.now()
        candidates = self._finder.find(frame.captured_s, descriptor, cuts, params, CANDIDATES)
        found_s = self._clock.now()
        self._telemetry.record("captured → taken", (taken_s - frame.captured_s) * 1e3)
        self._telemetry.record("taken → described", (described_s - taken_s) * 1e3)
        self._telemetry.record("described → found", (found_s - described_s) * 1e3)
        moved = movement(glimpse) if cuts == before else 1.0  # a cut changes everything
        return Observation(
            frame.number, frame.captured_s, found_s, candidates, cuts, moved, self._cut_frame
        )

    def _look(self, frame: Frame) -> tuple[Glimpse, int]:
        """Put the frame beside the one a tenth of a second earlier, and count the cuts so far."""
        # whatever looks at it would halve it for itself; the archive's films were seen as small
        image = halved(frame.image, SMALL_PX, SMALL_PX)
        before, was_begun = self._cuts.count, self._cuts.may_be_cut
        cuts = self._cuts.push(image)
        # nothing moves across a cut: what was before is forgotten with the first picture, if that
        # looks new, else with the second, by which a cut is known
        if self._cuts.may_be_cut or (cuts != before and not was_begun):
            self._trail.forget()
        earlier = self._trail.follow(frame.captured_s, small(image))
        return Glimpse(image, *earlier) if earlier else Glimpse(image), cuts


def watch(
    vision: Vision, frames: Newest[Frame], observations: Newest[Observation], wait_s: float = 0.5
) -> Worker:
    """Return the worker that observes the newest frame again and again; not started yet."""

    def step() -> bool:
        frame = frames.take(wait_s)
        if frame is not None:
            observations.put(vision.observe(frame))
        return not frames.closed

    return Worker("vision", step, wake=frames.close)

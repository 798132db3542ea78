"""How much of the painting lies over an answer: the less, the more alike the answer is."""

from collections import deque
from collections.abc import Iterable

from livematch.control.params import Params
from livematch.direction.veil import likeness, painted_share
from livematch.values import SAME_S, Cue, Observation


class AnswersVeil:
    """`direction.veil.Veil`'s twin for answers that are known beforehand, with their scores.

    It changes with each cue, over as long as that one fades; black stays black. `cues` are in the
    order of their times. One thread.
    """

    def __init__(self, cues: Iterable[Cue]) -> None:
        self._coming = deque(cues)
        self._on: Cue | None = None
        self._before = 0.0

    def share_at(
        self,
        now: float,
        observation: Observation | None,  # noqa: ARG002 - the answers were found before
        params: Params,
    ) -> float:
        """Return the painting's share of the light, 0 to 1; once a tick."""
        while self._coming and self._coming[0].decided_s <= now + SAME_S:
            self._before = self._share(now, params)
            self._on = self._coming.popleft()
        return self._share(now, params)

    def _share(self, now: float, params: Params) -> float:
        on = self._on
        if on is None:
            return 0.0
        wanted = 0.0
        if on.match is not None:
            wanted = painted_share(likeness(on.match.score, params.radius), params)
        faded = (now - on.decided_s) / on.fade_s if on.fade_s > 0 else 1.0
        return self._before + (wanted - self._before) * min(1.0, max(0.0, faded))

"""How a lens is trained: frozen settings, with values after pix2pix and Akten. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from livematch.errors import UsageError
from livematch.lens.architecture import SIDES

MOST_FILTERS = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training follows from, besides its pictures.

    `shrink` is how many times smaller what is shown becomes on its way. The weights of the losses:
    `likeness` of L1 (a third of pix2pix's: texture is wanted sooner than truth), `verdict` of the
    critic, `perception` of the embedding network's features. `digest` tells the pictures.
    """

    side_px: int = 256
    filters: int = 16
    shrink: float = 16.0
    steps: int = 12_000
    batch: int = 4
    rate: float = 3e-4
    likeness: float = 30.0
    verdict: float = 1.0
    perception: float = 10.0
    critic_filters: int = 24
    seed: int = 1
    digest: str = ""

    def refuse_nonsense(self) -> None:
        """Raise UsageError that names all values out of range."""
        faults = []
        if self.side_px not in SIDES:
            sides = ", ".join(map(str, SIDES))
            faults.append(f"--size {self.side_px} is none of {sides}")
        if not 1 <= self.filters <= MOST_FILTERS:
            faults.append(f"--filters {self.filters} is not from 1 to {MOST_FILTERS}")
        if not 2 <= self.shrink <= self.side_px / 4:
            faults.append(f"--shrink {self.shrink:g} is not from 2 to {self.side_px // 4}")
        if faults:
            raise UsageError("; ".join(faults))

    def facts(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return asdict(self)

    def differing(self, facts: Mapping[str, Any]) -> list[str]:
        """Say how these differ from those another training was begun with.

        How many steps it goes is no difference: a training may be made longer.
        """
        said = []
        for field in fields(self):
            now, then = getattr(self, field.name), facts.get(field.name)
            if field.name == "steps" or now == then:
                continue
            if field.name == "digest":
                said.append("other pictures")
            else:
                said.append(f"{field.name} {then} then, {now} now")
        return said

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step: even in the first half, then falling to nothing."""
        half = self.steps / 2
        return self.rate * min(1.0, max(0.01, (self.steps - step) / half))


def momentum_at(step: int) -> float:
    """Return how much of the averaged network stays at a step: little at first, then 0.999."""
    return min(0.999, (1 + step) / (10 + step))

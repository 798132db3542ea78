"""One step after another: the lens and its critic learn from each other; needs the extra `lens`.

pix2pix (Isola et al., 2017) with a least-squares critic (Mao et al., 2017). What is judged and
exported is the average of the lens over the last thousand steps, which flickers less than any one
of them (as in Yazıcı et al., 2019).
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livematch.embed.card import ModelCard
from livematch.errors import UsageError
from livematch.lens.architecture import Plan, plan
from livematch.lens.checkpoints import Checkpoint
from livematch.lens.machine import Machine
from livematch.lens.network import Critic, Lens
from livematch.lens.pairs import Batch
from livematch.lens.perceptual import Perception
from livematch.lens.settings import Settings, momentum_at
from livematch.values import Vector

BETAS = (0.5, 0.999)


@dataclass(frozen=True, slots=True)
class Losses:
    """What one step came to: L1, the critic's view of the painting, features, the critic's own."""

    likeness: float
    verdict: float
    perception: float
    critic: float


class Training:
    """A lens that learns. One thread; torch's own do the work."""

    def __init__(
        self, settings: Settings, machine: Machine, perceived_by: ModelCard | None = None
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.plan = plan(settings.side_px, settings.filters)
        self.done = 0
        self._machine = machine
        self._lens = self._there(Lens(self.plan))
        self._critic = self._there(Critic(settings.critic_filters))
        self._average = copy.deepcopy(self._lens).requires_grad_(requires_grad=False)
        self._lens_steps = torch.optim.Adam(self._lens.parameters(), settings.rate, BETAS)
        self._critic_steps = torch.optim.Adam(self._critic.parameters(), settings.rate, BETAS)
        self._perception = None
        if settings.perception > 0 and perceived_by is not None:
            self._perception = self._there(Perception(perceived_by)).requires_grad_(
                requires_grad=False
            )

    def step(self, batch: Batch) -> Losses:
        """Learn from one batch."""
        settings = self.settings
        seen, wanted = self._tensor(batch.seen), self._tensor(batch.wanted)
        for optimiser in (self._lens_steps, self._critic_steps):
            for group in optimiser.param_groups:
                group["lr"] = settings.rate_at(self.done)
        with self._machine.precision():
            painted = self._lens(seen)
            self._critic.requires_grad_(requires_grad=True)
            true, false = self._critic(seen, wanted), self._critic(seen, painted.detach())
            of_critic = ((true - 1).square().mean() + false.square().mean()) / 2
        _learn(self._critic_steps, of_critic)
        with self._machine.precision():
            self._critic.requires_grad_(requires_grad=False)
            verdict = (self._critic(seen, painted) - 1).square().mean()
            likeness = (painted - wanted).abs().mean()
            perceived = torch.zeros((), device=likeness.device)
            if self._perception is not None:
                perceived = self._perception(painted, wanted)
            whole = (
                settings.likeness * likeness
                + settings.verdict * verdict
                + settings.perception * perceived
            )
        _learn(self._lens_steps, whole)
        self._follow()
        self.done += 1
        found = torch.stack([likeness, verdict, perceived, of_critic]).float().tolist()
        if not np.isfinite(found).all():
            raise UsageError(
                f"the training has lost itself at step {self.done}: begin anew with --fresh and"
                f" a smaller --rate than {settings.rate:g}"
            )
        return Losses(*found)

    def paint(self, seen: Vector) -> Vector:
        """Paint with the averaged lens: float32 (n, 1, side, side) → (n, 3, side, side)."""
        with torch.no_grad():
            painted = self._average(self._tensor(seen)).float().cpu().numpy()
        return np.asarray(painted, np.float32)

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the averaged lens, its weights by name."""
        return _arrays(self._average.state_dict())

    def checkpoint(self, facts: Mapping[str, Any]) -> Checkpoint:
        """Return all that the training goes on from; `facts` go along."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, state in self._states().items():
            arrays |= {f"{name}/{key}": value for key, value in _arrays(state).items()}
        for name, optimiser in self._optimisers().items():
            for number, moments in optimiser.state_dict()["state"].items():
                arrays |= {f"{name}/{number}/{k}": v for k, v in _arrays(moments).items()}
        return Checkpoint(arrays, {**facts, "step": self.done, "settings": self.settings.facts()})

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint; UsageError when it is not of such a network."""
        try:
            for name, state in self._states().items():
                loaded = {key: checkpoint.arrays[f"{name}/{key}"] for key in state}
                for key, values in loaded.items():
                    state[key].copy_(torch.from_numpy(values))
            for name, optimiser in self._optimisers().items():
                state_dict = optimiser.state_dict()
                state_dict["state"] = self._moments(name, checkpoint, state_dict)
                optimiser.load_state_dict(state_dict)
            self.done = int(checkpoint.facts["step"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise UsageError(
                f"the checkpoint is not of this network ({error}): begin anew with --fresh"
            ) from error

    def _moments(
        self, name: str, checkpoint: Checkpoint, state_dict: Mapping[str, Any]
    ) -> dict[int, dict[str, Tensor]]:
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        keys = ("step", "exp_avg", "exp_avg_sq")
        return {
            number: {k: torch.from_numpy(checkpoint.arrays[f"{name}/{number}/{k}"]) for k in keys}
            for number in numbers
        }

    def _states(self) -> dict[str, dict[str, Tensor]]:
        return {
            "lens": self._lens.state_dict(),
            "critic": self._critic.state_dict(),
            "average": self._average.state_dict(),
        }

    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        return {"lens_steps": self._lens_steps, "critic_steps": self._critic_steps}

    def _follow(self) -> None:
        """Let the average follow the lens."""
        share = 1.0 - momentum_at(self.done)
        with torch.no_grad():
            pairs = zip(self._average.parameters(), self._lens.parameters(), strict=True)
            for average, newest in pairs:
                average.lerp_(newest, share)

    def _tensor(self, values: Vector) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(values)).to(self._machine.device)
        return tensor.contiguous(memory_format=torch.channels_last)

    def _there(self, module: Any) -> Any:
        # channels last: a third faster on the processor, and what GPUs' half precision wants
        return module.to(self._machine.device, memory_format=torch.channels_last)


def painter(drawn: Plan, weights: Mapping[str, NDArray[Any]]) -> Callable[[Vector], Vector]:
    """Return how a lens of these weights paints, computed by torch on the processor."""
    lens = Lens(drawn)
    lens.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})

    def paint(seen: Vector) -> Vector:
        with torch.no_grad():
            return np.asarray(lens(torch.from_numpy(seen)).numpy(), np.float32)

    return paint


def _learn(optimiser: torch.optim.Adam, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def _arrays(state: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {key: value.detach().cpu().contiguous().numpy().copy() for key, value in state.items()}

"""The lens and its critic as torch has them; needs the extra `lens`."""

import torch
from torch import Tensor, nn

from livematch.lens.architecture import Layer, Plan

SLOPE = 0.2  # of the leaky ReLU, on the way down
EPSILON = 1e-5  # of instance normalisation
CRITIC_DEPTH = 3  # halvings: each of the critic's verdicts is on a patch of 34 pixels


class Lens(nn.Module):  # type: ignore[misc]
    """Light and dark in, a picture out: (n, 1, side, side) → (n, 3, side, side), all −1 to 1.

    RGB. Resize and convolution in place of transposed convolution, which leaves a chequerboard
    (Odena et al., 2016).
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.down = nn.ModuleList(_convolution(layer, stride=2) for layer in plan.down)
        self.down_norms = nn.ModuleList(_norm(layer) for layer in plan.down)
        self.up = nn.ModuleList(_convolution(layer) for layer in plan.up)
        self.up_norms = nn.ModuleList(_norm(layer) for layer in plan.up)
        self.last = _convolution(plan.last)

    def forward(self, seen: Tensor) -> Tensor:
        """Paint a batch."""
        beside = []
        x = seen
        for convolution, norm in zip(self.down, self.down_norms, strict=True):
            x = nn.functional.leaky_relu(norm(convolution(x)), SLOPE)
            beside.append(x)
        beside.pop()
        for convolution, norm in zip(self.up, self.up_norms, strict=True):
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = nn.functional.relu(norm(convolution(x)))
            if beside:
                x = torch.cat((x, beside.pop()), 1)
        return torch.tanh(self.last(x))


class Critic(nn.Module):  # type: ignore[misc]
    """Judges patch by patch whether a picture is one of those it was shown (PatchGAN, pix2pix).

    (n, 1, side, side) as the lens saw it and (n, 3, side, side) → one verdict a patch.
    """

    def __init__(self, filters: int) -> None:
        super().__init__()
        steps: list[nn.Module] = [nn.Conv2d(4, filters, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        for depth in range(1, CRITIC_DEPTH):
            inputs, outputs = filters * 2 ** (depth - 1), filters * 2**depth
            steps += [
                nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
                nn.InstanceNorm2d(outputs, affine=True),
                nn.LeakyReLU(SLOPE),
            ]
        steps.append(nn.Conv2d(filters * 2 ** (CRITIC_DEPTH - 1), 1, 3, 1, 1))
        self.steps = nn.Sequential(*steps)

    def forward(self, seen: Tensor, picture: Tensor) -> Tensor:
        """Give the verdicts: 1 for a true picture, 0 for a painted one."""
        verdicts: Tensor = self.steps(torch.cat((seen, picture), 1))
        return verdicts


def _convolution(layer: Layer, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(
        layer.inputs, layer.outputs, layer.kernel, stride, padding=1, bias=not layer.is_normed
    )


def _norm(layer: Layer) -> nn.Module:
    if not layer.is_normed:
        return nn.Identity()
    return nn.InstanceNorm2d(layer.outputs, eps=EPSILON, affine=True)

"""How alike two pictures look to the instrument's own embedding network; needs the extra `lens`.

The ONNX file is read into torch, so that a lens can learn from it: a plain chain of convolutions,
which few operators are enough for. After perceptual losses (Johnson et al., 2016) and LPIPS
(Zhang et al., 2018), with no weights of their own.
"""

from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from livematch.embed.card import ModelCard
from livematch.errors import ModelError


class Perception(nn.Module):  # type: ignore[misc]
    """The distance of two batches (n, 3, h, w), RGB, −1 to 1, by features of each size; a mean.

    Of each size of feature map the last is taken, its channels at unit length. ModelError for a
    network with other operators than convolution, clip, add and pooling.
    """

    def __init__(self, card: ModelCard) -> None:
        super().__init__()
        graph = onnx.load_model_from_string(card.read_network()).graph
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self._card = card
        self._nodes = [_node(node, card) for node in graph.node]
        self._input = graph.input[0].name
        for name, values in weights.items():
            self.register_buffer(_plain(name), torch.from_numpy(values.copy()))
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (card.mean, card.std))
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, painted: Tensor, wanted: Tensor) -> Tensor:
        """Return the distance, 0 for the same; gradients go to `painted` alone."""
        with torch.no_grad():
            right = self._features(wanted)
        found = self._features(painted)
        distances = [
            (nn.functional.normalize(one) - nn.functional.normalize(other)).square().sum(1).mean()
            for one, other in zip(found, right, strict=True)
        ]
        return torch.stack(distances).mean()

    def _features(self, pictures: Tensor) -> list[Tensor]:
        rgb = (pictures + 1) * 127.5
        channels = rgb if self._card.channels == "RGB" else rgb.flip(1)
        values: dict[str, Tensor] = {self._input: (channels - self.mean) / self.std}
        by_size: dict[int, Tensor] = {}
        for kind, inputs, output, how in self._nodes:
            given = [
                values[name] if name in values else getattr(self, _plain(name)) for name in inputs
            ]
            result = values[output] = _OPERATORS[kind](given, how)
            if kind in {"Conv", "Add"}:
                by_size[int(result.shape[-1])] = result
            if output == self._card.map:
                break
        return list(by_size.values())


def _convolved(given: list[Tensor], how: dict[str, Any]) -> Tensor:
    x, weight, *bias = given
    top, left, bottom, right = how.get("pads", [0, 0, 0, 0])
    padded = nn.functional.pad(x, (left, right, top, bottom))
    return nn.functional.conv2d(
        padded,
        weight,
        bias[0] if bias else None,
        stride=tuple(how.get("strides", (1, 1))),
        groups=int(how.get("group", 1)),
    )


_OPERATORS: dict[str, Any] = {
    "Conv": _convolved,
    "Clip": lambda given, _how: given[0].clamp(given[1], given[2]),
    "Relu": lambda given, _how: given[0].relu(),
    "Add": lambda given, _how: given[0] + given[1],
    "Identity": lambda given, _how: given[0],
    "GlobalAveragePool": lambda given, _how: given[0].mean((2, 3), keepdim=True),
    "Flatten": lambda given, _how: given[0].flatten(1),
}


def _node(node: Any, card: ModelCard) -> tuple[str, list[str], str, dict[str, Any]]:
    how = {
        attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute
    }
    if node.op_type not in _OPERATORS or not _is_plain(node, how):
        raise ModelError(
            f"{card.name} has the operator {node.op_type}, or has it in a form that is not known:"
            f" a lens can learn from networks of plain {', '.join(_OPERATORS)} only; train it with"
            " --perceptual 0, or with another --model"
        )
    return node.op_type, list(node.input), node.output[0], how


def _is_plain(node: Any, how: dict[str, Any]) -> bool:
    """Whether `_OPERATORS` compute a node as it is meant, and not nearly so."""
    if node.op_type == "Clip":
        return len([name for name in node.input if name]) == 3
    padding, spread = how.get("auto_pad", b"NOTSET"), how.get("dilations", (1,))
    return padding == b"NOTSET" and set(spread) == {1}


def _plain(name: str) -> str:
    """Name a weight as torch takes it: without dots."""
    return "weight_" + name.replace(".", "_")

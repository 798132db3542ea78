"""The network: files that must be refused, and outputs that must not pass for features.

The little networks here are written by `onnx_kit`.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx_kit
import onnxruntime as ort
import pytest
from onnx_kit import external_tensor, field, integers, node, tensor, value_info

from livematch.embed.card import ModelCard, load_card
from livematch.embed.onnx import Embedder, compare
from livematch.embed.onnxfile import refuse_external_data
from livematch.embed.providers import CPU, FIXED_SHAPES
from livematch.embed.thumbnail import thumbnail_card
from livematch.errors import ModelError

SIDE = 32
BLACK = np.zeros((SIDE, SIDE, 3), np.uint8)
WHITE = np.full((SIDE, SIDE, 3), 255, np.uint8)


# --- the network that is tried ---

POOL = integers("kernel_shape", 8, 8)
TO_DOUBLE = field(1, "to") + field(3, 11) + field(20, 2)
NODES = (
    node("AveragePool", ["images"], "map", POOL, integers("strides", 8, 8)),
    node("GlobalAveragePool", ["images"], "mean"),
    node("Flatten", ["mean"], "flat"),
    node("Add", ["flat", "bias"], "pooled"),
)
INPUT = value_info("images", "batch", 3, SIDE, SIDE)
POOLED = value_info("pooled", "batch", 3)
MAP = value_info("map", "batch", 3, 4, 4)


def model(
    nodes: tuple[bytes, ...] = NODES,
    weights: tuple[bytes, ...] = (tensor("bias", 0.5),),
    inputs: tuple[bytes, ...] = (INPUT,),
    outputs: tuple[bytes, ...] = (POOLED, MAP),
    extra: bytes = b"",
) -> bytes:
    return onnx_kit.model(nodes, weights, inputs, outputs, extra)


def card_for(folder: Path, data: bytes, **changes: Any) -> ModelCard:
    """Write a network and its card, and read the card."""
    (folder / "tiny.onnx").write_bytes(data)
    written = thumbnail_card().model_dump() | {
        "file": "tiny.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": SIDE,
        "height": SIDE,
        "dimension": 3,
        "map_shape": (3, 4, 4),
    }
    (folder / "tiny.json").write_text(ModelCard(**written | changes).model_dump_json())
    return load_card(folder / "tiny.onnx")


def embedder(folder: Path, data: bytes, **changes: Any) -> Embedder:
    return Embedder(card_for(folder, data, **changes), "cpu", threads=1)


# --- it works ---


def test_a_network_of_ones_own(tmp_path: Path) -> None:
    features = embedder(tmp_path, model()).embed([BLACK, WHITE])
    np.testing.assert_allclose(
        features.pooled, [[-127 / 128 + 0.5] * 3, [1.5] * 3], rtol=0, atol=1e-6
    )
    assert features.map.shape == (2, 3, 4, 4)


class Opened:
    """Stands in for ONNX Runtime's session class and keeps what was opened."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.sessions: list[Any] = []
        self._real = ort.InferenceSession

    def __call__(self, data: bytes, *args: Any, **kwargs: Any) -> Any:
        self.data.append(data)
        self.sessions.append(self._real(data, *args, **kwargs))
        return self.sessions[-1]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    watch = Opened()
    monkeypatch.setattr(ort, "InferenceSession", watch)
    return watch


def test_the_bytes_checked_are_the_bytes_run(tmp_path: Path, opened: Opened) -> None:
    card = card_for(tmp_path, model())
    Embedder(card, "cpu")
    assert [hashlib.sha256(data).hexdigest() for data in opened.data] == [card.sha256]


def test_fixed_shape_providers_get_a_session_a_batch_size(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livematch.embed.onnx.FIXED_SHAPES", FIXED_SHAPES | {CPU})
    tiny = embedder(tmp_path, model())
    tiny.warm_up((1, 4))
    assert tiny.embed([WHITE] * 4).pooled.shape == (4, 3)
    shapes = [session.get_inputs()[0].shape[0] for session in opened.sessions]
    assert shapes == ["batch", 1, 4]


# --- weights outside the file ---


def constant(tensor_bytes: bytes) -> bytes:
    return node("Constant", [], "k", field(1, "value") + field(5, tensor_bytes) + field(20, 4))


EXTERNAL = external_tensor("stolen", "secret.bin")
IN_A_NODE = constant(EXTERNAL)
SUBGRAPH = field(1, "then_branch") + field(6, field(1, IN_A_NODE)) + field(20, 5)
HIDING_PLACES = {
    "initializer": model(weights=(tensor("bias", 0.5), EXTERNAL)),
    "constant node": model(nodes=(*NODES, IN_A_NODE)),
    "list of tensors": model(nodes=(node("X", [], "k", field(10, EXTERNAL)),)),
    "subgraph": model(nodes=(node("If", ["c"], "k", SUBGRAPH),)),
    "list of graphs": model(nodes=(node("X", [], "k", field(11, field(5, EXTERNAL))),)),
    "sparse values": model(extra=field(7, field(15, field(1, EXTERNAL)))),
    "sparse attribute": model(nodes=(node("X", [], "k", field(22, field(2, EXTERNAL))),)),
    "function": model(extra=field(25, field(7, IN_A_NODE))),
    "function's default": model(extra=field(25, field(11, field(5, EXTERNAL)))),
    "training": model(extra=field(20, field(2, field(5, EXTERNAL)))),
    "second graph, merged by parsers": model(extra=field(7, field(5, EXTERNAL))),
    "long form of 1": model(weights=(tensor("bias", 1) + b"\x70\x81\x80\x00",)),
    "said to be inside again": model(weights=(EXTERNAL + field(14, 0),)),
    "no flag, only the entry": model(weights=(tensor("x", 1) + field(13, field(1, "location")),)),
}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_external_data_is_refused_wherever_it_hides(place: str) -> None:
    with pytest.raises(ModelError, match=r"keeps weights outside the file .*single-file"):
        refuse_external_data(HIDING_PLACES[place], "m.onnx")


def test_data_that_is_said_to_be_inside_is_inside() -> None:
    refuse_external_data(model(weights=(tensor("bias", 0.5) + field(14, 0),)), "m.onnx")


def test_the_name_of_the_tensor_is_told() -> None:
    with pytest.raises(ModelError, match="stolen"):
        refuse_external_data(HIDING_PLACES["subgraph"], "m.onnx")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no model at all",
        b"\x80" * 40,
        b"\x0b\x0c",  # a group
        b"\x00\x00",  # field 0
        field(1, 8),  # a message, but without a graph
        model()[:-9],
        field(7, b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  # length 2**64 - 1
    ],
)
def test_what_is_no_onnx_file(data: bytes) -> None:
    with pytest.raises(ModelError, match="ONNX file"):
        refuse_external_data(data, "m.onnx")


def test_endless_nesting_is_no_recursion_error() -> None:
    graph = b""
    for _ in range(400):
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(ModelError, match="nested too deeply"):
        refuse_external_data(field(7, graph), "m.onnx")


def test_bytes_alone_would_be_no_protection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # why the file is walked: given bytes, ONNX Runtime looks in the working directory
    (tmp_path / "secret.bin").write_bytes(np.array([42], "<f4").tobytes())
    monkeypatch.chdir(tmp_path)
    unoptimised = ort.SessionOptions()
    unoptimised.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model(weights=(external_tensor("bias", "secret.bin"),))
    session = ort.InferenceSession(data, unoptimised, providers=[CPU])
    images = np.zeros((1, 3, SIDE, SIDE), np.float32)
    assert session.run(["pooled"], {"images": images})[0].tolist() == [[42, 42, 42]]


def test_a_card_with_external_data_never_reaches_the_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.bin").write_bytes(np.array([42], "<f4").tobytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ort, "InferenceSession", lambda *_a, **_k: pytest.fail("was loaded"))
    data = model(weights=(external_tensor("bias", "secret.bin"),))
    with pytest.raises(ModelError, match="keeps weights outside the file"):
        embedder(tmp_path, data)


# --- a file that is not what its card says ---


@pytest.mark.parametrize(
    ("data", "changes", "fault"),
    [
        (model(), {"dimension": 5}, r"output pooled has shape \(batch, 3\), .* \(batch, 5\)"),
        (model(), {"map_shape": (3, 2, 2)}, r"output map has shape .* \(batch, 3, 2, 2\)"),
        (model(), {"map_shape": (4, 4, 3)}, "output map has shape"),
        (model(), {"width": 64}, r"input images has shape .* \(batch, 3, 32, 64\)"),
        (model(), {"input": "x"}, "the card's input is x, the file takes images"),
        (model(), {"map": "feat"}, "there is no output feat, the file gives pooled, map"),
        (
            model(inputs=(value_info("images", 1, 3, SIDE, SIDE),)),
            {},
            "input images has a fixed batch of 1",
        ),
        (
            model(
                nodes=(*NODES[:3], node("Cast", ["flat"], "pooled", TO_DOUBLE)),
                outputs=(value_info("pooled", "batch", 3, kind=11), MAP),
                weights=(),
            ),
            {},
            r"output pooled is tensor\(double\)",
        ),
    ],
)
def test_faults_are_found_before_the_first_picture(
    tmp_path: Path, data: bytes, changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ModelError, match=fault):
        embedder(tmp_path, data, **changes)


def test_all_disagreements_are_told_at_once() -> None:
    card = thumbnail_card()
    faults = compare(
        card,
        [("images", "tensor(uint8)", ("batch", 3, 16, 16))],
        [("pooled", "tensor(float)", ("batch", 7)), ("logits", "tensor(float)", ("batch", 1000))],
    )
    assert len(faults) == 3


def test_a_shape_the_file_leaves_open_is_checked_when_it_is_known(tmp_path: Path) -> None:
    open_map = value_info("map", "batch", 3, "h", "w")
    nodes = (node("AveragePool", ["images"], "map", POOL), *NODES[1:])  # stride 1: 25x25
    anything = value_info("images", "batch", 3, "y", "x")
    tiny = embedder(tmp_path, model(nodes=nodes, inputs=(anything,), outputs=(POOLED, open_map)))
    with pytest.raises(ModelError, match=r"output map has shape \(1, 3, 25, 25\)"):
        tiny.embed([BLACK])


def test_a_graph_the_runtime_cannot_read(tmp_path: Path) -> None:
    data = model(nodes=(*NODES, node("NoSuchOperator", ["flat"], "y")))
    with pytest.raises(ModelError, match=r"tiny\.onnx cannot be loaded: .*NoSuchOperator"):
        embedder(tmp_path, data)


def test_values_that_are_not_numbers(tmp_path: Path) -> None:
    tiny = embedder(tmp_path, model(nodes=(*NODES[:3], node("Log", ["flat"], "pooled"))))
    assert np.isfinite(tiny.embed([WHITE]).pooled).all()
    with pytest.raises(ModelError, match="gave pooled values that are not numbers on cpu"):
        tiny.embed([BLACK])  # the logarithm of -127/128

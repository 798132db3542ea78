"""A writer of ONNX files, as much as little networks need; `onnx` is no dependency."""

from collections.abc import Iterable

import numpy as np


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(number: int, *values: int | str | bytes) -> bytes:
    return b"".join(field(number, value) for value in values)


def node(operator: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    return fields(1, *inputs) + field(2, output) + field(4, operator) + fields(5, *attributes)


def integers(name: str, *values: int) -> bytes:
    return field(1, name) + fields(8, *values) + field(20, 7)


def value_info(name: str, *shape: int | str, kind: int = 1) -> bytes:
    dims = [field(1, d) if isinstance(d, int) else field(2, d) for d in shape]
    tensor_type = field(1, kind) + field(2, fields(1, *dims))
    return field(1, name) + field(2, field(1, tensor_type))


def tensor(name: str, *values: float, shape: tuple[int, ...] | None = None) -> bytes:
    data = np.array(values, "<f4").tobytes()
    return fields(1, *(shape or (len(values),))) + field(2, 1) + field(8, name) + field(9, data)


def external_tensor(name: str, location: str, size: int = 1) -> bytes:
    entry = field(1, "location") + field(2, location)
    return field(1, size) + field(2, 1) + field(8, name) + field(13, entry) + field(14, 1)


def model(
    nodes: Iterable[bytes],
    weights: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
    extra: bytes = b"",
) -> bytes:
    """Write a model of opset 17."""
    graph = fields(1, *nodes) + field(2, "tiny") + fields(5, *weights)
    graph += fields(11, *inputs) + fields(12, *outputs)
    return field(1, 8) + field(8, field(2, 17)) + field(7, graph) + extra

"""Reads the structure of an ONNX file without running it, to refuse data outside the file.

An ONNX weight may say "my bytes lie in that other file". Such a model reads what its card knows
nothing of, and its SHA-256 does not cover what it computes with; given bytes in place of a path,
ONNX Runtime still looks in the working directory. The `onnx` package is no
dependency, so this walks the protobuf encoding itself, which is short: a message is a run of
(field number, wire type, value). Every occurrence of every field is visited, so a message that is
given twice (which a parser would merge) hides nothing.

Schema: onnx.proto3 of ONNX 1.x; encoding: the protocol buffers specification.
"""

from collections.abc import Iterator
from typing import NamedTuple

from livematch.errors import ModelError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
DEPTH_LIMIT = 64  # graphs within nodes within graphs; real networks use three or four

# message -> field number -> the message in it; all ways by which a tensor can be reached
SCHEMA: dict[str, dict[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
    "TensorProto": {},
}
TENSOR_NAME, EXTERNAL_DATA, DATA_LOCATION = 8, 13, 14


class Field(NamedTuple):
    """One field of a message: its number, and its bytes where it has a length."""

    number: int
    value: memoryview | None
    varint: int


class _MalformedError(ValueError):
    """The bytes are no protobuf message."""


def refuse_external_data(data: bytes, label: str) -> None:
    """Raise ModelError unless all weights of the ONNX model lie within `data`."""
    try:
        outside = list(_external_tensors(memoryview(data), "ModelProto", 0))
        whole = any(field.number == 7 for field in _fields(memoryview(data)))
    except _MalformedError as error:
        raise ModelError(
            f"{label} is not a readable ONNX file ({error}): copy or export it again"
        ) from error
    if not whole:
        raise ModelError(f"{label} is not an ONNX file, there is no graph in it: export it again")
    if outside:
        raise ModelError(
            f"{label} keeps weights outside the file ({', '.join(outside[:3])}): livematch takes"
            " single-file models only; save it again with its weights inside"
            " (in Python: onnx.save_model(model, path, save_as_external_data=False))"
        )


def _external_tensors(message: memoryview, kind: str, depth: int) -> Iterator[str]:
    """Yield the names of all tensors under a message whose data is not within it."""
    if depth > DEPTH_LIMIT:
        raise _MalformedError("nested too deeply")
    name, external = "an unnamed tensor", False
    for field in _fields(message):
        if kind == "TensorProto":
            if field.number == TENSOR_NAME and field.value is not None:
                name = bytes(field.value[:80]).decode("utf-8", "replace")
            # 0 is DEFAULT, "within"; anything else, in any wire type, is not
            external |= field.number == EXTERNAL_DATA
            external |= field.number == DATA_LOCATION and (
                field.value is not None or field.varint != 0
            )
        elif (inner := SCHEMA[kind].get(field.number)) and field.value is not None:
            yield from _external_tensors(field.value, inner, depth + 1)
    if external:
        yield name


def _fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of one message in the order they are written."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        length = 0
        value = None
        varint = 0
        if wire == VARINT:
            varint, at = _varint(message, at)
        elif wire == FIXED64:
            length, varint = 8, -1
        elif wire == FIXED32:
            length, varint = 4, -1
        elif wire == BYTES:
            length, at = _varint(message, at)
            value = message[at : at + length]
        else:  # groups; ONNX has never had any
            raise _MalformedError(f"wire type {wire}")
        at += length
        if number == 0 or at > end:
            raise _MalformedError("cut off" if number else "field number 0")
        yield Field(number, value, varint)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Read a base-128 number; give it and the place after it."""
    number = 0
    for count, byte in enumerate(message[at : at + 10]):
        number |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return number & 0xFFFF_FFFF_FFFF_FFFF, at + count + 1
    raise _MalformedError("cut off" if len(message) - at < 10 else "a number without end")

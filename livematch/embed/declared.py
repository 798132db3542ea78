"""What an ONNX file says that it takes and gives, held against what its card says. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Described = tuple[str, str, tuple[int | str | None, ...]]  # name, type, shape
Shape = tuple[int | str, ...]  # sizes; a name where the file must leave the size open


def described(values: Sequence[Any]) -> list[Described]:
    """Read off what a session says of its inputs or outputs."""
    return [(value.name, value.type, tuple(value.shape)) for value in values]


def differences(
    inputs: Sequence[Described],
    outputs: Sequence[Described],
    wanted_input: tuple[str, Shape],
    wanted_outputs: Mapping[str, Shape],
) -> list[str]:
    """List how a network's declared inputs and outputs differ from its card; empty when they agree.

    A size that the file leaves open is no fault: a run shows the real one.
    """
    faults = []
    name, shape = wanted_input
    if [given for given, _, _ in inputs] != [name]:
        names = ", ".join(given for given, _, _ in inputs)
        faults.append(f"the card's input is {name}, the file takes {names}")
    else:
        faults += _difference("input", inputs[0], shape)
    by_name = {output[0]: output for output in outputs}
    for name, shape in wanted_outputs.items():
        if name not in by_name:
            faults.append(f"there is no output {name}, the file gives {', '.join(by_name)}")
        else:
            faults += _difference("output", by_name[name], shape)
    return faults


def _difference(role: str, given: Described, wanted: Shape) -> list[str]:
    name, kind, shape = given
    if kind != "tensor(float)":
        return [f"{role} {name} is {kind}, livematch takes float32"]
    if shape and isinstance(shape[0], int) and isinstance(wanted[0], str):
        return [f"{role} {name} has a fixed {wanted[0]} of {shape[0]}, export it with a free one"]
    differ = any(
        isinstance(size, int) and isinstance(right, int) and size != right
        for size, right in zip(shape, wanted, strict=False)
    )
    if len(shape) != len(wanted) or differ:
        sizes = ", ".join(str(size) for size in shape)
        right = ", ".join(str(size) for size in wanted)
        return [f"{role} {name} has shape ({sizes}), the card says ({right})"]
    return []

"""Lenses that nobody trained: what they paint is a simple function of what they are shown."""

import hashlib
import json
from pathlib import Path
from typing import Any

from onnx_kit import model, node, tensor, value_info

from livematch.lens.card import LensCard, load_lens_card

SIDE = 64
GAINS = (0.5, 1.0, -1.0)  # of red, green and blue
CONVOLVE = node("Conv", ["seen", "gains"], "mixed")
TANH = node("Tanh", ["mixed"], "painting")


def tiny_lens(
    folder: Path, name: str = "tiny", *, gains: tuple[float, float, float] = GAINS, **changes: Any
) -> LensCard:
    """Write a lens and its card, and read the card.

    Each colour of its painting is tanh(gain × grey), grey being what `prepare` gives, −1 to 1.
    `changes` are to the card.
    """
    return lens_of(folder, tiny_network(gains, changes.get("side", SIDE)), name, **changes)


def tiny_network(gains: tuple[float, float, float] = GAINS, side: int = SIDE) -> bytes:
    """Write the ONNX file of such a lens."""
    return model(
        (CONVOLVE, TANH),
        (tensor("gains", *gains, shape=(3, 1, 1, 1)),),
        (value_info("seen", 1, 1, side, side),),
        (value_info("painting", 1, 3, side, side),),
    )


def lens_of(folder: Path, network: bytes, name: str = "tiny", **changes: Any) -> LensCard:
    """Put a network into a folder with a card that is right, but for the changes; read the card."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(network)
    card = lens_fields(name, sha256=hashlib.sha256(network).hexdigest()) | changes
    (folder / f"{name}.json").write_text(json.dumps(card))
    return load_lens_card(folder / f"{name}.onnx")


def lens_fields(name: str = "tiny", **changes: Any) -> dict[str, Any]:
    """Give the fields of a card that is right, but for the changes."""
    return {
        "name": name,
        "file": f"{name}.onnx",
        "sha256": "0" * 64,
        "side": SIDE,
        "input": "seen",
        "output": "painting",
        "shrink": 4.0,
        "filters": 1,
        "trained_on": "nothing",
        "pictures": 0,
        "steps": 0,
        "seconds": 0.0,
        "quality": {"l1": 0.1, "l1_blurred": 0.2},
        "licence": "CC0-1.0",
        "source": "tests/lenses.py",
        "attribution": "livematch",
    } | changes

"""The model card: what a network that describes pictures is, and what it wants."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

import livematch
from livematch.embed.sidecar import Finite, Sidecar, Text
from livematch.errors import ModelError

DEFAULT_MODEL = "efficientnet-lite0"

Pixels = Annotated[int, Field(ge=16, le=2048)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ModelCard(Sidecar):
    """A sidecar as read: sizes in pixels, mean and std in the 0–255 scale of the pictures.

    The network takes `input`, float32 (batch, 3, height, width), channels in the order `channels`,
    each (value - mean) / std; it gives `pooled`, (batch, dimension), and `map`, (batch, *map_shape)
    with map_shape = (C, h, w).
    """

    describes: ClassVar[str] = "a network that describes pictures"
    called: ClassVar[str] = "model card"
    if_other: ClassVar[str] = "a lens paints; to describe pictures take a bundled model, or another"
    if_changed: ClassVar[str] = " and index the archive again"

    width: Pixels
    height: Pixels
    channels: Literal["RGB", "BGR"]
    mean: tuple[Finite, Finite, Finite]
    std: tuple[Deviation, Deviation, Deviation]
    input: Text
    pooled: Text
    map: Text
    dimension: PositiveInt
    map_shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    licence: Text
    source: Text
    attribution: Text


def models_folder() -> Path:
    """Find the bundled networks: `models/` of the checkout, else the wheel's copy of it."""
    package = Path(livematch.__file__).parent
    checkout = package.parent / "models"
    # an installed package lies among strangers, where a folder `models` may be anyone's
    if (checkout / f"{DEFAULT_MODEL}.json").is_file():
        return checkout
    return package / "_data" / "models"


def bundled_models() -> list[str]:
    """List the names `load_card` knows without a path, sorted."""
    return sorted(path.stem for path in models_folder().glob("*.json"))


def load_card(name_or_path: str | Path) -> ModelCard:
    """Read a card: by bundled name, by the path of an .onnx file, or by its own path (.json).

    Raises ModelError that names all faults of the card at once. The network's file is not touched:
    `ModelCard.read_network` does that.
    """
    given = Path(name_or_path).expanduser()
    if given.suffix not in {".onnx", ".json"}:
        if given.parent != Path() or given.exists():
            raise ModelError(
                f"{given} is not a model: give an .onnx file that has a card beside it"
            )
        given = _bundled(str(name_or_path))
    return ModelCard.read_beside(
        given,
        if_missing=f"{given.with_suffix('.onnx')} needs a card beside it,"
        f" {given.with_suffix('.json').name}: a JSON object with"
        f" {', '.join(ModelCard.model_fields)}. Copy {models_folder() / DEFAULT_MODEL}.json and"
        " change it; README.md beside that explains each field",
    )


def _bundled(name: str) -> Path:
    """Find a bundled card, or say which name was probably meant."""
    known = bundled_models()
    if name in known:
        return models_folder() / f"{name}.json"
    if not known:
        raise ModelError(
            f"there are no bundled models in {models_folder()}: install livematch again"
        )
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ModelError(
        f"there is no bundled model {name!r}: {hint}Bundled are {', '.join(known)};"
        " a model of your own is given as the path of its .onnx file"
    )

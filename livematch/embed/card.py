"""The model card: a network's sidecar file, which says what the network is and what it wants.

A network is two files: `name.onnx` and `name.json` beside it. Nothing is guessed from the ONNX
file, and nothing is loaded that does not have the SHA-256 the card names.
"""

import hashlib
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    PrivateAttr,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails

import livematch
from livematch.embed.onnxfile import refuse_external_data
from livematch.errors import ModelError

DEFAULT_MODEL = "efficientnet-lite0"

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Pixels = Annotated[int, Field(ge=16, le=2048)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ModelCard(BaseModel):
    """A sidecar as read: sizes in pixels, mean and std in the 0–255 scale of the pictures.

    The network takes `input`, float32 (batch, 3, height, width), channels in the order `channels`,
    each (value - mean) / std; it gives `pooled`, (batch, dimension), and `map`, (batch, *map_shape)
    with map_shape = (C, h, w).
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    file: Annotated[str, Field(min_length=1, max_length=255)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
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

    _folder: Path = PrivateAttr(default=Path())

    @field_validator("file")
    @classmethod
    def _beside_the_card(cls, file: str) -> str:
        # a card that comes from somewhere else must not point at other folders
        if PurePath(file).name != file or "\\" in file or ":" in file or not file.endswith(".onnx"):
            raise ValueError("must be the plain name of an .onnx file beside the card")
        return file

    @property
    def path(self) -> Path:
        """Where the network's file lies."""
        return self._folder / self.file

    def read_network(self) -> bytes:
        """Read the ONNX file; the bytes given are the very ones that were checked.

        Raises ModelError when it is missing, is not the file the card names, or keeps weights in
        other files.
        """
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{self.path} cannot be read ({error.strerror or error}): the card of"
                f" {self.name} names it; put it there or correct `file` in the card"
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"{self.path} is not the file its card describes: SHA-256 {found}, the card says"
                f" {self.sha256}. Copy the file again; if you changed it yourself, write the new"
                " SHA-256 into the card and index the archive again"
            )
        refuse_external_data(data, str(self.path))
        return data


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
        return _read_card(_bundled(str(name_or_path)))
    card = _read_card(given.with_suffix(".json"))
    if given.suffix == ".onnx" and card.file != given.name:
        raise ModelError(
            f"{given.with_suffix('.json')} is the card of {card.file}, not of {given.name}:"
            " correct `file` and `sha256` in it"
        )
    return card


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


def _read_card(path: Path) -> ModelCard:
    """Read and check one sidecar."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(
            f"{path.with_suffix('.onnx')} needs a card beside it, {path.name}: a JSON object with"
            f" {', '.join(ModelCard.model_fields)}. Copy {models_folder() / DEFAULT_MODEL}.json and"
            " change it; README.md beside that explains each field"
        ) from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        card = ModelCard.model_validate_json(text)
    except ValidationError as error:
        faults = "\n".join(f"  {_fault(fault)}" for fault in error.errors())
        raise ModelError(f"{path} is not a valid model card:\n{faults}") from error
    card._folder = path.parent
    return card


def _fault(fault: ErrorDetails) -> str:
    """Put one pydantic error into a line: where, what, and what was probably meant."""
    where = ".".join(str(step) for step in fault["loc"]) or "the file"
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(where, ModelCard.model_fields, n=1)
        return f"{where}: unknown field" + (f", did you mean {near[0]}?" if near else "")
    if fault["type"] == "missing":
        return f"{where}: missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = "" if fault["type"] == "json_invalid" else f" (given {fault['input']!r:.60})"
    return f"{where}: {message}{given}"

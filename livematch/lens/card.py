"""The card of a lens: the sidecar that training writes beside the network."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, NonNegativeInt

from livematch.embed.card import models_folder
from livematch.embed.sidecar import Finite, Sidecar
from livematch.errors import ModelError

SIDE_STEP_PX, LARGEST_SIDE_PX = 64, 1024


def _one_line(text: str) -> str:
    # cards come from strangers and are shown on a terminal, which obeys what it cannot print
    if not text.isprintable():
        raise ValueError("must be one line of text without control characters")
    return text


Line = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_one_line)]
Side = Annotated[int, Field(ge=SIDE_STEP_PX, le=LARGEST_SIDE_PX, multiple_of=SIDE_STEP_PX)]
Shrink = Annotated[float, Field(ge=1, le=LARGEST_SIDE_PX, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Measure = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class LensCard(Sidecar):
    """What a lens is, what it was trained on, and how well it does.

    The network takes `input`, float32 (1, 1, side, side), a picture made grey and shrunk `shrink`
    times as `lens.preparing` does it, −1 to 1; it gives `output`, (1, 3, side, side), RGB, −1 to 1.
    `pictures`, `steps` and `seconds` are how much it was trained, `filters` how wide its plan is;
    `quality` is what training measured on pictures held out, by name.
    """

    describes: ClassVar[str] = "a lens"
    called: ClassVar[str] = "card of a lens"
    if_other: ClassVar[str] = "that paints nothing; `livematch lens train` makes a lens"
    if_changed: ClassVar[str] = ""

    side: Side
    input: Line
    output: Line
    shrink: Shrink
    filters: Annotated[int, Field(ge=1, le=1024)]
    trained_on: Line
    pictures: NonNegativeInt
    steps: NonNegativeInt
    seconds: Seconds
    quality: Annotated[dict[Measure, Finite], Field(max_length=32)]
    licence: Line
    source: Line
    attribution: Line


def lenses_folder() -> Path:
    """Where the lenses lie that come with livematch; it need not be there."""
    return models_folder() / "lenses"


def load_lens_card(path: Path) -> LensCard:
    """Read the card of a lens, by the path of its .onnx file or by its own (.json).

    Raises ModelError that names all faults of the card at once. The network's file is not touched:
    `LensCard.read_network` does that.
    """
    if path.suffix not in {".onnx", ".json"}:
        raise ModelError(f"{path} is not a lens: give an .onnx file that has a card beside it")
    network, beside = path.with_suffix(".onnx"), path.with_suffix(".json").name
    return LensCard.read_beside(
        path,
        if_missing=f"{network} needs its card beside it, {beside}: `livematch lens train` writes"
        " the two together; copy both",
    )

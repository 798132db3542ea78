"""A network's sidecar file, whatever the network is for: what every card has, and how it is read.

A network is two files: `name.onnx` and `name.json` beside it. Nothing is guessed from the ONNX
file, and nothing is loaded that does not have the SHA-256 the card names.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator
from pydantic_core import ErrorDetails

from livematch.embed.onnxfile import refuse_external_data
from livematch.errors import ModelError

CARD_BYTES = 64 * 1024  # a card is a page of text; those that come with livematch have one kilobyte
NETWORK_BYTES = 2 * 1024**3  # no ONNX file can be larger
MOST_FAULTS = 20  # told of one card: a screen

# what a card describes -> fields that no other kind of card has
KINDS: Mapping[str, frozenset[str]] = {
    "a network that describes pictures": frozenset({"pooled", "map", "map_shape", "dimension"}),
    "a lens": frozenset({"side", "shrink", "trained_on"}),
}

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Sidecar(BaseModel):
    """What every card says: the network's name, and which file it is, by name and by content."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    describes: ClassVar[str]  # one of KINDS
    called: ClassVar[str]  # what a fault calls the card
    if_other: ClassVar[str]  # what to do when the card is of another kind
    if_changed: ClassVar[str]  # what else to do when the network was changed on purpose

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    file: Annotated[str, Field(min_length=1, max_length=255)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def read(cls, path: Path, if_missing: str) -> Self:
        """Read and check the card at `path`; raises ModelError with all its faults at once.

        `if_missing` is the message when there is none.
        """
        text = _text(path, if_missing)
        try:
            card = cls.model_validate_json(text)
        except ValidationError as error:
            other = _other_kind(text, cls.describes)
            if other:
                raise ModelError(
                    f"{path} is the card of {other}, not of {cls.describes}: {cls.if_other}"
                ) from error
            raise ModelError(f"{path} is not a valid {cls.called}:\n{_told(error, cls)}") from error
        card._folder = path.parent
        return card

    @classmethod
    def read_beside(cls, path: Path, if_missing: str) -> Self:
        """Read the card of the .onnx file at `path`, or the card itself where `path` is one."""
        beside = path.with_suffix(".json")
        card = cls.read(beside, if_missing)
        if path.suffix == ".onnx" and card.file != path.name:
            raise ModelError(
                f"{beside} is the card of {card.file}, not of {path.name}:"
                " correct `file` and `sha256` in it"
            )
        return card

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
            data = _at_most(self.path, NETWORK_BYTES)
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
                f" SHA-256 into the card{self.if_changed}"
            )
        refuse_external_data(data, str(self.path))
        return data


def _text(path: Path, if_missing: str) -> bytes:
    """Read a card's text."""
    try:
        return _at_most(path, CARD_BYTES)
    except FileNotFoundError:
        raise ModelError(if_missing) from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error


def _at_most(path: Path, limit: int) -> bytes:
    """Read a whole file; OSError when it is larger than any such file can be."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise OSError(f"it is larger than {limit} bytes")
        return file.read(size)


def _other_kind(text: bytes, wanted: str) -> str:
    """Say what a card describes that is not `wanted`; empty where it is nothing known."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(given, dict) or not KINDS[wanted].isdisjoint(given):
        return ""
    return next((kind for kind, signs in KINDS.items() if signs <= given.keys()), "")


def _told(error: ValidationError, kind: type[Sidecar]) -> str:
    """Put the faults of a card into lines."""
    faults = error.errors(include_url=False, include_context=False)
    lines = [f"  {_fault(fault, kind)}" for fault in faults[:MOST_FAULTS]]
    if len(faults) > MOST_FAULTS:
        lines.append(f"  and {len(faults) - MOST_FAULTS} more")
    return "\n".join(lines)


def _fault(fault: ErrorDetails, kind: type[Sidecar]) -> str:
    """Put one pydantic error into a line: where, what, and what was probably meant."""
    where = _printable(".".join(str(step) for step in fault["loc"])) or "the file"
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(where, kind.model_fields, n=1)
        return f"{where}: unknown field" + (f", did you mean {near[0]}?" if near else "")
    if fault["type"] == "missing":
        return f"{where}: missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = "" if fault["type"] == "json_invalid" else f" (given {_shown(fault['input'])})"
    return f"{where}: {message}{given}"


def _shown(value: object) -> str:
    """Show a wrong value, as much of it as a line holds."""
    try:
        return f"{value!r:.60}"
    except ValueError:  # a whole number of more digits than Python writes
        return "a very long number"


def _printable(name: str) -> str:
    """Show the name of a field that anybody may have written: no control characters, not long."""
    return name[:60] if name.isprintable() else f"{name!r:.60}"

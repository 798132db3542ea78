"""Model cards: what is bundled, and every way in which a card can be wrong."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import livematch
from livematch.embed.card import (
    DEFAULT_MODEL,
    ModelCard,
    bundled_models,
    load_card,
    models_folder,
)
from livematch.errors import ModelError

BUNDLED = ("efficientnet-lite0", "efficientnet-lite2")


def valid_card(**changes: Any) -> dict[str, Any]:
    """Give the fields of a card that is right, but for the changes."""
    card: dict[str, Any] = json.loads((models_folder() / f"{DEFAULT_MODEL}.json").read_text())
    return card | {"name": "mine", "file": "mine.onnx"} | changes


def write_card(folder: Path, **changes: Any) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(valid_card(**changes)))
    return path


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_networks_are_the_files_their_cards_name(name: str) -> None:
    card = load_card(name)
    data = card.read_network()
    assert card.name == name
    assert hashlib.sha256(data).hexdigest() == card.sha256
    assert len(data) < {"efficientnet-lite0": 14e6, "efficientnet-lite2": 25e6}[name]
    assert card.licence == "Apache-2.0"


def test_bundled_are_these_and_their_licence_lies_beside_them() -> None:
    assert bundled_models() == sorted(BUNDLED)
    assert "Apache License" in (models_folder() / "LICENSE").read_text()


def test_every_field_is_explained() -> None:
    readme = (models_folder() / "README.md").read_text()
    assert [name for name in ModelCard.model_fields if f"`{name}`" not in readme] == []


def test_a_card_is_found_by_either_path() -> None:
    folder = models_folder()
    by_name = load_card(DEFAULT_MODEL)
    assert load_card(folder / f"{DEFAULT_MODEL}.onnx") == by_name
    assert load_card(str(folder / f"{DEFAULT_MODEL}.json")) == by_name
    assert by_name.path == folder / f"{DEFAULT_MODEL}.onnx"


def test_an_installed_wheel_has_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "livematch"
    (package.parent / "models").mkdir(parents=True)  # some other package's
    monkeypatch.setattr(livematch, "__file__", str(package / "__init__.py"))
    assert models_folder() == package / "_data" / "models"
    with pytest.raises(ModelError, match=r"no bundled models in .* install livematch again"):
        load_card(DEFAULT_MODEL)


def test_a_card_is_a_value() -> None:
    card = load_card(DEFAULT_MODEL)
    with pytest.raises(ValidationError, match="frozen"):
        card.__setattr__("width", 1)
    assert len({card, load_card(DEFAULT_MODEL)}) == 1


def test_unknown_bundled_name_offers_the_nearest() -> None:
    with pytest.raises(ModelError, match="did you mean efficientnet-lite0"):
        load_card("eficientnet-lite0")
    with pytest.raises(ModelError, match="no bundled model 'resnet': Bundled are efficientnet"):
        load_card("resnet")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is not a model: give an \.onnx file"):
        load_card(tmp_path)


def test_missing_sidecar_lists_the_fields(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_card(tmp_path / "mine.onnx")
    message = str(caught.value)
    assert "needs a card beside it, mine.json" in message
    assert all(field in message for field in ModelCard.model_fields)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    card = valid_card(width="224", std=[128.0, 0.0, 128.0], channels="GRB", sha256="AB", hieght=7)
    del card["height"]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError) as caught:
        load_card(path)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path} is not a valid model card:"
    faults = dict(line.strip().split(": ", 1) for line in lines[1:])
    assert set(faults) == {"width", "std.1", "channels", "sha256", "height", "hieght"}
    assert faults["height"] == "missing"
    assert faults["hieght"] == "unknown field, did you mean height?"
    assert "given '224'" in faults["width"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff"])
def test_a_file_that_is_no_card(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match="is not a valid model card"):
        load_card(path)


@pytest.mark.parametrize(
    "file", ["../mine.onnx", "/etc/mine.onnx", "a\\mine.onnx", "C:mine.onnx", "mine.pt", ".."]
)
def test_a_card_cannot_point_elsewhere(tmp_path: Path, file: str) -> None:
    with pytest.raises(ModelError, match=r"file: must be the plain name of an \.onnx file"):
        load_card(write_card(tmp_path, file=file))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_normalisation_is_finite(tmp_path: Path, number: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(valid_card(mean=["?", 0.0, 0.0])).replace('"?"', number))
    with pytest.raises(ModelError, match=r"mean\.0"):
        load_card(path)


def test_the_card_of_another_file(tmp_path: Path) -> None:
    write_card(tmp_path, file="other.onnx")
    with pytest.raises(ModelError, match=r"is the card of other\.onnx, not of mine\.onnx"):
        load_card(tmp_path / "mine.onnx")


def test_missing_network(tmp_path: Path) -> None:
    card = load_card(write_card(tmp_path))
    with pytest.raises(ModelError, match=r"mine\.onnx cannot be read .*No such file"):
        card.read_network()


def test_another_network_than_the_card_names(tmp_path: Path) -> None:
    card = load_card(write_card(tmp_path))
    (tmp_path / "mine.onnx").write_bytes(b"something else")
    with pytest.raises(ModelError) as caught:
        card.read_network()
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)
    assert card.sha256 in str(caught.value)

"""Cards of lenses: every way in which one can be wrong, and those of other networks."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lenses import lens_fields, tiny_lens

from livematch.embed.card import DEFAULT_MODEL, ModelCard, load_card, models_folder
from livematch.embed.sidecar import CARD_BYTES, KINDS
from livematch.errors import ModelError
from livematch.lens.card import LensCard, load_lens_card


def write_card(folder: Path, **changes: Any) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(lens_fields("mine") | changes))
    return path


def faults_of(path: Path) -> dict[str, str]:
    """What is told of a card, by field."""
    with pytest.raises(ModelError) as caught:
        load_lens_card(path)
    first, *lines = str(caught.value).splitlines()
    assert first == f"{path} is not a valid card of a lens:"
    parts = [line.strip().partition(": ") for line in lines]
    return {where: fault for where, _, fault in parts}


def test_a_card_is_found_by_either_path(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path)
    assert load_lens_card(tmp_path / "tiny.json") == card
    assert card.path == tmp_path / "tiny.onnx"
    assert card.quality == {"l1": 0.1, "l1_blurred": 0.2}


def test_every_field_is_explained() -> None:
    readme = (models_folder() / "README.md").read_text().partition("## The card of a lens")[2]
    assert [name for name in LensCard.model_fields if f"`{name}`" not in readme] == []


def test_a_lens_without_its_card(tmp_path: Path) -> None:
    tiny_lens(tmp_path)
    (tmp_path / "tiny.json").unlink()
    with pytest.raises(
        ModelError,
        match=r"tiny\.onnx needs its card beside it, tiny\.json: `livematch lens train` .* both",
    ):
        load_lens_card(tmp_path / "tiny.onnx")


def test_something_else(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is not a lens: give an \.onnx file"):
        load_lens_card(tmp_path / "lens.pt")


def test_the_card_of_another_file(tmp_path: Path) -> None:
    write_card(tmp_path, file="other.onnx")
    with pytest.raises(ModelError, match=r"is the card of other\.onnx, not of mine\.onnx"):
        load_lens_card(tmp_path / "mine.onnx")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = write_card(
        tmp_path,
        side=100,
        shrink=0.5,
        filters=True,
        traned_on="sea",
        file="../sea.onnx",
        quality={"L1": 0.1, "l2": "good"},
        source="a\x1b[2J",
        seconds=-1,
    )
    faults = faults_of(path)
    assert set(faults) == {
        *("side", "shrink", "filters", "traned_on", "file", "source", "seconds"),
        *("quality.L1.[key]", "quality.l2"),
    }
    assert "multiple of 64 (given 100)" in faults["side"]
    assert faults["traned_on"] == "unknown field, did you mean trained_on?"
    assert "without control characters" in faults["source"]


@pytest.mark.parametrize("side", [0, -64, 32, 63, 1088, 65536, "256", 256.5, None])
def test_sides_no_lens_has(tmp_path: Path, side: object) -> None:
    assert set(faults_of(write_card(tmp_path, side=side))) == {"side"}


@pytest.mark.parametrize("side", [64, 192, 256, 512, 1024])
def test_sides_a_lens_can_have(tmp_path: Path, side: int) -> None:
    assert load_lens_card(write_card(tmp_path, side=side)).side == side


def test_a_card_of_many_faults_fills_no_more_than_a_screen(tmp_path: Path) -> None:
    faults = faults_of(write_card(tmp_path, **{f"unknown{n}": n for n in range(500)}))
    assert len(faults) == 21
    assert "and 480 more" in faults


def test_a_card_is_a_page_not_a_book(tmp_path: Path) -> None:
    path = write_card(tmp_path, trained_on="x" * CARD_BYTES)
    with pytest.raises(ModelError, match=r"cannot be read: it is larger than 65536 bytes"):
        load_lens_card(path)


# --- networks of the other kind ---


def test_a_network_that_describes_is_no_lens() -> None:
    with pytest.raises(
        ModelError,
        match=r"lite0\.json is the card of a network that describes pictures, not of a lens",
    ):
        load_lens_card(models_folder() / f"{DEFAULT_MODEL}.onnx")


def test_a_lens_describes_nothing(tmp_path: Path) -> None:
    tiny_lens(tmp_path)
    with pytest.raises(
        ModelError, match=r"is the card of a lens, not of a network that describes pictures: a lens"
    ):
        load_card(tmp_path / "tiny.onnx")


def test_what_tells_kinds_apart_is_in_one_kind_of_card_only() -> None:
    for card, other in ((LensCard, ModelCard), (ModelCard, LensCard)):
        signs = KINDS[card.describes]
        assert signs <= set(card.model_fields)
        assert signs.isdisjoint(other.model_fields)


# --- the file a card names ---


def test_another_network_than_the_card_names(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path)
    card.path.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"is not the file its card describes: SHA-256 \w+, the "):
        card.read_network()


def test_a_lens_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path)
    card.path.unlink()
    with pytest.raises(ModelError, match=r"tiny\.onnx cannot be read \(No such file"):
        card.read_network()
    card.path.mkdir()
    with pytest.raises(ModelError, match=r"tiny\.onnx cannot be read \(Is a directory"):
        card.read_network()


# --- cards that strangers wrote ---

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
names = st.sampled_from(list(LensCard.model_fields)) | st.text(max_size=80)


@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(names, json_values, min_size=1, max_size=6))
@example(changes={"side": 10**4000})
@example(changes={"quality": {"\x1b[2J\n" * 30: float("nan")}})
@example(changes={"a\nb": "c\nd"})
def test_a_hostile_card_is_told_in_lines_a_terminal_can_show(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "hostile"
    folder.mkdir(exist_ok=True)
    path = write_card(folder, **changes)
    try:
        card = load_lens_card(path)
    except ModelError as error:
        lines = str(error).splitlines()
        assert all(line.isprintable() and len(line) < 300 for line in lines[1:])
        assert len(lines) < 30
    else:
        assert card.path.parent == folder


@settings(max_examples=200, deadline=None)
@given(text=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@example(text=b"[" * 60000)
@example(text=b'{"a":' * 10000)
@example(text=b'{"side":' + b"9" * 60000 + b"}")
@example(text=b'{"side": 1, "shrink": 2, "trained_on": 3}')
def test_any_bytes_at_all_are_a_card_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(text)
    for load in (load_lens_card, load_card):
        with pytest.raises(ModelError):
            load(path)


def test_the_folder_of_a_card_may_move(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path / "here")
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = load_lens_card(tmp_path / "there" / "tiny.onnx")
    assert moved.model_dump() == card.model_dump()
    assert moved.read_network()

"""Which lenses there are: bundled and given, and what is told when some cannot be had."""

import json
import shutil
from pathlib import Path

import pytest
from lenses import tiny_lens

from livematch.embed.card import models_folder
from livematch.errors import ModelError, UsageError
from livematch.lens.card import lenses_folder
from livematch.lens.collection import Lenses
from livematch.lens.paint import Lens

LARGEST_MB = 8.0


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    for name in ("sea", "cloud"):
        tiny_lens(tmp_path / "bundled", name)
    return tmp_path / "bundled"


def test_names_are_the_given_then_the_bundled_sorted(bundled: Path, tmp_path: Path) -> None:
    mine = tiny_lens(tmp_path / "mine", "zoo").path
    tiny_lens(tmp_path / "folder", "b")
    tiny_lens(tmp_path / "folder", "a")
    lenses = Lenses(bundled, [mine, tmp_path / "folder"])
    assert lenses.names == ("zoo", "a", "b", "cloud", "sea")
    assert [card.name for card in lenses.cards] == list(lenses.names)
    assert lenses.card("zoo").path == mine
    assert lenses.card("") == lenses.card("zoo")
    assert Lenses(bundled).card("").name == "cloud"


def test_a_lens_is_given_by_its_card_as_well(bundled: Path, tmp_path: Path) -> None:
    tiny_lens(tmp_path / "mine", "fire")
    assert Lenses(bundled, [tmp_path / "mine" / "fire.json"]).names == ("fire", "cloud", "sea")


def test_a_name_is_the_cards_not_the_files(bundled: Path, tmp_path: Path) -> None:
    card = tiny_lens(tmp_path / "mine", "best-so-far")
    renamed = card.model_dump() | {"name": "fire"}
    card.path.with_suffix(".json").write_text(json.dumps(renamed))
    assert Lenses(bundled, [card.path]).card("fire").path.name == "best-so-far.onnx"


def test_the_given_takes_the_place_of_the_bundled(bundled: Path, tmp_path: Path) -> None:
    mine = tiny_lens(tmp_path / "mine", "cloud", gains=(1.0, 1.0, 1.0))
    lenses = Lenses(bundled, [mine.path])
    assert lenses.names == ("cloud", "sea")
    assert lenses.card("cloud").path == mine.path


def test_one_lens_given_twice_is_one_lens(bundled: Path) -> None:
    lenses = Lenses(bundled / "nothing", [bundled, bundled / "sea.onnx", bundled / "sea.json"])
    assert lenses.names == ("cloud", "sea")


def test_two_lenses_of_one_name(bundled: Path, tmp_path: Path) -> None:
    one = tiny_lens(tmp_path / "one", "fire")
    two = tiny_lens(tmp_path / "two", "fire", gains=(1.0, 1.0, 1.0))
    with pytest.raises(ModelError) as caught:
        Lenses(bundled, [one.path, two.path])
    assert f"{one.path} and {two.path} are two lenses called fire" in str(caught.value)


def test_an_unknown_name_offers_the_nearest(bundled: Path) -> None:
    lenses = Lenses(bundled)
    with pytest.raises(
        UsageError, match=r"no lens 'clowd': did you mean cloud\? There are cloud, "
    ):
        lenses.card("clowd")
    with pytest.raises(
        UsageError, match=r"no lens 'xyz': There are cloud, sea; a lens of your own"
    ):
        lenses.card("xyz")


@pytest.mark.parametrize("is_there", [True, False])
def test_no_lenses_at_all_is_no_fault_until_one_is_asked_for(
    tmp_path: Path, is_there: bool
) -> None:
    folder = tmp_path / "bundled"
    if is_there:
        folder.mkdir()
    lenses = Lenses(folder)
    assert lenses.names == ()
    for name in ("", "sea"):
        with pytest.raises(UsageError, match="there are no lenses: `livematch lens train"):
            lenses.card(name)


def test_faults_of_all_lenses_are_told_at_once(bundled: Path, tmp_path: Path) -> None:
    (bundled / "sea.json").unlink()
    (bundled / "cloud.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    lost = tiny_lens(tmp_path / "lost", "lost")
    lost.path.unlink()
    given = [tmp_path / "empty", tmp_path / "nowhere.onnx", tmp_path / "lost" / "lost.json"]
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ModelError) as caught:
        Lenses(bundled, [*given, tmp_path / "notes.txt"])
    told = str(caught.value)
    for fault in (
        "sea.onnx needs its card beside it",
        "cloud.json is not a valid card of a lens",
        "empty holds no lenses",
        f"there is no {tmp_path / 'nowhere.onnx'}",
        f"{lost.path} is missing, the network of lost",
        "notes.txt is not a lens",
    ):
        assert fault in told


def test_other_files_in_a_folder_are_left_alone(bundled: Path, tmp_path: Path) -> None:
    tiny_lens(tmp_path / "mine", "fire")
    (tmp_path / "mine" / "progress.json").write_text("[]")
    (tmp_path / "mine" / "sheet.jpg").touch()
    assert Lenses(bundled, [tmp_path / "mine"]).names == ("fire", "cloud", "sea")


def test_networks_that_describe_are_not_taken_for_lenses(bundled: Path) -> None:
    with pytest.raises(ModelError, match="is the card of a network that describes pictures"):
        Lenses(bundled, [models_folder()])


def test_networks_are_read_when_they_are_needed(bundled: Path) -> None:
    lenses = Lenses(bundled)
    shutil.copy(models_folder() / "README.md", bundled / "sea.onnx")
    assert lenses.card("sea")
    with pytest.raises(ModelError, match="is not the file its card describes"):
        Lens(lenses.card("sea"), "cpu")


def test_the_bundled_lenses_are_whole_small_and_paint() -> None:
    for card in Lenses().cards:
        assert card.path.parent == lenses_folder()
        assert card.path.stat().st_size <= LARGEST_MB * 1e6
        assert card.file == f"{card.name}.onnx"
        Lens(card, "cpu").warm_up()

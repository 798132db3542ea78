"""`livematch lens list`, `sizes` and `check`, by a lens that nobody trained."""

import json
from pathlib import Path

import pytest
from lens_kit import write_world
from lenses import tiny_lens
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.errors import UsageError

MEASURES = {"l1", "l1_blurred", "features", "features_blurred", "flicker"}


def said(*asked: str | Path) -> str:
    done = CliRunner().invoke(app, ["lens", *map(str, asked)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_lens_is_judged_by_pictures_that_training_holds_out(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path / "lenses", gains=(1.0, 1.0, 1.0))
    pictures = write_world(tmp_path / "world", 40)
    found = json.loads(said("check", card.path, "--images", pictures, "--json"))
    assert found.keys() == {"lens", "pictures"} | MEASURES
    assert found["lens"] == "tiny"
    assert 0 < found["pictures"] < 10
    # it paints in greys what is blue and orange: hardly better than what it was shown
    assert found["l1"] == pytest.approx(found["l1_blurred"], rel=0.3)
    assert 0 < found["flicker"] < 20
    assert "pictures held out:" in said("check", card.path, "--images", pictures)


def test_judged_by_what_has_to_be_said(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path)
    with pytest.raises(UsageError, match="give --archive DIR, or --images FOLDER"):
        said("check", card.path)


def test_lenses_are_listed_with_what_they_have_seen(tmp_path: Path) -> None:
    tiny_lens(tmp_path, trained_on="[b]fog[/b]")
    listed = said("list", "--lens", tmp_path)
    assert "tiny" in listed
    assert "[b]fog[/b]" in listed
    card = json.loads(said("list", "--lens", tmp_path, "--json"))[0]
    assert card["trained_on"] == "[b]fog[/b]"


def test_the_size_table_has_what_is_shipped() -> None:
    rows = {row["filters"]: row["size_mb"] for row in json.loads(said("sizes", "--json"))}
    assert rows[16] < 8.0 < rows[24]
    assert "lenses of 512×512 pixels" in said("sizes", "--size", "512")


def test_a_size_that_no_lens_has_is_said() -> None:
    done = CliRunner().invoke(app, ["lens", "sizes", "--size", "300"])
    assert done.exit_code == 2
    assert "300 is none of 64, 128, 256, 512" in done.output

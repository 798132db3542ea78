"""`livematch preset` and `livematch cues`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.cli.play import starting_with
from livematch.control.handwritten import FaultyFileError
from livematch.control.params import Params
from livematch.control.presetfolder import bundled_folder, preset_files, read_preset
from livematch.errors import UsageError


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    monkeypatch.setenv("LIVEMATCH_PRESETS", str(folder))
    return folder


def said(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.stdout


def refused(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, UsageError)
    return str(done.exception)


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def test_saving_naming_and_changing(own: Path) -> None:
    words = ("--set", "fade=2", "--set", "screen=camera", "--about", "Wild", "--fade", "3")
    assert said("preset", "save", "storm", *words).strip() == str(own / "storm.toml")
    said("preset", "save", "storm", "--set", "fade=4")
    preset = read_preset(own / "storm.toml")
    assert dict(preset.settings) == {"fade": 4.0, "screen": "camera"}
    assert (preset.about, preset.fade_s) == ("Wild", 3.0)
    assert said("preset", "show", "storm") == (own / "storm.toml").read_text()


def test_changing_a_bundled_preset_makes_one_of_ones_own(own: Path) -> None:
    before = (bundled_folder() / "vj.toml").read_bytes()
    said("preset", "save", "vj", "--set", "fade=4")
    assert dict(read_preset(own / "vj.toml").settings) == {
        **dict(read_preset(bundled_folder() / "vj.toml").settings),
        "fade": 4.0,
    }
    assert (bundled_folder() / "vj.toml").read_bytes() == before
    said("preset", "delete", "vj")
    assert said("preset", "show", "vj").encode() == before


def test_the_list_says_whose_each_is(own: Path) -> None:
    put(own, "vj", "[set]\nfade = 1\n")
    put(own, "mine", 'about = "x"\nfade = 2\n[set]\nfade = 1\n')
    records = {record["name"]: record for record in json.loads(said("preset", "list", "--json"))}
    assert set(records) == {"mine", *(path.stem for path in preset_files(bundled_folder()))}
    assert records["mine"] == {
        "name": "mine",
        "about": "x",
        "fade": 2.0,
        "file": str(own / "mine.toml"),
        "set": {"fade": 1.0},
    }
    assert records["vj"]["file"] == str(own / "vj.toml")
    assert records["gallery"]["file"] == str(bundled_folder() / "gallery.toml")
    rows = said("preset", "list").splitlines()
    assert any("mine" in row and "yours" in row for row in rows)
    assert any("gallery" in row and "bundled" in row for row in rows)


def test_a_broken_preset_is_told_and_not_written_over(own: Path) -> None:
    path = put(own, "storm", "[set]\nfaed = 1\n")
    fault = f"{path}:2: there is no 'faed' here; did you mean 'fade'?"
    done = CliRunner().invoke(app, ["preset", "check"])
    assert (done.exit_code, done.stderr.strip()) == (1, fault)
    assert fault in CliRunner().invoke(app, ["preset", "list"]).stderr
    assert refused("preset", "show", "storm") == fault
    assert refused("preset", "save", "storm", "--set", "fade=1") == fault
    assert path.read_text() == "[set]\nfaed = 1\n"


def test_files_anywhere_can_be_checked(own: Path, tmp_path: Path) -> None:
    said("preset", "check")
    good = put(tmp_path, "good", "[set]\nfade = 1\n")
    said("preset", "check", str(good))
    said("preset", "check", str(good), str(put(tmp_path, "bad", "[set]\nfade = 99\n")), status=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("save", "storm"), "would change nothing"),
        (("save", "a b", "--set", "fade=1"), "1 to 40 letters"),
        (("save", "storm", "--set", "faed=1"), "did you mean 'fade'"),
        (("save", "storm", "--set", "fade=1", "--fade", "999"), "0 to 600 s"),
        (("delete", "vj"), "no preset of your own"),
        (("show", "galery"), "did you mean 'gallery'"),
    ],
)
def test_what_is_wrong_is_told(own: Path, words: tuple[str, ...], message: str) -> None:
    assert message in refused("preset", *words)
    assert not own.exists()


def test_the_folder_is_told(own: Path, tmp_path: Path) -> None:
    assert said("preset", "path").strip() == str(own)
    assert said("preset", "path", "--presets", str(tmp_path)).strip() == str(tmp_path)


def test_a_show_starts_with_a_preset(own: Path) -> None:
    put(own, "storm", "[set]\nfade = 9\n")
    assert starting_with("storm", own).fade == 9
    assert starting_with("", own) == Params()
    with pytest.raises(UsageError, match="did you mean 'storm'"):
        starting_with("strom", own)


def test_a_cue_list_is_listed_or_its_faults_are(own: Path, tmp_path: Path) -> None:
    cues = put(tmp_path, "evening", '[[step]]\nname = "doors"\npreset = "gallery"\nafter = 9\n')
    listed = said("cues", str(cues))
    for word in ("doors", "after 9 s", "gallery"):
        assert word in listed
    put(tmp_path, "evening", '[[step]]\nname = "doors"\npreset = "galery"\nafter = -9\n')
    with pytest.raises(FaultyFileError) as caught:
        said("cues", str(cues))
    assert [fault.line for fault in caught.value.faults] == [3, 4]

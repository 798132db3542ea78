"""Presets: their files, the library, the folders they are kept in, and those that are bundled."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.handwritten import FaultyFileError
from livematch.control.params import TABLE, Params, changed
from livematch.control.presetfolder import (
    FOLDER_VARIABLE,
    PresetFolder,
    bundled_folder,
    own_folder,
    preset_files,
    read_library,
    read_preset,
    withdraw_preset,
    write_preset,
)
from livematch.control.presets import (
    NOT_SAVED,
    QUICK,
    Library,
    Preset,
    PresetsInMemory,
    parse_preset,
    preset_of,
    preset_text,
)
from livematch.errors import UsageError

STORM = """# for the third song
about = "Wild"
fade = 3

[set]
fade = 0.2  # nearly a cut
screen = "side-by-side"
follow_cuts = true
"""
WILD = Preset(
    "storm", (("fade", 0.2), ("screen", "side-by-side"), ("follow_cuts", True)), 3.0, "Wild"
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    for name in ("calm", "storm", "vj"):
        (folder / f"{name}.toml").write_text("[set]\nfade = 1\n")
    return folder


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


# The file


def test_a_preset_is_read() -> None:
    assert parse_preset(Path("storm.toml"), STORM) == WILD


def test_only_what_it_names_changes() -> None:
    before = changed(changed(Params(), "radius", 0.5), "hud", True)
    after = WILD.applied(before)
    differing = {name for name in TABLE if getattr(before, name) != getattr(after, name)}
    assert differing == {"fade", "screen", "follow_cuts"}
    assert type(after.screen) is type(before.screen)


WIDE = (
    "8: screen cannot be 'wide'; allowed: program | side-by-side | camera | grid | stacked"
    " | picture-in-picture | lens | triptych"
)


def test_all_its_faults_are_told_at_once() -> None:
    text = (
        'abuot = "x"\nfade = 999\nhold = true\n\n[set]\nstickyness = 0.2\nfade = 99\n'
        'screen = "wide"\nradius = nan\n'
    )
    with pytest.raises(FaultyFileError) as caught:
        parse_preset(Path("my storm.toml"), text)
    told = str(caught.value).splitlines()
    assert "cannot be called 'my storm'" in told[0]
    assert [line.partition("my storm.toml:")[2] for line in told[1:]] == [
        "1: there is no 'abuot' here; did you mean 'about'?",
        "2: fade cannot be 999; allowed: 0 to 600 s",
        "3: hold is a parameter: it goes below [set]",
        "6: there is no 'stickyness' here; did you mean 'stickiness'?",
        "7: fade cannot be 99; allowed: 0 to 20 s",
        WIDE,
        "9: radius cannot be nan; allowed: 0 to 1",
    ]


@pytest.mark.parametrize("text", ["", "[set]\n", "set = 3\n", "[[set]]\nfade = 1\n"])
def test_a_preset_that_sets_nothing_is_refused(text: str) -> None:
    with pytest.raises(FaultyFileError, match=r"\[set\]"):
        parse_preset(Path("x.toml"), text)


@given(st.text())
def test_any_text_is_a_preset_or_faults(text: str) -> None:
    try:
        preset = parse_preset(Path("x.toml"), text)
    except FaultyFileError:
        return
    assert preset.settings


VALUES = st.fixed_dictionaries(
    {},
    optional={
        name: st.floats(row.low, row.high).map(lambda value: round(value, 6))
        if row.kind == "number"
        else st.sampled_from(row.choices)
        if row.choices
        else st.booleans()
        if row.kind == "switch"
        else st.text(st.characters(exclude_categories=["C", "Z"]), max_size=80)
        for name, row in TABLE.items()
    },
).filter(bool)


@given(VALUES, st.floats(0, 600), st.sampled_from(["", STORM, "= broken", "[set]\nradius = 0.3"]))
def test_what_is_written_is_what_is_read(
    values: dict[str, float | bool | str], fade_s: float, former: str
) -> None:
    preset = Preset("x", tuple(values.items()), fade_s, "an evening")
    again = parse_preset(Path("x.toml"), preset_text(preset, former))
    assert dict(again.settings) == values
    assert (again.fade_s, again.about) == (fade_s, "an evening")


def test_writing_over_a_text_keeps_its_comments() -> None:
    changed_preset = replace(WILD, settings=(("fade", 1.5), ("screen", "camera"), ("radius", 0.4)))
    text = preset_text(changed_preset, STORM)
    assert "# for the third song" in text
    assert "fade = 1.5 # nearly a cut" in text.replace("  #", " #")
    assert "follow_cuts" not in text
    assert parse_preset(Path("storm.toml"), text) == changed_preset


def test_a_text_that_says_so_already_stays_letter_for_letter() -> None:
    assert preset_text(WILD, STORM) == STORM


# Saving a state


def test_a_state_is_saved_but_for_what_belongs_to_moment_and_room() -> None:
    params = replace(Params(), fade=2.0, blackout=True, radius=0.1 + 0.2, gain=9.0)
    preset = preset_of("mine", params, Library())
    assert set(dict(preset.settings)) == set(TABLE) - NOT_SAVED
    assert set(TABLE) >= NOT_SAVED
    assert dict(preset.settings)["radius"] == 0.3  # without the noise of arithmetic
    assert preset.applied(Params()) == replace(Params(), fade=2.0, radius=0.3)


def test_saving_over_a_preset_keeps_its_about_its_fade_and_what_is_not_saved() -> None:
    former = Preset("mine", (("blackout", True), ("fade", 9.0)), 4.0, "the end")
    library = PresetsInMemory(former).snapshot
    preset = preset_of("mine", Params(), library)
    assert (preset.about, preset.fade_s) == ("the end", 4.0)
    assert dict(preset.settings)["blackout"] is True
    assert dict(preset.settings)["fade"] == Params().fade


@pytest.mark.parametrize("name", ["", "a b", "../x", "ä", "x" * 41, "a.toml", "a\n"])
def test_names_are_letters_digits_and_two_signs(name: str, own: Path) -> None:
    with pytest.raises(UsageError, match="1 to 40 letters"):
        preset_of(name, Params(), Library())
    with pytest.raises(UsageError, match="1 to 40 letters"):
        write_preset(replace(WILD, name=name), own)
    assert not own.exists()


# The library


def test_a_preset_is_found_by_name_and_number() -> None:
    library = PresetsInMemory(Preset("a", WILD.settings), WILD).snapshot
    assert library.find("storm") is library.find(2) is WILD
    with pytest.raises(UsageError, match="did you mean 'storm'"):
        library.find("strom")
    with pytest.raises(UsageError, match="there are: a, storm"):
        library.find("xyz")
    for number in (0, 3, -1):
        with pytest.raises(UsageError, match="there are 2"):
            library.find(number)


def test_a_library_is_never_written() -> None:
    library = PresetsInMemory(WILD).snapshot
    with pytest.raises(TypeError):
        library.presets["x"] = WILD  # type: ignore[index]
    assert isinstance(library.with_preset(replace(WILD, name="y")).presets, MappingProxyType)
    assert list(library.presets) == ["storm"]


# The folders


def test_ones_own_shadow_the_bundled_and_quick_comes_last(own: Path, bundled: Path) -> None:
    for name in (QUICK, "storm", "z"):
        put(own, name, STORM)
    library = read_library(own, bundled)
    assert list(library.presets) == ["calm", "storm", "vj", "z", QUICK]
    assert library.presets["storm"] == WILD
    assert library.faults == ()


def test_there_need_be_no_folder(own: Path, bundled: Path) -> None:
    assert list(read_library(own, bundled).presets) == ["calm", "storm", "vj"]
    assert read_library(own, own) == Library()


def test_a_broken_file_is_kept_out_and_the_bundled_one_counts(own: Path, bundled: Path) -> None:
    path = put(own, "storm", "[set]\nfade = 99\n")
    put(own, "mine", "[set]\nfaed = 1\n")
    library = read_library(own, bundled)
    assert library.presets["storm"].settings == (("fade", 1.0),)
    assert [str(fault) for fault in library.faults if fault.path == path] == [
        f"{path}:2: fade cannot be 99; allowed: 0 to 20 s"
    ]
    with pytest.raises(FaultyFileError, match="did you mean 'fade'"):
        library.find("mine")


def test_what_breaks_during_a_show_stays_as_it_was(own: Path, bundled: Path) -> None:
    put(own, "storm", STORM)
    folder = PresetFolder(own, bundled)
    put(own, "storm", STORM + "fade = \n")
    folder.refresh()
    assert folder.snapshot.presets["storm"] == WILD
    assert [fault.line for fault in folder.snapshot.faults] == [9]
    put(own, "storm", STORM.replace("fade = 3", "fade = 4"))
    folder.refresh()
    assert folder.snapshot.presets["storm"].fade_s == 4
    assert folder.snapshot.faults == ()


def test_new_files_come_in_and_deleted_ones_go_and_no_number_shifts(
    own: Path, bundled: Path
) -> None:
    folder = PresetFolder(own, bundled)
    put(own, "a", STORM)
    folder.refresh()
    assert list(folder.snapshot.presets) == ["calm", "storm", "vj", "a"]
    (own / "a.toml").unlink()
    folder.refresh()
    assert list(folder.snapshot.presets) == ["calm", "storm", "vj"]


def test_a_folder_in_which_nothing_changes_is_not_read_again(own: Path, bundled: Path) -> None:
    folder = PresetFolder(own, bundled)
    library = folder.snapshot
    folder.refresh()
    assert folder.snapshot is library


def test_a_saved_preset_is_on_disk_and_in_the_library(own: Path, bundled: Path) -> None:
    folder = PresetFolder(own, bundled)
    folder.save(replace(WILD, about="first"))
    folder.save(WILD)
    folder.refresh()
    assert folder.snapshot.presets["storm"] == WILD
    assert read_preset(own / "storm.toml") == WILD
    assert (bundled / "storm.toml").read_text() == "[set]\nfade = 1\n"


def test_what_was_there_is_kept_beside_and_no_part_is_left(own: Path) -> None:
    put(own, "storm", STORM)
    write_preset(replace(WILD, fade_s=9.0), own)
    assert (own / "storm.toml.bak").read_text() == STORM
    assert "# for the third song" in (own / "storm.toml").read_text()
    assert sorted(path.name for path in own.iterdir()) == ["storm.toml", "storm.toml.bak"]
    assert withdraw_preset("storm", own) == own / "storm.toml.bak"
    assert "fade = 9.0" in (own / "storm.toml.bak").read_text()
    with pytest.raises(UsageError, match="no preset of your own"):
        withdraw_preset("storm", own)


def test_a_preset_that_is_a_link_stays_one(own: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path, "elsewhere", STORM)
    own.mkdir()
    (own / "storm.toml").symlink_to(elsewhere)
    write_preset(replace(WILD, fade_s=9.0), own)
    assert (own / "storm.toml").is_symlink()
    assert "fade = 9.0" in elsewhere.read_text()


def test_a_file_that_is_no_text_is_replaced_and_kept_beside(own: Path) -> None:
    path = put(own, "storm", "")
    path.write_bytes(b"\xff\xfe")
    write_preset(WILD, own)
    assert read_preset(path) == WILD
    assert (own / "storm.toml.bak").read_bytes() == b"\xff\xfe"


def test_what_cannot_be_written_is_told_kept_for_the_show_and_tried_again(
    tmp_path: Path, bundled: Path
) -> None:
    own = tmp_path / "file" / "own"
    (tmp_path / "file").write_text("no folder")
    folder = PresetFolder(own, bundled)
    folder.save(replace(WILD, name="mine"))
    folder.refresh()
    assert folder.snapshot.find("mine").fade_s == 3.0
    assert [fault.path.name for fault in folder.snapshot.faults] == ["mine.toml"]
    folder.refresh()
    assert len(folder.snapshot.faults) == 1
    (tmp_path / "file").unlink()
    folder.refresh()
    assert folder.snapshot.faults == ()
    assert read_preset(own / "mine.toml").fade_s == 3.0


def test_what_waits_to_be_saved_is_written_at_the_end(own: Path, bundled: Path) -> None:
    folder = PresetFolder(own, bundled)
    folder.start()
    folder.save(WILD)
    folder.close()
    assert read_preset(own / "storm.toml") == WILD


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert own_folder() == tmp_path
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert own_folder().name == "presets"
    assert "livematch" in own_folder().parts


# The bundled ones

BUNDLED = preset_files(bundled_folder())


def test_the_bundled_presets_are_there() -> None:
    names = {path.stem for path in BUNDLED}
    assert names >= {"vj", "onset-cuts", "gallery", "reveal", "trailer", "grid"}
    assert names >= {"gloomy-sunday", "two-memories"}


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_a_bundled_preset_is_right_says_what_it_is_for_and_changes_something(path: Path) -> None:
    preset = read_preset(path)
    assert preset.about
    assert preset.applied(Params()) != Params()
    assert not set(dict(preset.settings)) & NOT_SAVED


def test_bundled_presets_leave_nothing_of_each_other_behind() -> None:
    named = [{name for name, _ in read_preset(path).settings} for path in BUNDLED]
    assert all(names == named[0] for names in named)

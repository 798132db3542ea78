"""`livematch reinterpret` from the trailer to the film, and what is said of what cannot be done."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from films import X264, Recipe, variable, write, write_pictures
from numbered_films import SHOTS, SIZE, column, frames, number_in, numbered, scene_in, trailer
from show_kit import furnish
from sounding_films import packets
from typer.testing import CliRunner

from livematch.archive.store import Archive
from livematch.cli import reinterpret as command
from livematch.cli.app import app
from livematch.control.params import Params
from livematch.errors import LivematchError
from livematch.reinterpret.answering import Taste, answered, cues_for
from livematch.reinterpret.performing import Look, perform
from livematch.reinterpret.trailer import read_trailer


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("reinterpret"))


def run(*words: str | Path) -> Any:
    """Run the command; LivematchError is left to the test."""
    result = CliRunner().invoke(app, ["reinterpret", *map(str, words)])
    if isinstance(result.exception, LivematchError):
        raise result.exception
    return result


@pytest.mark.parametrize("ticks", [None, variable], ids=["constant", "variable"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_every_picture_shows_the_trailers_own_and_the_sound_is_its(
    show: Path, tmp_path: Path, ticks: Callable[[int], int] | None, suffix: str
) -> None:
    made = trailer(tmp_path, ticks)
    out = tmp_path / f"out{suffix}"
    done = run(made, "-a", show / "archive", "-o", out, "--size", "384x108", "--no-label",
               "--provider", "cpu")  # fmt: skip
    assert done.exit_code == 0, done.output
    asked, asked_s = frames(made)
    shown, shown_s = frames(out)
    assert [number_in(column(picture, 0, 2)) for picture in shown] == list(range(len(asked)))
    finest_s = 1e-6 if suffix == ".mp4" else 1.1e-3  # Matroska has milliseconds
    assert shown_s == pytest.approx(asked_s, abs=finest_s)
    scenes = [scene_in(column(picture, 1, 2)) for picture in shown]
    assert scenes == [scene for scene, count in SHOTS for _ in range(count)]
    heard = packets(made)
    copied = packets(out)
    before = heard.index(copied[0])  # Matroska has no place for what primes the decoder
    assert before == (0 if suffix == ".mp4" else 1)
    assert copied == heard[before : before + len(copied)]
    ends_s = asked_s[-1] + 0.04
    assert 0 <= (before + len(copied)) * 1024 / 48_000 - ends_s < 3 * 1024 / 48_000


def test_a_trailer_without_sound_makes_a_film_without(show: Path, tmp_path: Path) -> None:
    made, out = trailer(tmp_path, sound_s=None), tmp_path / "out.mp4"
    assert run(made, "-a", show / "archive", "-o", out, "--layout", "archive").exit_code == 0
    with av.open(str(out)) as film:
        assert not film.streams.audio
        assert film.streams.video[0].frames == len(numbered())
        assert (film.streams.video[0].width, film.streams.video[0].height) == SIZE


@pytest.mark.parametrize("layout", ["stacked", "picture-in-picture"])
def test_another_rate_ends_with_the_trailer(show: Path, tmp_path: Path, layout: str) -> None:
    made, out = trailer(tmp_path, variable), tmp_path / "out.mp4"
    words = ("--layout", layout, "--fps", "10", "--size", "128x128", "--set", "fit=fit")
    assert run(made, "-a", show / "archive", "-o", out, *words).exit_code == 0
    _, asked_s = frames(made)
    _, shown_s = frames(out)
    assert shown_s == pytest.approx([n / 10 for n in range(len(shown_s))])
    assert abs(len(shown_s) / 10 - asked_s[-1]) < 0.15


def test_a_person_chooses_among_the_candidates(show: Path, tmp_path: Path) -> None:
    made, out = trailer(tmp_path), tmp_path / "out.mp4"
    words = ("--candidates", "4", "--size", "384x108", "--no-label")
    done = run(made, "-a", show / "archive", "-o", out, *words, "--no-render", "--json")
    said = json.loads(done.stdout)
    cuts = tmp_path / "out.cuts.json"
    assert said["beside"] == [
        str(out.with_suffix(end)) for end in (".cuts.json", ".html", ".edl", ".otio")
    ]
    assert all(Path(path).stat().st_size for path in said["beside"])
    assert said["output"] is None
    assert not out.exists()
    listed = json.loads(cuts.read_text("utf-8"))
    second = listed["questions"][1]
    wanted = next(a for a in second["answers"] if Path(a["film"]).stem == "scene-2")
    second["chosen"] = wanted["number"]
    cuts.write_text(json.dumps(listed), "utf-8")
    edited = cuts.read_bytes()
    assert run("--from", cuts, "-o", out, "--size", "384x108", "--no-label").exit_code == 0
    scenes = [scene_in(column(picture, 1, 2)) for picture in frames(out)[0]]
    first, count = SHOTS[0][1], SHOTS[1][1]
    assert scenes[first : first + count] == [2] * count
    assert scenes[:first] == [3] * first
    assert cuts.read_bytes() == edited


def test_a_list_with_choices_is_never_overwritten(show: Path, tmp_path: Path) -> None:
    made, out = trailer(tmp_path), tmp_path / "out.mp4"
    words = (made, "-a", show / "archive", "-o", out, "--candidates", "2", "--no-render")
    run(*words)
    (tmp_path / "out.cuts.json").write_text("mine", "utf-8")
    done = run(*words)
    assert "kept as out.cuts.json.1" in done.output
    assert (tmp_path / "out.cuts.json.1").read_text("utf-8") == "mine"
    assert json.loads((tmp_path / "out.cuts.json").read_text("utf-8"))["version"] == 1


def test_ctrl_c_leaves_nothing_under_the_outputs_name(
    show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trailer(tmp_path)
    before = sorted(tmp_path.iterdir())
    perform_ = command.perform

    def stopped(*words: object) -> object:
        def at_picture(done_s: float) -> None:
            if done_s > 1.0:
                raise KeyboardInterrupt

        return perform_(*words[:-1], at_picture)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "perform", stopped)
    done = run(made, "-a", show / "archive", "-o", tmp_path / "out.mp4")
    assert done.exit_code == command.STOPPED
    assert "is not written" in done.output
    assert sorted(tmp_path.iterdir()) == before


def test_an_archive_of_fewer_shots_answers_again(show: Path, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    shutil.copy(show / "films" / "scene-1.mp4", films)
    assert CliRunner().invoke(
        app, ["index", str(films), "-a", str(tmp_path / "small"), "--proxy", "none", "--no-learn"]
    ).exit_code == 0  # fmt: skip
    made, out = trailer(tmp_path), tmp_path / "out.mp4"
    done = run(made, "-a", tmp_path / "small", "-o", out, "--json")
    said = json.loads(done.stdout)
    assert (said["shots"], said["answered"], said["archive_shots"]) == (4, 4, 1)


def test_an_upright_trailer_of_one_shot_that_is_longer_than_all(show: Path, tmp_path: Path) -> None:
    drawn = [np.rot90(picture) for picture in numbered([(2, 200)])]
    made = write_pictures(tmp_path / "upright.mp4", drawn, Recipe(options=X264))
    out = tmp_path / "out.mp4"
    done = run(made, "-a", show / "archive", "-o", out, "--json", "--layout", "stacked")
    assert json.loads(done.stdout)["shots"] == 1
    with av.open(str(out)) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (108, 192)
        assert film.streams.video[0].frames == 200


def test_a_broken_tail_ends_the_film_there(show: Path, tmp_path: Path) -> None:
    whole = write_pictures(
        tmp_path / "whole.mkv", numbered(), Recipe(options=X264 | {"g": "10"})
    ).read_bytes()
    broken, out = tmp_path / "broken.mkv", tmp_path / "out.mp4"
    broken.write_bytes(whole[: len(whole) * 2 // 3])
    done = run(broken, "-a", show / "archive", "-o", out)
    assert done.exit_code == 0
    assert "cut off" in done.output
    assert 20 < len(frames(out)[0]) < len(numbered())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.mp4", "-a", "ARCHIVE", "-o", "out.mp4"), "nowhere.mp4"),
        (("TRAILER", "-a", "nowhere", "-o", "out.mp4"), "nowhere"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "out.avi"), "ends in .mp4"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "no/such/out.mp4"), "there is no folder"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "TRAILER"), "name another file"),
        (("TRAILER", "-o", "out.mp4"), "--archive"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "out.mp4", "--short", "slow,stop"), "slow, loop, hold"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "out.mp4", "--short", ","), "each once"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "out.mp4", "--set", "tag=sea"), "with the tag 'sea'"),
        (("TRAILER", "-a", "ARCHIVE", "-o", "out.mp4", "--set", "semantics=1"), "'semantic'"),
        (("--from", "none.cuts.json", "-o", "out.mp4"), "none.cuts.json"),
        (("TRAILER", "--from", "none.cuts.json", "-o", "out.mp4"), "leave TRAILER out"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    show: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"TRAILER": str(trailer(tmp_path)), "ARCHIVE": str(show / "archive")}
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LivematchError) as fault:
        run(*(names.get(word, word) for word in words))
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_list_that_names_films_which_are_gone_lists_them(show: Path, tmp_path: Path) -> None:
    made, out = trailer(tmp_path), tmp_path / "out.mp4"
    run(made, "-a", show / "archive", "-o", out, "--candidates", "1", "--no-render")
    cuts = tmp_path / "out.cuts.json"
    listed = json.loads(cuts.read_text("utf-8"))
    for question in listed["questions"][:2]:
        question["answers"][question["chosen"] - 1]["fingerprint"] = "0" * 40
    cuts.write_text(json.dumps(listed), "utf-8")
    with pytest.raises(LivematchError) as fault:
        run("--from", cuts, "-o", out)
    assert "question 1" in str(fault.value)
    assert "question 2" in str(fault.value)
    assert not out.exists()


def test_a_short_answer_is_slowed_so_that_it_lasts(show: Path, tmp_path: Path) -> None:
    """Scene 2 lasts three seconds in the archive; a shot of four is played at three quarters."""
    made = write(tmp_path / "trailer.mp4", Recipe(options=X264, scenes=((2, 100),)))
    with Archive.open(show / "archive") as archive:
        from livematch.archive.network import open_describer  # noqa: PLC0415 - loads the network

        read = read_trailer(made, open_describer(archive, provider="cpu"))
        cutlist = answered(read, archive, Taste())
        cues = cues_for(cutlist, archive, read.times_s)
        assert [round(cue.manner.pace, 2) for cue in cues] == [0.75]
        out = tmp_path / "out.mp4"
        went = perform(cutlist, archive, cues, read.times_s, Look(Params()), out)
    assert (went.pictures, went.failed) == (100, ())

"""`livematch compile`, as it is typed: which shots, in which pictures, and what is refused."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL
from films import X264, Recipe, read_frames, texture, write_pictures
from show_kit import SCENES
from typer.testing import CliRunner, Result

from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.cli.app import app
from livematch.control.params import Params
from livematch.errors import ArchiveError, LivematchError, RecordError, UsageError
from livematch.montage.asking import describe_shots, find_shots
from livematch.montage.compiling import Compilation, Part, Wish, compiled, cues_of, film_it
from livematch.montage.looking import Looker
from livematch.montage.picking import Lengths, Picker

SIZE = (192, 108)
FPS = 25


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of the scenes that the archive's films show."""
    place = tmp_path_factory.mktemp("pictures")
    for scene in SCENES:
        cv2.imwrite(str(place / f"scene-{scene}.png"), texture(scene, SIZE))
    return place


def typed(folder: Path, *words: object) -> Result:
    line = ["compile", "--archive", folder / "archive", *words]
    return CliRunner().invoke(app, [str(word) for word in line])


def written(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def scene_of(frame: np.ndarray) -> int:
    """Which scene a picture shows, wherever it has drifted to."""
    seen = cv2.resize(frame, (48, 27)).astype(int)

    def off(scene: int) -> float:
        still = texture(scene, SIZE)
        turned = (np.roll(still, shift, axis=1) for shift in range(20))
        return min(np.abs(seen - cv2.resize(one, (48, 27)).astype(int)).mean() for one in turned)

    return min(SCENES, key=off)


def test_a_film_is_as_long_as_asked_and_shows_what_it_says(
    folder: Path, pictures: Path, tmp_path: Path
) -> None:
    out, sheet = tmp_path / "out.mp4", tmp_path / "cuts.png"
    like = pictures / "scene-2.png"
    words = ("--like", like, "--length", 5, "-o", out, "--longest", 1.5, "--sheet", sheet, "--json")
    told = written(typed(folder, *words))
    frames = read_frames(out)
    assert len(frames) == told["pictures"] == 5 * FPS
    assert (told["width"], told["height"]) == SIZE
    assert frames[0].shape == (SIZE[1], SIZE[0], 3)
    shots = told["shots"]
    assert len({shot["shot"] for shot in shots}) == len(shots) == 4
    assert "scene-2" in shots[0]["film"]
    assert shots[0]["likeness"] > 0.9
    firsts = [round(shot["at_s"] * FPS) for shot in shots]
    for shot, first, end in zip(shots, firsts, [*firsts[1:], len(frames)], strict=True):
        assert end - first == round((shot["to_s"] - shot["from_s"]) * FPS)
        expected = int(Path(shot["film"]).stem.removeprefix("scene-"))
        assert [scene_of(frames[n]) for n in (first, end - 1)] == [expected] * 2
    with av.open(str(out)) as container:
        assert not container.streams.audio
    assert cv2.imread(str(sheet)) is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cuts.png", "out.mp4"]


def test_the_same_words_give_the_same_film(folder: Path, tmp_path: Path) -> None:
    words = ("--like", "scene-1@1", "--length", 3, "--json", "-o")
    first = written(typed(folder, *words, tmp_path / "a.mp4"))
    second = written(typed(folder, *words, tmp_path / "b.mp4"))
    assert first["shots"] == second["shots"]


def test_too_little_makes_what_there_is_and_says_so(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    result = typed(folder, "--like", "scene-1@1", "--length", 60, "-o", out)
    assert result.exit_code == 0
    assert "There is enough for" in result.stderr
    assert "not for 60 s" in " ".join(result.stderr.split())
    length = len(read_frames(out))
    assert 4 * 2 * FPS < length <= 4 * 3 * FPS  # all four films, nearly whole
    assert "4 shots" in result.stdout


def test_size_rate_and_fit_are_as_asked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mov"
    words = ("--like", "scene-1@1", "--length", 2, "-o", out, "--size", "128x128", "--fps", 10)
    told = written(typed(folder, *words, "--fit", "fill", "--json"))
    frames = read_frames(out)
    assert (len(frames), told["fps"]) == (20, 10)
    assert frames[0].shape == (128, 128, 3)
    assert frames[10][:8].mean() > 25  # no bar
    assert read_frames_with_bars(folder, tmp_path)[10][:8].mean() < 20


def read_frames_with_bars(folder: Path, tmp_path: Path) -> list[np.ndarray]:
    out = tmp_path / "bars.mp4"
    typed(folder, "--like", "scene-1@1", "--length", 2, "-o", out, "--size", "128x128")
    return [np.asarray(frame) for frame in read_frames(out)]


def test_a_fade_lies_half_before_the_cut_and_half_after(folder: Path, tmp_path: Path) -> None:
    with Archive.open(folder / "archive") as archive:
        shots = archive.shots()
        parts = tuple(
            Part(shot.id, shot.film_id, 1.0, 2.0, 25 * n, 25 * n + 25, 1.0, 0.5 if n else None)
            for n, shot in enumerate(shots[:2])
        )
        wish = Wish(Lengths(1.0, 2.0, 2.0), 2.0, 0.0, Fraction(FPS), 0.4)
        made = Compilation(parts, 50, {})
        cues = cues_of(archive, made, wish)
        assert [cue.decided_s for cue in cues] == [0.0, 0.8]
        assert [cue.fade_s for cue in cues] == [0.0, 0.4]
        assert cues[1].match is not None
        assert cues[1].match.moment.time_s == pytest.approx(0.8)
        out = tmp_path / "out.mp4"
        film_it(archive, made, wish, Params(), SIZE, out, lambda _: None)
    frames = [frame.astype(int) for frame in read_frames(out)]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(frames)]
    assert len(frames) == 50
    assert max(steps) < 20  # and not one of them is a cut
    assert [scene_of(frames[n].astype(np.uint8)) for n in (18, 32)] == [
        int(archive.film(part.film_id).film.path.stem.removeprefix("scene-")) for part in parts
    ]


def test_an_interruption_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_text("what was there before")

    def interrupt(number: int) -> None:
        if number == 10:
            raise KeyboardInterrupt

    with Archive.open(folder / "archive") as archive:
        searcher = Searcher(archive)
        picker = Picker(archive, searcher, Params())
        queries = describe_shots(archive, searcher, find_shots(archive, ["scene-3@1"]))
        wish = Wish(Lengths(0.5, 1.0, 3.0), 2.0, 0.1, Fraction(FPS), 0.0)
        made = compiled(picker, queries, wish, Looker(archive).shows)
        with pytest.raises(KeyboardInterrupt):
            film_it(archive, made, wish, Params(), SIZE, out, interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert out.read_text() == "what was there before"


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("--like", "1", "-o", "out.avi"), RecordError, ".mp4"),
        (("--like", "1", "-o", "nowhere/out.mp4"), RecordError, "no folder nowhere"),
        (("--like", "a.png", "--like", "b.jpg", "-o", "o.mp4"), UsageError, "a.png.*b.jpg"),
        (("--like", "scene-9@1", "-o", "o.mp4"), UsageError, "did you mean"),
        (("--like", "scene-1", "-o", "o.mp4"), UsageError, "is a whole film"),
        (("--like", "scene-1@1", "-o", "o.mp4", "--shortest", "9"), UsageError, "--longest"),
        (("--like", "scene-1@1", "-o", "o.mp4", "--fade", "1.5"), UsageError, "--shortest 2"),
        (("--like", "scene-1@1", "-o", "o.mp4", "--set", "radus=1"), UsageError, "radius"),
        (("--like", "scene-1@1", "-o", "o.mp4", "--sheet", "s.gif"), UsageError, ".png or .jpg"),
        (("--like", "scene-1@1", "-o", "o.mp4", "--set", "tag=sea"), UsageError, "tag=sea"),
        (
            ("--like", "scene-1@1", "-o", "o.mp4", "--shortest", "3.5"),
            UsageError,
            "4 too short",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    error: type[LivematchError],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = typed(folder, *words)
    assert isinstance(result.exception, error), result.output
    assert "\n" not in str(result.exception)
    with pytest.raises(error, match=message):
        raise result.exception
    assert not list(tmp_path.iterdir())


def test_a_film_of_the_archive_is_not_written_over(folder: Path) -> None:
    film = folder / "films" / "scene-1.mp4"
    before = film.read_bytes()
    result = typed(folder, "--like", "scene-2@1", "-o", film)
    assert isinstance(result.exception, UsageError)
    assert "film of the archive" in str(result.exception)
    assert film.read_bytes() == before


def test_an_empty_archive_says_what_to_do(tmp_path: Path) -> None:
    Archive.create(tmp_path / "archive", MODEL, LAYOUT).close()
    result = typed(tmp_path, "--like", "1", "-o", tmp_path / "out.mp4")
    assert isinstance(result.exception, ArchiveError)
    assert "livematch index" in str(result.exception)


# What may be in it


def picked(archive: Archive, like: str, params: Params, lengths: Lengths) -> list[int]:
    searcher = Searcher(archive)
    picker = Picker(archive, searcher, params)
    queries = describe_shots(archive, searcher, find_shots(archive, [like]))
    return [scene.shot_id for scene in picker.pick(queries, lengths, 1e9).scenes]


def test_tags_and_radius_choose_as_live(folder: Path) -> None:
    lengths = Lengths(0.5, 2.0, 60.0)
    with Archive.open(folder / "archive") as archive:
        [own] = find_shots(archive, ["scene-1@1"])
        every = picked(archive, "scene-1@1", Params(), lengths)
        assert every[0] == own.id
        assert sorted(every) == sorted(shot.id for shot in archive.shots())
        assert picked(archive, "scene-1@1", replace(Params(), radius=0.9), lengths) == [own.id]


def test_a_cut_is_not_made_where_a_shot_is_black(folder: Path, tmp_path: Path) -> None:
    """Black is like black; a shot that fades out is left before it does."""
    bright, black = texture(7, SIZE), np.zeros_like(texture(7, SIZE))
    faded = [bright] * 40 + [black] * 10
    film = write_pictures(tmp_path / "fade.mp4", faded, Recipe(options=X264))
    with Archive.open(folder / "archive") as archive:
        looker = Looker(archive)
        shot = archive.shots()[0]
        assert looker.shows(shot.film_id, shot.id, 1.0)
        clip = archive.clip(moment := archive.moments.at(0))
        archive.clip = lambda _: replace(clip, path=film)  # type: ignore[method-assign]
        assert Looker(archive).shows(moment.film_id, moment.shot_id, 0.5)
        assert not Looker(archive).shows(moment.film_id, moment.shot_id, 1.8)
        searcher = Searcher(archive)
        del archive.clip  # type: ignore[method-assign]
        picker = Picker(archive, searcher, Params())
        queries = describe_shots(archive, searcher, find_shots(archive, ["scene-3@1"]))
        wish = Wish(Lengths(0.4, 1.0, 3.0), 2.0, 0.1, Fraction(FPS), 0.0)
        late = compiled(picker, queries, wish, lambda _film, _shot, time_s: time_s < 2.0)
    assert late.parts
    assert all(part.to_s - 1 / FPS < 2.0 for part in late.parts)

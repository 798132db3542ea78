"""`livematch grid`: pictures, films, groups, and what is told when it cannot be."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from archive_kit import film as film_of_numbers
from archive_kit import make
from films import SIZE, texture
from typer.testing import CliRunner

from livematch.archive.records import Mark
from livematch.archive.store import Archive
from livematch.cli.app import app
from livematch.errors import FilmError, LivematchError, UsageError
from livematch.grid.browse import Browser
from livematch.grid.wall import Shape, cells
from livematch.values import Image


def run(*words: object, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["grid", *(str(word) for word in words)])
    assert done.exit_code == status, done.output or repr(done.exception)
    return done.stdout


def refused(*words: object) -> str:
    done = CliRunner().invoke(app, ["grid", *(str(word) for word in words)])
    assert isinstance(done.exception, LivematchError), done.output
    return str(done.exception)


def parts(path: Path, columns: int = 3, rows: int = 3) -> list[Image]:
    """The pictures in the cells of a grid that was written."""
    drawn = np.asarray(cv2.imread(str(path)), np.uint8)
    places = cells(Shape(columns, rows), (drawn.shape[1], drawn.shape[0]))
    return [drawn[p.y : p.bottom, p.x : p.right] for p in places]


def scene(part: Image) -> int:
    """Which scene a cell shows."""
    small = cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA).astype(int)
    return min((1, 2, 3, 4), key=lambda n: float(np.abs(small - texture(n, SIZE)).mean()))


def test_a_shot_in_the_middle_of_what_is_like_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    told = run("--archive", folder / "archive", "--shot", 2, "-o", out, "--size", "640x360")
    assert "3 moments like scene-" in told
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape == (360, 640, 3)
    empty = [number for number, part in enumerate(parts(out)) if part.std() < 2]
    assert empty == [3, 5, 6, 7, 8]  # best first, the query in the middle


def test_the_query_can_be_absent(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.jpg"
    words = ("--archive", folder / "archive", "-o", out, "--json", "--query", "none")
    record = json.loads(run(*words, "--shot", "scene-3@1", "--cells", "2x2"))
    with Archive.open(folder / "archive") as archive:
        asked = {
            s.id for s in archive.shots() if archive.film(s.film_id).film.path.stem == "scene-3"
        }
    assert [one["cell"] for one in record["cells"]] == [1, 2, 3]
    assert not asked & {one["shot"] for one in record["cells"]}
    scores = [one["score"] for one in record["cells"]]
    assert scores == sorted(scores, reverse=True)


def test_what_nobody_asked_for_is_one_of_those_alike(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    words = ("--archive", folder / "archive", "-o", out, "--json", "--query", "none")
    record = json.loads(run(*words, "--cells", "2x2"))
    assert len({one["shot"] for one in record["cells"]}) == 4
    assert record["cells"][0]["score"] > 0.99


def test_a_picture_and_a_film_that_is_not_in_the_archive(folder: Path, tmp_path: Path) -> None:
    picture, out = tmp_path / "query.png", tmp_path / "grid.png"
    cv2.imwrite(str(picture), texture(4, SIZE))
    words = ("--archive", folder / "archive", "-o", out, "--json", "--cells", "1x2")
    asked = json.loads(run(*words, picture))
    assert "scene-4" in asked["cells"][1]["film"]
    # the camera's film looks at scene 1 from 2 s on
    asked = json.loads(run(*words, "--film", folder / "camera.mp4", "--time", "0:03"))
    assert "scene-1" in asked["cells"][1]["film"]
    assert [scene(part) for part in parts(out, 1, 2)] == [1, 1]


def test_captions_are_written_over_the_cells(folder: Path, tmp_path: Path) -> None:
    drawn = []
    for words in ((), ("--captions",)):
        out = tmp_path / "grid.png"
        run("--archive", folder / "archive", "--shot", 2, "-o", out, "--size", "640x360", *words)
        drawn.append(cv2.imread(str(out)))
    changed = np.argwhere((drawn[0] != drawn[1]).any(axis=2))
    assert len(changed) > 1000
    assert changed[:, 0].max() < 240  # the third row is empty


def film(path: Path) -> list[Image]:
    with av.open(str(path)) as opened:
        return [
            np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            for frame in opened.decode(video=0)
        ]


def test_a_film_of_the_grid_is_a_loop(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.mp4"
    words = ("--archive", folder / "archive", "--shot", 2, "-o", out, "--size", "320x180")
    run(*words, "--length", 2, "--fps", 10, "--cells", "2x2", "--captions")
    drawn = film(out)
    assert len(drawn) == 20
    assert drawn[0].shape == (180, 320, 3)
    steps = [
        np.abs(a.astype(int) - b).mean() for a, b in zip(drawn, [*drawn[1:], drawn[0]], strict=True)
    ]
    assert max(steps[:-1]) > 0.2  # it plays
    assert steps[-1] < 2 * max(steps[:-1]) + 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["grid.mp4"]


def test_a_film_that_is_interrupted_leaves_what_was_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(
        cells: list[Any], size_px: tuple[int, int], fit: object, length_s: float, fps: Fraction
    ) -> Iterator[Image]:
        yield np.zeros((size_px[1], size_px[0], 3), np.uint8)
        raise KeyboardInterrupt

    monkeypatch.setattr("livematch.cli.grid.film_of", interrupted)
    out = tmp_path / "grid.mp4"
    out.write_bytes(b"before")
    done = CliRunner().invoke(
        app, ["grid", "--archive", str(folder / "archive"), "--shot", "1", "-o", str(out)]
    )
    assert done.exit_code != 0
    assert out.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["grid.mp4"]


def test_a_film_that_is_gone_stands_still(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "archive"
    shutil.copytree(folder / "archive", copied)
    for proxy in (copied / "proxies").iterdir():
        proxy.write_bytes(b"no film")
    out = tmp_path / "grid.mp4"
    done = CliRunner().invoke(
        app,
        ["grid", "--archive", str(copied), "--shot", "1", "-o", str(out), "--length", "1",
         "--fps", "5", "--size", "320x180"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert len(film(out)) == 5
    assert film(out)[0].std() > 10  # by its small picture


def test_banned_shots_and_the_radius_leave_cells_empty(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "archive"
    shutil.copytree(folder / "archive", copied)
    with Archive.open(copied, writable=True) as archive:
        first, second = archive.films()[:2]
        archive.mark(
            [Mark(first.film.fingerprint, None), Mark(second.film.fingerprint, None, "sea")]
        )
    out = tmp_path / "grid.png"
    words = ("--archive", copied, "-o", out, "--json")
    record = json.loads(run(*words, "--shot", f"{first.film.path.stem}@1"))
    assert len(record["cells"]) == 4  # a banned shot can be asked for
    said = refused(*words, "--shot", f"{first.film.path.stem}@1", "--set", "radius=0.99")
    assert "nothing like scene-" in said
    assert "radius=0.99 leaves out" in said
    record = json.loads(run(*words, "--shot", f"{first.film.path.stem}@1", "--set", "tag=sea"))
    assert len(record["cells"]) == 2
    assert "tag=sea" in refused(*words, "--shot", f"{second.film.path.stem}@1", "--set", "tag=sea")
    assert "offers nothing" in refused(*words, "--set", "tag=nobody")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--shot", 1), "say where to write it"),
        (("--shot", 1, "-o", "x.gif"), "x.gif: name a picture or a film"),
        (("--shot", 1, "--film", "a", "--time", "1", "-o", "x.png"), "are 2 questions"),
        (("--film", "a", "-o", "x.png"), "--film and --time belong together"),
        (("--film", "a", "--time", "x", "-o", "x.png"), "is no time"),
        (("--film", "scene-9", "--time", "1", "-o", "x.png"), "did you mean 'scene-"),
        (("--film", "scene-2", "--time", "99", "-o", "x.png"), "no shot at 99"),
        (("--shot", "99", "-o", "x.png"), "no shot 99; the nearest is 4"),
        (("--shot", "1-3", "-o", "x.png"), "is not one shot"),
        (("--shot", "scene-1", "-o", "x.png"), "is not one shot"),
        (("--clusters", "--shot", 1, "-o", "x"), "about the whole archive"),
        (("--clusters", "--browse"), "choose one"),
        (("--groups", 3, "-o", "x.png"), "--groups goes with"),
        (("--cells", "0x3", "-o", "x.png"), "is no grid"),
        (("--cells", "12x12", "--size", "100x100", "-o", "x.png"), "do not fit"),
        (("--set", "semantik=1", "-o", "x.png"), "semantic"),
        (("nobody.png", "-o", "x.png"), "nobody.png"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, words: tuple[object, ...], said: str) -> None:
    assert said in refused("--archive", folder / "archive", *words)


def test_an_output_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    for name in ("no/grid.png", "no/grid.mp4"):
        said = refused("--archive", folder / "archive", "--shot", 1, "-o", tmp_path / name)
        assert str(tmp_path / name) in said
    (tmp_path / "taken").write_text("x")
    said = refused("--archive", folder / "archive", "--clusters", "-o", tmp_path / "taken")
    assert "is a file" in said


def test_the_archive_in_groups(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheets"
    words = ("--archive", folder / "archive", "--clusters", "-o", out)
    record = json.loads(run(*words, "--groups", 1, "--json"))
    assert record["shots"] == record["of"] == 4
    assert [sheet["file"] for sheet in record["sheets"]] == ["group-001.png"]
    assert len(record["sheets"][0]["moments"]) == 4
    assert {path.name for path in out.iterdir()} == {"group-001.png", "index.html"}
    page = (out / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert 'href="group-001.png"' in page
    assert len(re.findall("<img ", page)) == 1
    drawn = cv2.imread(str(out / "group-001.png"))
    assert drawn is not None
    # again, otherwise: what is no longer true is gone
    said = run(*words, "--set", "semantic=0", "--set", "layout=0")
    assert "4 shots in" in said
    assert {path.name for path in out.iterdir()} >= {"index.html"}
    (out / "mine.txt").write_text("x")
    assert "holds other things (mine.txt)" in refused(*words)
    assert (out / "mine.txt").exists()


def test_the_page_is_served_until_it_is_interrupted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def interrupted(browser: Browser) -> None:
        opened.append(browser.address)
        raise KeyboardInterrupt

    monkeypatch.setattr(Browser, "serve", interrupted)
    monkeypatch.setattr("webbrowser.open", opened.append)
    words = ("--archive", folder / "archive", "--browse", "--port", 0)
    run(*words)
    run(*words, "--no-open")
    assert len(opened) == 3
    assert opened[0] == opened[1]


def test_names_that_are_no_words(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive", 1, 2)
    odd = film_of_numbers(3)
    path = Path("/films/<b>two\nlines\x1b[31m \udcff.mp4")
    with Archive.open(folder, writable=True) as archive:
        archive.add_film(replace(odd, film=replace(odd.film, path=path)))
    words = ("--archive", folder, "--shot", 9, "--captions", "-o", tmp_path / "grid.png")
    told = run(*words)
    assert "\x1b" not in told
    assert told.count("\n") == 1
    run("--archive", folder, "--shot", 1, "--captions", "-o", tmp_path / "grid.png", "--json")
    run("--archive", folder, "--clusters", "-o", tmp_path / "sheets")
    assert "<b>" not in (tmp_path / "sheets" / "index.html").read_text("utf-8")


def test_an_empty_archive(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive")
    assert "offers nothing" in refused("--archive", folder, "-o", tmp_path / "x.png")
    assert "offers nothing" in refused("--archive", folder, "--clusters", "-o", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_real_film(footage: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    query = footage / "camera" / "juggler_10s.mp4"
    run("--archive", folder / "archive", "--film", query, "--time", "4", "-o", out)
    with pytest.raises((UsageError, FilmError)):
        raise CliRunner().invoke(
            app,
            ["grid", "--archive", str(folder / "archive"), "--film", str(query), "--time", "99",
             "-o", str(out)],
        ).exception or AssertionError  # fmt: skip

"""`livematch find` and `livematch archive`, with the network's twin in its place."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from archive_kit import LAYOUT, MODEL, film, make
from typer.testing import CliRunner

from livematch.archive.network import open_describer
from livematch.archive.records import FilmRecord, IndexedFilm, ShotSpan
from livematch.archive.store import Archive, ModelIdentity
from livematch.cli.archive import archive_app
from livematch.cli.find import find
from livematch.embed.card import load_card
from livematch.embed.describer import Describer
from livematch.embed.parts import RULES
from livematch.embed.thumbnail import ThumbnailEmbedder
from livematch.errors import ArchiveError, ModelError, UsageError
from livematch.values import Glimpse, Image

HUES = (10, 40, 70, 100, 130, 160)


def picture(hue: int, seed: int = 0) -> Image:
    """A picture of a hue: a bright disc somewhere on a darker ground."""
    image = np.full((90, 160, 3), (hue, 160, 90), np.uint8)
    x, y = np.random.default_rng(seed).integers(30, 60, 2)
    cv2.circle(image, (int(x) + 30, int(y)), 25, (hue, 220, 230), -1)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_HSV2BGR), np.uint8)


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer(ThumbnailEmbedder())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, describer: Describer) -> Path:
    """Two films of three shots, each shot of a hue; the originals are not there, the thumbs are."""
    folder = tmp_path_factory.mktemp("cli") / "archive"
    card = describer.embedder.card
    with Archive.create(folder, ModelIdentity(card.name, card.sha256), describer.layout) as archive:
        for number, hues in enumerate((HUES[:3], HUES[3:])):
            images = [picture(hue) for hue in hues]
            archive.add_film(
                IndexedFilm(
                    FilmRecord(
                        f"hues-{number}", Path(f"/films/hues {number}.mp4"), 1, 1,
                        3700.0, 25.0, 160, 90, "h264", None,
                    ),
                    tuple(ShotSpan(1200.0 * n, 1200.0 * n + 1200) for n in range(3)),
                    np.array([600.25, 1800.25, 3000.25]),
                    np.arange(3),
                    describer.describe([Glimpse(image) for image in images]),
                    tuple(images),
                )
            )  # fmt: skip
    return folder


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "query.png"
    cv2.imwrite(str(path), picture(HUES[4], seed=3))
    return path


@pytest.fixture
def app(describer: Describer, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setattr("livematch.cli.find.open_describer", lambda archive, model: describer)
    app = typer.Typer()
    app.command("find")(find)
    app.add_typer(archive_app, name="archive")
    return app


def run(app: typer.Typer, *words: object, status: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.stdout


def test_find_as_json(app: typer.Typer, folder: Path, query: Path) -> None:
    lines = run(app, "find", query, "--archive", folder, "-n", 4, "--json").splitlines()
    found = [json.loads(line) for line in lines]
    assert [line["rank"] for line in found] == [1, 2, 3, 4]
    assert [line["score"] for line in found] == sorted((f["score"] for f in found), reverse=True)
    best = found[0]
    assert best["film"] == "/films/hues 1.mp4"
    assert best["time_s"] == 1800.25
    assert (best["shot"]["start_s"], best["shot"]["end_s"]) == (1200.0, 2400.0)
    assert set(best["parts"]) == set(RULES)
    assert len({line["shot"]["id"] for line in found}) == 4


def test_find_as_a_table(app: typer.Typer, folder: Path, query: Path) -> None:
    printed = run(app, "find", query, "-a", folder, "-n", 2).splitlines()
    assert len(printed) == 3
    assert printed[0].split() == ["film", "time", "score", *RULES]
    assert "hues 1.mp4" in printed[1]
    assert "0:30:00.250" in printed[1]


def test_find_draws_a_sheet(app: typer.Typer, folder: Path, query: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    run(app, "find", query, "-a", folder, "-n", 5, "--sheet", sheet)
    drawn = cv2.imread(str(sheet))
    assert drawn is not None
    for hue in HUES[3:]:  # the films are gone, their thumbs are drawn; JPEG shifts colours a little
        ground = picture(hue)[0, 0].astype(int)
        assert (np.abs(drawn.astype(int) - ground).max(axis=2) < 12).sum() > 2000


def test_find_opens_the_sheet(
    app: typer.Typer, folder: Path, query: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    run(app, "find", query, "-a", folder, "-n", 1, "--open")
    (path,) = opened
    assert cv2.imread(path) is not None


def test_find_in_an_empty_archive(
    app: typer.Typer, query: Path, tmp_path: Path, describer: Describer
) -> None:
    card = describer.embedder.card
    model = ModelIdentity(card.name, card.sha256)
    Archive.create(tmp_path / "empty", model, describer.layout).close()
    assert run(app, "find", query, "-a", tmp_path / "empty", "--json") == ""
    assert run(app, "find", query, "-a", tmp_path / "empty") == ""


def test_find_says_what_is_wrong(
    app: typer.Typer, folder: Path, query: Path, tmp_path: Path
) -> None:
    invoke = CliRunner().invoke
    text = tmp_path / "text.png"
    text.write_text("no picture")
    wrong: list[tuple[list[object], type[Exception], str]] = [
        ([text, "-a", folder], UsageError, "is not a picture"),
        ([query, "-a", tmp_path], ArchiveError, "is not an archive"),
        ([query, "-a", folder, "--sheet", tmp_path / "x.film"], UsageError, "name the sheet .png"),
        ([query, "-a", folder, "--sheet", tmp_path / "no" / "x.png"], UsageError, "written"),
    ]
    for words, kind, message in wrong:
        done = invoke(app, ["find", *map(str, words)])
        assert isinstance(done.exception, kind)
        assert message in str(done.exception)
    assert invoke(app, ["find", str(query), "-a", str(folder), "-n", "0"]).exit_code == 2


def test_the_network_is_the_one_the_archive_names(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"was indexed with the model thumbnail.*--model"):
        open_describer(Archive.open(make(tmp_path / "a")))
    card = load_card("efficientnet-lite0")
    foreign = ModelIdentity(card.name, "0" * 64)
    with (
        Archive.create(tmp_path / "b", foreign, LAYOUT) as archive,
        pytest.raises(ArchiveError, match="not with efficientnet-lite0"),
    ):
        open_describer(archive)
    with (
        Archive.create(tmp_path / "c", ModelIdentity(card.name, card.sha256), LAYOUT) as archive,
        pytest.raises(ArchiveError, match="holds descriptors of semantic 24"),
    ):
        open_describer(archive)


def test_info(app: typer.Typer, folder: Path) -> None:
    found = json.loads(run(app, "archive", "info", folder, "--json"))
    assert (found["films"], found["shots"], found["moments"]) == (2, 6, 6)
    assert found["duration_s"] == 7400.0
    assert found["model"]["name"] == "thumbnail"
    assert [part["name"] for part in found["layout"]] == [*RULES]
    assert found["plays"] == {"original": 2}
    printed = run(app, "archive", "info", folder)
    assert "2:03:20.000" in printed
    assert "thumbnail" in printed


def test_check(app: typer.Typer, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        indexed = film(1, folder=films)
        indexed.film.path.write_bytes(b"x")
        archive.add_film(indexed)
    assert run(app, "archive", "check", tmp_path / "a") == "All is well.\n"
    assert json.loads(run(app, "archive", "check", tmp_path / "a", "--json")) == []
    indexed.film.path.unlink()
    printed = run(app, "archive", "check", tmp_path / "a", status=1)
    assert "missing original" in printed
    assert "livematch index" in printed
    (finding,) = json.loads(run(app, "archive", "check", tmp_path / "a", "--json", status=1))
    assert finding["kind"] == "missing original"
    assert finding["subject"] == str(indexed.film.path)

"""`livematch archive tag | untag | ban | unban | list | stats | export`."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from archive_kit import LAYOUT, MODEL, film
from typer.testing import CliRunner

from livematch.archive.records import Mark, ShotSpan
from livematch.archive.store import Archive
from livematch.cli.archive import archive_app
from livematch.cli.curating import harmless
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.values import ShotKind


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two films of four shots of 2 s, numbered 1 to 8; the last of the second is black."""
    folder = tmp_path / "archive"
    kinds = (ShotKind.FILM,) * 3 + (ShotKind.BLACK,)
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        archive.add_film(film(1))
        archive.add_film(replace(film(2), kinds=kinds, dropped=5))
    return folder


def run(*words: object) -> str:
    done = CliRunner().invoke(archive_app, [str(word) for word in words])
    assert done.exit_code == 0, done.output or repr(done.exception)
    return done.stdout


def refused(*words: object) -> str:
    done = CliRunner().invoke(archive_app, [str(word) for word in words])
    assert isinstance(done.exception, UsageError), done.output
    return str(done.exception)


def marks(folder: Path) -> set[Mark]:
    return set(Archive.open(folder).marks)


def listed(folder: Path, *words: object) -> list[int]:
    lines = run("list", folder, "--json", *words).splitlines()
    return [json.loads(line)["shot"] for line in lines]


def test_shots_and_films_are_tagged_by_what_they_are(folder: Path) -> None:
    assert run("tag", folder, "sea", "1", "film 1@0:03", "film 2") == "3 tagged sea\n"
    assert marks(folder) == {
        Mark("film-0001", 1.0, "sea"),
        Mark("film-0001", 3.0, "sea"),
        Mark("film-0002", None, "sea"),
    }
    assert listed(folder, "--tag", "sea") == [1, 2, 5, 6, 7, 8]
    assert run("tag", folder, "sea", "1-3") == "1 tagged sea\n2 tagged sea already\n"
    told = json.loads(run("tag", folder, "sea", "film 2", "--json"))
    assert told == {"tag": "sea", "changed": 0, "unchanged": 1}


def test_untagging_a_film_takes_its_shots_tags_too(folder: Path) -> None:
    run("tag", folder, "sea", "1", "5", "film 1")
    run("tag", folder, "night", "1")
    assert run("untag", folder, "sea", "film 1") == "2 no longer tagged sea\n"
    assert marks(folder) == {Mark("film-0002", 1.0, "sea"), Mark("film-0001", 1.0, "night")}


def test_a_shot_keeps_what_its_film_gives_it_and_that_is_told(folder: Path) -> None:
    run("ban", folder, "film 1", "2")
    printed = run("unban", folder, "1-2")
    told = "2 still banned with the whole film: name the film instead"
    assert printed.splitlines() == ["1 no longer banned", told]
    assert listed(folder, "--banned") == [1, 2, 3, 4]
    run("unban", folder, "film 1")
    assert listed(folder, "--banned") == []


def test_a_mark_is_taken_off_wherever_in_the_shot_it_was_put(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.mark([Mark("film-0001", 2.5, "sea"), Mark("film-0001", 3.5, "sea")])
    assert run("tag", folder, "sea", "2") == "0 tagged sea\n1 tagged sea already\n"
    run("untag", folder, "sea", "2")
    assert marks(folder) == set()


def test_tags_and_bans_survive_a_film_cut_anew(folder: Path) -> None:
    run("tag", folder, "sea", "2")
    run("ban", folder, "film 1@7")
    with Archive.open(folder, writable=True) as archive:
        archive.remove_film(1)
        assert listed(folder) == [5, 6, 7, 8]
        spans = tuple(ShotSpan(*span) for span in ((0.0, 1.0), (1.0, 4.0), (4.0, 5.0), (5.0, 8.0)))
        archive.add_film(replace(film(1), shots=spans))
    (tagged,) = listed(folder, "--tag", "sea")
    (banned,) = listed(folder, "--banned")
    archive = Archive.open(folder)
    assert archive.shot(tagged).span == ShotSpan(1.0, 4.0)
    assert archive.shot(banned).span == ShotSpan(5.0, 8.0)


def test_nothing_is_changed_unless_all_is_understood(folder: Path) -> None:
    assert "no shot 99; the nearest is 8" in refused("tag", folder, "sea", "1", "99", "film 2")
    assert "did you mean 'film 1'" in refused("ban", folder, "1", "film_1")
    assert marks(folder) == set()
    run("tag", folder, "sea", "1", "2")
    refused("untag", folder, "sea", "1", "99")
    assert len(marks(folder)) == 2
    assert "did you mean 'sea'" in refused("untag", folder, "see", "1")
    assert "did you mean 'sea'" in refused("list", folder, "--tag", "see")
    assert "no film 'x'" in refused("list", folder, "--film", "x")


@pytest.mark.parametrize("tag", ["Sea", "two words", "sea!", "", "x" * 41, "a,b", "sea\n"])
def test_what_cannot_be_a_tag_is_told(folder: Path, tag: str) -> None:
    message = refused("tag", folder, tag, "1")
    assert "1 to 40 lower-case letters, digits, - and _" in message
    assert marks(folder) == set()


def test_a_tag_is_perhaps_another(folder: Path) -> None:
    assert "perhaps 'big-sea'" in refused("tag", folder, "Big Sea", "1")
    run("tag", folder, "strand_2-łódź", "1")


def test_list_filters(folder: Path) -> None:
    run("tag", folder, "sea", "1-2", "5")
    run("tag", folder, "night", "2")
    assert listed(folder) == list(range(1, 9))
    assert listed(folder, "--film", "film 2") == [5, 6, 7, 8]
    assert listed(folder, "--film", "film*", "--kind", "black") == [8]
    assert listed(folder, "--tag", "sea,-night") == [1, 5]
    assert listed(folder, "--tag", "sea", "--film", "film 1", "--banned") == []
    (line,) = run("list", folder, "--json", "--kind", "black").splitlines()
    assert json.loads(line) == {
        "film": "/films/film 2.mp4",
        "shot": 8,
        "start_s": 6.0,
        "end_s": 8.0,
        "kind": "black",
        "tags": [],
        "banned": False,
        "repeats": None,
        "offered": False,
        "moments": 3,
    }


def test_list_as_a_table(folder: Path) -> None:
    run("tag", folder, "sea", "2")
    run("ban", folder, "2")
    with Archive.open(folder, writable=True) as archive:
        archive.set_repeats({6: 2})
    printed = run("list", folder).splitlines()
    assert len(printed) == 9
    words = "film 1.mp4 2 0:00:02.000 0:00:04.000 film sea banned 3"
    assert " ".join(printed[2].split()) == words
    assert "repeats 2" in printed[6]
    assert run("list", folder, "--banned", "--kind", "title") == ""


def test_stats(folder: Path) -> None:
    run("tag", folder, "sea", "2", "film 2")
    run("ban", folder, "3")
    with Archive.open(folder, writable=True) as archive:
        archive.mark([Mark("gone-9999", None, "sea")])
        archive.set_repeats({1: 5})
    found = json.loads(run("stats", folder, "--json"))
    assert (found["films"], found["shots"], found["shot_s"], found["moments"]) == (2, 8, 16.0, 24)
    assert (found["dropped"], found["banned"], found["repeats"]) == (5, 1, 1)
    assert found["kinds"] == {"film": 7, "black": 1}
    assert found["offered"] == {"shots": 5, "seconds": 10.0, "moments": 15}
    assert found["tags"] == {"sea": {"shots": 5, "seconds": 10.0}}
    assert found["lost"] == [{"fingerprint": "gone-9999", "at_s": None, "tag": "sea"}]
    printed = run("stats", folder)
    assert "7 film, 1 black" in printed
    assert "1 tags and bans of films or times not here now" in printed


def test_an_empty_archive_can_be_looked_at(tmp_path: Path) -> None:
    Archive.create(tmp_path / "a", MODEL, LAYOUT).close()
    assert run("list", tmp_path / "a") == ""
    assert json.loads(run("stats", tmp_path / "a", "--json"))["shots"] == 0
    run("stats", tmp_path / "a")
    assert run("export", tmp_path / "a").splitlines() == [
        "film,shot,start_s,end_s,kind,tags,banned,repeats,offered,moments"
    ]
    assert "the archive has none" in refused("ban", tmp_path / "a", "1")


# -- export ----------------------------------------------------------------------------------------


def test_export_as_csv(folder: Path, tmp_path: Path) -> None:
    run("tag", folder, "sea", "1", "film 1")
    run("tag", folder, "night", "1")
    text = run("export", folder)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["shot"] for row in rows] == [str(n) for n in range(1, 9)]
    assert rows[0]["tags"] == "night sea"
    assert rows[7]["kind"] == "black"
    run("export", folder, "--to", tmp_path / "shots.csv")
    assert (tmp_path / "shots.csv").read_text("utf-8").splitlines() == text.splitlines()


def test_export_as_json(folder: Path, tmp_path: Path) -> None:
    run("ban", folder, "2", "film 2")
    run("export", folder, "--to", tmp_path / "all.json")
    found = json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert [film["fingerprint"] for film in found["films"]] == ["film-0001", "film-0002"]
    assert [shot["shot"] for shot in found["shots"] if shot["banned"]] == [2, 5, 6, 7, 8]
    assert found["marks"] == [
        {"fingerprint": "film-0001", "at_s": 3.0, "tag": None},
        {"fingerprint": "film-0002", "at_s": None, "tag": None},
    ]
    assert json.loads(run("export", folder, "--format", "json")) == found


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum(a1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(tmp_path: Path, name: str) -> None:
    assert harmless(name) == f"'{name}"
    assert harmless(-1) == -1
    assert harmless("a=1") == "a=1"
    indexed = film(1)
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        archive.add_film(replace(indexed, film=replace(indexed.film, path=Path(name))))
    (row, *_) = csv.DictReader(io.StringIO(run("export", tmp_path / "a")))
    assert row["film"][0] not in "=+-@\t\r"


def test_names_of_any_bytes_are_exported_on_one_line(tmp_path: Path) -> None:
    path = Path('/films/a,"b"\n\x1b[31mcaf\udce9.mp4')
    indexed = film(1)
    with Archive.create(tmp_path / "a", MODEL, LAYOUT) as archive:
        archive.add_film(replace(indexed, film=replace(indexed.film, path=path)))
    for words in (["list"], ["list", "--json"], ["export"]):
        printed = run(words[0], tmp_path / "a", *words[1:])
        assert "\x1b" not in printed
        assert len(printed.splitlines()) <= 5
    rows = list(csv.DictReader(io.StringIO(run("export", tmp_path / "a"))))
    assert rows[0]["film"] == '/films/a,"b"\\n\\x1b[31mcaf\\xe9.mp4'


def test_export_says_what_is_wrong_and_leaves_what_was_there(folder: Path, tmp_path: Path) -> None:
    assert "name the file .csv or .json" in refused("export", folder, "--to", tmp_path / "x.txt")
    assert "cannot be written" in refused("export", folder, "--to", tmp_path / "no" / "x.csv")
    assert "is a folder" in refused("export", folder, "--to", folder, "--format", "csv")
    (tmp_path / "x.csv").write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "x.csv", "half\udce9")
    assert (tmp_path / "x.csv").read_text() == "before"
    write_whole(tmp_path / "x.csv", "after")
    assert (tmp_path / "x.csv").read_text() == "after"
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "x.csv"}

"""Credits: what was shown, how long, and whose it is."""

import json
from pathlib import Path

import pytest
from showlog_kit import CONTENT, cut_to, given, head, write_log
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.showlog.credits import Credit, Ledger
from livematch.showlog.licences import author_of, crediting, licence_of
from livematch.showlog.note import as_markdown, as_text, minutes
from livematch.showlog.reader import open_show_log, open_shows
from livematch.showlog.records import (
    Alive,
    CueAlone,
    CueBegun,
    End,
    Event,
    Head,
    Offered,
    ParamsChanged,
)


def end(t: float) -> End:
    return End(t=t, pictures=1, cues=1, counters={})


def summed(tmp_path: Path, *records: Event, first: Head | None = None) -> dict[str, Credit]:
    ledger = Ledger()
    ledger.add(open_show_log(write_log(tmp_path / "show.jsonl", [first or head(), *records])))
    return {credit.path: credit for credit in ledger.credits()}


def times(credit: Credit) -> list[tuple[float, ...]]:
    return [
        tuple(round(value, 6) for value in (s.at_s, s.seen_s, s.from_s, s.to_s))
        for s in credit.showings
    ]


SEA, CITY = "/films/sea.mp4", "/films/city.mp4"


def test_cuts_share_the_time_out(tmp_path: Path) -> None:
    found = summed(
        tmp_path,
        *cut_to(1, 0.0, "sea"),
        *cut_to(2, 1.5, "city"),
        *cut_to(3, 2.0, "sea"),
        end(3.0),
    )
    assert times(found[SEA]) == [(0.0, 1.5, 2.0, 3.5), (2.0, 1.0, 2.0, 3.0)]
    assert times(found[CITY]) == [(1.5, 0.5, 2.0, 2.5)]
    assert found[SEA].total_s == pytest.approx(2.5)


def test_a_shot_counts_until_the_next_is_fully_on(tmp_path: Path) -> None:
    found = summed(
        tmp_path,
        *cut_to(1, 0.0, "sea"),
        given(2, 0.9, "city", fade_s=0.5),
        CueBegun(t=1.0, n=2, alone=False),
        CueAlone(t=1.52, n=2),
        end(3.0),
    )
    assert times(found[SEA]) == [(0.0, 1.52, 2.0, 3.52)]
    assert times(found[CITY]) == [(1.0, 2.0, 2.0, 4.0)]


def test_a_fade_that_the_next_overtakes_is_over_with_it(tmp_path: Path) -> None:
    found = summed(
        tmp_path,
        *cut_to(1, 0.0, "sea"),
        given(2, 1.0, "city"),
        CueBegun(t=1.0, n=2, alone=False),
        given(3, 1.1, "night"),
        CueBegun(t=1.2, n=3, alone=False),
        end(2.0),
    )
    assert times(found[SEA]) == [(0.0, 1.2, 2.0, 3.2)]
    assert times(found[CITY])[0][:2] == (1.0, 1.0)


def test_behind_black_camera_and_grid_nothing_is_shown(tmp_path: Path) -> None:
    def change(t: float, **values: float | bool | str) -> ParamsChanged:
        return ParamsChanged(t=t, values=values)

    found = summed(
        tmp_path,
        *cut_to(1, 0.0),
        change(1.0, blackout=True),
        change(2.0, blackout=False, screen="camera"),
        change(3.0, screen="grid"),
        change(4.0, screen="side-by-side"),
        change(4.5, freeze=True),
        end(6.0),
    )
    # seen in the 1st, 5th and 6th second; it moved in all but the grid's and the frozen ones
    assert times(found[SEA]) == [(0.0, 3.0, 1.0, 5.0)]


def test_what_plays_in_the_grid_counts_by_itself(tmp_path: Path) -> None:
    city, night = given(2, 0.0, "city").shot, given(3, 0.0, "night").shot
    assert city is not None
    assert night is not None
    found = summed(
        tmp_path,
        *cut_to(1, 0.0, "sea"),
        ParamsChanged(t=1.0, values={"screen": "grid"}),
        Offered(t=1.0, shots=(2, 3), new=(city, night)),
        Offered(t=2.5, shots=(3,)),
        ParamsChanged(t=3.0, values={"screen": "program"}),
        Offered(t=3.0, shots=()),
        end(4.0),
    )
    assert times(found[SEA]) == [(0.0, 2.0, 2.0, 4.0)]
    assert times(found[CITY]) == [(1.0, 1.5, 2.0, 3.5)]
    assert times(found["/films/night.mp4"]) == [(1.0, 2.0, 2.0, 4.0)]
    assert [found[path].showings[0].in_grid for path in (SEA, CITY)] == [False, True]


def test_a_shot_that_goes_round_is_shown_whole(tmp_path: Path) -> None:
    found = summed(tmp_path, *cut_to(1, 0.0), end(9.0))
    assert times(found[SEA]) == [(0.0, 9.0, 1.0, 5.0)]


def test_what_was_never_seen_is_not_credited(tmp_path: Path) -> None:
    black = summed(tmp_path, *cut_to(1, 0.0), end(2.0), first=head(blackout=True))
    assert black == {}
    late = summed(tmp_path, *cut_to(1, 0.0), given(2, 1.0, "city"), end(2.0))
    assert list(late) == [SEA]


def test_black_shows_no_film(tmp_path: Path) -> None:
    found = summed(tmp_path, *cut_to(1, 0.0), *cut_to(2, 1.0, None), end(5.0))
    assert times(found[SEA]) == [(0.0, 1.0, 2.0, 3.0)]


def test_a_show_that_was_cut_off_counts_as_far_as_it_was_told(tmp_path: Path) -> None:
    found = summed(tmp_path, *cut_to(1, 0.0), Alive(t=2.0, pictures=50))
    assert times(found[SEA]) == [(0.0, 2.0, 2.0, 4.0)]


def test_several_shows_are_added_up(tmp_path: Path) -> None:
    logs = [
        write_log(tmp_path / f"{n}.jsonl", [head(n), *cut_to(1, 0.0), end(float(n))])
        for n in (1, 2)
    ]
    ledger = Ledger()
    for show in open_shows(logs):
        ledger.add(show)
    [credit] = ledger.credits()
    assert [(s.show, s.seen_s) for s in credit.showings] == [(0, 1.0), (1, 2.0)]
    assert ledger.seconds == [1.0, 2.0]


def test_what_later_parts_tell_again_counts_once(tmp_path: Path) -> None:
    write_log(tmp_path / "a.jsonl", [head(), *cut_to(1, 0.0), Alive(t=1.0, pictures=1)])
    again = [head(part=2, t=1.0), *cut_to(1, 0.0), *cut_to(2, 2.0, "city"), end(3.0)]
    write_log(tmp_path / "a.2.jsonl", again)
    ledger = Ledger()
    ledger.add(open_show_log(tmp_path / "a.2.jsonl"))
    found = {credit.path: credit for credit in ledger.credits()}
    assert times(found[SEA]) == [(0.0, 2.0, 2.0, 4.0)]
    assert times(found[CITY]) == [(2.0, 1.0, 2.0, 3.0)]


@pytest.mark.parametrize(
    ("tag", "licence", "author"),
    [
        ("licence-cc-by-sa-3-0", "CC BY-SA 3.0", ""),
        ("license-cc-by-4-0", "CC BY 4.0", ""),
        ("cc-by", "CC BY", ""),
        ("cc0", "CC0", ""),
        ("licence-public-domain", "public domain", ""),
        ("licence-rai-archive-contract", "rai archive contract", ""),
        ("licence-", "", ""),
        ("by-ida-von-kleist", "", "Ida von Kleist"),
        ("by-", "", ""),
        ("sea", "", ""),
        ("cc-tv", "", ""),
    ],
)
def test_tags_say_whose_a_film_is(tag: str, licence: str, author: str) -> None:
    assert (licence_of(tag), author_of(tag)) == (licence, author)
    assert crediting([tag]) == ((tag,) if licence or author else ())


def films(*tags: str, path: str = SEA) -> list[Credit]:
    ledger = Credit(
        path,
        CONTENT["sea"],
        tuple(filter(None, map(licence_of, tags))),
        tuple(filter(None, map(author_of, tags))),
        (),
    )
    return [ledger]


def test_a_programme_note_says_it_in_a_line_a_film() -> None:
    assert as_text([head()], films("cc-by-3-0", "by-ida-kleist")).splitlines() == [
        "2026-11-28",
        "",
        "sea: Ida Kleist; CC BY 3.0 (0 times, 0:00.0)",
    ]
    assert "licence not noted" in as_text([head()], films())


def test_nothing_in_a_name_counts_as_markdown_or_moves_a_terminal() -> None:
    nasty = films(path="/x/<script>*[a](b)\x1b[31m\u202egnp.mp4")
    for text in (as_text([head()], nasty), as_markdown([head()], nasty)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert r"\<script\>\*\[a\](b)" in as_markdown([head()], nasty)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.0"),
        (59.96, "1:00.0"),
        (61.26, "1:01.3"),
        (3600, "1:00:00.0"),
        (7325.5, "2:02:05.5"),
    ],
)
def test_lengths_are_written_as_they_are_read(seconds: float, text: str) -> None:
    assert minutes(seconds) == text


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(app, ["credits", *map(str, words)], env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_tells_and_writes_it(tmp_path: Path) -> None:
    tagged = [given(1, 0.0, tags=("cc-by-3-0", "by-ida-kleist")), CueBegun(t=0.0, n=1, alone=True)]
    log = write_log(tmp_path / "a.jsonl", [head(), *tagged, *cut_to(2, 1.0, "city"), end(4.0)])
    told = run(log)
    assert "Ida Kleist; CC BY 3.0" in told
    assert "licence not noted" in told
    assert "2 films, 0:04.0 in all; 1 without a licence noted" in told
    values = json.loads(run(log, "--json"))
    assert [film["seconds"] for film in values["films"]] == [3.0, 1.0]
    assert values["films"][1]["licences"] == ["CC BY 3.0"]
    assert values["shows"][0]["seconds"] == 4.0
    for name in ("note.md", "note.txt", "note.json"):
        run(log, "-o", tmp_path / name)
    assert "- **city**: licence not noted (once, 0:03.0)" in (tmp_path / "note.md").read_text()
    assert json.loads((tmp_path / "note.json").read_text()) == values


def test_tags_that_were_given_after_the_show_count(folder: Path, tmp_path: Path) -> None:
    from livematch.archive.records import Mark  # noqa: PLC0415
    from livematch.archive.store import Archive  # noqa: PLC0415

    with Archive.open(folder / "archive", writable=True) as archive:
        content = archive.films()[0].film.fingerprint
        archive.mark([Mark(content, None, "licence-cc-by-4-0")])
    try:
        cue = given(1, 0.0)
        assert cue.shot is not None
        film = cue.shot.film.model_copy(update={"fingerprint": content})
        cue = cue.model_copy(update={"shot": cue.shot.model_copy(update={"film": film})})
        records = [head(), cue, CueBegun(t=0.0, n=1, alone=True), end(1.0)]
        log = write_log(tmp_path / "a.jsonl", records)
        assert "CC BY 4.0" in run(log, "--archive", folder / "archive")
        assert "not noted" in run(log)  # the archive it was played from is gone
    finally:
        with Archive.open(folder / "archive", writable=True) as archive:
            archive.unmark([Mark(content, None, "licence-cc-by-4-0")])

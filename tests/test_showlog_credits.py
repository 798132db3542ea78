"""Credits: what was shown, how long, and whose it is."""

import json
from pathlib import Path

import pytest
from lenses import lens_fields
from showlog_kit import CONTENT, cut_to, given, head, write_log
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.lens.card import LensCard
from livematch.showlog.credits import Credit, Ledger
from livematch.showlog.lenscredits import LensCredit
from livematch.showlog.licences import author_of, crediting, licence_of
from livematch.showlog.note import as_markdown, as_text, minutes
from livematch.showlog.opening import lens_facts
from livematch.showlog.reader import open_show_log, open_shows
from livematch.showlog.records import (
    LONGEST_LINE,
    MOST_LENSES,
    Alive,
    CueAlone,
    CueBegun,
    CueGiven,
    End,
    Event,
    Head,
    LensFacts,
    Offered,
    ParamsChanged,
    VeilMoved,
    line_of,
)
from livematch.values import Source


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


# Lenses


WAVES = LensFacts(
    name="waves",
    sha256="1" * 64,
    licence="CC BY 4.0",
    attribution="Films by Ida Kleist",
    trained_on="400 pictures of waves",
)
EMBER = LensFacts(name="ember", sha256="2" * 64)


def seen_by(*lenses: LensFacts, n: int = 1, **start: float | bool | str) -> Head:
    plain = head(n, **start)
    return plain.model_copy(update={"setup": plain.setup.model_copy(update={"lenses": lenses})})


def painted(
    tmp_path: Path, *records: Event, first: Head | None = None
) -> dict[str, tuple[float, str]]:
    log = write_log(tmp_path / "show.jsonl", [first or seen_by(WAVES, EMBER), *records])
    ledger = Ledger()
    ledger.add(open_show_log(log))
    return {lens.name: (round(lens.total_s, 6), lens.licence) for lens in ledger.lenses()}


def change(t: float, **values: float | bool | str) -> ParamsChanged:
    return ParamsChanged(t=t, values=values)


def bridge(n: int, t: float, fade_s: float = 0.0) -> CueGiven:
    return CueGiven(t=t, n=n, source=Source.LENS, cause="test", fade_s=fade_s)


def test_a_veil_shows_its_lens_while_it_lies_over_the_program(tmp_path: Path) -> None:
    found = painted(
        tmp_path,
        *cut_to(1, 0.0),
        VeilMoved(t=1.0, share=0.2),
        VeilMoved(t=1.5, share=0.01),
        VeilMoved(t=2.0, share=0.0),
        change(3.0, screen="camera"),
        VeilMoved(t=3.0, share=1.0),
        change(4.0, screen="grid"),
        change(5.0, screen="stacked"),
        end(5.25),
    )
    assert found == {"waves": (1.25, "CC BY 4.0")}


def test_a_bridge_shows_its_lens_until_the_next_is_fully_on(tmp_path: Path) -> None:
    found = painted(
        tmp_path,
        *cut_to(1, 0.0),
        bridge(2, 0.9, fade_s=0.5),
        CueBegun(t=1.0, n=2, alone=False),
        CueAlone(t=1.5, n=2),
        given(3, 2.0, "city", fade_s=0.5),
        CueBegun(t=2.0, n=3, alone=False),
        VeilMoved(t=2.2, share=0.5),  # one lens all the same: no second counts twice
        CueAlone(t=2.5, n=3),
        VeilMoved(t=2.75, share=0.0),
        bridge(4, 3.0),  # never came on
        end(4.0),
    )
    assert found == {"waves": (1.75, "CC BY 4.0")}


@pytest.mark.parametrize("screen", ["lens", "triptych"])
def test_the_painting_on_the_screen_counts_by_itself(tmp_path: Path, screen: str) -> None:
    found = painted(tmp_path, change(1.0, screen=screen), change(3.0, screen="program"), end(9.0))
    assert found == {"waves": (2.0, "CC BY 4.0")}


def test_behind_black_no_lens_is_seen(tmp_path: Path) -> None:
    found = painted(
        tmp_path,
        *cut_to(1, 0.0),
        VeilMoved(t=0.0, share=1.0),
        change(1.0, blackout=True),
        change(2.0, screen="lens"),
        change(3.0, blackout=False),
        end(3.5),
    )
    assert found == {"waves": (1.5, "CC BY 4.0")}
    black = seen_by(WAVES, blackout=True, screen="triptych")
    assert painted(tmp_path, end(2.0), first=black) == {}


def test_lenses_that_take_turns_share_the_time_out(tmp_path: Path) -> None:
    found = painted(
        tmp_path,
        change(1.0, lens="ember"),
        change(3.0, lens="gone"),  # the one before goes on, as in the show
        change(4.0, lens=""),
        end(4.5),
        first=seen_by(WAVES, EMBER, screen="lens"),
    )
    assert found == {"ember": (3.0, ""), "waves": (1.5, "CC BY 4.0")}
    named = seen_by(WAVES, EMBER, screen="lens", lens="ember")
    assert list(painted(tmp_path, end(1.0), first=named)) == ["ember"]


def test_a_later_part_goes_on_with_the_lens(tmp_path: Path) -> None:
    first, veil = seen_by(WAVES, EMBER), VeilMoved(t=0.5, share=1.0)
    write_log(tmp_path / "a.jsonl", [first, *cut_to(1, 0.0), veil, Alive(t=1.0, pictures=1)])
    later = first.model_copy(update={"part": 2, "t": 1.0, "start": {"lens": "ember"}})
    write_log(tmp_path / "a.2.jsonl", [later, *cut_to(1, 0.0), veil, end(3.0)])
    ledger = Ledger()
    ledger.add(open_show_log(tmp_path / "a.jsonl"))
    assert [(lens.name, lens.total_s) for lens in ledger.lenses()] == [
        ("ember", 2.0),
        ("waves", 0.5),
    ]


def test_logs_that_say_nothing_of_lenses_or_of_their_rights_are_read(tmp_path: Path) -> None:
    def without(log: Path, *fields: str) -> Path:
        first, *others = log.read_text().splitlines(keepends=True)
        old = json.loads(first)
        if fields:
            for lens in old["setup"]["lenses"]:
                for name in fields:
                    del lens[name]
        else:
            del old["setup"]["lenses"]
        log.write_text(json.dumps(old) + "\n" + "".join(others))
        return log

    def show(n: int) -> Path:
        return write_log(tmp_path / f"{n}.jsonl", [seen_by(WAVES, n=n, screen="lens"), end(1.0)])

    ledger = Ledger()
    ledger.add(open_show_log(without(show(1))))
    assert ledger.lenses() == ()
    old = open_show_log(without(show(2), "licence", "attribution", "trained_on"))
    ledger.add(old)
    assert ledger.lenses() == (LensCredit("waves", "1" * 64, "", "", "", 1.0),)
    ledger.add(open_show_log(show(3)))
    ledger.add(old)
    [lens] = ledger.lenses()
    assert (lens.attribution, lens.total_s) == ("Films by Ida Kleist", 3.0)


def test_a_programme_note_says_whose_a_lens_is() -> None:
    lens = LensCredit("wa_ves", "1" * 64, "CC BY 4.0", "<b>*Ida*\x1b[31m\n# Kleist", "x", 61.5)
    line = as_markdown([head()], films(), [lens]).splitlines()[-1]
    ida = "\\<b\\>\\*Ida\\*\N{REPLACEMENT CHARACTER}\\[31m\N{REPLACEMENT CHARACTER}\\# Kleist"
    assert line == f"- **lens wa\\_ves**: CC BY 4.0 — {ida} (1:01.5)"
    unknown = LensCredit("ember", "2" * 64, "", "", "", 2.0)
    assert as_text([head()], [], [unknown]).splitlines()[-1] == (
        "lens ember: licence not noted (0:02.0)"
    )


def test_the_log_has_of_a_lens_what_its_card_says() -> None:
    card = LensCard.model_validate(lens_fields("waves", licence="CC BY 4.0", attribution="x" * 900))
    [facts] = lens_facts([card])
    assert (facts.name, facts.licence, facts.trained_on) == ("waves", "CC BY 4.0", "nothing")
    assert facts.attribution == "x" * 499 + "…"
    many = [card.model_copy(update={"attribution": "\N{FILM FRAMES}" * 1000})] * 200
    facts_of_many = lens_facts(many)
    assert len(facts_of_many) == MOST_LENSES
    assert len(line_of(seen_by(*facts_of_many))) < LONGEST_LINE


def test_the_command_names_the_lenses(tmp_path: Path) -> None:
    first = seen_by(WAVES, EMBER, screen="triptych")
    records = [first, *cut_to(1, 0.0), change(1.0, lens="ember"), end(3.0)]
    log = write_log(tmp_path / "a.jsonl", records)
    told = [" ".join(line.split()) for line in run(log).splitlines()]
    assert "lens ember 0:02.0 licence not noted" in told
    assert "lens waves 0:01.0 CC BY 4.0 — Films by Ida Kleist" in told
    assert json.loads(run(log, "--json"))["lenses"][1] == {
        "name": "waves",
        "sha256": "1" * 64,
        "seconds": 1.0,
        "licence": "CC BY 4.0",
        "attribution": "Films by Ida Kleist",
        "trained_on": "400 pictures of waves",
    }
    for name in ("note.md", "note.txt"):
        run(log, "-o", tmp_path / name)
        assert "CC BY 4.0 — Films by Ida Kleist (0:01.0)" in (tmp_path / name).read_text()
    alone = write_log(tmp_path / "b.jsonl", [seen_by(WAVES, n=2, screen="lens"), end(1.0)])
    assert "lens waves" in run(alone)


# The command


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

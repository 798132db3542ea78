"""`livematch archive tag | untag | ban | unban | list | stats | export`: curating an archive."""

import csv
import difflib
import io
import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from livematch.archive import catalogue
from livematch.archive.catalogue import Entry, Stats
from livematch.archive.curation import Curation, marks_to_add, marks_to_remove, words_of
from livematch.archive.marks import valid_tag
from livematch.archive.records import Mark
from livematch.archive.selecting import Selector
from livematch.archive.store import Archive
from livematch.cli.options import FolderArgument, JsonOption
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.indexing.scan import shown
from livematch.sheet import time_code
from livematch.values import ShotKind

TAGS = "a tag is 1 to 40 lower-case letters, digits, - and _, with no - first"

COLUMNS = (
    *("film", "shot", "start_s", "end_s", "kind"),
    *("tags", "banned", "repeats", "offered", "moments"),
)

TagArgument = Annotated[str, typer.Argument(help="Lower-case letters, digits, - and _.")]
Selectors = Annotated[
    list[str],
    typer.Argument(
        metavar="SELECTOR...",
        help="Shots as `list` numbers them (12, 12-19), a film's path, name or pattern, or the shot"
        " at a time: harbour@1:23.4.",
    ),
]


class Form(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSON = "json"


def tag(
    folder: FolderArgument, tag: TagArgument, selectors: Selectors, as_json: JsonOption = False
) -> None:
    """Give shots or whole films a tag, to be chosen by live. It outlives indexing again."""
    if not valid_tag(tag):
        likely = "-".join(tag.lower().split())
        near = f"; perhaps {likely!r}" if valid_tag(likely) else ""
        raise UsageError(f"{tag!r} cannot be a tag: {TAGS}{near}")
    _mark(folder, selectors, tag, as_json)


def untag(
    folder: FolderArgument, tag: TagArgument, selectors: Selectors, as_json: JsonOption = False
) -> None:
    """Take a tag from shots, or from whole films with all of their shots."""
    _unmark(folder, selectors, tag, as_json)


def ban(folder: FolderArgument, selectors: Selectors, as_json: JsonOption = False) -> None:
    """Never offer these shots or films again. It outlives indexing again."""
    _mark(folder, selectors, "", as_json)


def unban(folder: FolderArgument, selectors: Selectors, as_json: JsonOption = False) -> None:
    """Offer shots again, or whole films with all of their shots."""
    _unmark(folder, selectors, "", as_json)


def _mark(folder: Path, selectors: Sequence[str], tag: str, as_json: bool) -> None:
    with Archive.open(folder, writable=True) as archive:
        selection = Selector(archive.films(), archive.shots()).select(selectors)
        marks = marks_to_add(archive, selection, tag)
        archive.mark(marks)
    asked = len(selection.films) + len(selection.shots)
    done = f"tagged {tag}" if tag else "banned"
    _tell(done, tag, len(marks), asked - len(marks), f"{done} already", as_json)


def _unmark(folder: Path, selectors: Sequence[str], tag: str, as_json: bool) -> None:
    with Archive.open(folder, writable=True) as archive:
        if tag and not any(mark.tag == tag for mark in archive.marks):
            tags = sorted({mark.tag for mark in archive.marks} - {""})
            raise UsageError(f"nothing has the tag {tag!r}{_hint(tag, tags)}")
        selection = Selector(archive.films(), archive.shots()).select(selectors)
        marks = marks_to_remove(archive, selection, tag)
        archive.unmark(marks)
        still = Curation(archive).having(tag)
        chosen = {shot.id for shot in selection.shots}
        places = enumerate(archive.shots())
        kept = sum(bool(still[place]) for place, shot in places if shot.id in chosen)
    done = f"no longer tagged {tag}" if tag else "no longer banned"
    because = f"still {'tagged' if tag else 'banned'} with the whole film: name the film instead"
    _tell(done, tag, len(marks), kept, because, as_json)


def _hint(tag: str, tags: Iterable[str]) -> str:
    near = difflib.get_close_matches(tag, tags, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(tags) or 'none'}"


def _tell(done: str, tag: str, changed: int, others: int, why: str, as_json: bool) -> None:
    if as_json:
        what: dict[str, object] = {"tag": tag} if tag else {}
        typer.echo(json.dumps({**what, "changed": changed, "unchanged": others}))
        return
    typer.echo(f"{changed} {done}")
    if others:
        typer.echo(f"{others} {why}")


def list_shots(
    folder: FolderArgument,
    film: Annotated[
        str | None, typer.Option(help="Only of this film: its path, name or a pattern.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option(help="Only with one of these tags: sea,city; -night without it.")
    ] = None,
    banned: Annotated[bool, typer.Option("--banned", help="Only what is banned.")] = False,
    kind: Annotated[ShotKind | None, typer.Option(help="Only shots of this kind.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the shots: their numbers, times, tags and bans."""
    with Archive.open(folder) as archive:
        found = _filtered(archive, film, tag, banned, kind)
    if as_json:
        typer.echo("".join(f"{json.dumps(entry_record(entry))}\n" for entry in found), nl=False)
    else:
        _print_entries(found)


def _filtered(
    archive: Archive, film: str | None, tag: str | None, banned: bool, kind: ShotKind | None
) -> list[Entry]:
    found = list(catalogue.entries(archive))
    if film is not None:
        films = {named.id for named in Selector(archive.films(), archive.shots()).films(film)}
        found = [entry for entry in found if entry.shot.film_id in films]
    if tag is not None:
        curation = Curation(archive)
        for word in (word for words in words_of(tag) for word in words):
            if word not in curation.tags:
                raise UsageError(f"no shot has the tag {word!r}{_hint(word, curation.tags)}")
        chosen = curation.chosen(tag)
        ids = {shot.id for place, shot in enumerate(archive.shots()) if chosen[place]}
        found = [entry for entry in found if entry.shot.id in ids]
    return [
        entry
        for entry in found
        if (entry.banned or not banned) and (kind is None or entry.shot.kind is kind)
    ]


def entry_record(entry: Entry) -> dict[str, object]:
    """Return one shot as plain values; times in seconds into the film."""
    shot = entry.shot
    return {
        "film": shown(entry.film.film.path),
        "shot": shot.id,
        "start_s": round(shot.span.start_s, 3),
        "end_s": round(shot.span.end_s, 3),
        "kind": shot.kind.value,
        "tags": list(entry.tags),
        "banned": entry.banned,
        "repeats": shot.repeats,
        "offered": entry.offered,
        "moments": entry.moments,
    }


def _print_entries(found: Sequence[Entry]) -> None:
    if not found:
        Console(stderr=True).print("No shot is so.")
        return
    names = ("film", "shot", "start", "end", "kind", "tags", "", "moments")
    table = Table(*names, box=None, header_style="dim")
    for place in (1, 2, 3, 7):
        table.columns[place].justify = "right"
    for entry in found:
        shot = entry.shot
        notes = ["banned"] if entry.banned else []
        notes += [f"repeats {shot.repeats}"] if shot.repeats is not None else []
        table.add_row(
            Text(shown(Path(entry.film.film.path.name))),
            str(shot.id),
            time_code(shot.span.start_s),
            time_code(shot.span.end_s),
            shot.kind.value,
            " ".join(entry.tags),
            ", ".join(notes),
            str(entry.moments),
        )
    Console(markup=False, highlight=False).print(table)


def stats(folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Count the shots by kind, tag and ban, and what a show is offered of them."""
    with Archive.open(folder) as archive:
        found = catalogue.stats(archive)
    if as_json:
        typer.echo(json.dumps(stats_record(found), indent=2))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in stats_rows(found):
        table.add_row(name, Text(value))
    Console(highlight=False).print(table)


def stats_record(found: Stats) -> dict[str, object]:
    """Return the figures as plain values."""
    return {
        "films": found.films,
        "shots": found.shots,
        "shot_s": round(found.shot_s, 3),
        "moments": found.moments,
        "dropped": found.dropped,
        "kinds": {kind.value: count for kind, count in found.kinds},
        "banned": found.banned,
        "repeats": found.repeats,
        "offered": {
            "shots": found.offered_shots,
            "seconds": round(found.offered_s, 3),
            "moments": found.offered_moments,
        },
        "tags": {
            tag: {"shots": shots, "seconds": round(seconds, 3)}
            for tag, shots, seconds in found.tags
        },
        "lost": [mark_record(mark) for mark in found.lost],
    }


def mark_record(mark: Mark) -> dict[str, object]:
    """Return one tag or ban as plain values."""
    return {"fingerprint": mark.fingerprint, "at_s": mark.at_s, "tag": mark.tag or None}


def stats_rows(found: Stats) -> list[tuple[str, str]]:
    """Return the figures as a person reads them: name and value."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds)
    offered = f"{found.offered_shots} shots"
    rows = [
        ("films", f"{found.films}"),
        ("shots", f"{found.shots} ({kinds}), {time_code(found.shot_s)}" if found.shots else "0"),
        ("moments", f"{found.moments}, {found.dropped} near-duplicates not kept"),
        ("banned", f"{found.banned}"),
        ("repeats", f"{found.repeats}"),
        ("offered", f"{offered}, {time_code(found.offered_s)}, {found.offered_moments} moments"),
    ]
    for tag, shots, seconds in found.tags:
        rows.append((f"tag {tag}", f"{shots} shots, {time_code(seconds)}"))
    if found.lost:
        rows.append(("kept", f"{len(found.lost)} tags and bans of films or times not here now"))
    return rows


def export(
    folder: FolderArgument,
    form: Annotated[
        Form | None, typer.Option("--format", help="csv or json; else as the file is named.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
) -> None:
    """Write out every shot with its tags and bans, for a spreadsheet or a program."""
    form = form or _form_of(to)
    with Archive.open(folder) as archive:
        text = as_csv(archive) if form is Form.CSV else as_json_document(archive)
    if to is None:
        typer.echo(text, nl=False)
    else:
        write_whole(to, text)
        typer.echo(f"written to {to}", err=True)


def _form_of(to: Path | None) -> Form:
    if to is None:
        return Form.CSV
    named = to.suffix.lower().removeprefix(".")
    if named not in list(Form):
        raise UsageError(f"{to}: name the file .csv or .json, or say which with --format")
    return Form(named)


def as_csv(archive: Archive) -> str:
    """Return every shot as a line of a spreadsheet, with a head."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for entry in catalogue.entries(archive):
        record = {**entry_record(entry), "tags": " ".join(entry.tags)}
        writer.writerow({name: harmless(value) for name, value in record.items()})
    return text.getvalue()


def harmless(value: object) -> object:
    """Return a cell that a spreadsheet takes as the text it is, never as a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def as_json_document(archive: Archive) -> str:
    """Return films, shots, and the tags and bans as they are kept, for a program."""
    films = [
        {
            "path": shown(film.film.path),
            "fingerprint": film.film.fingerprint,
            "duration_s": round(film.film.duration_s, 3),
            "present": film.present,
            "dropped": film.dropped,
        }
        for film in archive.films()
    ]
    document = {
        "films": films,
        "shots": [entry_record(entry) for entry in catalogue.entries(archive)],
        "marks": [mark_record(mark) for mark in archive.marks],
    }
    return json.dumps(document, indent=1) + "\n"

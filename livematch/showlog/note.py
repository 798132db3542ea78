"""Credits as they are written: a programme note in plain text or Markdown, or plain values."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from livematch.showlog.credits import Credit
from livematch.showlog.lenscredits import LensCredit
from livematch.showlog.records import Head

UNNOTED = "licence not noted"

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def title_of(credit: Credit) -> str:
    """Return what a film is called: its file's name without the ending, in one line."""
    return plain(PurePath(credit.path).stem or credit.fingerprint[:12])


def plain(text: str) -> str:
    """Return a text from a log without what a terminal or an editor would obey."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def rights_of(credit: Credit) -> str:
    """Return author and licence of a film in a few words."""
    licence = ", ".join(credit.licences) or UNNOTED
    return plain(f"{', '.join(credit.authors)}; {licence}" if credit.authors else licence)


def lens_title(lens: LensCredit) -> str:
    """Return what a lens is called among films."""
    return plain(f"lens {lens.name}")


def lens_rights(lens: LensCredit) -> str:
    """Return licence and attribution of a lens as its card had them, in one line."""
    licence = lens.licence or UNNOTED
    return plain(f"{licence} — {lens.attribution}" if lens.attribution else licence)


def times_of(credit: Credit) -> str:
    """Say how often a film was shown."""
    return "once" if len(credit.showings) == 1 else f"{len(credit.showings)} times"


def minutes(seconds: float) -> str:
    """Write a length as h:mm:ss.s, the hours where there are any."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    told = f"{rest // 600}:{rest // 10 % 60:02}.{rest % 10}"
    return f"{hours}:{rest // 600:02}:{rest // 10 % 60:02}.{rest % 10}" if hours else told


def as_text(
    heads: Sequence[Head], films: Sequence[Credit], lenses: Sequence[LensCredit] = ()
) -> str:
    """Write the credits as plain text."""
    lines = [f"{title_of(film)}: {rights_of(film)} ({_counted(film)})" for film in films]
    lines += [
        f"{lens_title(lens)}: {lens_rights(lens)} ({minutes(lens.total_s)})" for lens in lenses
    ]
    return "\n".join([_dates(heads), "", *lines]) + "\n"


def as_markdown(
    heads: Sequence[Head], films: Sequence[Credit], lenses: Sequence[LensCredit] = ()
) -> str:
    """Write the credits as Markdown; nothing in the name of a film or a lens counts as any."""
    lines = [
        f"- **{_escaped(title_of(film))}**: {_escaped(rights_of(film))} ({_counted(film)})"
        for film in films
    ]
    lines += [
        f"- **{_escaped(lens_title(lens))}**: {_escaped(lens_rights(lens))}"
        f" ({minutes(lens.total_s)})"
        for lens in lenses
    ]
    return "\n".join(["# Films shown", "", _dates(heads), "", *lines]) + "\n"


def as_values(
    heads: Sequence[Head],
    seconds: Sequence[float],
    films: Sequence[Credit],
    lenses: Sequence[LensCredit] = (),
) -> dict[str, object]:
    """Return the credits as plain values, every showing with its times in seconds."""
    return {
        "shows": [
            {"began": head.began, "seconds": round(length_s, 3), "archive": head.archive.path}
            for head, length_s in zip(heads, seconds, strict=True)
        ],
        "films": [
            {
                "film": film.path,
                "fingerprint": film.fingerprint,
                "licences": list(film.licences),
                "authors": list(film.authors),
                "times": len(film.showings),
                "seconds": round(film.total_s, 3),
                "showings": [
                    {
                        "show": showing.show + 1,
                        "at_s": round(showing.at_s, 3),
                        "seconds": round(showing.seen_s, 3),
                        "film_from_s": round(showing.from_s, 3),
                        "film_to_s": round(showing.to_s, 3),
                        "in_grid": showing.in_grid,
                    }
                    for showing in film.showings
                ],
            }
            for film in films
        ],
        "lenses": [
            {
                "name": lens.name,
                "sha256": lens.sha256,
                "seconds": round(lens.total_s, 3),
                "licence": lens.licence,
                "attribution": lens.attribution,
                "trained_on": lens.trained_on,
            }
            for lens in lenses
        ],
    }


def _counted(film: Credit) -> str:
    return f"{times_of(film)}, {minutes(film.total_s)}"


def _dates(heads: Sequence[Head]) -> str:
    days = dict.fromkeys(head.began[:10] for head in heads if _DAY.match(head.began))
    return ", ".join(days)


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)

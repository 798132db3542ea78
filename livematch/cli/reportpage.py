"""An archive's report as one HTML page that needs nothing else: no script, no other file. Pure."""

from collections.abc import Callable, Sequence
from html import escape

from livematch.archive.survey import Bin, Pair, Popularity, Survey
from livematch.values import Image
from livematch.webpage import CLOSING, figure, figures, opening

LISTED = 120  # of each list: with small pictures of 3 kB each, a page stays under 2 MB

Name = Callable[[int], tuple[str, str]]
Thumb = Callable[[int], Image | None]

_STYLE = """
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr));
  gap: 24px 18px; margin-top: 20px; }
.pairs { grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 24px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 10px; }
.pair > b { grid-column: 1 / 3; font-weight: 500; font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 0 56px; }
th { width: 8.5em; padding: 3px 12px 3px 0; text-align: right; font-weight: 400;
  white-space: nowrap; }
td { padding: 3px 0; } td:last-child { width: 5em; text-align: right; }
"""


def page(title: str, survey: Survey, name: Name, thumb: Thumb) -> str:
    """Return the page. `name` is a shot's film and its place there, `thumb` its picture."""
    parts = [
        opening(title, _STYLE),
        _figures(survey),
        _histograms(survey),
        _shots("Found by nobody", _ABOUT_ORPHANS, survey.orphans, survey, name, thumb),
        _shots("Found too often", _ABOUT_HUBS, survey.hubs, survey, name, thumb),
        _pairs(survey, name, thumb),
        CLOSING,
    ]
    return "\n".join(parts)


_ABOUT_ORPHANS = (
    "No moment of another shot has these among its {k} nearest. A show brings them in only for"
    " what looks like nothing else here."
)
_ABOUT_HUBS = (
    "These are among the {k} nearest of far more moments than chance would have it. A show keeps"
    " coming back to them; ban one, or let it cool down longer."
)


def _figures(survey: Survey) -> str:
    counted = {
        "shots": f"{survey.shots:,}",
        "moments": f"{survey.moments:,}",
        "found by nobody": f"{len(survey.orphans):,}",
        "found too often": f"{len(survey.hubs):,}",
        "near-duplicates": f"{len(survey.duplicates):,}",
        "skewness": f"{survey.skewness:.2f}",
    }
    return f'{figures(counted)}<p class="dim" style="margin-top: 28px">{escape(how(survey))}</p>'


def how(survey: Survey) -> str:
    """Say in a sentence how it was found out."""
    asked = "every moment" if survey.asked == survey.moments else f"{survey.asked:,} of the moments"
    way = "compared with all" if survey.exact else "through the search's graph, so approximately"
    return (
        f"Of what a show is offered, {asked} asked for the {survey.neighbours} moments of other"
        f" shots most like it, {way}; all parts of the descriptor weighed the same. Skewness is"
        " that of how often shots are found: 0 where all are alike popular, above 1.4 a few shots"
        " stand before the others."
    )


def _histograms(survey: Survey) -> str:
    lengths = [(length_label(column), column.count) for column in survey.lengths]
    tones = [(f"{column.low:.1f} – {column.high:.1f}", column.count) for column in survey.tones]
    note = "" if survey.toned == survey.shots else f", {survey.toned:,} shots looked at"
    return (
        '<div class="charts">'
        f'<section><h2>Lengths</h2><p class="dim">seconds a shot</p>{_bars(lengths)}</section>'
        f'<section><h2>Tones</h2><p class="dim">mean brightness, from black to white{note}</p>'
        f"{_bars(tones)}</section></div>"
    )


def length_label(column: Bin) -> str:
    """Write a range of lengths in seconds."""
    if column.high == float("inf"):
        return f"{column.low:g} or more"
    return f"{column.low:g} – {column.high:g}"


def _bars(rows: Sequence[tuple[str, int]]) -> str:
    most = max(1, *(count for _, count in rows))
    lines = [
        f'<tr><th scope="row">{label}</th><td>{_bar(count / most)}</td><td>{count:,}</td></tr>'
        for label, count in rows
    ]
    return f"<table>{''.join(lines)}</table>"


def _bar(share: float) -> str:
    return f'<i style="width: {100 * share:.1f}%"></i>' if share else ""


def _shots(
    head: str, about: str, shots: Sequence[Popularity], survey: Survey, name: Name, thumb: Thumb
) -> str:
    shown = [
        figure(
            thumb(one.shot.id),
            *name(one.shot.id),
            f"found {one.found:,} times, by chance {one.expected:,.1f}",
        )
        for one in shots[:LISTED]
    ]
    said = escape(about.format(k=survey.neighbours))
    return _section(head, said, len(shots), f'<div class="grid">{"".join(shown)}</div>')


def _pairs(survey: Survey, name: Name, thumb: Thumb) -> str:
    shown = [_pair(pair, name, thumb) for pair in survey.duplicates[:LISTED]]
    said = f"Two moments of these shots are at least {survey.alike:g} alike. Ban one of the two."
    body = f'<div class="grid pairs">{"".join(shown)}</div>'
    return _section("Near-duplicates", said, len(survey.duplicates), body)


def _pair(pair: Pair, name: Name, thumb: Thumb) -> str:
    both = "".join(figure(thumb(shot.id), *name(shot.id)) for shot in (pair.first, pair.second))
    return f'<div class="pair"><b>{pair.likeness:.3f}</b>{both}</div>'


def _section(head: str, said: str, count: int, body: str) -> str:
    if not count:
        return f'<h2>{head}</h2><p class="dim">None.</p>'
    cut = f" The first {LISTED} of {count:,} are shown; --json has all." if count > LISTED else ""
    return f'<h2>{head} · {count:,}</h2><p class="dim">{said}{cut}</p>{body}'

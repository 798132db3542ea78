"""An archive's report as one HTML page that needs nothing else: no script, no other file. Pure."""

import base64
from collections.abc import Callable, Sequence
from html import escape

import cv2

from livematch.archive.survey import Bin, Pair, Popularity, Survey
from livematch.values import Image

LISTED = 120  # of each list: with small pictures of 3 kB each, a page stays under 2 MB
THUMB_PX = 90  # high
QUALITY = 75

Name = Callable[[int], tuple[str, str]]
Thumb = Callable[[int], Image | None]

# whatever a film is called, the page loads nothing and runs nothing
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light; --ink: #1d1d1f; --dim: #6e6e73; --line: #e3e3e6; --bar: #c9702b; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 48px 32px 96px; background: #fdfdfc;
  color: var(--ink); font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans",
  sans-serif; }
h1 { margin: 0; font-size: 32px; font-weight: 300; letter-spacing: -.01em;
  overflow-wrap: anywhere; }
h2 { margin: 64px 0 4px; font-size: 20px; font-weight: 500; }
p { max-width: 68ch; margin: 4px 0 16px; }
.dim, figcaption span, dt, th { color: var(--dim); }
dl { display: flex; flex-wrap: wrap; gap: 20px 44px; margin: 28px 0 0; }
dt { font-size: 13px; } dd { margin: 0; font-size: 24px; font-weight: 300; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr));
  gap: 24px 18px; margin-top: 20px; }
.pairs { grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 24px; }
figure { margin: 0; } .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 10px; }
.pair > b { grid-column: 1 / 3; font-weight: 500; font-size: 13px; }
img, .none { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: contain;
  background: #efefec; border-radius: 3px; }
.none { display: grid; place-items: center; color: var(--dim); font-size: 12px; }
figcaption { margin-top: 6px; font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
figcaption span { display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 0 56px; }
table { width: 100%; border-collapse: collapse; font-size: 13px;
  font-variant-numeric: tabular-nums; }
th { width: 8.5em; padding: 3px 12px 3px 0; text-align: right; font-weight: 400;
  white-space: nowrap; }
td { padding: 3px 0; } td:last-child { width: 5em; text-align: right; }
i { display: block; height: 14px; min-width: 1px; background: var(--bar);
  border-radius: 0 2px 2px 0; }
@media print { body { padding: 0; } figure { break-inside: avoid; } }
"""


def page(title: str, survey: Survey, name: Name, thumb: Thumb) -> str:
    """Return the page. `name` is a shot's film and its place there, `thumb` its picture."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        _figures(survey),
        _histograms(survey),
        _shots("Found by nobody", _ABOUT_ORPHANS, survey.orphans, survey, name, thumb),
        _shots("Found too often", _ABOUT_HUBS, survey.hubs, survey, name, thumb),
        _pairs(survey, name, thumb),
        "</body></html>\n",
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
    figures = {
        "shots": f"{survey.shots:,}",
        "moments": f"{survey.moments:,}",
        "found by nobody": f"{len(survey.orphans):,}",
        "found too often": f"{len(survey.hubs):,}",
        "near-duplicates": f"{len(survey.duplicates):,}",
        "skewness": f"{survey.skewness:.2f}",
    }
    cells = "".join(f"<div><dt>{what}</dt><dd>{n}</dd></div>" for what, n in figures.items())
    return f'<dl>{cells}</dl><p class="dim" style="margin-top: 28px">{escape(how(survey))}</p>'


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
    figures = [
        _figure(
            thumb(one.shot.id),
            *name(one.shot.id),
            f"found {one.found:,} times, by chance {one.expected:,.1f}",
        )
        for one in shots[:LISTED]
    ]
    said = escape(about.format(k=survey.neighbours))
    return _section(head, said, len(shots), f'<div class="grid">{"".join(figures)}</div>')


def _pairs(survey: Survey, name: Name, thumb: Thumb) -> str:
    figures = [_pair(pair, name, thumb) for pair in survey.duplicates[:LISTED]]
    said = f"Two moments of these shots are at least {survey.alike:g} alike. Ban one of the two."
    body = f'<div class="grid pairs">{"".join(figures)}</div>'
    return _section("Near-duplicates", said, len(survey.duplicates), body)


def _pair(pair: Pair, name: Name, thumb: Thumb) -> str:
    both = "".join(_figure(thumb(shot.id), *name(shot.id)) for shot in (pair.first, pair.second))
    return f'<div class="pair"><b>{pair.likeness:.3f}</b>{both}</div>'


def _figure(image: Image | None, head: str, *lines: str) -> str:
    said = escape(head) + "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f"<figure>{_picture(image)}<figcaption>{said}</figcaption></figure>"


def _section(head: str, said: str, count: int, body: str) -> str:
    if not count:
        return f'<h2>{head}</h2><p class="dim">None.</p>'
    cut = f" The first {LISTED} of {count:,} are shown; --json has all." if count > LISTED else ""
    return f'<h2>{head} · {count:,}</h2><p class="dim">{said}{cut}</p>{body}'


def _picture(image: Image | None) -> str:
    if image is None:
        return '<div class="none">no picture</div>'
    height, width = image.shape[:2]
    if height > THUMB_PX:
        size = (max(1, round(width * THUMB_PX / height)), THUMB_PX)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}">'

"""The pages that an archive is browsed by. Pure: values in, HTML out; everything is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote, urlencode

from livematch.control.params import WEIGHTS, Params
from livematch.grid.holdings import Alike, Seen
from livematch.grid.page import document, figure
from livematch.sheet import time_code

# whatever a film is called, nothing runs and nothing comes from elsewhere
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
ON_A_ROW = 6  # moments of each group on the first page
_STYLE = """
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 40px; font-size: 13px;
  color: var(--dim); }
nav b { font-weight: 500; color: var(--ink); }
h2 a { text-decoration: none; } h2 small { font-size: 13px; font-weight: 400; color: var(--dim); }
.row { display: grid; grid-template-columns: repeat(6, 1fr); gap: 14px; margin-top: 10px; }
a img { transition: filter .12s; } a:hover img { filter: brightness(1.08); }
.banned img { filter: grayscale(1); opacity: .45; }
.moment { display: grid; grid-template-columns: minmax(0, 7fr) minmax(240px, 4fr); gap: 36px;
  margin-top: 24px; align-items: start; }
.moment h2 { margin: 28px 0 8px; font-size: 15px; } .moment h2:first-child { margin-top: 0; }
.tags { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 10px; }
.tags form, .tags span { display: inline-flex; gap: 6px; align-items: center; padding: 2px 4px 2px
  10px; border: 1px solid var(--line); border-radius: 99px; font-size: 13px; }
.tags span { padding-right: 10px; color: var(--dim); }
button { font: inherit; font-size: 13px; padding: 5px 14px; border: 1px solid var(--line);
  border-radius: 5px; background: #fff; color: var(--ink); cursor: pointer; }
button:hover { border-color: var(--bar); }
.tags button { border: 0; padding: 0 6px; color: var(--dim); background: none; }
.ban { border-color: #d9b7a3; color: #a2441b; }
input[type=text] { font: inherit; font-size: 13px; padding: 5px 9px; width: 13em;
  border: 1px solid var(--line); border-radius: 5px; background: #fff; }
.weights label { display: grid; grid-template-columns: 5.5em 1fr 2.6em; gap: 10px;
  align-items: center; font-size: 13px; font-variant-numeric: tabular-nums; }
.weights input[type=range] { width: 100%; accent-color: var(--bar); }
.weights div { display: flex; gap: 10px; margin-top: 12px; align-items: center; }
.parts { display: grid; grid-template-columns: auto 1fr; gap: 0 8px; margin-top: 4px;
  color: var(--dim); font-size: 11px; align-items: center; }
.parts i { display: block; height: 5px; min-width: 1px; background: var(--bar);
  border-radius: 0 2px 2px 0; opacity: .8; }
.told { padding: 10px 14px; border-left: 3px solid var(--bar); background: #f6f1ec; }
@media (max-width: 760px) { .moment { grid-template-columns: 1fr; }
  .row { grid-template-columns: repeat(3, 1fr); } body { padding: 32px 18px 64px; } }
"""

Tags = Sequence[tuple[str, int]]


def home(
    name: str, groups: Sequence[Sequence[Seen]], alone: Sequence[Seen], tags: Tags, link: str
) -> str:
    """Return the first page: all groups, the largest first. `link` is what links carry on."""
    count = sum(len(group) for group in groups) + len(alone)
    alike = "1 group" if len(groups) == 1 else f"{len(groups):,} groups"
    about = f"{count:,} shots in {alike} of scenes that are alike; {len(alone):,} unlike the others"
    body = [_nav(tags, "groups"), f"<h1>{escape(name)}</h1>", f'<p class="dim">{about}.</p>']
    for number, group in enumerate(groups, 1):
        body.append(_row(f"Group {number}", f"/group/{number}", group, link))
    if alone:
        body.append(_row("Unlike anything else", "/group/alone", alone, link))
    return document(name, POLICY, body, _STYLE)


def several(title: str, about: str, seen: Sequence[Seen], tags: Tags, here: str, link: str) -> str:
    """Return a page of moments: a group's, a tag's, the banned ones."""
    body = [
        _nav(tags, here),
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">{escape(about)}</p>',
        f'<div class="grid">{"".join(_card(one, link) for one in seen)}</div>',
    ]
    return document(title, POLICY, body, _STYLE)


def moment(
    seen: Seen,
    alike: Sequence[Alike],
    params: Params,
    parts: Sequence[str],
    tags: Tags,
    token: str,
    link: str,
) -> str:
    """Return a moment's page: what it is, its tags, and what is like it by the archive's parts."""
    title = f"{seen.film}, {time_code(seen.time_s)}"
    span = f"from {time_code(seen.start_s)} to {time_code(seen.end_s)}"
    likes = "".join(
        _card(one.seen, link, f"{one.score:.3f}", _parts(one.parts)) for one in alike
    ) or '<p class="dim">Nothing that is offered.</p>'  # fmt: skip
    body = [
        _nav(tags, ""),
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">shot {seen.shot}, {span}</p>',
        '<div class="moment">',
        f'<div class="{"banned" if _is_out(seen) else "shown"}">{_picture(seen.row)}</div>',
        f"<div>{_marks(seen, token, link)}{_weights(seen.row, params, parts)}</div>",
        "</div>",
        "<h2>Like it</h2>",
        '<p class="dim">Of each other shot the moment most like this one, and its likeness.</p>',
        f'<div class="grid">{likes}</div>',
    ]
    return document(title, POLICY, body, _STYLE)


def fault(message: str, back: str) -> str:
    """Return a page that says what went wrong; `back` is where to go on."""
    body = [
        '<nav><a href="/">Groups</a></nav>',
        "<h1>That did not work</h1>",
        f'<p class="told">{escape(message)}</p>',
        f'<p><a href="{escape(back)}">Back</a></p>',
    ]
    return document("That did not work", POLICY, body, _STYLE)


def carried(params: Params, start: Params) -> str:
    """Return what links carry on: the weights and tag that are not as they were at the start."""
    names = (*WEIGHTS, "tag")
    changed = {
        name: _written(getattr(params, name))
        for name in names
        if getattr(params, name) != getattr(start, name)
    }
    return f"?{urlencode(changed)}" if changed else ""


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _nav(tags: Tags, here: str) -> str:
    places: Mapping[str, tuple[str, str]] = {
        "groups": ("/", "Groups"),
        "banned": ("/banned", f"Banned {dict(tags).get('', 0):,}"),
        **{
            f"tag {tag}": (f"/tagged/{quote(tag)}", f"#{tag} {count:,}")
            for tag, count in tags
            if tag
        },
    }
    links = [
        f"<b>{escape(said)}</b>" if key == here else f'<a href="{escape(to)}">{escape(said)}</a>'
        for key, (to, said) in places.items()
    ]
    return f"<nav>{''.join(links)}</nav>"


def _row(name: str, to: str, group: Sequence[Seen], link: str) -> str:
    head = f"{len(group):,} shots" if len(group) != 1 else "1 shot"
    cards = "".join(
        f'<a href="{_to(one, link)}" title="{escape(one.film)}"'
        f"{' class=banned' if _is_out(one) else ''}>{_picture(one.row, one.film)}</a>"
        for one in group[:ON_A_ROW]
    )
    heading = f'<h2><a href="{to}">{escape(name)} <small>{head}</small></a></h2>'
    return f'<section>{heading}<div class="row">{cards}</div></section>'


def _card(seen: Seen, link: str, score: str = "", parts: str = "") -> str:
    said = [f"{time_code(seen.time_s)}{'   ' + score if score else ''}"]
    marks = [f"#{tag}" for tag in (*seen.tags, *seen.film_tags)]
    marks += ["banned"] if _is_out(seen) else []
    said += [" ".join(marks)] if marks else []
    card = figure(_picture(seen.row), seen.film, *said, link=_to(seen, link, escaped=False))
    card = card.replace("<figure>", '<figure class="banned">', 1) if _is_out(seen) else card
    return card.replace("</figure>", f"{parts}</figure>") if parts else card


def _to(seen: Seen, link: str, *, escaped: bool = True) -> str:
    to = f"/moment/{seen.row}{link}"
    return escape(to) if escaped else to


def _is_out(seen: Seen) -> bool:
    return seen.is_banned or seen.is_film_banned


def _picture(row: int, said: str = "") -> str:
    return f'<img alt="{escape(said)}" loading="lazy" src="/still/{row}.jpg">'


def _parts(parts: Sequence[tuple[str, float]]) -> str:
    lines = "".join(
        f"<span>{escape(name)} {value:.2f}</span>"
        f'<b><i style="width: {100 * min(1.0, max(0.0, value)):.0f}%"></i></b>'
        for name, value in parts
    )
    return f'<div class="parts">{lines}</div>'


def _marks(seen: Seen, token: str, link: str) -> str:
    own = [
        _form(
            seen.row,
            link,
            token,
            "untag",
            f"{escape(tag)}{_hidden('tag', tag)}"
            f'<button title="take the tag off" aria-label="take {escape(tag)} off">×</button>',
        )
        for tag in seen.tags
    ]
    films = [f"<span>{escape(tag)}, the whole film</span>" for tag in seen.film_tags]
    add = _form(
        seen.row,
        link,
        token,
        "tag",
        '<input type="text" name="tag" required maxlength="40" autocomplete="off"'
        ' placeholder="a tag" aria-label="a tag"> <button>Tag</button>',
    )
    tags = f'<div class="tags">{"".join((*own, *films))}</div>' if own or films else ""
    return f"<h2>Tags</h2>{tags}{add}<h2>Offered</h2>{_ban(seen, token, link)}"


def _ban(seen: Seen, token: str, link: str) -> str:
    if seen.is_film_banned:
        return (
            '<p class="dim">The whole film is banned: livematch archive unban offers it again.</p>'
        )
    if seen.is_banned:
        said = '<p class="dim">Banned: a show never brings it in.</p>'
        return said + _form(seen.row, link, token, "unban", "<button>Offer it again</button>")
    return _form(seen.row, link, token, "ban", '<button class="ban">Ban this shot</button>')


def _form(row: int, link: str, token: str, action: str, inside: str) -> str:
    hidden = _hidden("token", token) + _hidden("action", action)
    return f'<form method="post" action="/moment/{row}{escape(link)}">{hidden}{inside}</form>'


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _weights(row: int, params: Params, parts: Sequence[str]) -> str:
    lines = "".join(
        f'<label>{name}<input type="range" name="{name}" min="0" max="1" step="0.05"'
        f' value="{getattr(params, name):g}"><span>{getattr(params, name):.2f}</span></label>'
        for name in WEIGHTS
        if name in parts
    )
    tag = (
        f'<label>with tag<input type="text" name="tag" maxlength="200" autocomplete="off"'
        f' value="{escape(params.tag)}" placeholder="sea,-night"></label>'
    )
    ways = f'<div><button>Compare</button><a class="dim" href="/moment/{row}">as it was</a></div>'
    form = f'<form class="weights" action="/moment/{row}">{lines}{tag}{ways}</form>'
    return f"<h2>What counts</h2>{form}"

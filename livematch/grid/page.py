"""How the pages of this room look, in one place: the report's look, and what it has not. Pure."""

from collections.abc import Iterable
from html import escape

STYLE = """
:root { color-scheme: light; --ink: #1d1d1f; --dim: #6e6e73; --line: #e3e3e6; --bar: #c9702b; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 48px 32px 96px; background: #fdfdfc;
  color: var(--ink); font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans",
  sans-serif; }
h1 { margin: 0; font-size: 32px; font-weight: 300; letter-spacing: -.01em;
  overflow-wrap: anywhere; }
h2 { margin: 56px 0 4px; font-size: 20px; font-weight: 500; }
p { max-width: 68ch; margin: 4px 0 16px; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px; }
a:hover { text-decoration-color: var(--bar); }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 2px solid var(--bar);
  outline-offset: 2px; border-radius: 3px; }
.dim, figcaption span { color: var(--dim); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr));
  gap: 24px 18px; margin-top: 20px; }
figure { margin: 0; }
img, .none { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: contain;
  background: #efefec; border-radius: 3px; }
.none { display: grid; place-items: center; color: var(--dim); font-size: 12px; }
figcaption { margin-top: 6px; font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
figcaption span { display: block; }
@media print { body { padding: 0; } figure { break-inside: avoid; } }
"""


def document(title: str, policy: str, body: Iterable[str], style: str = "") -> str:
    """Return a whole page. `body` is HTML, `title` is text; `policy` says what it may load."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def figure(picture: str, head: str, *lines: str, link: str = "") -> str:
    """Return a picture with what is said of it. `picture` is HTML; the rest is text."""
    if link:
        picture = f'<a href="{escape(link)}">{picture}</a>'
    said = escape(head) + "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f"<figure>{picture}<figcaption>{said}</figcaption></figure>"

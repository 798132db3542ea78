"""How the pages of this room look: as all of ours, with links and rows of pictures. Pure."""

from collections.abc import Iterable
from html import escape

from livematch.webpage import CLOSING, head

_STYLE = """
h2 { margin-top: 56px; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 3px; }
a:hover { text-decoration-color: var(--bar); }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 2px solid var(--bar);
  outline-offset: 2px; border-radius: 3px; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr));
  gap: 24px 18px; margin-top: 20px; }
"""


def document(title: str, policy: str, body: Iterable[str], style: str = "") -> str:
    """Return a whole page. `body` is HTML, `title` is text; `policy` says what it may load."""
    return "\n".join([head(title, _STYLE + style, policy), *body, CLOSING])


def figure(picture: str, caption: str, *lines: str, link: str = "") -> str:
    """Return a picture with what is said of it. `picture` is HTML; the rest is text."""
    if link:
        picture = f'<a href="{escape(link)}">{picture}</a>'
    said = escape(caption) + "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f"<figure>{picture}<figcaption>{said}</figcaption></figure>"

"""How livematch's pages look, and what holds for all of them: one file, no script. Pure.

A page is HTML that needs nothing else: its pictures lie inside it. Whatever a film is called, the
page loads nothing and runs nothing.
"""

import base64
from html import escape

import cv2

from livematch.values import Image

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
THUMB_PX = 90  # high
QUALITY = 75

STYLE = """
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
figure { margin: 0; }
img, .none { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: contain;
  background: #efefec; border-radius: 3px; }
.none { display: grid; place-items: center; color: var(--dim); font-size: 12px; }
figcaption { margin-top: 6px; font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
figcaption span { display: block; }
table { width: 100%; border-collapse: collapse; font-size: 13px;
  font-variant-numeric: tabular-nums; }
i { display: block; height: 14px; min-width: 1px; background: var(--bar);
  border-radius: 0 2px 2px 0; }
@media print { body { padding: 0; } figure { break-inside: avoid; } }
"""

CLOSING = "</body></html>\n"


def opening(title: str, style: str = "") -> str:
    """Return how a page begins, its heading included; `style` is what it has beside the others."""
    return f"{head(title, style)}\n<h1>{escape(title)}</h1>"


def head(title: str, style: str = "", policy: str = POLICY) -> str:
    """Return what comes before anything is seen; `policy` says what the page may load."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body>",
        ]
    )


def figures(some: dict[str, str]) -> str:
    """Return a row of figures, each under what it counts; text."""
    cells = (f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in some.items())
    return f"<dl>{''.join(cells)}</dl>"


def figure(image: Image | None, head: str, *lines: str) -> str:
    """Return a picture with what is said of it, all text."""
    said = escape(head) + "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f"<figure>{picture(image)}<figcaption>{said}</figcaption></figure>"


def picture(image: Image | None, height_px: int = THUMB_PX, quality: int = QUALITY) -> str:
    """Return a small picture, inside the page, at most so high; or that there is none."""
    if image is None:
        return '<div class="none">no picture</div>'
    height, width = image.shape[:2]
    if height > height_px:
        size = (max(1, round(width * height_px / height)), height_px)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}">'

"""How a film's tags say whose it is and under which licence it may be shown.

A tag that begins with `licence-` or `license-` names the licence, and so do those of Creative
Commons by themselves: `cc0`, `cc-by…`, `public-domain`. One that begins with `by-` names an author.
"""

import re
from collections.abc import Iterable

LICENCE = ("licence-", "license-")
AUTHOR = "by-"
_COMMONS = re.compile(r"cc0|cc-zero|cc-by(-.*)?|public-domain|pd")
_SMALL = frozenset({"and", "de", "da", "di", "du", "der", "von", "van", "of", "the", "und"})
_KNOWN = {"cc0": "CC0", "cc-zero": "CC0", "public-domain": "public domain", "pd": "public domain"}


def crediting(tags: Iterable[str]) -> tuple[str, ...]:
    """Return those of the tags that say something of licence or author, sorted."""
    return tuple(sorted({tag for tag in tags if licence_of(tag) or author_of(tag)}))


def licence_of(tag: str) -> str:
    """Return the licence that a tag names, as it is written; empty for other tags.

    `licence-cc-by-sa-3-0` is CC BY-SA 3.0.
    """
    prefix = next((prefix for prefix in LICENCE if tag.startswith(prefix)), "")
    name = tag.removeprefix(prefix)
    if name in _KNOWN:
        return _KNOWN[name]
    if _COMMONS.fullmatch(name):
        return _commons(name)
    return name.replace("-", " ").strip() if prefix else ""


def author_of(tag: str) -> str:
    """Return the author that a tag names: `by-mario-klingemann` is Mario Klingemann."""
    if not tag.startswith(AUTHOR):
        return ""
    words = tag.removeprefix(AUTHOR).split("-")
    return " ".join(word if word in _SMALL else word.capitalize() for word in words if word)


def _commons(name: str) -> str:
    words = name.split("-")[1:]
    letters = [word.upper() for word in words if not word.isdecimal()]
    version = ".".join(word for word in words if word.isdecimal())
    return " ".join(part for part in ("CC", "-".join(letters), version) if part)

"""Which lens a hand means: by its name, by its number from 1, or the next. Pure."""

import difflib
from collections.abc import Sequence

from livematch.errors import UsageError


def lens_named(wanted: str | int, lenses: Sequence[str]) -> str:
    """Return the name of a lens; UsageError gives the nearest, or how many there are."""
    _demand(lenses)
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(lenses):
            raise UsageError(f"there is no lens {wanted}; there are {len(lenses)}")
        return lenses[wanted - 1]
    if wanted in lenses:
        return wanted
    near = difflib.get_close_matches(wanted, lenses, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(lenses)}"
    raise UsageError(f"there is no lens {wanted!r}; {hint}")


def lens_after(present: str, lenses: Sequence[str]) -> str:
    """Return the lens after the present one, round the circle; "" is the first; UsageError."""
    _demand(lenses)
    at = lenses.index(present) if present in lenses else 0 if not present else -1
    return lenses[(at + 1) % len(lenses)]


def _demand(lenses: Sequence[str]) -> None:
    if not lenses:
        raise UsageError("there are no lenses: start the show with --lens FILE")

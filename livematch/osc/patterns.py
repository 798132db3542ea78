"""Wildcards in addresses, OSC 1.0: `?`, `*`, `[a-z]`, `[!a-z]`, `{this,that}`, within one part.

Regular expressions are not used: a star beside a star makes them try for seconds. Here every
token is looked at once for each character of the address, whatever the pattern.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

WILD = frozenset("?*[]{}")
MOST_WILDCARDS = 8

_TOKEN = re.compile(r"\*+|\?|\[(!?)([^\]/]*)\]|\{([^}/]*)\}|[^?*\[\]{}/]")


@dataclass(frozen=True, slots=True)
class _Token:
    """One piece of a pattern: any of some texts, or with none of them a star."""

    texts: frozenset[str] = frozenset()
    is_class: bool = False
    is_negated: bool = False

    def ends(self, part: str, starts: set[int]) -> set[int]:
        """Return where in `part` the token can end when it begins at any of `starts`."""
        if self.is_class:
            return {
                at + 1
                for at in starts
                if at < len(part) and (part[at] in self.texts) is not self.is_negated
            }
        if not self.texts:
            return set(range(min(starts), len(part) + 1)) if starts else starts
        return {at + len(t) for at in starts for t in self.texts if part.startswith(t, at)}


def is_pattern(path: str) -> bool:
    """Whether an address is to be matched rather than looked up."""
    return not WILD.isdisjoint(path)


def matching(pattern: str, paths: Iterable[str]) -> list[str] | None:
    """Return the paths that a pattern stands for, in their order; None when it is no pattern."""
    if sum(pattern.count(sign) for sign in "?*[{") > MOST_WILDCARDS:
        return None
    parts = [_tokens(part) for part in pattern.split("/")]
    if any(tokens is None for tokens in parts):
        return None
    remembered: dict[tuple[int, str], bool] = {}
    found = []
    for path in paths:
        texts = path.split("/")
        if len(texts) == len(parts) and all(
            _remembered_match(parts[n], n, text, remembered) for n, text in enumerate(texts)
        ):
            found.append(path)
    return found


def _remembered_match(
    tokens: tuple[_Token, ...] | None, n: int, text: str, remembered: dict[tuple[int, str], bool]
) -> bool:
    """Match one part; neighbours in the address space share most of theirs."""
    if (n, text) not in remembered:
        remembered[n, text] = _matches(tokens or (), text)
    return remembered[n, text]


def _matches(tokens: tuple[_Token, ...], text: str) -> bool:
    ends = {0}
    for token in tokens:
        ends = token.ends(text, ends)
        if not ends:
            return False
    return len(text) in ends


@functools.lru_cache(maxsize=256)
def _tokens(part: str) -> tuple[_Token, ...] | None:
    """Take one part of a pattern to pieces; None where a bracket or a brace stays open."""
    tokens, at = [], 0
    while at < len(part):
        piece = _TOKEN.match(part, at)
        if piece is None:
            return None
        tokens.append(_token(piece))
        at = piece.end()
    return tuple(tokens)


def _token(piece: re.Match[str]) -> _Token:
    text = piece.group()
    if text[0] == "*":
        return _Token()
    if text == "?":
        return _Token(is_class=True, is_negated=True)
    if text[0] == "[" and len(text) > 1:
        return _Token(_class(piece.group(2)), is_class=True, is_negated=piece.group(1) == "!")
    if text[0] == "{" and len(text) > 1:
        return _Token(frozenset(piece.group(3).split(",")))
    return _Token(frozenset((text,)))


def _class(said: str) -> frozenset[str]:
    """Return the characters of a class; a minus at either end is a minus."""
    signs: set[str] = set()
    at = 0
    while at < len(said):
        if said[at + 1 : at + 2] == "-" and at + 2 < len(said):
            first, last = ord(said[at]), ord(said[at + 2])
            signs.update(map(chr, range(first, min(last, first + 255) + 1)))
            at += 3
        else:
            signs.add(said[at])
            at += 1
    return frozenset(signs)

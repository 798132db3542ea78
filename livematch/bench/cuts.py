"""Cuts that were checked by eye, and how well a detector finds them. Pure, but for two readers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livematch.errors import UsageError

LABELS = "cuts.json"
DEMO_LABELS = "shots.json"
CUT_PICTURES = 2  # a hard cut found this many pictures early or late is found
EDGE_PICTURES = 5  # the ends of a gradual change cannot be told more exactly by eye
DEMO_DISSOLVE = 6  # pictures on both sides of a dissolve's middle in the demo's films


@dataclass(frozen=True, slots=True)
class Labels:
    """One film's changes of shot: first pictures of new shots, and (first, last) of gradual ones.

    Pictures are counted from 0 in the order in which they are shown.
    """

    cuts: tuple[int, ...]
    gradual: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How a detector did: hard cuts found, invented and missed, and gradual changes found."""

    found: int
    invented: int
    missed: int
    gradual: int
    all_gradual: int

    @property
    def precision(self) -> float:
        """Share of the reported cuts that are cuts; 1 where none is reported."""
        return _share(self.found, self.found + self.invented)

    @property
    def recall(self) -> float:
        """Share of the cuts that are reported; 1 where there is none."""
        return _share(self.found, self.found + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.found, 2 * self.found + self.invented + self.missed)

    @property
    def gradual_share(self) -> float:
        """Share of the gradual changes inside which a boundary lies."""
        return _share(self.gradual, self.all_gradual)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def score(
    labels: Mapping[str, Labels],
    cuts: Mapping[str, Sequence[int]],
    boundaries: Mapping[str, Sequence[int]],
) -> Score:
    """Compare what was found with what was checked by eye, over all films.

    `cuts` are the hard cuts a detector reports for each film, `boundaries` all it reports, for a
    detector may tell the two apart. A hard cut reported inside a gradual change is none invented.
    """
    found = invented = missed = gradual = 0
    for name, truth in labels.items():
        hits = sum(_is_near(cut, cuts[name]) for cut in truth.cuts)
        found, missed = found + hits, missed + len(truth.cuts) - hits
        invented += sum(
            not _is_near(n, truth.cuts) and not _is_inside(n, truth.gradual) for n in cuts[name]
        )
        gradual += sum(any(a <= n <= b for n in boundaries[name]) for a, b in truth.gradual)
    return Score(
        found, invented, missed, gradual, sum(len(truth.gradual) for truth in labels.values())
    )


def strays(labels: Mapping[str, Labels], boundaries: Mapping[str, Sequence[int]]) -> int:
    """Count boundaries, hard or gradual, where by eye there is no change of shot at all."""
    return sum(
        not _is_near(n, truth.cuts) and not _is_inside(n, truth.gradual)
        for name, truth in labels.items()
        for n in boundaries[name]
    )


def _is_near(number: int, others: Iterable[int]) -> bool:
    return any(abs(number - other) <= CUT_PICTURES for other in others)


def _is_inside(number: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(a - EDGE_PICTURES <= number <= b + EDGE_PICTURES for a, b in spans)


def read_labels(folder: Path) -> dict[str, Labels]:
    """Read `cuts.json` of a folder of films, by the films' paths in it; UsageError if it is off.

    An entry is {"cuts": [first pictures], "gradual": [{"range": [first, last]}]}; names that
    begin with an underscore are notes.
    """
    path = folder / LABELS
    labels = {}
    for name, entry in _entries(path, "--labels").items():
        try:
            gradual = [tuple(map(int, change["range"])) for change in entry.get("gradual", ())]
            cuts = tuple(int(cut) for cut in entry["cuts"])
            labels[name] = Labels(cuts, tuple((first, last) for first, last in gradual))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UsageError(
                f"{path}: the entry of {name} is none; it looks like"
                ' {"cuts": [120, 250], "gradual": [{"range": [300, 324]}]}, in picture numbers'
            ) from None
        if not (folder / name).is_file():
            raise UsageError(f"{path} names {name}, and there is no such file beside it")
    if not labels:
        raise UsageError(f"{path} names no film")
    return labels


def demo_labels(folder: Path) -> dict[str, Labels]:
    """Return the cuts of the demo's films, known since they were painted; empty if not there."""
    if not (folder / DEMO_LABELS).is_file():
        return {}
    labels = {}
    for name, film in _entries(folder / DEMO_LABELS, "the demo").items():
        firsts = tuple(int(first) for first in film["cuts"])
        if film["join"] == "cut":
            labels[name] = Labels(firsts)
        else:
            spans = tuple((n - DEMO_DISSOLVE, n + DEMO_DISSOLVE) for n in firsts)
            labels[name] = Labels((), spans)
    return labels


def _entries(path: Path, asked: str) -> dict[str, dict[str, Any]]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{asked}: {path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UsageError(f"{asked}: {path} is no JSON ({error})") from None
    if not isinstance(document, dict):
        raise UsageError(f"{asked}: {path} should map the films' names to their cuts")
    return {name: entry for name, entry in document.items() if not name.startswith("_")}

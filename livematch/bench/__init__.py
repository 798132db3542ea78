"""The bench: every figure that livematch promises, measured on this machine by its own parts.

One module for each thing that is measured; `SECTIONS` is the table of all parts.
"""

from collections.abc import Callable

from livematch.bench.decks import two_decks
from livematch.bench.ears import ears
from livematch.bench.figures import Plan, Section
from livematch.bench.films import indexing, shots
from livematch.bench.large import large_archive
from livematch.bench.lenses import lens
from livematch.bench.matching import labels, robustness
from livematch.bench.osc import osc
from livematch.bench.pieces import reinterpret
from livematch.bench.playing import crossfade, grid, latency, memory, start

SECTIONS: dict[str, Callable[[Plan], Section]] = {
    "latency": latency,
    "crossfade": crossfade,
    "grid": grid,
    "decks": two_decks,
    "osc": osc,
    "start": start,
    "ears": ears,
    "shots": shots,
    "indexing": indexing,
    "reinterpret": reinterpret,
    "lens": lens,
    "memory": memory,
    "robustness": robustness,
    "labels": labels,
    "large": large_archive,
}

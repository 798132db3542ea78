"""Matching, measured: whether a picture finds its own shot again, and shots of its own subject."""

import numpy as np

from livematch.archive.network import open_describer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive, Moments
from livematch.bench.figures import Figure, Plan, Section, at_least
from livematch.control.params import Params, weights
from livematch.errors import LivematchError
from livematch.robustness import VARIANTS, Recognition, probes, recognised
from livematch.values import Glimpse

PROBES = 150  # frames the archive is asked about, each in every variant
ASKED = 400  # shots whose neighbours are looked at
BEST = 5


def robustness(plan: Plan) -> Section:
    """Which share of frames between indexed moments find their own shot first, whatever is done."""
    with Archive.open(plan.archive) as archive:
        describer = open_describer(archive, provider=plan.provider)
        searcher = Searcher(archive)
        frames = list(probes(archive, PROBES))
        if not frames:
            raise LivematchError(
                f"{plan.archive} has no shot with two moments whose film can be read:"
                " index films with longer shots, or look with `livematch archive check`"
            )

        def film_of(shot_id: int) -> int:
            return archive.shot(shot_id).film_id

        def asked(name: str) -> Recognition:
            # one at a time, as the camera's are: a batch would be another computation
            pairs = (
                (frame.shot_id, describer.describe([Glimpse(VARIANTS[name](frame.image))])[0])
                for frame in frames
            )
            return recognised(pairs, searcher, weights(Params()), film_of)

        found = {name: asked(name) for name in VARIANTS}
    shots = len({frame.shot_id for frame in frames})
    return Section(
        "robustness",
        f"{len(frames)} frames of {shots} shots, {len(searcher)} moments, the default weights",
        (
            *(
                at_least(f"{name}: own shot first", 100 * one.shot, "%", _robust_goal(name))
                for name, one in found.items()
            ),
            Figure("all together: own film first", 100 * found["all together"].film, "%"),
        ),
    )


def _robust_goal(variant: str) -> float:
    return 80.0 if variant == "all together" else 95.0


def labels(plan: Plan) -> Section:
    """Precision@5 by each part and by the mix: how many of a shot's neighbours are of its film.

    The films are the labels: each of the demo's has one subject. A film with fewer than five other
    shots is asked for as many as it has. To be compared with itself after a change, not with 100 %.
    """
    with Archive.open(plan.archive) as archive:
        moments, searcher = archive.offered(), Searcher(archive)
        asked = subjects(moments)
        if not asked:
            about = "skipped: there are no two films with two shots each; index more films"
            return Section("labels", about, ())
        rows = archive.vectors[moments.rows[[n for n, _ in asked]]].astype(np.float32)
        films = moments.films[[n for n, _ in asked]]
        shots = moments.shots[[n for n, _ in asked]]
        mixes = {name: {name: 1.0} for name in archive.layout.names}
        mixes["mix"] = weights(Params())

        def precision(name: str) -> Figure:
            has = archive.layout.slices.get(name, slice(None))
            shares = []
            for (_, wanted), row, film, shot in zip(asked, rows, films, shots, strict=True):
                if row[has].any():
                    found = searcher.search(row, mixes[name], wanted + 1)
                    others = [m.moment for m in found if m.moment.shot_id != shot][:wanted]
                    shares.append(sum(m.film_id == film for m in others) / wanted)
            share = 100 * float(np.mean(shares)) if shares else 0.0
            return Figure(f"precision@{BEST} {name}, {len(shares)} shots", share, "%")

        figures = [precision(name) for name in mixes]
    about = f"{len(asked)} shots of {len(np.unique(films))} films, whose subjects are the labels"
    return Section("labels", about, (*figures, Figure("by chance", 100 * _chance(moments), "%")))


def subjects(moments: Moments) -> list[tuple[int, int]]:
    """Choose the middle moment of each shot that has others in its film, and how many are wanted.

    Spread evenly over the archive, at most `ASKED`; none when only one film has such shots.
    """
    _, firsts, sizes = np.unique(moments.shots, return_index=True, return_counts=True)
    middles = np.sort(firsts + sizes // 2)
    films, of_film, counts = np.unique(
        moments.films[middles], return_inverse=True, return_counts=True
    )
    if len(films[counts > 1]) < 2:
        return []
    asked = np.flatnonzero(counts[of_film] > 1)
    asked = asked[np.unique(np.linspace(0, len(asked) - 1, ASKED).round().astype(np.intp))]
    return [(int(middles[n]), min(BEST, int(counts[of_film[n]]) - 1)) for n in asked]


def _chance(moments: Moments) -> float:
    """How often a shot drawn at random is of the same film."""
    _, firsts = np.unique(moments.shots, return_index=True)
    _, counts = np.unique(moments.films[firsts], return_counts=True)
    pairs = int(counts.sum()) * (int(counts.sum()) - 1)
    return float((counts * (counts - 1)).sum() / pairs)

"""Groups of vectors that are alike, found without being told how many. Pure.

Average linkage: the two groups whose members are most alike on average become one, again and again.
Of unit vectors that average is the inner product of two means, so it stays exact however groups
were put together. The tree is built along chains of nearest neighbours (Murtagh, Computer Journal
1983), which takes n² steps and n² numbers of memory; so of more than `MOST_LEAVES` vectors those
nearest to each other are put together first, by spherical k-means.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.values import Vector

MOST_LEAVES = 3000  # 36 MB and two seconds; 50,000 vectors are brought down to as many in a minute
ROUNDS = 8  # of k-means
SMALLEST = 2  # members of a group; what stays alone is like nothing else
CUTS = 60  # places at which the tree is tried
MOST_GROUPS = 100  # found without being asked for: no person looks through a thousand sheets
# Where nothing is clear, groups a little less clear than the clearest are wider and still make
# sense to the eye: up to so much less, as a share and at all.
SLACK, MOST_SLACK = 0.15, 0.03
UNCLEAR = 0.01


@dataclass(frozen=True, slots=True)
class Group:
    """Vectors that are alike: their numbers, the most typical first, then the most like that one.

    `likeness` is the mean inner product of two different members.
    """

    members: tuple[int, ...]
    likeness: float


@dataclass(frozen=True, slots=True)
class Grouping:
    """All groups, largest first, and the vectors that are like no other, the loneliest last."""

    groups: tuple[Group, ...]
    alone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """Two groups became one, by their smallest leaves, at this likeness of one to the other."""

    kept: int
    gone: int
    likeness: float


def tree(means: Vector, sizes: NDArray[np.int64]) -> list[Merge]:
    """Merge everything, the most alike first. means (n, d), each of so many vectors."""
    count = len(means)
    alike = means @ means.T
    np.fill_diagonal(alike, -np.inf)
    weight, level = sizes.astype(np.float64), np.full(count, np.inf)
    merges, chain = [], list[int]()
    present = np.ones(count, np.bool_)
    for _ in range(count - 1):
        if not chain:
            chain = [int(np.argmax(present))]
        while True:
            here = chain[-1]
            near = int(np.argmax(alike[here]))
            # of equals the one before wins, else a chain could go round for ever
            if len(chain) > 1 and alike[here, chain[-2]] >= alike[here, near]:
                near = chain[-2]
                break
            chain.append(near)
        del chain[-2:]
        kept, gone = min(here, near), max(here, near)
        # never above what it is made of, by rounding: who is merged first must come first below
        level[kept] = min(level[kept], level[gone], alike[here, near])
        merges.append(Merge(kept, gone, float(level[kept])))
        both = weight[kept] + weight[gone]
        row = (weight[kept] * alike[kept] + weight[gone] * alike[gone]) / both
        row[[kept, gone]] = -np.inf
        row[~present] = -np.inf
        alike[kept] = alike[:, kept] = row
        alike[gone] = alike[:, gone] = -np.inf
        weight[kept], present[gone] = both, False
    merges.sort(key=lambda merge: -merge.likeness)
    return merges


def grouped(vectors: Vector, wanted: int | None = None) -> Grouping:
    """Put vectors of unit length (n, d) into groups: `wanted` of them, or as many as there are.

    Where no cut of the tree gives as many as are wanted, the nearest number is given. The same
    vectors are always grouped the same.
    """
    if not len(vectors):
        return Grouping((), ())
    leaf_of = _leaves(vectors)
    sizes = np.bincount(leaf_of)
    means = np.zeros((len(sizes), vectors.shape[1]), np.float32)
    np.add.at(means, leaf_of, vectors)
    means /= sizes[:, None].astype(np.float32)
    merges = tree(means, sizes)
    natural = wanted is None
    steps = _natural(means, sizes, merges) if natural else _nearest(sizes, merges, wanted or 0)
    return _described(vectors, _labels(len(sizes), merges[:steps])[leaf_of])


def silhouettes(
    means: Vector, sizes: NDArray[np.int64], merges: list[Merge]
) -> Iterator[tuple[int, int, float]]:
    """Try cuts of the tree: after how many merges, how many groups, and their mean silhouette.

    The silhouette (Rousseeuw 1987) says of a vector how much more like its own group it is than
    the next one: −1 to 1, and 0 for one that is alone.
    """
    count = len(sizes)
    tried = set(np.linspace(1, max(1, count - 2), CUTS).astype(int).tolist())
    sums = (means @ means.T) * sizes  # of each leaf with all vectors of each group
    weights = sizes.astype(np.float64)
    own, present = np.arange(count), np.ones(count, np.bool_)
    for step, merge in enumerate(merges, 1):
        sums[:, merge.kept] += sums[:, merge.gone]
        weights[merge.kept] += weights[merge.gone]
        present[merge.gone] = False
        own[own == merge.gone] = merge.kept
        if step not in tried or present.sum() < 2:
            continue
        columns = np.flatnonzero(present)
        of = np.searchsorted(columns, own)
        near = sums[:, columns] / weights[columns]
        others = weights[own] - 1
        inside = (sums[np.arange(count), own] - 1) / np.maximum(others, 1)
        near[np.arange(count), of] = -np.inf
        away, next_away = 1 - inside, 1 - near.max(axis=1)
        clear = (next_away - away) / np.maximum(np.maximum(away, next_away), 1e-6)
        clear[others < 1] = 0
        groups = int((weights[columns] >= SMALLEST).sum())
        yield step, groups, float((clear * sizes).sum() / sizes.sum())


def _natural(means: Vector, sizes: NDArray[np.int64], merges: list[Merge]) -> int:
    """After how many merges the groups are as clear as they get, or nearly, and wider."""
    found = [
        (step, clear)
        for step, groups, clear in silhouettes(means, sizes, merges)
        if groups <= MOST_GROUPS
    ]
    best = max((clear for _, clear in found), default=0.0)
    if best <= UNCLEAR:  # one lump, or too few to tell: whatever is alike at all is together
        return sum(merge.likeness > 0 for merge in merges)
    least = best - min(SLACK * best, MOST_SLACK)
    return max(step for step, clear in found if clear >= least)


def _nearest(sizes: NDArray[np.int64], merges: list[Merge], wanted: int) -> int:
    """After how many merges there are as many groups as wanted; of several cuts the widest."""
    weights = sizes.copy()
    groups = int((weights >= SMALLEST).sum())
    counts = [groups]
    for merge in merges:
        groups -= int(weights[merge.kept] >= SMALLEST) + int(weights[merge.gone] >= SMALLEST) - 1
        weights[merge.kept] += weights[merge.gone]
        counts.append(groups)
    return min(range(len(counts)), key=lambda step: (abs(counts[step] - wanted), -step))


def _labels(count: int, merges: list[Merge]) -> NDArray[np.int64]:
    """Say of each leaf which group it is in, by that group's smallest leaf."""
    labels = np.arange(count)
    for merge in reversed(merges):  # a leaf that goes is never named again
        labels[merge.gone] = labels[merge.kept]
    return labels


def _leaves(vectors: Vector) -> NDArray[np.int64]:
    """Say of each vector which leaf of the tree it is in: its own, while there are not too many."""
    if len(vectors) <= MOST_LEAVES:
        return np.arange(len(vectors))
    import faiss  # noqa: PLC0415 - loads for a quarter of a second

    rows = np.ascontiguousarray(vectors)
    means = faiss.Kmeans(
        rows.shape[1], MOST_LEAVES, niter=ROUNDS, spherical=True, seed=1, min_points_per_centroid=1
    )
    means.train(rows)
    _, nearest = means.index.search(rows, 1)
    return np.unique(nearest[:, 0], return_inverse=True)[1].astype(np.int64)


def _described(vectors: Vector, labels: NDArray[np.int64]) -> Grouping:
    order = np.argsort(labels, kind="stable")
    _, firsts = np.unique(labels[order], return_index=True)
    parts = np.split(order, firsts[1:])
    groups = [_group(vectors, part) for part in parts if len(part) >= SMALLEST]
    groups.sort(key=lambda group: -len(group.members))
    alone = np.concatenate([p for p in parts if len(p) < SMALLEST] or [np.empty(0, np.int64)])
    if len(alone) and groups:
        means = np.stack([vectors[list(group.members)].mean(axis=0) for group in groups])
        nearest = (vectors[alone] @ means.T).max(axis=1)
        alone = alone[np.argsort(-nearest, kind="stable")]
    return Grouping(tuple(groups), tuple(alone.tolist()))


def _group(vectors: Vector, members: NDArray[np.int64]) -> Group:
    rows = vectors[members]
    whole = rows.sum(axis=0)
    typical = int(np.argmax(rows @ whole))
    likeness = rows @ rows[typical]
    likeness[typical] = np.inf
    ordered = members[np.argsort(-likeness, kind="stable")]
    count = len(members)
    mean = (float(whole @ whole) - count) / (count * (count - 1))
    return Group(tuple(ordered.tolist()), mean)

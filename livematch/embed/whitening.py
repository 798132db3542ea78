"""Looking away from what changes in a network's features though the picture means the same.

Features of a picture and of the same picture altered (blurred, exposed otherwise, seen at an angle)
differ along certain directions. Dividing each direction by how far alterations move it, and keeping
the directions that still tell pictures apart, is linear discriminant analysis with one class a
picture: Fisher (1936); as whitening for retrieval, Mikolajczyk and Matas, "Improving descriptors
for fast tree matching by optimal linear projection" (ICCV 2007).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.embed.parts import unit
from livematch.values import Vector

# As a share of the direction that alterations move most. With less, directions in which a few
# thousand pictures happened not to move count for too much; with ten times more, half of what was
# gained on pictures that were altered in every way at once is lost.
LEAST_MOVEMENT = 1e-3
STILL = 1e-6  # of unit features: rounding, not movement


@dataclass(frozen=True, slots=True)
class Lessons:
    """Unit features of n pictures as they are, (n, D), and of each altered v times, (v, n, D)."""

    originals: Vector
    views: Vector


def whitening(lessons: Lessons, columns: int) -> tuple[Vector, Vector]:
    """Learn where to stand and where to look: the mean (D,) and a projection (D, columns).

    Projected are unit features less the mean; the result is to be brought to unit length again.
    With fewer pictures than columns, the columns beyond are zeros.
    """
    classes = np.concatenate([lessons.originals[None], lessons.views]).astype(np.float64)
    means = classes.mean(axis=0)  # (n, D)
    middle = means.mean(axis=0)
    towards_rest = _resting(_scatter(classes, means))
    _, _, across = np.linalg.svd((means - middle) @ towards_rest, full_matrices=False)
    projection = np.zeros((len(middle), columns))
    kept = min(columns, len(across))
    projection[:, :kept] = towards_rest @ across[:kept].T
    return middle.astype(np.float32), projection.astype(np.float32)


def _scatter(classes: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """How views lie around the mean of their own picture: (D, D)."""
    scatter = np.zeros((means.shape[1], means.shape[1]))
    for view in classes:
        aside = view - means
        scatter += aside.T @ aside
    return np.asarray(scatter / (len(classes) * len(means)), np.float64)


def _resting(scatter: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale the directions so that alterations move all of them alike: (D, D)."""
    movement, directions = np.linalg.eigh(scatter)
    most = max(float(movement[-1]), STILL)
    scaled = directions / np.sqrt(np.maximum(movement, 0) + LEAST_MOVEMENT * most)
    return np.asarray(scaled, np.float64)


def as_lessons(originals: Vector, views: Vector) -> Lessons:
    """Bring features (n, D) and (v, n, D) to unit length."""
    flat = unit(views.reshape(-1, views.shape[-1])).reshape(views.shape)
    return Lessons(unit(originals), np.asarray(flat, np.float32))

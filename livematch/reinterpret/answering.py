"""A trailer put to an archive: the cut list, and the cues that it is performed by."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livematch.archive.store import Archive
from livematch.control.params import Params, weights
from livematch.indexing.scan import fingerprint
from livematch.reinterpret.assign import Terms, choose
from livematch.reinterpret.cutlist import VERSION, Answer, CutList, Short
from livematch.reinterpret.lengths import SLOWEST, cues_of
from livematch.reinterpret.survey import CANDIDATES, IN_ORDER, Survey
from livematch.reinterpret.trailer import Trailer
from livematch.values import Cue, Moment


@dataclass(frozen=True, slots=True)
class Taste:
    """By what a trailer is answered: weights, tag and radius as live, and how it is assigned."""

    params: Params = field(default_factory=Params)
    terms: Terms = field(default_factory=Terms)
    short: tuple[Short, ...] = IN_ORDER
    count: int = CANDIDATES


def answered(trailer: Trailer, archive: Archive, taste: Taste) -> CutList:
    """Return the cut list of a trailer, each shot with its candidates and the one chosen.

    ArchiveError when nothing may be offered.
    """
    asked = Survey(archive, taste.params).questions(trailer, taste.count, taste.short)
    width, height = trailer.info.upright_size
    return CutList(
        VERSION,
        trailer.path.absolute(),
        fingerprint(trailer.path),
        width,
        height,
        trailer.pictures / trailer.duration_s if trailer.duration_s > 0 else trailer.info.fps,
        trailer.pictures,
        trailer.duration_s,
        archive.folder.absolute(),
        archive.id,
        archive.model.name,
        weights(taste.params),
        choose(tuple(asked), taste.terms),
    )


def cues_for(
    cutlist: CutList,
    archive: Archive,
    times_s: Sequence[float] | NDArray[np.float64],
    slowest: float = SLOWEST,
) -> tuple[Cue, ...]:
    """Return the cues of a list that is resolved in this archive; `times_s` are the pictures'."""

    def moment_of(answer: Answer, at_s: float) -> Moment:
        film = archive.by_fingerprint(answer.fingerprint)
        if film is None:
            raise KeyError(answer.fingerprint)  # a resolved list names none that is not there
        return Moment(-1, film.id, answer.shot, at_s)

    return cues_of(cutlist.questions, times_s, moment_of, slowest)

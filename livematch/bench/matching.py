"""Matching, measured: whether a picture finds its own shot again."""

from livematch.archive.network import open_describer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.bench.figures import Figure, Plan, Section, at_least
from livematch.control.params import Params, weights
from livematch.errors import LivematchError
from livematch.robustness import VARIANTS, Recognition, probes, recognised
from livematch.values import Glimpse

PROBES = 150  # frames the archive is asked about, each in every variant


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

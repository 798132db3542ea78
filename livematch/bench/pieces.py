"""A film answered shot by shot, measured: how fast it is made."""

import tempfile
from pathlib import Path

from livematch.archive.network import open_describer
from livematch.archive.store import Archive
from livematch.bench.figures import Figure, Plan, Section, at_least
from livematch.clock import SystemClock
from livematch.control.params import Fit, Params
from livematch.reinterpret.answering import Taste, answered, cues_for
from livematch.reinterpret.performing import Look, perform
from livematch.reinterpret.trailer import read_trailer

SIZE_PX = (1280, 720)


def reinterpret(plan: Plan) -> Section:
    """The camera's film as a trailer: read, answered by the archive, drawn side by side at 720p."""
    trailer = Path(plan.camera)
    if not trailer.is_file():
        return Section("reinterpret", "skipped: --camera names no film to answer", ())
    clock = SystemClock()
    with Archive.open(plan.archive) as archive:
        describer = open_describer(archive, provider=plan.provider)
        describer.warm_up()
        began_s = clock.now()
        read = read_trailer(trailer, describer)
        cutlist = answered(read, archive, Taste())
        cues = cues_for(cutlist, archive, read.times_s)
        answered_s = clock.now()
        with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
            look = Look(Params(fit=Fit.MATCH), size_px=SIZE_PX)
            went = perform(cutlist, archive, cues, read.times_s, look, Path(folder) / "film.mp4")
        drawn_s = clock.now()
    film_s = read.duration_s
    return Section(
        "reinterpret",
        f"{trailer.name}, {film_s:.0f} s, {len(read.shots)} shots, at 1280×720",
        (
            Figure("read and answered", film_s / (answered_s - began_s), "× real time"),
            Figure("drawn and encoded", film_s / (drawn_s - answered_s), "× real time"),
            at_least("in all", film_s / (drawn_s - began_s), "× real time", 1),
            Figure("pictures", went.pictures, ""),
        ),
    )

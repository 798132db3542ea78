"""Indexing, measured: the speed of it, and whether shots end where by eye they end."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livematch.bench.cuts import Labels, demo_labels, read_labels, score, strays
from livematch.bench.detectors import OURS, Finds, detectors
from livematch.bench.figures import Figure, Plan, Section, at_least
from livematch.clock import Clock, SystemClock
from livematch.demo import films_folder
from livematch.indexing.build import Settings
from livematch.indexing.describing import Network, identity_of
from livematch.indexing.kinds import MJPEG, ProxyKind
from livematch.indexing.speed import IndexSpeed, index_speed
from livematch.media import open_film

ROUNDS = 2


def indexing(plan: Plan) -> Section:
    """Indexing a folder without proxies and with them, beside bare decoding of the same films."""
    network = Network("efficientnet-lite0", plan.provider)

    def measured(proxy: ProxyKind | None) -> IndexSpeed:
        with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
            return index_speed(
                plan.films,
                Path(folder),
                network,
                identity_of(network.card()),
                Settings(proxy, height_px=720),
                SystemClock(),
                ROUNDS,
            )

    bare, proxied = measured(None), measured(MJPEG)
    return Section(
        "indexing",
        f"{bare.films} films, {bare.film_s:.0f} s; without proxies limited by {bare.spent.limit},"
        f" with MJPEG proxies at 720p by {proxied.spent.limit}",
        (
            Figure("decoding alone", bare.film_s / bare.decode_only_s, "× real time"),
            Figure("indexing without proxies", bare.times_real_time, "× real time"),
            at_least("of the speed of decoding", 100 * bare.share_of_decoding, "%", 60),
            *_shares("without proxies", bare),
            at_least("indexing with proxies", proxied.times_real_time, "× real time", 6),
            *_shares("with proxies", proxied),
        ),
    )


def _shares(how: str, speed: IndexSpeed) -> list[Figure]:
    """Say what the processes that read films were doing, in shares of their time."""
    shares = speed.spent.shares.items()
    return [Figure(f"{how}: {doing}", 100 * share, "%") for doing, share in shares]


def shots(plan: Plan) -> Section:
    """How well cuts, fades and dissolves are found where they are known, and by whom."""
    folder = plan.labels or films_folder()
    labels = read_labels(folder) if plan.labels else demo_labels(folder)
    if not labels:
        return Section("shots", "skipped: no film with known cuts; name some with --labels", ())
    tallies = find_all(folder, labels, SystemClock())
    film_s = tallies[OURS].film_s
    figures = [figure for name in tallies for figure in _judged(name, tallies[name], labels)]
    return Section(
        "shots",
        f"{len(labels)} films, {film_s:.0f} s, {sum(len(t.cuts) for t in labels.values())} cuts"
        f" (± 2 pictures), {sum(len(t.gradual) for t in labels.values())} gradual changes"
        + ("" if len(tallies) > 1 else "; without scenedetect to compare with"),
        tuple(figures),
    )


@dataclass(slots=True)
class Tally:
    """What one detector found in some films, and how long it took over it."""

    cuts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    boundaries: dict[str, tuple[int, ...]] = field(default_factory=dict)
    took_s: float = 0.0
    film_s: float = 0.0


def find_all(folder: Path, labels: Mapping[str, Labels], clock: Clock) -> dict[str, Tally]:
    """Decode every labelled film once and give each frame to every detector there is.

    The time taken is that of shrinking and judging the pictures, without decoding them.
    """
    tallies = {name: Tally() for name in detectors()}
    for film_name in labels:
        with open_film(folder / film_name, os.cpu_count() or 1, straight=True) as film:
            at_work: dict[str, Finds] = {n: make(film.info) for n, make in detectors().items()}
            pictures = 0
            for frame in film.frames():
                pictures += 1
                for name, detector in at_work.items():
                    started_s = clock.now()
                    detector.push(frame)
                    tallies[name].took_s += clock.now() - started_s
            for name, detector in at_work.items():
                found, tally = detector.finish(), tallies[name]
                tally.cuts[film_name], tally.boundaries[film_name] = found.cuts, found.boundaries
                tally.film_s += pictures / film.info.fps
    return tallies


def _judged(name: str, tally: Tally, labels: Mapping[str, Labels]) -> list[Figure]:
    """Say how one detector did; only of ours anything is asked."""
    result = score(labels, tally.cuts, tally.boundaries)
    ours = name == OURS
    f1, gradual = f"{name}: F1 of cuts", f"{name}: gradual changes found"
    figures = [
        at_least(f1, result.f1, "", 0.95) if ours else Figure(f1, result.f1, ""),
        Figure(f"{name}: precision", result.precision, ""),
        Figure(f"{name}: recall", result.recall, ""),
    ]
    if result.all_gradual:
        share = result.gradual_share
        figures.append(at_least(gradual, share, "", 0.85) if ours else Figure(gradual, share, ""))
    return [
        *figures,
        Figure(f"{name}: boundaries elsewhere", strays(labels, tally.boundaries), ""),
        Figure(f"{name}: time a minute of film", 60 * tally.took_s / tally.film_s, "s"),
    ]

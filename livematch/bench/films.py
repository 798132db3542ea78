"""Indexing, measured."""

import tempfile
from pathlib import Path

from livematch.bench.figures import Figure, Plan, Section, at_least
from livematch.clock import SystemClock
from livematch.indexing.build import Settings
from livematch.indexing.describing import Network, identity_of
from livematch.indexing.speed import index_speed


def indexing(plan: Plan) -> Section:
    """Indexing a folder at 720p with MJPEG proxies, beside bare decoding of the same films."""
    network = Network("efficientnet-lite0", plan.provider)
    with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
        speed = index_speed(
            plan.films,
            Path(folder),
            network,
            identity_of(network.card()),
            Settings(height_px=720),
            SystemClock(),
        )
    return Section(
        "indexing",
        f"{speed.films} films, {speed.film_s:.0f} s, MJPEG proxies at 720p",
        (
            at_least("indexing", speed.times_real_time, "× real time", 5),
            Figure("decoding alone", speed.film_s / speed.decode_only_s, "× real time"),
        ),
    )

"""Playing, measured: latency, crossfades, the start, and memory."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil

from livematch.bench.figures import Figure, Plan, Section, at_least, at_most
from livematch.clock import Clock, SystemClock
from livematch.config import ShowConfig
from livematch.control.params import Layout, Params
from livematch.errors import LivematchError
from livematch.session import open_show
from livematch.show import Watch, all_counters
from livematch.telemetry import StageSummary

WARM_UP_S = 4.0
START_TRIES = 3
MIB = 1024 * 1024

EAGER = Params(screen=Layout.SIDE_BY_SIDE, fade=0.3, min_hold=0.5, max_hold=1.0, shot_cooldown=2.0)
"""A show that changes about once a second, so that there are cues to measure."""
ALWAYS_FADING = Params(fade=2.0, min_hold=2.0, max_hold=2.0, shot_cooldown=4.0)


def latency(plan: Plan) -> Section:
    """From a frame of the camera to the picture that answers it, 640×360."""
    config = replace(show_config(plan), size_px=(640, 360), start=EAGER)
    stages, counters, about, refresh_ms = played(config, plan.seconds)
    answer, cue = stage_of(stages, "captured → presented"), stage_of(stages, "cue → first picture")
    limit_ms = 20 + refresh_ms
    return Section(
        "latency",
        f"640×360, side by side, a cue about every second; {about}",
        (
            at_most("captured → presented, p50", answer.p50_ms, "ms", 40),
            Figure("captured → presented, p95", answer.p95_ms, "ms"),
            at_most("captured → presented, p99", answer.p99_ms, "ms", 80),
            at_most("cue → first picture, p99", cue.p99_ms, "ms", round(limit_ms, 1)),
        ),
        stages,
        counters,
    )


def crossfade(plan: Plan) -> Section:
    """Two decks crossfading all the time at 1280×720, the whole instrument at work."""
    config = replace(show_config(plan), size_px=(1280, 720), start=ALWAYS_FADING)
    stages, counters, about, _ = played(config, max(plan.seconds, 60.0))
    frames = stage_of(stages, "frame to frame")
    return Section(
        "crossfade",
        f"1280×720, always in a two-second crossfade; {about}",
        (
            at_least("pictures a second", 1e3 / frames.mean_ms, "/s", 45),
            Figure("frame to frame, p50", frames.p50_ms, "ms"),
            Figure("frame to frame, p99", frames.p99_ms, "ms"),
            at_most("frame to frame, latest", frames.max_ms, "ms", 100),
        ),
        stages,
        counters,
    )


def grid(plan: Plan) -> Section:
    """Nine candidates playing at once at 1280×720, the whole instrument at work."""
    config = replace(show_config(plan), size_px=(1280, 720), start=Params(screen=Layout.GRID))
    with open_show(config) as show:
        watch = Watch(show)
        show.engine.run(watch, show.clock.now() + WARM_UP_S)
        show.telemetry.reset()
        before, skipped, began_s = show.mosaic.pictures, show.mosaic.skipped, show.clock.now()
        show.engine.run(watch, began_s + plan.seconds)
        cells = max(1, len(show.director.offered))
        a_second = 1.0 / (show.clock.now() - began_s) / cells
        brought, missed = show.mosaic.pictures - before, show.mosaic.skipped - skipped
        stages = show.telemetry.summary()
        about = f"{show.stage.renderer}; {show.embedder.card.name} on {show.embedder.report.got}"
    frames = stage_of(stages, "frame to frame")
    return Section(
        "grid",
        f"1280×720, {cells} candidates playing; {about}",
        (
            at_least("pictures a second", 1e3 / frames.mean_ms, "/s", 30),
            Figure("frame to frame, p99", frames.p99_ms, "ms"),
            Figure("new pictures in each cell", brought * a_second, "/s"),
            Figure("– of its film passed over", missed * a_second, "/s"),
        ),
        stages,
    )


def start(plan: Plan) -> Section:
    """From the command to the first picture of an archive that exists, in a new process."""
    with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
        report = Path(folder) / "report.json"
        times_s = []
        for _ in range(START_TRIES):
            _play_in_a_process(plan, report, seconds=1.5).wait()
            times_s.append(float(json.loads(report.read_text("utf-8"))["first_picture_s"]))
    return Section(
        "start",
        f"median of {START_TRIES} new processes, 640×360",
        (at_most("command → first picture", statistics.median(times_s), "s", 3),),
    )


def memory(plan: Plan) -> Section:
    """Resident memory of a show in a process of its own, watched for some minutes."""
    with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
        seconds = plan.memory_minutes * 60
        process = _play_in_a_process(plan, Path(folder) / "report.json", seconds=seconds)
        samples = list(_resident_mib(process, SystemClock()))
    settled = samples[len(samples) // 3 :]  # pools and the bench's own samples fill up first
    tenth = max(1, len(settled) // 10)
    growth = statistics.median(settled[-tenth:]) - statistics.median(settled[:tenth])
    return Section(
        "memory",
        f"640×360 for {plan.memory_minutes:g} minutes, one sample a second",
        (
            at_most("resident memory, most", max(samples), "MiB", 700),
            at_most("growth in the last two thirds", growth, "MiB", 8),
        ),
    )


def show_config(plan: Plan) -> ShowConfig:
    """Return the set-up of a live show to measure."""
    return ShowConfig(
        archive=plan.archive,
        camera=plan.camera,
        offscreen=plan.offscreen,
        fps=60.0,
        provider=plan.provider,
    )


def played(
    config: ShowConfig, seconds: float
) -> tuple[tuple[StageSummary, ...], tuple[tuple[str, int], ...], str, float]:
    """Play live for some seconds after a warm-up: stages, counters, what it ran on, refresh."""
    with open_show(config) as show:
        watch = Watch(show)
        show.engine.run(watch, show.clock.now() + WARM_UP_S)
        show.telemetry.reset()
        show.engine.run(watch, show.clock.now() + seconds)
        about = f"{show.stage.renderer}; {show.embedder.card.name} on {show.embedder.report.got}"
        counters = tuple(all_counters(show).items())
        refresh_ms = 1e3 / show.stage.refresh_hz
        return show.telemetry.summary(), counters, about, refresh_ms


def stage_of(stages: tuple[StageSummary, ...], name: str) -> StageSummary:
    """Return what was measured of a stage; LivematchError when it never happened."""
    for stage in stages:
        if stage.stage == name:
            return stage
    raise LivematchError(
        f"the bench saw no {name!r} at all: measure for longer with --seconds, or look at the"
        " archive with `livematch archive check`"
    )


def _play_in_a_process(plan: Plan, report: Path, seconds: float) -> subprocess.Popen[bytes]:
    command = [
        *(sys.executable, "-m", "livematch", "play"),
        *("--archive", str(plan.archive), "--camera", plan.camera, "--size", "640x360"),
        *("--seconds", str(seconds), "--report", str(report), "--provider", plan.provider),
        "--no-osc",
        *(("--offscreen", "--live") if plan.offscreen else ()),
    ]
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _resident_mib(process: subprocess.Popen[bytes], clock: Clock) -> Iterator[float]:
    """Sample a process once a second until it ends."""
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            yield watched.memory_info().rss / MIB
        except psutil.NoSuchProcess:
            return
        clock.wait_until(clock.now() + 1.0)

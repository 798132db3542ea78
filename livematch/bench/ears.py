"""Hearing, measured: attacks found, how late, what it costs; ours beside what others use."""

import tempfile
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from livematch.audio.file import RATE
from livematch.audio.graph import PyoGraph, manual_server
from livematch.audio.hearing import Hearing, Tuning
from livematch.audio.spectrum import HOP_S, Samples
from livematch.bench.drums import Report, Score, Track, own_loop, pink_noise, read_tracks, score
from livematch.bench.figures import Figure, Plan, Section, at_least, at_most
from livematch.bench.playing import EAGER, played, show_config
from livematch.clock import cpu_s
from livematch.telemetry import StageSummary

BLOCK = round(RATE * HOP_S)
BED_DB = -18.0
TUNING = Tuning(gap_s=0.03)  # labels lie this close
OURS = "livematch"

Detector = Callable[[Samples], Iterator[Report]]


def ears(plan: Plan) -> Section:
    """Attacks in labelled sound, clean and over noise, and from an attack to the picture."""
    labelled = read_tracks(plan.labels) if plan.labels else []
    tracks = labelled or [own_loop()]
    figures = []
    for name, detector in detectors().items():
        for bed_db in (None, BED_DB):
            plan.say(f"{name}, {'clean' if bed_db is None else 'over noise'}")
            figures += _judged(name, detector, tracks, bed_db)
    plan.say("from an attack to the picture")
    answer, stages = _attack_to_picture(plan)
    what = ", ".join(track.name for track in tracks)
    return Section(
        "ears",
        f"{what}; found within 50 ms, over pink noise of {BED_DB:g} dBFS; told in hops of 5 ms",
        (*figures, *answer),
        stages,
    )


def detectors() -> dict[str, Detector]:
    """Return every detector there is, by name, ours first."""
    found: dict[str, Detector] = {OURS: _ours, "pyo AttackDetector": _pyo}
    try:
        import aubio  # noqa: F401, PLC0415 - compared where it is installed, never needed
    except ImportError:
        return found
    return found | {"aubio": _aubio}


def _ours(sound: Samples) -> Iterator[Report]:
    hearing = Hearing(RATE)
    for first in range(0, len(sound), BLOCK):
        for onset in hearing.push(sound[first : first + BLOCK], TUNING).onsets:
            yield Report(onset.at_s, (first + BLOCK) / RATE)


def _pyo(sound: Samples) -> Iterator[Report]:
    server, source, feed = manual_server(RATE, BLOCK)
    graph = PyoGraph(server, source, attacks=True)
    graph.tune(TUNING)
    server.start()
    for number, first in enumerate(range(0, len(sound) - BLOCK + 1, BLOCK)):
        feed(sound[first : first + BLOCK])
        for sample in graph.take(number + 1).attacks:
            yield Report((first + sample) / RATE, (first + BLOCK) / RATE)
    server.stop()
    server.shutdown()


def _aubio(sound: Samples) -> Iterator[Report]:
    import aubio  # noqa: PLC0415 - see `detectors`

    detector = aubio.onset("default", 1024, 256, RATE)
    detector.set_minioi_s(TUNING.gap_s)
    for first in range(0, len(sound) - 255, 256):
        if detector(sound[first : first + 256])[0] > 0:
            yield Report(float(detector.get_last_s()), (first + 256) / RATE)


def _judged(
    name: str, detector: Detector, tracks: list[Track], bed_db: float | None
) -> list[Figure]:
    """Say how one detector did; only of ours anything is asked."""
    total, seconds, took_s = Score(), 0.0, 0.0
    for track in tracks:
        sound = track.sound
        if bed_db is not None:
            sound = sound + pink_noise(len(sound), bed_db)
        began_s = cpu_s()
        reports = list(detector(sound))
        took_s += cpu_s() - began_s
        seconds += len(sound) / RATE
        total += score(track.attacks_s, reports)
    where = name if bed_db is None else f"{name}, over noise"
    delay_ms = 1e3 * float(np.median(total.delays_s)) if total.delays_s else 0.0
    share = 100 * took_s / seconds
    ours = name == OURS
    f, delay, cost = f"{where}: F", f"{where}: told after, median", f"{where}: of a core"
    return [
        at_least(f, total.f, "", 0.92 if bed_db is None else 0.80)
        if ours
        else Figure(f, total.f, ""),
        Figure(f"{where}: precision", total.precision, ""),
        Figure(f"{where}: recall", total.recall, ""),
        at_most(delay, round(delay_ms, 3), "ms", 15) if ours else Figure(delay, delay_ms, "ms"),
        at_most(cost, share, "%", 10) if ours else Figure(cost, share, "%"),
    ]


def _attack_to_picture(plan: Plan) -> tuple[tuple[Figure, ...], tuple[StageSummary, ...]]:
    """Play a show that answers attacks; nothing where no attack was answered."""
    answering = replace(
        EAGER, follow=False, follow_onsets=True, min_hold=0.0, max_hold=600.0, fade=0.1
    )
    with tempfile.TemporaryDirectory(prefix="livematch-bench-") as folder:
        path = _written(Path(folder) / "loop.wav", own_loop().sound)
        config = replace(show_config(plan), size_px=(640, 360), start=answering, sound=str(path))
        stages, _, _, refresh_ms = played(config, plan.seconds)
    wanted = {"attack → heard", "attack → presented"}
    heard = tuple(stage for stage in stages if stage.stage in wanted)
    limit_ms = round(50 + refresh_ms, 1)
    return (
        tuple(
            at_most("attack → presented, p99", stage.p99_ms, "ms", limit_ms)
            for stage in heard
            if stage.stage == "attack → presented"
        ),
        heard,
    )


def _written(path: Path, sound: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path

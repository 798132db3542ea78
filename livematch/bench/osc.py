"""OSC, measured: from a packet to the picture it changes, and the picture's rate in a flood."""

import json
import math
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np

from livematch.bench.figures import Figure, Plan, Section, at_least, at_most
from livematch.config import ShowConfig
from livematch.control.params import TABLE, Params, Spec
from livematch.engine import Tick
from livematch.errors import LivematchError
from livematch.osc.sender import Job, Sent, value_of
from livematch.osc.space import SPACE, Address, Kind
from livematch.session import Show, open_show
from livematch.show import Watch, all_counters

PORT = 7930
WARM_UP_S = 4.0
GET_READY_S = 3.0  # for the process that sends
SETTLE_S = 1.0
FLOOD_A_SECOND = 20_000
ADDRESSES = 100
PROBES_A_SECOND = 23.7  # in no step with any display, so that they fall anywhere in a picture
PROBE = TABLE["max_hold"]
PROBE_SPAN = (100.0, 600.0)
PROBE_STEPS = 2048  # values that 32 bits carry exactly enough, and that differ from each other
TREMBLE = 0.1  # of its range, that a fader moves in the flood
LEAST_RATE = 0.97  # of the pictures without a flood: what two runs differ by anyway

CALM = Params(fade=1.0, min_hold=2.0, max_hold=PROBE_SPAN[0], shot_cooldown=4.0)


def osc(plan: Plan) -> Section:
    """Play and be played: faders by themselves, then a hundred of them in a flood."""
    config = ShowConfig(
        archive=plan.archive,
        camera=plan.camera,
        size_px=(640, 360),
        offscreen=plan.offscreen,
        fps=60.0,
        provider=plan.provider,
        osc_port=PORT,
        start=CALM,
    )
    with open_show(config) as show:
        watch = Watch(show)
        show.engine.run(watch, show.clock.now() + WARM_UP_S)
        plan.say("one fader")
        latencies_ms = _latencies_ms(show, watch, plan.seconds)
        plan.say("a flood that goes elsewhere")
        with _nowhere() as elsewhere:
            calm, _ = _flooded(show, watch, plan.seconds, elsewhere)
        plan.say(f"a flood of {FLOOD_A_SECOND:,} messages a second")
        show.telemetry.reset()
        flooded, sent = _flooded(show, watch, plan.seconds, PORT)
        last = _last_values(show, watch, sent)
        refresh_ms = 1e3 / show.stage.refresh_hz
        p50, p99 = np.percentile(latencies_ms, (50, 99))
        return Section(
            "osc",
            f"640×360, {show.stage.renderer}; {ADDRESSES} addresses for {plan.seconds:g} s",
            (
                Figure("packet → changed picture, p50", float(p50), "ms"),
                at_most(
                    "packet → changed picture, p99", float(p99), "ms", round(refresh_ms + 3, 1)
                ),
                Figure("messages sent a second", sent.count / sent.seconds, "/s"),
                Figure("pictures while the flood goes elsewhere", calm, "/s"),
                Figure("pictures in the flood", flooded, "/s"),
                at_least("rate kept", flooded / calm, "", LEAST_RATE),
                at_least("addresses whose last value won", last, "", ADDRESSES),
            ),
            show.telemetry.summary(),
            tuple(all_counters(show).items()),
        )


def flood(port: int, count: int, start_s: float) -> Job:
    """A hundred faders that tremble in turn, none of them so far that the show becomes another."""
    rows = [row for row in SPACE if row.kind is Kind.PARAMETER and row.spec is not None]
    rows = [row for row in rows if row.spec is not None and row.spec.kind != "text"]
    chosen = sorted(rows, key=lambda row: row.is_position)[:ADDRESSES]
    spans = tuple(_span(row) for row in chosen)
    return Job(port, tuple(row.path for row in chosen), spans, 50, FLOOD_A_SECOND, count, start_s)


def _span(row: Address) -> tuple[float, float]:
    """Return from where to where a fader moves: near what the show was started with."""
    spec = row.spec
    if spec is None:
        raise LivematchError(f"{row.path} sets no parameter")
    value = getattr(CALM, spec.name)
    place = spec.position_of(value)
    moves = spec.kind == "number" and spec.name != "face"  # looking for faces takes its time
    low, high = (max(0.0, place - TREMBLE), min(1.0, place + TREMBLE)) if moves else (place, place)
    if row.is_position:
        return low, high
    if spec.kind == "choice":
        return (float(spec.choices.index(str(value))),) * 2
    return spec.low + low * (spec.high - spec.low), spec.low + high * (spec.high - spec.low)


def _latencies_ms(show: Show, watch: Watch, seconds: float) -> list[float]:
    """Move one fader now and then; return how long each move took to a picture that shows it."""
    count = round(PROBES_A_SECOND * seconds)
    start_s = show.clock.now() + GET_READY_S
    job = Job(PORT, (PROBE.address,), (PROBE_SPAN,), PROBE_STEPS, PROBES_A_SECOND, count, start_s)
    shown_s: dict[float, float] = {}
    with _sending(job) as outcome:
        until_s = start_s + seconds + SETTLE_S
        while show.clock.now() < until_s:
            tick = show.engine.tick(show.clock.now())
            watch(tick)
            show.stage.present()
            shown_s.setdefault(_probe(tick), show.clock.now())
            if not show.stage.rest():
                break
        sent = outcome()
    waits = [
        (shown_s[value] - at_s) * 1e3
        for n, at_s in enumerate(sent.times_s)
        if (value := value_of(job, n)[1]) in shown_s
    ]
    if len(waits) < 0.9 * count:
        raise LivematchError(f"of {count} messages only {len(waits)} reached a picture")
    return waits


def _probe(tick: Tick) -> float:
    return float(getattr(tick.hands.as_set or tick.hands.params, PROBE.name))


def _flooded(show: Show, watch: Watch, seconds: float, port: int) -> tuple[float, Sent]:
    """Play while a flood goes to a port; return the pictures a second, and what was sent.

    It is sent either way: on a machine of few cores the sender alone takes pictures away.
    """
    start_s, pictures = show.clock.now() + GET_READY_S, 0

    def count(tick: Tick) -> None:
        nonlocal pictures
        pictures += 1
        watch(tick)

    with _sending(flood(port, round(FLOOD_A_SECOND * seconds), start_s)) as outcome:
        show.engine.run(watch, start_s)
        show.engine.run(count, start_s + seconds)
        took_s = show.clock.now() - start_s
        return pictures / took_s, outcome()


@contextmanager
def _nowhere() -> Iterator[int]:
    """Yield a port at which nobody reads what comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield int(deaf.getsockname()[1])


def _last_values(show: Show, watch: Watch, sent: Sent) -> int:
    """Return at how many addresses the parameter has the value that was sent last."""
    show.engine.run(watch, show.clock.now() + SETTLE_S)
    params = show.control.update(show.clock.now()).as_set or show.control.params
    specs = {row.path: (row.spec, row.is_position) for row in SPACE if row.spec is not None}
    places: dict[str, float] = {}
    for path, value in sent.last:  # in the order sent: of two paths to one parameter the later won
        spec, is_position = specs[path]
        sent_value = (
            spec.choices[int(value)] if spec.kind == "choice" and not is_position else value
        )
        places[spec.name] = value if is_position else spec.position_of(sent_value)
    return sum(_has(params, specs[path][0], places) for path, _ in sent.last)


def _has(params: Params, spec: Spec, places: dict[str, float]) -> bool:
    """Whether a parameter lies where it was sent; 32 bits make no difference."""
    there = spec.position_of(getattr(params, spec.name))
    return math.isclose(there, spec.position_of(spec.at(places[spec.name])), abs_tol=1e-6)


@contextmanager
def _sending(job: Job) -> Iterator[Callable[[], Sent]]:
    """Have a process of its own do a job; what is yielded waits for it and says what was sent."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "livematch.osc.sender"],
            stdin=subprocess.PIPE,
            stdout=said,
            text=True,
        )

        def outcome() -> Sent:
            if process.wait() != 0:
                raise LivematchError("the process that sends OSC failed")
            said.seek(0)
            told = json.load(said)
            last = tuple((path, value) for path, value in told["last"])
            return Sent(told["seconds"], job.count, last, tuple(told["times_s"]))

        try:
            if process.stdin is not None:
                process.stdin.write(json.dumps(asdict(job)) + "\n")
                process.stdin.close()
            yield outcome
        finally:
            process.kill()
            process.wait()

"""Sends OSC at a steady rate, in a process of its own: `python -m livematch.osc.sender`.

The job is one line of JSON on standard input; what was sent comes as one on standard output.
"""

import json
import socket
import struct
import sys
from dataclasses import asdict, dataclass

from livematch.clock import SystemClock
from livematch.osc.packets import encode

NAP_S = 0.0005
KEPT = 10_000  # send times: those of a flood are not asked for


@dataclass(frozen=True, slots=True)
class Job:
    """What to send from `start_s` on: to the paths in turn, values that go through their spans."""

    port: int
    paths: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    steps: int
    rate: float
    count: int
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: how much in which time, the last value at each path, and the first times."""

    seconds: float
    count: int
    last: tuple[tuple[str, float], ...]
    times_s: tuple[float, ...]


def value_of(job: Job, n: int) -> tuple[str, float]:
    """Return the path and the value of message `n`, as 32 bits carry it."""
    which, turn = n % len(job.paths), n // len(job.paths)
    low, high = job.spans[which]
    value = low + (high - low) * (turn % job.steps) / max(1, job.steps - 1)
    return job.paths[which], float(struct.unpack(">f", struct.pack(">f", value))[0])


def send(job: Job) -> Sent:
    """Send it all; what is late is made up for at once."""
    clock = SystemClock()
    packets = [encode(*_message(job, n)) for n in range(min(job.count, _round(job)))]
    to = ("127.0.0.1", job.port)
    times_s: list[float] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        clock.wait_until(job.start_s)
        began_s = clock.now()
        for n in range(job.count):
            while clock.now() < began_s + n / job.rate:
                clock.wait_until(clock.now() + NAP_S)
            if len(times_s) < KEPT:
                times_s.append(clock.now())
            out.sendto(packets[n % len(packets)], to)
        seconds = clock.now() - began_s
    last = dict(value_of(job, n) for n in range(max(0, job.count - len(job.paths)), job.count))
    return Sent(seconds, job.count, tuple(last.items()), tuple(times_s))


def _round(job: Job) -> int:
    return len(job.paths) * job.steps


def _message(job: Job, n: int) -> tuple[str, tuple[float]]:
    path, value = value_of(job, n)
    return path, (value,)


def main() -> None:
    """Do the job on standard input."""
    said = json.loads(sys.stdin.readline())
    spans = tuple((low, high) for low, high in said.pop("spans"))
    job = Job(paths=tuple(said.pop("paths")), spans=spans, **said)
    sys.stdout.write(json.dumps(asdict(send(job))) + "\n")


if __name__ == "__main__":
    main()

"""Writing a log beside a show: records wait in a bounded queue for a thread that owns the disk."""

import contextlib
import logging
import queue
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from livematch.showlog.places import PART_BYTES, Place, create, tidy
from livematch.showlog.records import (
    CameraPlaced,
    CueAlone,
    CueBegun,
    CueGiven,
    Event,
    Gap,
    Head,
    Offered,
    ParamsChanged,
    Recalled,
    Record,
    VeilMoved,
    line_of,
)
from livematch.worker import Worker

log = logging.getLogger(__name__)

WAITING = 4096  # records that may wait for the disk: at a lively show's rate, over a minute
WAKE_S = 5.0
LASTING = ("camera", "recalled", "veil")
"""Events whose newest still holds, in the order in which a new part tells them."""


class Standing:
    """What holds at a place in a show, so that each part of a log can be read by itself.

    One thread; nothing here grows with the show.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self._settings = dict(head.start)
        self._given: dict[int, CueGiven] = {}
        self._on: dict[int, CueBegun] = {}
        self._lasting: dict[str, Event] = {}  # of each kind the newest
        self._offered = Offered(t=head.t, shots=())

    def note(self, record: Record) -> None:
        """Take account of a record that has been written."""
        match record:
            case ParamsChanged():
                self._settings.update(record.values)
            case CueGiven():
                self._given[record.n] = record
                for old in sorted(self._given)[:-4]:  # one on, one coming, one waiting
                    if old not in self._on:
                        del self._given[old]
            case CueBegun():
                kept = {} if record.alone else dict(list(self._on.items())[-1:])
                self._on = {**kept, record.n: record}
            case CueAlone():
                self._on = {n: begun for n, begun in self._on.items() if n == record.n}
            case Offered():
                known = {shot.shot: shot for shot in (*self._offered.new, *record.new)}
                whole = tuple(known[number] for number in record.shots if number in known)
                self._offered = record.model_copy(update={"new": whole})
            case CameraPlaced() | Recalled() | VeilMoved():
                self._lasting[record.event] = record
            case _:
                pass

    def lines(self, part: int, t: float) -> list[Record]:
        """Return what a part that begins at `t` begins with."""
        head = self._head.model_copy(update={"part": part, "t": t, "start": dict(self._settings)})
        records: list[Record] = [head]
        records += [self._given[n] for n in sorted(self._given)]
        records += self._on.values()
        records += [self._lasting[kind] for kind in LASTING if kind in self._lasting]
        records += [self._offered.model_copy(update={"t": t})] if self._offered.shots else []
        return records


class LogWriter:
    """Writes records to the parts of a show's log; `put` never touches the disk.

    Live, what does not fit the queue is dropped and counted, and the log says so; offline the show
    waits. Every write is of whole lines. A disk that refuses one ends the log, never the show:
    `failure` says why.
    """

    def __init__(
        self,
        place: Place,
        file: FileIO,
        head: Head,
        *,
        waits: bool = False,
        part_bytes: int = PART_BYTES,
        create: Callable[[Path], FileIO] = create,
        waiting: int = WAITING,
    ) -> None:
        self.failure: str | None = None
        self.dropped = 0
        self._place = place
        self._file: FileIO | None = file
        self._create = create
        self._waits = waits
        self._part_bytes = part_bytes
        self._part, self._size = 1, 0
        self._standing = Standing(head)
        self._queue: queue.Queue[Event | None] = queue.Queue(waiting)
        self._gap = 0
        self._write(line_of(head))
        self._tidied = False
        self._worker = Worker("log", self._step, wake=self._wake)

    @property
    def path(self) -> Path:
        """The first part's file."""
        return self._place.first

    def start(self) -> None:
        """Begin to write what comes."""
        self._worker.start()

    def put(self, record: Event) -> bool:
        """Hand a record over; False when there was no room for it. The engine's thread."""
        if self._gap and not self._offer(Gap(t=record.t, lost=self._gap)):
            return self._lose()
        self._gap = 0
        return self._offer(record) or self._lose()

    def close(self) -> None:
        """Write what still waits and end the file; safe to call twice."""
        self._worker.stop()
        if not self._worker.running:
            self._drain()
            self._end()

    def _wake(self) -> None:
        with contextlib.suppress(queue.Full):  # then there is something to wake up for
            self._queue.put_nowait(None)

    def _offer(self, record: Event) -> bool:
        try:
            self._queue.put(record, block=self._waits and self._worker.running)
        except queue.Full:
            return False
        return True

    def _lose(self) -> bool:
        self._gap += 1
        self.dropped += 1
        return False

    def _step(self) -> bool:
        if not self._tidied:
            self._tidied = True
            self._tidy()
        try:
            first = self._queue.get(timeout=WAKE_S)
        except queue.Empty:
            return True
        self._take(first)
        self._drain()
        return True

    def _drain(self) -> None:
        while True:
            try:
                record = self._queue.get_nowait()
            except queue.Empty:
                return
            self._take(record)

    def _take(self, record: Event | None) -> None:
        if record is None or self.failure is not None:
            return  # after a failure, what comes is still taken: the show must not wait for it
        line = line_of(record)
        if self._size + len(line) > self._part_bytes and self._size:
            self._next_part(record.t)
        self._write(line)
        self._standing.note(record)

    def _next_part(self, t: float) -> None:
        part = self._part + 1
        try:
            file = self._create(self._place.part(part))
        except OSError as error:
            self._fail(error)
            return
        self._end()
        self._file, self._part, self._size = file, part, 0
        for record in self._standing.lines(part, t):
            self._write(line_of(record))
        self._tidy()

    def _write(self, line: bytes) -> None:
        if self._file is None:
            return
        left = memoryview(line)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as error:
            self._fail(error)
        self._size += len(line)

    def _fail(self, error: OSError) -> None:
        self.failure = f"the show is logged no more: {error.strerror or error}"
        log.warning("%s: %s", self.path, self.failure)
        self._end()

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                log.warning("%s: %s", self.path, error.strerror or error)

    def _tidy(self) -> None:
        keep = self._place.keep_bytes
        if keep is None:
            return
        try:
            tidy(self._place.first.parent, keep, self._place.part(self._part))
        except OSError as error:
            log.warning("%s: old logs stay: %s", self.path, error.strerror or error)

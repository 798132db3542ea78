"""The crew: worker processes that index films, one each at a time.

Each is a process of its own, because a damaged film may crash a decoder: that fails the film and
not the run. Workers leave Ctrl-C to their parent and die when it dies, however it dies.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Protocol, Self

import cv2

from livematch.errors import LivematchError
from livematch.indexing.film import DescribesImages, FilmResult, FilmTask, index_film
from livematch.media import scale_without_gathers

PATIENCE_S = 5.0  # for a worker to end before it is killed
DATES_AGREE_S = 2.0  # shared disks round a file's date, not all machines alike

MakeDescriber = Callable[[], DescribesImages]
"""Builds a describer in a worker; it is pickled, so a function or a dataclass of a module."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """A film in work has come this far, in seconds of film."""

    task: FilmTask
    done_s: float
    all_s: float


@dataclass(frozen=True, slots=True)
class Finished:
    """A film is indexed and waits to be added to the archive."""

    task: FilmTask
    result: FilmResult


@dataclass(frozen=True, slots=True)
class Failed:
    """A film could not be indexed; `fatal` if no other can be either."""

    task: FilmTask
    reason: str
    fatal: bool = False


Report = Advanced | Finished | Failed


class _Worker:
    """The parent's end of one process."""

    def __init__(self, make_describer: MakeDescriber) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=work, args=(theirs, make_describer), name="livematch-indexer", daemon=True
        )
        with _interrupts_held():
            self.process.start()
        theirs.close()
        self.task: FilmTask | None = None

    def give(self, task: FilmTask) -> None:
        """Hand over the next film."""
        self.task = task
        with contextlib.suppress(OSError):  # it has died; `reports` finds that out
            self.pipe.send(task)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()

    def death(self) -> str:
        """Say how the process died."""
        self.process.join(PATIENCE_S)
        code = self.process.exitcode
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
            return f"crashed the decoder ({name})"
        return f"ended its worker unexpectedly (exit status {code})"


class Gang(Protocol):
    """What indexes films for a run: processes here, or a cluster; a context manager."""

    def reports(self, wait_s: float) -> Iterator[Report | None]:
        """Yield what becomes of the films; None when `wait_s` passed in silence."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Crew:
    """Indexes films on `jobs` processes, in the order given. A context manager; one thread."""

    def __init__(self, tasks: Sequence[FilmTask], make_describer: MakeDescriber, jobs: int) -> None:
        self._waiting = deque(tasks)
        self._make_describer = make_describer
        self._jobs = max(1, min(jobs, len(tasks)))
        self._workers: list[_Worker] = []

    def reports(self, wait_s: float) -> Iterator[Report | None]:
        """Yield what the workers report until all is done; None when `wait_s` passed in silence."""
        for _ in range(self._jobs):
            self._hire()
        while any(worker.task is not None for worker in self._workers):
            pipes = [worker.pipe for worker in self._workers if worker.task is not None]
            ready = multiprocessing.connection.wait(pipes, wait_s)
            if not ready:
                yield None
            for worker in [w for w in self._workers if w.pipe in ready]:
                yield self._read(worker)

    def _hire(self) -> None:
        if self._waiting:
            worker = _Worker(self._make_describer)
            worker.give(self._waiting.popleft())
            self._workers.append(worker)

    def _read(self, worker: _Worker) -> Report:
        task = worker.task
        assert task is not None  # noqa: S101 - only workers with a film in hand are listened to
        try:
            report: Report = worker.pipe.recv()
        except (EOFError, OSError):
            self._workers.remove(worker)
            reason = worker.death()
            worker.stop()
            self._hire()
            return Failed(task, reason)
        if not isinstance(report, Advanced):
            worker.task = None
            if self._waiting:
                worker.give(self._waiting.popleft())
        return report

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers = []


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let a child be born with SIGINT blocked, so that Ctrl-C cannot hit it half awake."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # started along with the first child otherwise, and unblocks SIGINT when it has
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(pipe: Connection, make_describer: MakeDescriber) -> None:
    """Index films until there are no more; the main function of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    cv2.setNumThreads(1)  # the workers share the cores between them
    scale_without_gathers()
    describer: DescribesImages | None = None
    with contextlib.suppress(EOFError, OSError):  # the parent has closed the pipe: all is done
        while True:
            task: FilmTask = pipe.recv()
            try:
                if describer is None:
                    describer = make_describer()
            except LivematchError as error:
                pipe.send(Failed(task, str(error), fatal=True))
                continue
            pipe.send(index_one(task, describer, pipe.send))


def index_one(
    task: FilmTask, describer: DescribesImages, tell: Callable[[Advanced], None]
) -> Report:
    """Index one film, whatever it is; everything that is wrong with it is in the report."""

    def progress(done_s: float, all_s: float) -> None:
        tell(Advanced(task, done_s, all_s))

    try:
        result = index_film(task, describer, progress)
    except LivematchError as error:
        return Failed(task, _changed(task) or str(error))
    except MemoryError:
        return Failed(task, f"{task.path}: there is not enough memory for its pictures")
    except Exception as error:  # noqa: BLE001 - whatever a film does, the next one gets its turn
        return Failed(task, f"{task.path}: {type(error).__name__}: {error}")
    fault = _changed(task)  # it would be neither the film of its fingerprint nor the one there now
    return Failed(task, fault) if fault else Finished(task, result)


def _changed(task: FilmTask) -> str | None:
    """Say what became of the file since its fingerprint was taken; None while it is the same."""
    try:
        about = task.path.stat()
    except OSError as error:
        return f"{task.path}: went away while it was read: {error.strerror or error}"
    late_s = abs(about.st_mtime_ns - task.mtime_ns) / 1e9
    if about.st_size == task.size and late_s <= DATES_AGREE_S:
        return None
    return (
        f"{task.path}: changed while it was read; if it is still being copied or rendered, wait,"
        " then run the same command again"
    )


def _die_with_parent() -> None:
    """End this process as soon as its parent has gone, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, name="livematch-parent-watch", daemon=True).start()

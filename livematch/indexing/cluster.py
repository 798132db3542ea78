"""Past one machine: films indexed on a Dask cluster, one task a film, into the one archive here.

Workers need the films and the archive's folder under the same paths (a shared disk), and livematch
installed. What they send back is unpickled, as everything in Dask is: a cluster is to be trusted,
and its scheduler not to be reachable by strangers.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

import cv2

from livematch.errors import LivematchError, UsageError
from livematch.indexing.crew import Failed, MakeDescriber, Report, index_one
from livematch.indexing.film import DescribesImages, FilmTask
from livematch.media import scale_without_gathers

Client = Any  # distributed is annotated in part
Future = Any

log = logging.getLogger(__name__)

TRY_S = 2.0  # for a scheduler to answer, each time it is asked
RETRIES = 3  # workers that a film may lose before it is given up

_of_thread = threading.local()  # a describer serves one thread, and a worker may have several


class ClusterCrew:
    """Indexes films on a cluster: the twin of `Crew`. A context manager; one thread.

    Scheduler, workers and this client may start in any order: what is missing is waited for. A film
    whose worker dies goes to another one. UsageError without the `distributed` package.
    """

    def __init__(
        self, tasks: Sequence[FilmTask], make_describer: MakeDescriber, scheduler: str
    ) -> None:
        self._tasks = [_located(task) for task in tasks]
        self._make_describer = make_describer
        self._scheduler = scheduler
        self._connect = _connector()
        self._client: Client | None = None
        self._told = False

    def reports(self, wait_s: float) -> Iterator[Report | None]:
        """Yield what becomes of the films, as it does; None when `wait_s` passed in silence."""
        while self._client is None:
            self._client = self._try_to_connect()
            yield None
        done: SimpleQueue[Future] = SimpleQueue()
        pending: dict[str, tuple[FilmTask, Future]] = {}
        for priority, task in enumerate(reversed(self._tasks)):
            future = self._client.submit(
                index_on_worker,
                task,
                self._make_describer,
                key=f"livematch-{task.fingerprint}-{id(self):x}",
                pure=False,
                retries=RETRIES,
                priority=priority,  # the longest film first
            )
            pending[future.key] = task, future
            future.add_done_callback(done.put)
        while pending:
            try:
                future = done.get(timeout=wait_s)
            except Empty:
                yield None
                continue
            task, _ = pending.pop(future.key)
            yield _report(task, future)

    def _try_to_connect(self) -> Client | None:
        try:
            return self._connect(self._scheduler, timeout=TRY_S, set_as_default=False)
        except (OSError, TimeoutError) as error:
            if not self._told:
                self._told = True
                log.warning("no scheduler at %s yet (%s): waiting", self._scheduler, error)
            return None
        except ValueError as error:
            raise UsageError(
                f"--on {self._scheduler} is no address of a scheduler ({error});"
                " it looks like tcp://HOST:8786"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def index_on_worker(task: FilmTask, make_describer: MakeDescriber) -> Report:
    """Index one film; the task that runs on a worker of the cluster."""
    cv2.setNumThreads(1)
    scale_without_gathers()
    if task.part is not None:
        # another worker that was given up for dead may still write: leave it a file of its own
        task.part.unlink(missing_ok=True)
    try:
        describer = _describer(make_describer)
    except LivematchError as error:
        return Failed(task, str(error), fatal=True)
    return index_one(task, describer, _tell_nobody)


def _tell_nobody(report: Report) -> None:
    """Progress stays on the worker: what matters is what comes of a film."""


def _describer(make_describer: MakeDescriber) -> DescribesImages:
    made: dict[Any, DescribesImages] = _of_thread.__dict__.setdefault("describers", {})
    if make_describer not in made:
        made[make_describer] = make_describer()
    return made[make_describer]


def _located(task: FilmTask) -> FilmTask:
    """Name everything from the root: workers stand in other folders."""
    return replace(
        task,
        path=task.path.absolute(),
        proxies=task.proxies.absolute() if task.proxies is not None else None,
    )


def _report(task: FilmTask, future: Future) -> Report:
    if future.status == "finished":
        report: Report = future.result()
        return report
    error = future.exception() if future.status == "error" else None
    if type(error).__name__ == "KilledWorker":
        return Failed(
            task,
            f"{task.path}: each worker that read it died: it crashes the decoder, or the workers"
            " have too little memory (dask worker --memory-limit)",
        )
    reason = f"{type(error).__name__}: {error}" if error else f"was {future.status}"
    return Failed(task, f"{task.path}: given up by the cluster: {reason}")


def _connector() -> Any:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "--on needs the package distributed: pip install 'livematch[cluster]', here and on"
            " every worker"
        ) from None
    return Client

"""A stage of a pipeline: a thread that works through a short queue, in order."""

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from livematch.clock import Clock

T = TypeVar("T")


class Stage(Generic[T]):
    """Calls `work(item)` for every item put, on a thread of its own.

    At most `size` items wait: `put` blocks until there is room, so a slow stage slows the ones
    before it and memory stays bounded. When `work` fails the rest is thrown away and the error is
    raised from the next `put` or from `finish`, on the caller's thread. As a context manager it
    is finished at the end, or abandoned if the block fails.

    `busy_s` is how long it has worked; `blocked_s` how long the caller has waited for room and for
    the end: both say where a pipeline's time goes, and may be read once it is finished.
    """

    def __init__(self, name: str, work: Callable[[T], None], size: int, clock: Clock) -> None:
        self._work = work
        self._clock = clock
        self.busy_s = self.blocked_s = 0.0
        self._queue: queue.Queue[T | None] = queue.Queue(size)
        self._error: BaseException | None = None
        self._abandoned = False
        self._thread = threading.Thread(target=self._run, name=f"livematch-{name}", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item; waits for room."""
        self._raise_error()
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            started_s = self._clock.now()
            self._queue.put(item)
            self.blocked_s += self._clock.now() - started_s

    def finish(self) -> None:
        """Wait until everything is done; raises what went wrong."""
        self._end()
        self._raise_error()

    def _end(self) -> None:
        started_s = self._clock.now()
        self._queue.put(None)
        self._thread.join()
        self.blocked_s += self._clock.now() - started_s

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is None and not self._abandoned:
                started_s = self._clock.now()
                try:
                    self._work(item)
                except BaseException as error:  # noqa: BLE001 - raised again where `put` is called
                    self._error = error
                self.busy_s += self._clock.now() - started_s
            # the loop's variable would keep the last picture alive while it waits
            del item

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._abandoned = True
            self._end()

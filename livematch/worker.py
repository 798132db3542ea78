"""A named background thread that repeats one step until it is stopped."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

log = logging.getLogger(__name__)


class Worker:
    """Calls `step()` again and again on its own thread.

    `step` does its own waiting and returns False when there is nothing more to do. During a show
    a step that fails is logged once per kind of failure, counted in `failures`, and tried again:
    a show does not stop because one frame could not be read. `wake` is called by `stop` to end
    whatever `step` waits for.
    """

    def __init__(
        self, name: str, step: Callable[[], bool], *, wake: Callable[[], None] | None = None
    ) -> None:
        self._step = step
        self._wake = wake
        self._stopping = threading.Event()
        self._seen_failures: set[str] = set()
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name=f"livematch-{name}", daemon=True)

    def start(self) -> Self:
        """Start the thread; returns self."""
        self._thread.start()
        return self

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ask the thread to end and wait for it; safe to call twice or before `start`."""
        self._stopping.set()
        if self._wake is not None:
            self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                log.error("%s did not stop within %.0f s", self._thread.name, timeout_s)

    @property
    def running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._step():
                    return
            except Exception as error:  # noqa: BLE001 - the show goes on; see the class docstring
                self._note(error)
                self._stopping.wait(0.05)  # a step that fails at once must not spin

    def _note(self, error: Exception) -> None:
        self.failures += 1
        kind = f"{type(error).__name__}: {error}"
        if kind not in self._seen_failures:
            self._seen_failures.add(kind)
            log.error("%s: %s", self._thread.name, kind, exc_info=error)

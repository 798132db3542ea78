"""Newest-value slots: the queues of the frame plane, one place deep, newest wins."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """A one-place mailbox between two threads; an untaken value is replaced and counted.

    Any number of threads may `put`; one thread `take`s, any may `peek`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._value: T | None = None
        self._fresh = False
        self._closed = False
        self._dropped = 0

    def put(self, value: T) -> None:
        """Offer `value`; replaces whatever waits there."""
        with self._changed:
            if self._fresh:
                self._dropped += 1
            self._value = value
            self._fresh = True
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> T | None:
        """Wait for a value not yet taken; None when the time is up or the slot is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._fresh or self._closed, timeout_s)
            if not self._fresh:
                return None
            self._fresh = False
            return self._value

    def peek(self) -> T | None:
        """Return the newest value, taken or not; None before the first."""
        return self._value

    def close(self) -> None:
        """Wake whoever waits in `take`; nothing more will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def dropped(self) -> int:
        """How many values were replaced before anybody took them."""
        return self._dropped

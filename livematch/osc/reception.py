"""From datagrams to commands: read, scheduled, looked up, judged; each message has its verdict."""

import logging
from collections.abc import Callable

from livematch.control.commands import Command
from livematch.errors import UsageError
from livematch.osc.feedback import Feedback
from livematch.osc.gate import Gate
from livematch.osc.inbox import Datagram, Sender
from livematch.osc.monitor import Heard, Monitor, Verdict
from livematch.osc.packets import Message, Refusal, decode
from livematch.osc.patterns import is_pattern, matching
from livematch.osc.schedule import Schedule, due
from livematch.osc.space import (
    SPACE,
    Address,
    Arg,
    Ask,
    Hello,
    Kind,
    Request,
    Sync,
    by_path,
    command_for,
    find,
)

log = logging.getLogger(__name__)

LOOKS_A_SECOND = 64  # through all paths there are: for a wildcard, or for the nearest right path
LONGEST_REASON = 200  # characters
LOGGED = 256  # kinds of refusal that are logged, once each

PARAMETER_PATHS = tuple(row.path for row in SPACE if row.kind is Kind.PARAMETER)
"""What wildcards reach: a star must neither pull a trigger nor end a show."""


class Reception:
    """Turns what came in into commands, and what cannot be into refusals. One thread.

    `presets` gives the names of those there are, sorted, `lenses` are the names of lenses.
    """

    def __init__(
        self,
        submit: Callable[[Command], None],
        feedback: Feedback,
        monitor: Monitor,
        presets: Callable[[], tuple[str, ...]] = tuple,
        lenses: tuple[str, ...] = (),
    ) -> None:
        self._submit = submit
        self._feedback = feedback
        self._monitor = monitor
        self._presets = presets
        self._lenses = lenses
        self._gate = Gate()
        self._later: Schedule[tuple[Message, Sender]] = Schedule()
        self._second = 0
        self._looks = 0
        self._logged: set[str] = set()

    def take(self, datagram: Datagram, ntp_now_s: float) -> None:
        """Perform what a datagram asks for now, and keep what it asks for later; never raises."""
        now, sender = datagram.at_s, datagram.sender
        for item in decode(datagram.data):
            if isinstance(item, Refusal):
                self._refuse(sender, item.path, (), now, item.reason)
                continue
            when = due(item.ntp_s, now, ntp_now_s)
            if when.fault:
                self._refuse(sender, item.path, item.args, now, when.fault)
            elif when.at_s <= now:
                self._perform(item, sender, now)
            elif not self._later.put(when.at_s, (item, sender)):
                self._refuse(sender, item.path, item.args, now, "too many are waiting for later")

    def release(self, now: float) -> None:
        """Perform what has become due."""
        for message, sender in self._later.take(now):
            self._perform(message, sender, now)

    @property
    def next_s(self) -> float | None:
        """When something is due next."""
        return self._later.next_s

    def _perform(self, message: Message, sender: Sender, now: float) -> None:
        try:
            for row in self._rows(message.path, now):
                self._one(row, message.args, sender, now)
        except UsageError as error:
            self._refuse(sender, message.path, message.args, now, str(error))

    def _rows(self, path: str, now: float) -> list[Address]:
        """Return what a literal path or a wildcard stands for; UsageError when it is nothing."""
        known = by_path(self._presets(), self._lenses)
        if (row := known.get(path)) is not None:
            return [row]
        if int(now) != self._second:
            self._second, self._looks = int(now), 0
        self._looks += 1
        if self._looks > LOOKS_A_SECOND:
            raise UsageError("unknown, like many others at once")
        if not is_pattern(path):
            return [find(path, self._presets(), self._lenses)]  # which says what is near
        paths = matching(path, PARAMETER_PATHS)
        if paths is None:
            raise UsageError("no pattern: a bracket stays open, or too many wildcards")
        if not paths:
            raise UsageError("no parameter is like that; wildcards reach parameters only")
        return [known[path] for path in paths]

    def _one(self, row: Address, args: tuple[Arg, ...], sender: Sender, now: float) -> None:
        """Perform a message at one path."""
        try:
            request = command_for(row, args, now, self._presets())
            self._feedback.heard(sender, _moved(row, args), args, now)
            verdict, reason = self._answer(request, sender, now)
        except UsageError as error:
            self._feedback.heard(sender, _moved(row, args), args, now)  # its fader goes back
            self._refuse(sender, row.path, args, now, str(error))
        else:
            self._monitor.note(Heard(now, sender, row.path, args, verdict, reason))

    def _answer(self, request: Request | None, sender: Sender, now: float) -> tuple[Verdict, str]:
        match request:
            case None:
                return Verdict.RELEASED, ""
            case Hello(port):
                self._feedback.hello(sender, port, now)
            case Sync():
                self._feedback.sync(sender)
            case Ask(path):
                if not self._feedback.ask(sender, path):
                    raise UsageError(f"{path} has no value to tell")
            case _:
                if reason := self._gate.passes(request, now):
                    return Verdict.REPEATED, reason
                self._submit(request)
        return Verdict.DONE, ""

    def _refuse(
        self, sender: Sender, path: str, args: tuple[Arg, ...], now: float, reason: str
    ) -> None:
        reason = reason[:LONGEST_REASON]
        heard = Heard(now, sender, path, args, Verdict.REFUSED, reason)
        self._monitor.note(heard)
        kind = f"{path}: {reason}"
        if kind not in self._logged and len(self._logged) < LOGGED:
            self._logged.add(kind)
            log.warning("OSC from %s", heard)


def _moved(row: Address, args: tuple[Arg, ...]) -> Address | None:
    """Return the row when a hand lies on it: a nudge is over when it is made."""
    return None if not args or args[0] in {"?", "+", "-"} else row

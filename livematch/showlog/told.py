"""A show as its log tells it, brought together: what was on, when, and what it looked like."""

from dataclasses import dataclass, field

from livematch.control.params import TABLE, Params, changed
from livematch.errors import UsageError
from livematch.showlog.reader import LoggedShow, ShowLogError, refuse_flood
from livematch.showlog.records import (
    CameraPlaced,
    CueBegun,
    CueFailed,
    CueGiven,
    End,
    Event,
    Gap,
    Head,
    Offered,
    ParamsChanged,
    Setting,
    Shot,
    VeilMoved,
)

# what the audience sees follows from the others: `fade` is in the cues, the lens's share is told by
# itself, and the rest only operators see
UNSEEN = frozenset({"fade", "hud", "preview", "lens_mix", "lens_yields"})
LOOKS: tuple[str, ...] = tuple(
    name
    for name, row in TABLE.items()
    if (row.group in {"look", "lens"} and name not in UNSEEN) or name in {"freeze", "blackout"}
)


MOST_UNKNOWN = 50


@dataclass(slots=True)
class ToldCue:
    """A cue of a show: how it was given, and when its first picture came on; None if never."""

    given: CueGiven
    begun_s: float | None = None
    failed: bool = False


@dataclass(slots=True)
class ToldShow:
    """What a replay needs of a log. Times in seconds from the show's first picture.

    `cues` are in the order in which they were decided, `looks` the parameters that show and that
    changed, `camera` from when on the camera's film is to be reckoned from which start. `offers`
    say from when on which of `cells` are in the grid; each has a number of its own, below zero.
    `veils` are the shares of the painting that lay over the program, while they moved.
    """

    head: Head
    start: Params
    cues: list[ToldCue] = field(default_factory=list)
    looks: list[tuple[float, Params]] = field(default_factory=list)
    camera: list[tuple[float, float]] = field(default_factory=list)
    offers: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)
    cells: dict[int, Shot] = field(default_factory=dict)
    veils: list[tuple[float, float]] = field(default_factory=list)
    end_s: float = 0.0
    is_ended: bool = False
    lost: int = 0
    unknown: set[str] = field(default_factory=set)


def tell(show: LoggedShow) -> ToldShow:
    """Read a log from end to end and keep what a replay needs; ShowLogError."""
    teller = _Teller(show)
    for record in show.events():
        teller.take(record)
    return teller.told


class _Teller:
    """Brings the records of one show together, in the order in which they were written."""

    def __init__(self, show: LoggedShow) -> None:
        self._show = show
        self._by_number: dict[int, ToldCue] = {}
        self._cells: dict[int, int] = {}
        self._kept = 0
        self.told = ToldShow(show.head, Params())
        self._params = self.told.start = self._changed(Params(), show.head.start)

    def take(self, record: Head | Event) -> None:
        told = self.told
        told.end_s = max(told.end_s, record.t)
        match record:
            case Head():
                self._head(record)
            case ParamsChanged():
                self._look(record.t, self._changed(self._params, record.values))
            case CueGiven() | CueBegun() | CueFailed():
                self._cue(record)
            case Offered():
                self._offer(record)
            case CameraPlaced() if not told.camera or told.camera[-1][1] != record.start_s:
                told.camera.append((record.t, record.start_s))
                self._keep()
            case VeilMoved() if not told.veils or told.veils[-1][0] < record.t:
                told.veils.append((record.t, record.share))
                self._keep()
            case Gap():
                told.lost += record.lost
            case End():
                told.is_ended = True
            case _:
                pass

    def _head(self, head: Head) -> None:
        """Take what a later part begins with: the parameters in force there."""
        if head.show != self._show.head.show:
            raise ShowLogError(f"{self._show.parts[0].path}: has lines of another show")
        self._look(head.t, self._changed(Params(), head.start))

    def _cue(self, record: CueGiven | CueBegun | CueFailed) -> None:
        """Take a line of a cue; a later part tells again of those that are on where it begins."""
        cue = self._by_number.get(record.n)
        match record:
            case CueGiven() if cue is None:
                self._by_number[record.n] = cue = ToldCue(record)
                self.told.cues.append(cue)
                self._keep()
            case CueBegun() if cue is not None and cue.begun_s is None:
                cue.begun_s = record.t
            case CueFailed() if cue is not None:
                cue.failed = True
            case _:
                pass

    def _offer(self, offered: Offered) -> None:
        """Take what is in the grid; what a later part tells again is there already."""
        told, new = self.told, {shot.shot: shot for shot in offered.new}
        cells: dict[int, int] = {}
        for number in offered.shots:
            if number in self._cells:
                cells[number] = self._cells[number]
            elif number in new:
                cells[number] = -1 - len(told.cells)
                told.cells[cells[number]] = new[number]
        if tuple(cells) != tuple(self._cells):
            told.offers.append((offered.t, tuple(cells.values())))
            self._keep()
        self._cells = cells

    def _look(self, at_s: float, params: Params) -> None:
        if params != self._params:
            self.told.looks.append((at_s, params))
            self._params = params
            self._keep()

    def _changed(self, params: Params, values: dict[str, Setting]) -> Params:
        """Return the parameters with those that show set to some values."""
        for name, value in values.items():
            if name not in TABLE:
                if len(self.told.unknown) < MOST_UNKNOWN:
                    self.told.unknown.add(name)
            elif name in LOOKS:
                try:
                    params = changed(params, name, value)
                except UsageError as fault:
                    raise ShowLogError(f"{self._show.parts[0].path}: {fault}") from None
        return params

    def _keep(self) -> None:
        self._kept += 1
        refuse_flood(self._kept, self._show)

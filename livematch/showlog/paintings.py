"""What a replay paints: the lenses of the show, found again by name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from livematch.clock import ManualClock
from livematch.control.params import Params
from livematch.errors import UsageError
from livematch.lens.collection import Lenses
from livematch.lens.easel import PAINTED, Easel, NoEasel, OfflineEasel
from livematch.lens.paint import Lens
from livematch.showlog.told import ToldShow
from livematch.telemetry import Telemetry
from livematch.values import Source


def was_painted(show: ToldShow) -> bool:
    """Whether a painting was ever on."""
    return (
        any(params.screen in PAINTED for params in _looks(show))
        or any(share > 0 for _, share in show.veils)
        or any(cue.given.source is Source.LENS for cue in show.cues)
    )


@dataclass(frozen=True, slots=True)
class Palette:
    """The lenses of a show, as far as they are there; `notes` say what is not as it was."""

    easel: Easel
    first: str
    notes: tuple[str, ...] = ()

    def named(self, params: Params) -> Params:
        """Return parameters that name the lens which the show took where none was named."""
        return params if params.lens else replace(params, lens=self.first)


def palette_for(show: ToldShow, lenses: Lenses, *, skip_missing: bool) -> Palette:
    """Return what a show is painted with again; UsageError when a lens is gone.

    With `skip_missing` another paints in its place, if there is one.
    """
    known = {facts.name: facts.sha256 for facts in show.head.setup.lenses}
    first = next(iter(known), "")
    if not was_painted(show):
        return Palette(NoEasel(), first)
    used = dict.fromkeys(params.lens or first for params in _looks(show))
    there = {card.name: card.sha256 for card in lenses.cards}
    gone = [name for name in used if name in known and name not in there]
    if gone and not skip_missing:
        what = "the lens" if len(gone) == 1 else "the lenses"
        raise UsageError(
            f"not here any more: {what} {', '.join(gone)} of this show. Name the file, --lens FILE,"
            " or go on without: --skip-missing"
        )
    notes = [f"skipped: the lens {name} is not here" for name in gone]
    notes += [
        f"the lens {name} is not the same as in the show"
        for name in used
        if name in there and known.get(name, there[name]) != there[name]
    ]
    if not lenses.names:
        return Palette(NoEasel(), first, tuple(notes))
    easel = OfflineEasel(lenses, Lens, ManualClock(), Telemetry(), forgiving=True)
    return Palette(easel, first, tuple(notes))


def _looks(show: ToldShow) -> Iterator[Params]:
    yield show.start
    yield from (params for _, params in show.looks)

"""The pair of decks: performs cues, so that the program is always a whole picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from livematch.playback.deck import Deck
from livematch.playback.fade import Fade
from livematch.values import SAME_S, Clip, Cue, Layer, Match, Moment, Source

HURRY_S = 0.12  # a running fade ends within this when the next cue is already there
NO_DECK = -1


@dataclass(frozen=True, slots=True)
class Program:
    """What the audience sees in one tick: one or two layers, the lower first.

    `begun` is the cue whose first picture is on for the first time, `failed` a cue that could not
    be performed, with `fault` saying why. `title` and `time_s` are of the topmost film.
    """

    layers: tuple[Layer, ...]
    begun: Cue | None = None
    failed: Cue | None = None
    fault: str | None = None


@dataclass(slots=True)
class _Part:
    """A cue being performed: on which deck, since when, and how far its fade is."""

    cue: Cue
    deck: int
    title: str = ""
    began_s: float = 0.0
    fade: Fade | None = None


class Decks:
    """Plays cues on two decks, crossfading from one to the other. The engine's thread.

    A cue is loaded on the free deck while the other goes on; its fade starts when its first
    picture is decoded, never before. A cue that comes in the middle of a fade hurries the fade and
    follows it; of several waiting cues the newest is performed. Play time stands still while the
    picture is frozen. A cue that says when it begins has its first picture on then, and whatever
    fade it waits for is over.
    """

    def __init__(self, pair: tuple[Deck, Deck], clip_of: Callable[[Moment], Clip]) -> None:
        self._pair = pair
        self._clip_of = clip_of
        self._on: _Part | None = None
        self._coming: _Part | None = None
        self._waiting: Cue | None = None
        self._play_s = 0.0
        self._last_now: float | None = None

    def cue(self, cue: Cue) -> None:
        """Bring something in as soon as it is ready."""
        if self._coming is not None and self._coming.fade is not None:
            self._waiting = cue
        else:
            self._load(cue)

    def program_at(self, now: float, *, frozen: bool = False) -> Program:
        """Return what is on at `now`; call once a tick."""
        if self._last_now is not None and not frozen:
            self._play_s += max(0.0, now - self._last_now)
        self._last_now = now
        failed, fault = self._drop_failed()
        if self._waiting is not None and _is_called(self._waiting, now):
            self._settle()
        begun = self._begin_ready(now)
        self._finish_fade()
        return Program(self._layers(), begun, failed, fault)

    def playing(self) -> tuple[Cue, float] | None:
        """Return the topmost visible cue and how long it has played, in seconds."""
        part = self._coming if self._coming and self._coming.fade else self._on
        return (part.cue, self._play_s - part.began_s) if part else None

    @property
    def is_fading(self) -> bool:
        """Whether one picture is giving way to another."""
        return self._coming is not None and self._coming.fade is not None

    def clip_of(self, matches: Sequence[Match]) -> tuple[Clip, ...]:
        """Return the clips that would be loaded for some matches."""
        return tuple(self._clip_of(match.start) for match in matches)

    def close(self) -> None:
        """End both decks."""
        for deck in self._pair:
            deck.close()

    def _load(self, cue: Cue) -> None:
        deck, title = NO_DECK, ""
        if cue.match is not None:
            deck = 1 if self._on is not None and self._on.deck == 0 else 0
            clip = self._clip_of(cue.match.start)
            title = clip.title
            self._pair[deck].load(replace(clip, manner=cue.manner))
        self._coming = _Part(cue, deck, title)

    def _drop_failed(self) -> tuple[Cue | None, str | None]:
        part = self._coming
        if part is None or part.deck == NO_DECK or part.fade is not None:
            return None, None
        fault = self._pair[part.deck].fault
        if fault is None:
            return None, None
        self._coming = None
        return part.cue, fault

    def _begin_ready(self, now: float) -> Cue | None:
        part = self._coming
        if part is None or part.fade is not None or not _may_begin(part.cue, now):
            return None
        if part.deck != NO_DECK and not self._pair[part.deck].is_ready:
            return None
        part.began_s = self._play_s
        part.fade = Fade(self._play_s, part.cue.fade_s if self._on else 0.0)
        return part.cue

    def _finish_fade(self) -> None:
        part = self._coming
        if part is None or part.fade is None:
            return
        if self._waiting is not None:
            part.fade = part.fade.hurried(self._play_s, HURRY_S)
        if part.fade.opacity_at(self._play_s) >= 1.0:
            self._settle()

    def _settle(self) -> None:
        """Leave only what is coming on, and load what has waited for that."""
        part = self._coming
        if self._on is not None and part is not None and self._on.deck not in {NO_DECK, part.deck}:
            self._pair[self._on.deck].unload()
        self._on, self._coming = part, None
        if self._waiting is not None:
            cue, self._waiting = self._waiting, None
            self._load(cue)

    def _layers(self) -> tuple[Layer, ...]:
        layers = [self._layer(self._on, 1.0)] if self._on else []
        if self._coming is not None and self._coming.fade is not None:
            opacity = self._coming.fade.opacity_at(self._play_s)
            layers.append(self._layer(self._coming, opacity))
        return tuple(layers)

    def _layer(self, part: _Part, opacity: float) -> Layer:
        if part.deck == NO_DECK:
            return Layer(part.cue.source, part.deck, None, opacity)
        picture = self._pair[part.deck].picture_at(self._play_s - part.began_s)
        return Layer(Source.ARCHIVE, part.deck, picture, opacity, part.title)


def _may_begin(cue: Cue, now: float) -> bool:
    return cue.begins_s is None or cue.begins_s <= now + SAME_S


def _is_called(cue: Cue, now: float) -> bool:
    return cue.begins_s is not None and cue.begins_s <= now + SAME_S

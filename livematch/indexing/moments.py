"""Which instants of a shot are kept: evenly, about two a second, never less than one a shot.

Cuts are known a little late, so pictures wait here until it is settled which shot they belong to.
What waits is bounded by the delay of the cut detector, never by the length of a shot.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livematch.archive.records import ShotSpan
from livematch.embed.trail import APART_S, MOST_APART_S, Trail
from livematch.indexing.blank import kind_of
from livematch.indexing.likeness import glance, is_near_duplicate
from livematch.indexing.shots import Boundary
from livematch.values import Glimpse, Image, ShotKind, Vector

SPACING_S = 0.5
KEEP_S = 1 / 16  # pictures nearer to each other than this are not both worth waiting with
EDGE_S = 0.08  # two frames of film: cuts smear there, by compression and by frame blending
THUMBS = 16  # candidates for a shot's thumbnail held at once


@dataclass(frozen=True, slots=True)
class Candidate:
    """A small upright picture, with the one a little before it, and its time in the film."""

    time_s: float
    glimpse: Glimpse

    @property
    def image(self) -> Image:
        """The picture itself."""
        return self.glimpse.image


class Unseen:
    """A picture that is made small when it is first looked at: most of them never are."""

    def __init__(self, time_s: float, look: Callable[[], Image]) -> None:
        self.time_s = time_s
        self.before: tuple[Unseen, float] | None = None
        self._look: Callable[[], Image] | None = look
        self._image: Image | None = None

    @property
    def image(self) -> Image:
        """The picture; what it was made from is let go."""
        if self._look is not None:
            self._image, self._look = self._look(), None
        assert self._image is not None  # noqa: S101 - it was just looked at, or before
        return self._image


@dataclass(frozen=True, slots=True)
class Chosen:
    """A moment to be described, in which shot of its film, counted from 0."""

    shot: int
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class ClosedShot:
    """A finished shot, the picture that stands for it, and what it shows."""

    span: ShotSpan
    thumb: Image
    kind: ShotKind


class MomentChooser:
    """Takes every picture and every boundary of one film, in order; gives moments and shots.

    Call `push` for each picture that it `wants`, and `advance`; `finish` once. Moments that show
    nothing new since the last one kept of their shot are `dropped`. Pure; one thread.
    """

    def __init__(self) -> None:
        self._waiting: deque[Unseen] = deque()
        self._trail: Trail[Unseen] = Trail()
        self._shot = 0
        self._start_s: float | None = None
        self._next_s = 0.0  # when the next moment is due
        self._chosen_in_shot = 0
        self._faces = Faces()
        self._glance: Vector | None = None  # of the last moment kept of this shot
        self.dropped = 0
        self.closed: list[ClosedShot] = []

    def wants(self, time_s: float, next_s: float) -> bool:
        """Whether the picture at a time is worth shrinking, the one after it being at `next_s`."""
        if not self._waiting:
            return True
        return time_s - self._waiting[-1].time_s >= KEEP_S or next_s - time_s >= KEEP_S

    def push(self, time_s: float, look: Callable[[], Image]) -> None:
        """Take the next picture; `look` gives it, at most once, on this thread, if it is wanted.

        The picture is kept as it is and must not be written again.
        """
        if self._start_s is None:
            self._begin(time_s, time_s)
        unseen = Unseen(time_s, look)
        unseen.before = self._trail.follow(time_s, unseen)
        self._waiting.append(unseen)

    def advance(self, boundaries: Sequence[Boundary], settled_s: float) -> list[Chosen]:
        """Choose what can be chosen, knowing all boundaries before `settled_s`."""
        chosen = []
        for boundary in boundaries:
            chosen += self._close(boundary.time_s, boundary.from_s)
            self._begin(boundary.time_s, boundary.to_s)
        return chosen + self._choose(settled_s)

    def finish(self, boundaries: Sequence[Boundary], end_s: float) -> list[Chosen]:
        """Close the last shot at `end_s`, the end of the film's last picture."""
        chosen = self.advance(boundaries, 0.0)
        return chosen if self._start_s is None else chosen + self._close(end_s, end_s)

    def _begin(self, start_s: float, clear_s: float) -> None:
        """Begin a shot at `start_s` whose pictures are its own from `clear_s` on."""
        self._start_s = start_s
        self._next_s = clear_s + SPACING_S / 2
        self._chosen_in_shot = 0
        self._faces = Faces()
        self._glance = None

    def _choose(self, until_s: float) -> list[Chosen]:
        """Choose the moments due well before `until_s`, each the nearest picture to its time."""
        chosen = []
        while self._next_s + SPACING_S / 2 + EDGE_S <= until_s:
            chosen.append(self._take(self._next_s, until_s))
            self._next_s += SPACING_S
        self._forget(min(self._next_s - SPACING_S / 2, until_s))
        return [c for c in chosen if c is not None]

    def _close(self, end_s: float, clear_s: float) -> list[Chosen]:
        """End the shot at `end_s`; its pictures are its own until `clear_s`."""
        assert self._start_s is not None  # noqa: S101 - a shot was begun with its first picture
        chosen = []
        while self._next_s + EDGE_S <= clear_s:
            chosen.append(self._take(self._next_s, end_s))
            self._next_s += SPACING_S
        if self._chosen_in_shot == 0:
            middle_s = (max(self._start_s, self._next_s - SPACING_S / 2) + clear_s) / 2
            middle_s = min(max(middle_s, self._start_s), end_s)
            chosen.append(self._take(middle_s, end_s))
        kept = [c for c in chosen if c is not None]
        thumb = self._faces.nearest((self._start_s + end_s) / 2)
        kind = kind_of(self._faces.pictures)
        self.closed.append(ClosedShot(ShotSpan(self._start_s, end_s), thumb, kind))
        self._shot += 1
        self._forget(end_s)
        return kept

    def _nearest(self, time_s: float, end_s: float) -> Unseen | None:
        """Find the waiting picture nearest to a time, in this shot and before `end_s`."""
        assert self._start_s is not None  # noqa: S101 - see above
        ours = [c for c in self._waiting if self._start_s <= c.time_s < end_s]
        return min(ours, key=lambda c: abs(c.time_s - time_s), default=None)

    def _take(self, time_s: float, end_s: float) -> Chosen | None:
        """Choose a picture, unless it was chosen just before: some films have few a second."""
        unseen = self._nearest(time_s, end_s)
        if unseen is None or unseen.time_s == self._faces.last_s:
            return None
        self._faces.add(unseen)
        self._chosen_in_shot += 1
        if self._is_nothing_new(unseen.image):
            self.dropped += 1
            return None
        return Chosen(self._shot, Candidate(unseen.time_s, self._glimpse(unseen, end_s)))

    def _is_nothing_new(self, image: Image) -> bool:
        """Compare with the last moment kept, never with one dropped: so nothing creeps away."""
        now = glance(image)
        if self._glance is not None and is_near_duplicate(now, self._glance):
            return True
        self._glance = now
        return False

    def _glimpse(self, unseen: Unseen, end_s: float) -> Glimpse:
        """Show a moment's movement by pictures of its own shot: at the very start, the next one."""
        assert self._start_s is not None  # noqa: S101 - see above
        if unseen.before is not None and unseen.time_s - unseen.before[1] >= self._start_s:
            before, apart_s = unseen.before
            return Glimpse(unseen.image, before.image, apart_s)
        after = self._nearest(unseen.time_s + APART_S, end_s)
        apart_s = unseen.time_s - after.time_s if after else 0.0
        if after is None or not 0 < -apart_s <= MOST_APART_S:
            return Glimpse(unseen.image)
        return Glimpse(unseen.image, after.image, apart_s)

    def _forget(self, before_s: float) -> None:
        """Let go of pictures that no moment still to come can want; one before stays."""
        while len(self._waiting) > 1 and self._waiting[1].time_s <= before_s:
            self._waiting.popleft().before = None  # or each would hold the one before it, for ever


class Faces:
    """The moments of one shot that may become its thumbnail, spread over it, at most `THUMBS`."""

    def __init__(self) -> None:
        self._kept: list[Unseen] = []
        self._stride = 1
        self._seen = 0
        self.last_s: float | None = None

    def add(self, candidate: Unseen) -> None:
        """Offer the next one; every second kept one makes room when there are too many."""
        self.last_s = candidate.time_s
        if self._seen % self._stride == 0:
            if len(self._kept) == THUMBS:
                self._kept = self._kept[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._kept.append(candidate)
        self._seen += 1

    @property
    def pictures(self) -> list[Image]:
        """All that are held, in order of time."""
        return [candidate.image for candidate in self._kept]

    def nearest(self, time_s: float) -> Image:
        """Return the picture nearest to a time; a shot has at least one."""
        return min(self._kept, key=lambda c: abs(c.time_s - time_s)).image

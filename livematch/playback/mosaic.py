"""The mosaic: the candidates on offer, each playing in a small place of its own.

`LiveMosaic` decodes on one thread that takes no more than its share of a core, whatever the films
are; `OfflineMosaic` is its twin for renders on a manual clock and decodes when it is asked.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from livematch.clock import Clock
from livematch.errors import FilmError
from livematch.playback.small import SmallFilm
from livematch.values import Clip, Match, Moment, Pane, Picture
from livematch.worker import Worker

SHARE = 0.6  # of a core, at most: what decoding for all places may take
LONGEST_REST_S = 0.1
TURNS_A_TICK = 4  # and where the program slows down, so does this: 13 pictures at 30 ticks a second
FASTEST_HZ = 30.0  # pictures a second in each place
AT_ONCE = 4  # pictures of one film decoded in one go, before the others have their turn


class Mosaic(Protocol):
    """What the engine needs of a mosaic."""

    pictures: int
    """How many pictures were brought so far."""

    def panes_at(
        self,
        now: float,
        offered: Sequence[Match],
        *,
        frozen: bool = False,
        pictures_hz: float = FASTEST_HZ,
    ) -> tuple[Pane, ...]:
        """Return what is seen of the candidates `offered`; call once a tick while they are seen.

        Live, a place gets a new picture at most `pictures_hz` times a second. Nothing is returned
        until each has its first picture; from then on a place keeps its last one until the next
        shot's first is there. Play time stands still while the picture is frozen.
        """
        ...

    def rest(self) -> None:
        """Stop: nobody looks. Returns at once when live."""
        ...

    def failed(self) -> tuple[tuple[Match, str], ...]:
        """Return the candidates that turned out not to be playable since the last call, and why."""
        ...

    @property
    def skipped(self) -> int:
        """How many pictures of the films were passed over for want of time."""
        ...

    def close(self) -> None:
        """Let the films go."""
        ...


def on_at(clip: Clip, play_s: float, frame_s: float) -> float:
    """Return which time of its film is on after `play_s` of play: from the entry, then in laps.

    Never so near to the end that rounding could show a picture of the next shot.
    """
    first_lap_s = max(clip.end_s - clip.entry_s, frame_s)
    lap_s = max(clip.end_s - clip.start_s, frame_s)
    if play_s < first_lap_s:
        time_s = clip.entry_s + play_s
    else:
        time_s = clip.start_s + (play_s - first_lap_s) % lap_s
    return max(clip.start_s, min(time_s, clip.end_s - 0.5 * frame_s))


class _Tile:
    """One shot in its place. `picture` is that of the shot before until its own has come."""

    def __init__(self, match: Match, clip: Clip, before: Picture | None) -> None:
        self.match = match
        self.clip = clip
        self.picture = before
        self.has_come = False
        self.fault: str | None = None
        self.is_told = False  # that it failed
        self.film: SmallFilm | None = None
        self.turned_s = float("-inf")
        self._began_s: float | None = None

    def turn(self, play_s: float, most: int | None) -> bool:
        """Bring the picture that is on at `play_s`, opening the film first; True for a new one."""
        self.turned_s = play_s
        try:
            picture = self._find(play_s, most)
        except FilmError as error:
            self.fault, self.picture = str(error), None
            return False
        if picture is None:
            return False
        self.picture, self.has_come = picture, True
        return True

    def close(self) -> None:
        if self.film is not None:
            self.film.close()

    def _find(self, play_s: float, most: int | None) -> Picture | None:
        if self.film is None:
            self.film = SmallFilm(self.clip.path, most)
        if self._began_s is None:
            self._began_s = play_s
        time_s = on_at(self.clip, play_s - self._began_s, self.film.frame_s)
        picture = self.film.at(time_s)
        late_s = self.film.behind_s(time_s)
        if late_s > self.film.frame_s:
            self._began_s += late_s  # it plays slower rather than ever further behind
        return picture


class _Wall:
    """The places, in the order of their numbers, and the time that plays in them."""

    def __init__(self, clip_of: Callable[[Moment], Clip]) -> None:
        self._clip_of = clip_of
        self._last_now: float | None = None
        self._is_open = False
        self.tiles: list[_Tile] = []
        self.play_s = 0.0

    def update(self, now: float, offered: Sequence[Match], *, frozen: bool) -> list[_Tile]:
        """Give each candidate its place; return the tiles that have gone."""
        if self._last_now is not None and not frozen:
            self.play_s += max(0.0, now - self._last_now)
        self._last_now = now
        former = {tile.match.moment.shot_id: tile for tile in self.tiles}
        tiles = []
        for place, match in enumerate(offered):
            tile = former.pop(match.moment.shot_id, None)
            if tile is None:
                before = self.tiles[place].picture if place < len(self.tiles) else None
                tile = _Tile(match, self._clip_of(match.start), before)
            tile.match = match
            tiles.append(tile)
        self.tiles = tiles
        return list(former.values())

    def clear(self) -> list[_Tile]:
        """Empty all places; return the tiles that have gone."""
        gone, self.tiles, self._last_now, self._is_open = self.tiles, [], None, False
        return gone

    def panes(self) -> tuple[Pane, ...]:
        if not self._is_open:
            self._is_open = all(tile.has_come or tile.fault is not None for tile in self.tiles)
        if not self._is_open:
            return ()
        return tuple(
            Pane(number, tile.picture, tile.clip.title, tile.match.score)
            for number, tile in enumerate(self.tiles, 1)
        )

    def failed(self) -> tuple[tuple[Match, str], ...]:
        fresh = [tile for tile in self.tiles if tile.fault is not None and not tile.is_told]
        for tile in fresh:
            tile.is_told = True
        return tuple((tile.match, tile.fault or "") for tile in fresh)


class LiveMosaic:
    """A mosaic with a thread of its own; all its methods return at once. The engine's thread.

    One place after the other gets its next picture, the longest waiting first. After each the
    thread rests, so that on a slow machine places change less often and the program goes on.
    """

    def __init__(self, clip_of: Callable[[Moment], Clip], clock: Clock) -> None:
        self.pictures = 0
        self._skipped = 0
        self._clock = clock
        self._wall = _Wall(clip_of)
        self._gone: list[_Tile] = []
        self._turns = 0  # that are left in this tick
        self._apart_s = 0.0
        self._changed = threading.Condition()
        self._closed = False
        self._worker = Worker("mosaic", self._work, wake=self._wake).start()

    def panes_at(
        self,
        now: float,
        offered: Sequence[Match],
        *,
        frozen: bool = False,
        pictures_hz: float = FASTEST_HZ,
    ) -> tuple[Pane, ...]:
        """Return what is seen of the candidates; a late decoder leaves the pictures before."""
        with self._changed:
            self._apart_s = 0.9 / pictures_hz  # ticks and pictures do not fall together
            self._turns = TURNS_A_TICK
            self._gone += self._wall.update(now, offered, frozen=frozen)
            self._changed.notify()
            return self._wall.panes()

    def rest(self) -> None:
        """Stop: the thread closes the films and sleeps."""
        if self._wall.tiles:
            with self._changed:
                self._gone += self._wall.clear()
                self._changed.notify()

    def failed(self) -> tuple[tuple[Match, str], ...]:
        """Return the candidates that turned out not to be playable since the last call, and why."""
        return self._wall.failed()

    @property
    def skipped(self) -> int:
        """How many pictures of the films were passed over for want of time."""
        return self._skipped

    def close(self) -> None:
        """End the thread and let the films go."""
        self._worker.stop()
        if not self._worker.running:
            for tile in (*self._gone, *self._wall.clear()):
                tile.close()
            self._gone.clear()

    def _wake(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> bool:
        """Close what has gone and turn one tile; runs on the mosaic's thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._gone or self._due() is not None)
            if self._closed:
                return False
            gone, self._gone = self._gone, []
            tile, play_s = self._due(), self._wall.play_s
            self._turns -= tile is not None
        for former in gone:
            former.close()
        if tile is not None:
            self._turn(tile, play_s)
        return True

    def _turn(self, tile: _Tile, play_s: float) -> None:
        began_s = self._clock.now()
        is_late = play_s > tile.turned_s + 2.0 * self._apart_s
        before = tile.film.skipped if tile.film else 0
        self.pictures += tile.turn(play_s, AT_ONCE)
        if is_late and tile.film is not None:
            self._skipped += tile.film.skipped - before
        now = self._clock.now()
        rest_s = (now - began_s) * (1.0 - SHARE) / SHARE
        self._clock.wait_until(now + min(LONGEST_REST_S, rest_s))

    def _due(self) -> _Tile | None:
        if self._turns <= 0:
            return None
        latest_s = self._wall.play_s - self._apart_s
        due = (t for t in self._wall.tiles if t.fault is None and t.turned_s <= latest_s)
        return min(due, key=lambda tile: tile.turned_s, default=None)


class OfflineMosaic:
    """The twin without a thread: decodes all places when asked, on whatever clock there is."""

    def __init__(self, clip_of: Callable[[Moment], Clip]) -> None:
        self.pictures = 0
        self._wall = _Wall(clip_of)

    def panes_at(
        self,
        now: float,
        offered: Sequence[Match],
        *,
        frozen: bool = False,
        pictures_hz: float = FASTEST_HZ,  # noqa: ARG002 - offline there is time for each
    ) -> tuple[Pane, ...]:
        """Decode what is on at `now` in each place and return it."""
        for tile in self._wall.update(now, offered, frozen=frozen):
            tile.close()
        for tile in self._wall.tiles:
            if tile.fault is None:
                self.pictures += tile.turn(self._wall.play_s, None)
        return self._wall.panes()

    def rest(self) -> None:
        """Let the films go: nobody looks."""
        for tile in self._wall.clear():
            tile.close()

    def failed(self) -> tuple[tuple[Match, str], ...]:
        """Return the candidates that turned out not to be playable since the last call, and why."""
        return self._wall.failed()

    @property
    def skipped(self) -> int:
        """None: offline there is time for each."""
        return 0

    def close(self) -> None:
        """Let the films go."""
        self.rest()

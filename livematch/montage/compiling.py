"""A compilation: scenes picked, put in order and cut, and the film of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from livematch.archive.store import Archive
from livematch.control.params import Layout, Params
from livematch.montage.order import Ground, best_path
from livematch.montage.picking import Lengths, Picker, Scene
from livematch.montage.runs import LIKENESS, Run, Stay, Table, best_runs
from livematch.render.recorder import Policy, Recorder
from livematch.rendering import Script, render
from livematch.values import AtEnd, Cue, Manner, Match, Moment, Source, Vector

MOST_LOOKS = 6  # times that an order is sought again without what shows nothing
SLACK_S = 1e-6
MOST_USUAL = (1280, 720)  # the largest picture unless another is asked for


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: how long, how many times as much to choose among, and how cut.

    A shot must be more alike by `apart` to follow one of its own film.
    """

    lengths: Lengths
    choice: float
    apart: float
    fps: Fraction
    fade_s: float


@dataclass(frozen=True, slots=True)
class Part:
    """One shot of a compilation: from which time of its film to which, and in which pictures.

    `likeness` is to what was asked for, where it is entered; `join` is how like its first picture
    is to the last of the part before, None for the first part.
    """

    shot_id: int
    film_id: int
    from_s: float
    to_s: float
    first: int
    end: int
    likeness: float
    join: float | None


@dataclass(frozen=True, slots=True)
class Compilation:
    """What is played in which order; `pictures` were wanted. `left` counts shots left out.

    `is_all` says that every shot that may be used was looked at.
    """

    parts: tuple[Part, ...]
    pictures: int
    left: dict[str, int]
    is_all: bool = True

    @property
    def made(self) -> int:
        """How many pictures there are."""
        return self.parts[-1].end if self.parts else 0

    @property
    def mean_join(self) -> float:
        """How good the cuts are on the average; 0 without any."""
        joins = [part.join for part in self.parts if part.join is not None]
        return float(np.mean(joins)) if joins else 0.0


Shows = Callable[[int, int, float], bool]
"""Whether there is something to see in a film's shot at a time."""


def compiled(picker: Picker, queries: Vector, wish: Wish, shows: Shows) -> Compilation:
    """Choose, order and cut what is like some queries (q, fitted).

    Nothing is entered or left where it does not `show` anything.
    """
    lengths = wish.lengths
    pictures = max(1, round(lengths.total_s * wish.fps))
    # an order is sought that is a little too long: entries and exits may shorten the shots
    needed_s = lengths.total_s + lengths.longest_s
    picked = picker.pick(queries, lengths, max(needed_s, wish.choice * lengths.total_s))
    scenes, arranged = picked.scenes, _Arranged((), ())
    for _ in range(MOST_LOOKS):
        if not scenes:
            return Compilation((), pictures, picked.left)
        arranged = _arrange(picker, scenes, wish, needed_s, pictures)
        unseen = arranged.unseen(shows)
        if not unseen:
            break
        scenes = _without(scenes, unseen, lengths)
    parts = tuple(arranged.part(run, wish.fps) for run in arranged.runs)
    return Compilation(parts, pictures, picked.left, picked.is_all)


@dataclass(frozen=True, slots=True)
class _Arranged:
    """Scenes in their order, and what is played of each."""

    scenes: tuple[Scene, ...]
    runs: tuple[Run, ...]

    def unseen(self, shows: Shows) -> dict[int, set[int]]:
        """Return the instants at a cut that show nothing, by shot."""
        found: dict[int, set[int]] = {}
        for run in self.runs:
            scene = self.scenes[run.place]
            for instant in (run.entry, run.leave):
                if not shows(scene.film_id, scene.shot_id, float(scene.times_s[instant])):
                    found.setdefault(scene.shot_id, set()).add(instant)
        return found

    def part(self, run: Run, fps: Fraction) -> Part:
        """Say what of which film a run is."""
        scene = self.scenes[run.place]
        from_s = float(scene.times_s[run.entry])
        return Part(
            shot_id=scene.shot_id,
            film_id=scene.film_id,
            from_s=from_s,
            to_s=from_s + float((run.end - run.first) / fps),
            first=run.first,
            end=run.end,
            likeness=float(scene.likeness[run.entry]),
            join=run.join,
        )


def _arrange(
    picker: Picker, scenes: Sequence[Scene], wish: Wish, needed_s: float, pictures: int
) -> _Arranged:
    """Put scenes in order, the first of them first, and cut them."""
    lengths = wish.lengths
    planned = [lengths.planned_s(scene.there_s) for scene in scenes]
    if sum(planned) < needed_s:
        planned = [min(scene.there_s, lengths.longest_s) for scene in scenes]
    ground = Ground(
        join=best_joins(picker, scenes, lengths.shortest_s, wish.apart),
        worth=LIKENESS * np.array([scene.best for scene in scenes], np.float64),
        # a shot that stands still for one instant lasts a picture
        lengths=np.maximum(planned, float(1 / wish.fps)),
    )
    path = [int(place) for place in best_path(ground, 0, needed_s)]
    chosen = tuple(scenes[place] for place in path)
    stays = [
        Stay(scene.times_s, scene.likeness.astype(np.float64), planned[place])
        for scene, place in zip(chosen, path, strict=True)
    ]
    joins = [picker.joins(one, other.fitted).astype(np.float64) for one, other in pairwise(chosen)]
    span_s = (lengths.shortest_s, lengths.longest_s)
    return _Arranged(chosen, best_runs(stays, joins, span_s, float(wish.fps), pictures))


def _without(
    scenes: Sequence[Scene], unseen: dict[int, set[int]], lengths: Lengths
) -> tuple[Scene, ...]:
    left = (scene.without(unseen.get(scene.shot_id, ())) for scene in scenes)
    return tuple(s for s in left if s is not None and s.there_s >= lengths.shortest_s - SLACK_S)


def best_joins(picker: Picker, scenes: Sequence[Scene], stay_s: float, apart: float) -> Table:
    """Say how good the best cut is from each scene to each other: (n, n).

    One that leaves time to stay in both for `stay_s`, less `apart` in the same film.
    """
    every = np.concatenate([scene.fitted for scene in scenes])
    starts = np.cumsum([0, *(len(scene.times_s) for scene in scenes[:-1])])
    entries = np.concatenate([_can_enter(scene, stay_s) for scene in scenes])
    table = np.empty((len(scenes), len(scenes)))
    for number, scene in enumerate(scenes):
        alike = picker.joins(scene, every)[_can_leave(scene, stay_s)].max(axis=0)
        table[number] = np.maximum.reduceat(np.where(entries, alike, -1.0), starts)
    films = np.array([scene.film_id for scene in scenes])
    return np.asarray(table - apart * (films[:, None] == films[None, :]))


def _can_enter(scene: Scene, stay_s: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(scene.times_s[-1] - scene.times_s >= min(stay_s, scene.there_s) - SLACK_S)


def _can_leave(scene: Scene, stay_s: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(scene.times_s - scene.times_s[0] >= min(stay_s, scene.there_s) - SLACK_S)


def usual_size(archive: Archive, compilation: Compilation) -> tuple[int, int]:
    """Return the size that most of the compilation's pictures have, no larger than 1280×720."""
    shown: dict[tuple[int, int], int] = {}
    for part in compilation.parts:
        film = archive.film(part.film_id).film
        size = (film.width, film.height)
        shown[size] = shown.get(size, 0) + part.end - part.first
    width, height = max(shown, key=lambda size: (shown[size], size))
    shrunk = min(1.0, MOST_USUAL[0] / width, MOST_USUAL[1] / height)
    return round(width * shrunk / 2) * 2, round(height * shrunk / 2) * 2


def cues_of(archive: Archive, compilation: Compilation, wish: Wish) -> list[Cue]:
    """Return the cue of each part; a crossfade lies half before the cut and half after."""
    cues = []
    for part in compilation.parts:
        fade_s = wish.fade_s if part.first else 0.0
        ahead = round(fade_s / 2 * wish.fps)
        start_s = archive.shot(part.shot_id).span.start_s
        entry_s = max(start_s, part.from_s - float(ahead / wish.fps))
        moment = Moment(-1, part.film_id, part.shot_id, entry_s)
        cues.append(
            Cue(
                source=Source.ARCHIVE,
                match=Match(moment, part.likeness),
                fade_s=fade_s,
                cause="opening" if part.join is None else f"join {part.join:.3f}",
                decided_s=float((part.first - ahead) / wish.fps),
                frame_number=0,
                manner=Manner(at_end=AtEnd.HOLD),
            )
        )
    return cues


def film_it(
    archive: Archive,
    compilation: Compilation,
    wish: Wish,
    params: Params,
    size_px: tuple[int, int],
    output: Path,
    on_picture: Callable[[int], None],
) -> tuple[Part, ...]:
    """Render a compilation to a film; returns the parts that could not be shown.

    RecordError when the film cannot be written. What is interrupted leaves nothing.
    """
    cues = cues_of(archive, compilation, wish)
    start = replace(Params(), fit=params.fit, screen=Layout.PROGRAM)
    times_s = (float(number / wish.fps) for number in range(compilation.made))
    recorder = Recorder(output, size_px, wish.fps, Policy.BLOCK)
    went = render(
        Script(times_s, cues, start),
        archive,
        size_px,
        recorder,
        lambda tick: on_picture(tick.number),
    )
    return tuple(
        part for cue, part in zip(cues, compilation.parts, strict=True) if cue in went.failed
    )

"""The pictures a lens learns from, an archive's or a folder's; a part is held out, to judge by.

They are kept as small as they are needed, squashed into a square like everything that a network
of this instrument looks at.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import psutil

from livematch.archive.store import Archive
from livematch.embed.preprocess import shrink
from livematch.errors import UsageError
from livematch.sheet import readable
from livematch.stills import moment_still, read_image
from livematch.values import Image, Moment, ShotKind

log = logging.getLogger(__name__)

ROOM = 1.3  # how much larger than the lens pictures are kept: crops of 100 to 130 % fit
LEAST = 24  # pictures; fewer are learned by heart
GOOD = "600 to 1,000 are good"
HELD_OUT = 0.08  # of the scenes
MOST_JUDGED = 64  # pictures that are held out
MEMORY_SHARE = 0.7  # of what is free, for pictures: the network wants some, too
KINDS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})

Thing = TypeVar("Thing")
Progress = Callable[[int, int], None]  # pictures read, pictures in all


@dataclass(frozen=True, slots=True)
class Target:
    """A picture to learn: BGR, a square of `ROOM` times the lens's side; `scene` is its shot."""

    image: Image
    scene: str


@dataclass(frozen=True, slots=True)
class Schoolbook:
    """What a lens learns and what it is judged by; `digest` tells one collection from another.

    No scene is in both. `unread` says of each picture that was left out why.
    """

    learned: tuple[Target, ...]
    held_out: tuple[Target, ...]
    digest: str
    unread: tuple[str, ...] = ()


def kept_px(side_px: int) -> int:
    """Return the side of a target for a lens of `side_px`."""
    return round(side_px * ROOM)


def schoolbook(
    archive: Path | None,
    images: Path | None,
    side_px: int,
    count: int,
    progress: Progress = lambda _done, _all: None,
) -> Schoolbook:
    """Take pictures from an archive's folder or from a folder of pictures, whichever is given.

    UsageError when neither or both are, or when there are too few pictures.
    """
    if images is not None and archive is None:
        return folder_targets(images, side_px, progress)
    if archive is not None and images is None:
        with Archive.open(archive) as opened:
            return archive_targets(opened, side_px, count, progress)
    raise UsageError("give --archive DIR, or --images FOLDER: one of the two")


def archive_targets(
    archive: Archive, side_px: int, count: int, progress: Progress = lambda _done, _all: None
) -> Schoolbook:
    """Take `count` pictures evenly out of an archive's shots; UsageError when it has too few.

    UsageError too when they are more than memory holds.
    Black, white and titles are left out, and shots that repeat others. The same archive gives the
    same pictures.
    """
    moments = _instants(archive, count)
    _refuse_too_many(len(moments), side_px, "--pictures")
    targets: list[Target] = []
    unread: list[str] = []
    for number, moment in enumerate(moments):
        progress(number, len(moments))
        still = moment_still(archive, moment, 2 * kept_px(side_px))
        title = readable(archive.film(moment.film_id).film.path.name)
        if still is None:
            unread.append(f"{title}: nothing can be read at {moment.time_s:.1f} s")
            continue
        targets.append(
            _target(still, side_px, f"{title}, shot {archive.shot(moment.shot_id).number}")
        )
    progress(len(moments), len(moments))
    return _schoolbook(targets, unread, f"the archive {archive.folder}")


def folder_targets(
    folder: Path, side_px: int, progress: Progress = lambda _done, _all: None
) -> Schoolbook:
    """Read every picture below a folder; UsageError when there are too few that can be read.

    UsageError too when there are more than memory holds.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name one with pictures in it")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS)
    _refuse_too_many(len(files), side_px, "--images")
    targets: list[Target] = []
    unread: list[str] = []
    for number, path in enumerate(files):
        progress(number, len(files))
        try:
            image = read_image(path)
        except UsageError as fault:
            unread.append(str(fault))
            continue
        targets.append(_target(image, side_px, str(path.relative_to(folder))))
    progress(len(files), len(files))
    return _schoolbook(targets, unread, str(folder))


def squashed(image: Image, side_px: int) -> Image:
    """Bring a picture to a square of that side."""
    small = shrink(image, side_px, side_px)
    return np.ascontiguousarray(small)


def _target(image: Image, side_px: int, scene: str) -> Target:
    return Target(squashed(image, kept_px(side_px)), scene)


def _instants(archive: Archive, count: int) -> list[Moment]:
    """Spread `count` instants over the shots, to each by its length; at least one to each.

    Of more shots than that some are taken, evenly.
    """
    shots = [
        shot for shot in archive.shots() if shot.kind is ShotKind.FILM and shot.repeats is None
    ]
    present = {film.id for film in archive.films() if film.present}
    shots = [shot for shot in shots if shot.film_id in present]
    shots = _some(shots, count)
    length_s = sum(shot.span.end_s - shot.span.start_s for shot in shots)
    instants: list[Moment] = []
    for shot in shots:
        span = shot.span
        share = (span.end_s - span.start_s) / length_s
        places = max(1, round(count * share))
        for place in range(places):
            time_s = span.start_s + (span.end_s - span.start_s) * (place + 0.5) / places
            instants.append(Moment(-1, shot.film_id, shot.id, time_s))
    return instants


def _schoolbook(targets: Sequence[Target], unread: Sequence[str], where: str) -> Schoolbook:
    if len(targets) < LEAST:
        left_out = f", {len(unread)} more cannot be read ({unread[0]})" if unread else ""
        raise UsageError(
            f"{where} has {len(targets)} pictures to learn from{left_out}: at least {LEAST} are"
            f" wanted, {GOOD}"
        )
    scenes = sorted({target.scene for target in targets}, key=_by_chance)
    kept_back = {scene for scene in scenes if _by_chance(scene) < HELD_OUT} or {scenes[0]}
    held_out = [target for target in targets if target.scene in kept_back]
    learned = [target for target in targets if target.scene not in kept_back]
    if not learned:  # one scene is all there is: its pictures are shared
        held_out, learned = list(targets[::8]), [t for n, t in enumerate(targets) if n % 8]
    return Schoolbook(
        tuple(learned), tuple(_some(held_out, MOST_JUDGED)), _digest(targets), tuple(unread)
    )


def _by_chance(scene: str) -> float:
    """Give a scene a place from 0 to 1 as if by chance: the same in every collection it is in."""
    digest = hashlib.sha256(scene.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _some(things: Sequence[Thing], most: int) -> list[Thing]:
    """Take at most so many, evenly."""
    if len(things) <= most:
        return list(things)
    return [things[int(place)] for place in np.linspace(0, len(things) - 1, most).round()]


def _refuse_too_many(count: int, side_px: int, option: str) -> None:
    """Raise UsageError when so many pictures would not lie in memory: before any is read."""
    each = 3 * kept_px(side_px) ** 2
    free = psutil.virtual_memory().available
    most = int(MEMORY_SHARE * free / each)
    if count > most:
        raise UsageError(
            f"{count} pictures for {side_px}×{side_px} pixels take {count * each / 1e9:.1f} GB of"
            f" memory, and {free / 1e9:.1f} GB are free: take at most {most} with {option};"
            f" {GOOD}"
        )


def _digest(targets: Iterable[Target]) -> str:
    """Tell these pictures from others; small copies are enough, and the same on each machine."""
    digest = hashlib.sha256()
    for target in targets:
        digest.update(f"{_by_chance(target.scene)}".encode())
        small = cv2.resize(target.image, (8, 8), interpolation=cv2.INTER_AREA)
        digest.update(small.tobytes())
    return digest.hexdigest()[:16]

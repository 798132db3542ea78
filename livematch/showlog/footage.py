"""What a replay plays: the films of the show, found again by content, and the camera's film."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livematch.archive.contents import playable_file
from livematch.archive.store import Archive
from livematch.camera.open import PATTERN, open_camera
from livematch.camera.source import Camera
from livematch.clock import ManualClock
from livematch.control.params import Layout
from livematch.errors import CameraError, FilmError, UsageError
from livematch.eyes import Blind, Eyes, Sight
from livematch.indexing.scan import fingerprint
from livematch.sheet import readable
from livematch.showlog.paintings import was_painted
from livematch.showlog.records import Shot
from livematch.showlog.told import ToldShow
from livematch.values import Clip, Frame, Moment, Source

log = logging.getLogger(__name__)

WITH_CAMERA = frozenset(
    {Layout.SIDE_BY_SIDE, Layout.CAMERA, Layout.STACKED, Layout.INSET, Layout.TRIPTYCH}
)


@dataclass(frozen=True, slots=True)
class Gone:
    """A film of the show that cannot be played now, and why."""

    path: str
    fingerprint: str
    why: str

    def __str__(self) -> str:
        return f"{self.path} ({self.fingerprint[:12]}…): {self.why}"


class Footage:
    """The films of a show's cues and of its grid, as they lie now. One thread."""

    def __init__(self, archive: Archive, show: ToldShow) -> None:
        self.gone: dict[str, Gone] = {}
        """The films that are not there, by their content."""
        self._files: dict[str, Path] = {}
        self._shots: dict[int, Shot] = {}
        for cue in show.cues:
            if cue.given.shot is not None and cue.begun_s is not None:
                self._shots[cue.given.n] = cue.given.shot
        self._shots |= show.cells
        for shot in self._shots.values():
            self._find(archive, shot)

    def clip(self, moment: Moment) -> Clip:
        """Say what to play for a moment of a script, whose shot is the number of a cue or cell.

        A film that is gone leaves its cell in the grid empty.
        """
        shot = self._shots[moment.shot_id]
        file = self._files.get(shot.film.fingerprint, Path(shot.film.path))
        return Clip(file, moment.time_s, shot.start_s, shot.end_s, Path(shot.film.path).stem)

    def _find(self, archive: Archive, shot: Shot) -> None:
        content = shot.film.fingerprint
        if content in self._files or content in self.gone:
            return
        stored = archive.by_fingerprint(content)
        if stored is None:
            self.gone[content] = Gone(shot.film.path, content, "is not in the archive")
            return
        file = playable_file(archive.folder, stored)
        if not file.is_file():
            why = f"is not at {readable(file)} any more"
            self.gone[content] = Gone(shot.film.path, content, why)
            return
        self._files[content] = file


class CameraEyes:
    """Eyes that see a film before the camera in step with the show, and find nothing in it.

    `starts` are (seconds of the show, when the film began from then on), in the order of time. A
    film that cannot be read any more leaves its last picture.
    """

    frames_skipped = 0

    def __init__(self, camera: Camera, starts: Sequence[tuple[float, float]]) -> None:
        self._camera = camera
        self._starts = starts or ((0.0, 0.0),)
        self._frame: Frame | None = None
        self._is_begun = self._has_failed = False

    def look(self, now: float) -> Sight:
        """Return the picture that stood before the camera at `now`."""
        start_s = next((s for at_s, s in reversed(self._starts) if at_s <= now), self._starts[0][1])
        if now >= start_s and not self._has_failed:
            try:
                self._wind(now - start_s)
            except CameraError as error:
                self._has_failed = True
                log.warning("camera: %s", error)
        return Sight(self._frame, None)

    def close(self) -> None:
        """Let the camera go."""
        self._camera.stop()

    def _wind(self, tape_s: float) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._frame = self._camera.frame_at(0.0)  # a tape counts from where it is first asked
        self._frame = self._camera.frame_at(tape_s) or self._frame


def eyes_for(show: ToldShow, asked: Path | None) -> tuple[Eyes, str | None]:
    """Return the eyes of a replay, and what is to be said of them, if anything.

    `asked` is a film that somebody names; else the show's own counts, if it is there and the same.
    CameraError when a film that was named cannot be opened.
    """
    own, wanted = show.head.setup.film, asked
    note: str | None = None
    if asked is not None:
        if not asked.is_file():
            raise CameraError(f"--camera {asked}: there is no such film")
    elif own is not None:
        wanted = Path(own.path)
        if not _is_same(wanted, own.fingerprint):
            note = f"{own.path}, the camera's film, is not there or has changed: --camera names it"
            wanted = None
    elif show.head.setup.camera == PATTERN:
        wanted = Path(PATTERN)
    else:
        note = f"the camera was {show.head.setup.camera!r}, not a film: --camera names one"
    if wanted is None:
        left_out = "its side stays black" if shows_camera(show) else "nothing is painted"
        said = f"{note}; {left_out}" if note and needs_camera(show) else None
        return Blind(), said
    if not needs_camera(show):
        return Blind(), None
    try:
        camera = open_camera(str(wanted), ManualClock())
    except CameraError:
        if asked is not None:
            raise
        return Blind(), f"{wanted}, the camera's film, cannot be read; its side stays black"
    return CameraEyes(camera, tuple(show.camera)), None


def needs_camera(show: ToldShow) -> bool:
    """Whether the camera's picture was ever on, or was painted from."""
    return shows_camera(show) or was_painted(show)


def shows_camera(show: ToldShow) -> bool:
    """Whether the camera's picture was ever on."""
    looks = (show.start, *(params for _, params in show.looks))
    return any(params.screen in WITH_CAMERA for params in looks) or any(
        cue.given.source is Source.CAMERA for cue in show.cues
    )


def refuse_gone(footage: Footage, archive: Archive) -> None:
    """Raise UsageError for all the films that cannot be played."""
    if not footage.gone:
        return
    count = len(footage.gone)
    films = "1 film of this show is" if count == 1 else f"{count} films of this show are"
    listed = "\n".join(f"  {gone}" for gone in footage.gone.values())
    raise UsageError(
        f"{films} not to be had from {archive.folder}:\n{listed}\n"
        "  index them again, name another --archive, or go on without: --skip-missing"
    )


def _is_same(path: Path, content: str) -> bool:
    try:
        return path.is_file() and fingerprint(path) == content
    except FilmError:
        return False

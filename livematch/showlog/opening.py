"""Opening a show's log: its first line, and its place on the disk."""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import livematch
from livematch.camera.source import PlayedCamera
from livematch.control.params import Params
from livematch.errors import FilmError, UsageError
from livematch.indexing.scan import fingerprint
from livematch.lens.card import LensCard
from livematch.session import Show
from livematch.sheet import readable
from livematch.showlog import places
from livematch.showlog.log import ShowLog
from livematch.showlog.records import (
    MOST_LENSES,
    MOST_TEXT,
    ArchiveFacts,
    CameraFilm,
    Head,
    LensFacts,
    Setup,
    differing,
    table_version,
    told,
)
from livematch.showlog.writer import LogWriter

log = logging.getLogger(__name__)

LENSES_BYTES = 36 * 1024  # what lenses may take of the first line; see LONGEST_LINE


def head_of(show: Show, began: datetime) -> Head:
    """Return the first line of a show's log."""
    archive, config = show.archive, show.config
    return Head(
        livematch=livematch.__version__,
        show=uuid.uuid4().hex,
        began=began.isoformat(timespec="seconds"),
        archive=ArchiveFacts(
            path=readable(archive.folder.resolve()),
            id=archive.id,
            model=archive.model.name,
            model_sha256=archive.model.sha256,
            rows=archive.rows,
        ),
        setup=Setup(
            size=config.size_px,
            fps=config.fps,
            camera=readable(config.camera),
            film=_camera_film(show),
            sound=readable(config.sound),
            offline=config.offline,
            seconds=config.seconds,
            preset=told(config.preset),
            lenses=lens_facts(show.lenses.cards),
        ),
        start=differing(config.start, Params()),
        table=table_version(),
    )


def lens_facts(cards: Sequence[LensCard]) -> tuple[LensFacts, ...]:
    """Return what is noted of lenses; texts are the shorter the more there are, and then say …."""
    longest = MOST_TEXT
    while True:
        facts = tuple(_facts(card, longest) for card in cards[:MOST_LENSES])
        size = sum(len(lens.model_dump_json().encode()) for lens in facts)
        if size <= LENSES_BYTES or longest == 0:
            return facts
        longest //= 2


def _facts(card: LensCard, longest: int) -> LensFacts:
    return LensFacts(
        name=card.name,
        sha256=card.sha256,
        licence=_shortened(card.licence, longest),
        attribution=_shortened(card.attribution, longest),
        trained_on=_shortened(card.trained_on, longest),
    )


def _shortened(text: str, longest: int) -> str:
    return told(text) if len(text) <= longest else told(text[: max(0, longest - 1)]) + "…"


def open_writer(show: Show, began: datetime) -> LogWriter | None:
    """Begin the log that the set-up asks for; UsageError when a file that was named cannot be.

    A folder that cannot be written to costs the log, with a warning, and not the show.
    """
    config = show.config
    if config.log is None and config.logs is None:
        return None
    try:
        place, file = (
            places.named(config.log)
            if config.log is not None
            else places.named_by(config.logs or places.own_folder(), began)
        )
    except UsageError as error:
        if config.log is not None:
            raise
        log.warning("%s", error)
        return None
    return LogWriter(place, file, head_of(show, began), waits=config.offline)


@contextmanager
def open_log(
    show: Show, began: datetime, warnings: Callable[[], tuple[str, ...]]
) -> Iterator[ShowLog | None]:
    """Log a show while the block runs; None where none is asked for, or none can be written."""
    writer = open_writer(show, began)
    if writer is None:
        yield None
        return
    writer.start()
    try:
        start = show.config.start
        yield ShowLog(
            writer,
            show.archive,
            start,
            warnings,
            lambda: camera_start(show),
            lambda: show.director.offered,
        )
    finally:
        writer.close()


def camera_start(show: Show) -> float | None:
    """Return when the film before the camera began, on the show's clock; None for a device."""
    return show.camera.began_s if isinstance(show.camera, PlayedCamera) else None


def _camera_film(show: Show) -> CameraFilm | None:
    path = Path(show.config.camera).expanduser()
    if not isinstance(show.camera, PlayedCamera) or not path.is_file():
        return None
    try:
        return CameraFilm(path=readable(path.resolve()), fingerprint=fingerprint(path))
    except FilmError:
        return None  # it plays all the same

"""Where maps lie: the performer's own, or the starter that comes with livematch."""

import logging
from pathlib import Path

from platformdirs import user_config_path

from livematch.control.handwritten import FaultyFileError, read_handwritten
from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import MidiMap

log = logging.getLogger(__name__)

STARTER = Path(__file__).with_name("starter.toml")


def own_map() -> Path:
    """Return where the performer's map is, or would be."""
    return user_config_path("livematch", appauthor=False) / "midi.toml"


def find_map(named: Path | None = None) -> Path:
    """Return the map that counts: the one that is named, the performer's own, or the starter."""
    if named is not None:
        return named
    own = own_map()
    return own if own.exists() else STARTER


def load_map(named: Path | None = None) -> MidiMap:
    """Read the map that counts; FaultyFileError tells all that is wrong with it."""
    path = find_map(named)
    return parse_map(path, read_handwritten(path))


class WatchedMap:
    """The map that counts while a show runs: read again when its file has changed. One thread.

    A file with faults changes nothing: the last good map stays, and `fault` says what is wrong.
    """

    def __init__(self, named: Path | None = None) -> None:
        self._named = named
        self._seen = self._signature()
        self.fault: str | None = None

    def newest(self) -> MidiMap | None:
        """Return the map if it has changed; None while there is nothing new, or nothing right."""
        seen = self._signature()
        if seen == self._seen:
            return None
        self._seen, self.fault = seen, None
        try:
            return load_map(self._named)
        except FaultyFileError as error:
            log.warning("the MIDI map stays as it was: %s", error)
            self.fault = f"{error.faults[0].brief}; the MIDI map stays as it was"
            return None

    def _signature(self) -> tuple[Path, int, int] | None:
        path = find_map(self._named)
        try:
            status = path.stat()
        except OSError:
            return None
        return path, status.st_mtime_ns, status.st_size

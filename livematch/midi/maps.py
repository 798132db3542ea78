"""Where maps lie: the performer's own, or the starter that comes with livematch."""

from pathlib import Path

from platformdirs import user_config_path

from livematch.control.handwritten import read_handwritten
from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import MidiMap

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

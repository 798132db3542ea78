"""The folders that presets lie in: read whole, watched while a show runs, written atomically."""

import logging
import os
import shutil
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

import platformdirs

import livematch
from livematch.control.handwritten import Fault, FaultyFileError, read_handwritten
from livematch.control.presets import (
    QUICK,
    Library,
    Preset,
    checked_name,
    parse_preset,
    preset_text,
)
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.worker import Worker

log = logging.getLogger(__name__)

SUFFIX = ".toml"
FOLDER_VARIABLE = "LIVEMATCH_PRESETS"  # names another folder than the system's
POLL_S = 1.0
PENDING = 64  # presets to be kept that wait for the disk; a flood loses its oldest

Signature = tuple[tuple[str, int, int, int], ...]


def own_folder() -> Path:
    """Return where a person's own presets lie; it need not be there."""
    named = os.environ.get(FOLDER_VARIABLE)
    return (
        Path(named)
        if named
        else platformdirs.user_config_path("livematch", appauthor=False) / "presets"
    )


def bundled_folder() -> Path:
    """Find the bundled presets: `presets/` of the checkout, else the wheel's copy of it."""
    package = Path(livematch.__file__).parent
    checkout = package.parent / "presets"
    # an installed package lies among strangers, where a folder `presets` may be anyone's
    return checkout if (checkout / f"vj{SUFFIX}").is_file() else package / "_data" / "presets"


def preset_files(folder: Path) -> tuple[Path, ...]:
    """List the files of presets in a folder, sorted; none where there is no folder."""
    return tuple(sorted(path for path in folder.glob(f"*{SUFFIX}") if path.name[0] != "."))


def read_library(own: Path, bundled: Path | None = None, before: Library | None = None) -> Library:
    """Read all presets; one's own shadow the bundled of the same name.

    A file that cannot be used gives faults; its preset stays as it was `before`, or as bundled.
    Presets keep the numbers they had before; new ones follow by name, `quick` after all others.
    """
    before = before or Library()
    found: dict[str, Preset] = {}
    faults: list[Fault] = []
    for folder in (bundled or bundled_folder(), own):
        for path in preset_files(folder):
            try:
                found[path.stem] = read_preset(path)
            except FaultyFileError as faulty:
                faults += faulty.faults
                if path.stem in before.presets:
                    found[path.stem] = before.presets[path.stem]
    return Library(MappingProxyType({n: found[n] for n in _numbered(found, before)}), tuple(faults))


def read_preset(path: Path) -> Preset:
    """Read one file; FaultyFileError tells all that is wrong in it."""
    return parse_preset(path, read_handwritten(path))


def write_preset(preset: Preset, own: Path) -> Path:
    """Write a preset into one's own folder; UsageError when that cannot be done.

    What its file held before is kept beside it, as `.bak`.
    """
    path = own / f"{checked_name(preset.name)}{SUFFIX}"
    former = ""
    try:
        own.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copy2(path, _backup(path))
            former = read_handwritten(path)
    except FaultyFileError:
        pass  # it can only be replaced; it is kept beside
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
    write_whole(path, preset_text(preset, former))
    return path


def withdraw_preset(name: str, own: Path) -> Path:
    """Take a preset out of one's own folder and return where it is kept; UsageError for no such."""
    path = own / f"{checked_name(name)}{SUFFIX}"
    try:
        return path.replace(_backup(path))
    except FileNotFoundError:
        raise UsageError(f"there is no preset of your own called {name!r} in {own}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be moved: {error.strerror or error}") from None


def _backup(path: Path) -> Path:
    return path.with_name(f"{path.name}.bak")


def _numbered(found: Iterable[str], before: Library) -> list[str]:
    kept = [name for name in before.presets if name in found]
    new = sorted(set(found) - set(kept), key=lambda name: (name == QUICK, name))
    return kept + new


class PresetFolder:
    """The presets of one's own folder and the bundled ones, while a show runs.

    A thread, once started, looks about once a second for files that have changed, and writes what
    is to be saved. What cannot be written stays in the library for this show, and is tried again.
    """

    def __init__(self, own: Path, bundled: Path | None = None) -> None:
        self._own = own
        self._bundled = bundled or bundled_folder()
        self._asked: deque[Preset] = deque(maxlen=PENDING)
        self._unwritten: dict[str, Preset] = {}
        self._stirred = threading.Event()
        self._seen = self._signature()
        self._library = read_library(own, self._bundled)
        self._tell(self._library.faults)
        self._worker = Worker("presets", self._step, wake=self._stirred.set)

    @property
    def snapshot(self) -> Library:
        """The newest snapshot. Any thread."""
        return self._library

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the presets there are, in the order of their numbers. Any thread."""
        return tuple(self._library.presets)

    def save(self, preset: Preset) -> None:
        """Have a preset written. Any thread; never waits for the disk."""
        self._asked.append(preset)
        self._stirred.set()

    def start(self) -> None:
        """Begin to watch the folders."""
        self._worker.start()

    def close(self) -> None:
        """End the watch; what is still to be saved is written."""
        self._worker.stop()
        self.refresh()

    def refresh(self) -> None:
        """Write what is to be saved and read what has changed. The worker's thread."""
        while self._asked:
            preset = self._asked.popleft()
            self._unwritten[preset.name] = preset
        refused = [
            fault for preset in tuple(self._unwritten.values()) for fault in self._write(preset)
        ]
        signature = self._signature()
        if signature == self._seen and not refused:
            return
        self._seen = signature
        library = read_library(self._own, self._bundled, self._library)
        for preset in self._unwritten.values():
            library = library.with_preset(preset)
        library = Library(library.presets, (*library.faults, *refused))
        self._tell(fault for fault in library.faults if fault not in self._library.faults)
        self._library = library

    def _step(self) -> bool:
        self._stirred.wait(POLL_S)
        self._stirred.clear()
        self.refresh()
        return True

    def _write(self, preset: Preset) -> tuple[Fault, ...]:
        path = self._own / f"{preset.name}{SUFFIX}"
        try:
            write_preset(preset, self._own)
        except UsageError as error:
            return (Fault(path, None, f"is not saved, but kept for this show: {error}"),)
        del self._unwritten[preset.name]
        return ()

    def _signature(self) -> Signature:
        """Return what tells one state of the folders from another without reading the files."""
        seen = []
        for folder in (self._bundled, self._own):
            for path in preset_files(folder):
                try:
                    stat = path.stat()
                except OSError:
                    continue  # gone in between
                seen.append((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(seen)

    @staticmethod
    def _tell(faults: Iterable[Fault]) -> None:
        for fault in faults:
            log.warning("%s", fault)

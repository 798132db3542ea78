"""Which films lie where, and by what they are known again."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from livematch.archive.schema import DATABASE
from livematch.errors import FilmError, UsageError

_NAMES = """
    3g2 3gp 3gpp amv apng asf av1 avi bik divx dnxhd dv dvr-ms f4v flv gif gifv gxf h264 h265 hevc
    ismv ivf lrv m1v m2t m2ts m2v m4v mj2 mjpeg mjpg mk3d mkv mng mod mov mp2v mp4 mpe mpeg mpg mpv
    mts mxf mxg nsv nut obu ogm ogv ogx qt rm rmvb roq swf thp tod tp trp ts vc1 vob vp8 vp9 webm
    wm wmv wtv xvid y4m yuv4mpeg
"""
EXTENSIONS = frozenset(_NAMES.split())
TRANSPORT_STREAMS = frozenset({"ts", "mts"})  # which TypeScript is called, too
SYNC_BYTE = 0x47

BLOCK = 256 * 1024
BLOCKS = 16  # read of a large film: head, tail and evenly between
KEY_BYTES = 20


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a film, as it lies on the disk."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder or file that could not be looked at, and why."""

    path: Path
    reason: str


@dataclass(slots=True)
class Scan:
    """What lies under some roots: films by name, and what could not be looked at."""

    files: list[FoundFile] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


def check_roots(roots: Iterable[Path], archive: Path) -> list[Path]:
    """Return the roots made absolute; UsageError for one that is missing or inside the archive."""
    absolute = [Path(os.path.abspath(root)) for root in roots]  # noqa: PTH100 - keeps symlinks
    for root in absolute:
        if not os.path.lexists(root):
            beside = root.parent if root.parent.is_dir() else None
            raise UsageError(f"there is no folder or file {shown(root)}" + _nearest(root, beside))
        if _is_inside(root, archive):
            raise UsageError(
                f"{shown(root)} lies inside the archive {shown(archive)}: name the folder your own"
                " films are in"
            )
    return absolute


def _nearest(root: Path, beside: Path | None) -> str:
    import difflib  # noqa: PLC0415 - only for a mistake

    if beside is None:
        return ""
    near = difflib.get_close_matches(root.name, os.listdir(beside), n=1)  # noqa: PTH208 - names only
    return f"; did you mean {shown(beside / near[0])}?" if near else ""


def _is_inside(path: Path, folder: Path) -> bool:
    return folder.exists() and path.resolve().is_relative_to(folder.resolve())


def scan(roots: Iterable[Path], archive: Path) -> Scan:
    """Find all films under the roots (folders or files, absolute), in order of path.

    Films are known by their extension; a file that is named itself is always taken. Hidden files
    and folders are passed over, links are followed, each folder once, and an archive is never
    searched, this one or another: its proxies are no films of their own.
    """
    result = Scan()
    seen_folders: set[tuple[int, int]] = set()
    seen_paths: set[Path] = set()
    for root in roots:
        if root.is_dir():
            found: Iterator[FoundFile] = _walk(root, archive, seen_folders, result.unreadable)
        else:
            found = _look_at(root, result.unreadable)
        for file in found:
            if file.path not in seen_paths:
                seen_paths.add(file.path)
                result.files.append(file)
    result.files.sort(key=lambda file: os.fsencode(file.path))
    return result


def _walk(
    folder: Path, archive: Path, seen: set[tuple[int, int]], unreadable: list[Unreadable]
) -> Iterator[FoundFile]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            about = here.stat()
            if (about.st_dev, about.st_ino) in seen or _is_archive(here, archive):
                continue
            seen.add((about.st_dev, about.st_ino))
            with os.scandir(here) as entries:
                names = sorted((e for e in entries if not e.name.startswith(".")), key=_by_name)
        except OSError as error:
            unreadable.append(Unreadable(here, error.strerror or str(error)))
            continue
        for entry in names:
            path = here / entry.name
            if path.is_dir():
                waiting.append(path)
            elif is_film_name(entry.name):
                yield from (f for f in _look_at(path, unreadable) if not _is_source_text(f))


def _by_name(entry: os.DirEntry[str]) -> bytes:
    return os.fsencode(entry.name)


def _is_archive(folder: Path, archive: Path) -> bool:
    return (folder / DATABASE).exists() or (archive.exists() and folder.samefile(archive))


def is_film_name(name: str) -> bool:
    """Whether a file of this name is taken for a film."""
    return Path(name).suffix[1:].lower() in EXTENSIONS


def _look_at(path: Path, unreadable: list[Unreadable]) -> Iterator[FoundFile]:
    try:
        about = path.stat()
    except OSError as error:
        unreadable.append(Unreadable(path, _broken_link(path) or error.strerror or str(error)))
        return
    if path.is_file():
        yield FoundFile(path, about.st_size, about.st_mtime_ns)
    else:
        unreadable.append(Unreadable(path, "is not an ordinary file"))


def _broken_link(path: Path) -> str | None:
    if not path.is_symlink():
        return None
    return f"is a link to {shown(path.readlink())}, which is not there"


def _is_source_text(file: FoundFile) -> bool:
    if file.path.suffix[1:].lower() not in TRANSPORT_STREAMS:
        return False
    try:
        with file.path.open("rb") as opened:
            head = opened.read(5)
    except OSError:
        return False  # it will be reported when it is read
    return len(head) == 5 and SYNC_BYTE not in {head[0], head[4]}


def fingerprint(path: Path) -> str:
    """Identify a film by its content: 40 hex digits; FilmError if it cannot be read.

    A small file is read whole; of a large one, its size and blocks from all over it. Two films
    that agree in all of these are the same film, copied.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest = hashlib.blake2b(f"livematch 1 {size} ".encode(), digest_size=KEY_BYTES)
            for start, length in sampled(size):
                file.seek(start)
                digest.update(file.read(length))
    except OSError as error:
        raise FilmError(f"{shown(path)}: {error.strerror or error}") from None
    return digest.hexdigest()


def sampled(size: int) -> list[tuple[int, int]]:
    """Choose what is read of a file: (start, length) in bytes, ascending, head and tail always."""
    if size <= BLOCK * BLOCKS:
        return [(0, size)]
    step = (size - BLOCK) / (BLOCKS - 1)
    return [(round(index * step), BLOCK) for index in range(BLOCKS)]


def sniff(path: Path) -> str | None:
    """Say what a file that is no film looks like; None if it looks like nothing in particular."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        return error.strerror or str(error)
    if not head:
        return "is empty"
    if not any(head):
        return "is filled with zeros: a download that was never finished?"
    for start, words in _MAGIC:
        if head.startswith(start):
            return words
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page saved under a film's name"
    return None


_MAGIC = (
    (b"PK\x03\x04", "is a ZIP archive: unpack it first"),
    (b"Rar!", "is a RAR archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it first"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"%PDF", "is a PDF document"),
    (b"Salted__", "is encrypted (by OpenSSL): decrypt it first"),
    (b"age-encryption", "is encrypted (by age): decrypt it first"),
    (b"-----BEGIN PGP", "is encrypted (by PGP): decrypt it first"),
)


def shown(path: Path) -> str:
    """Write a path so that any terminal can show it on one line, whatever its bytes are."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

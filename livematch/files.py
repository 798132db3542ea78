"""Files that appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from livematch.errors import UsageError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8; what was there before stays until it is complete. UsageError.

    A link stays one: what it leads to is written.
    """
    encoded = content.encode() if isinstance(content, str) else content
    with writing_whole(path) as file:
        file.write(encoded)


@contextlib.contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Write a file piece by piece, as `write_whole` does at once: it is there after the `with`.

    Whatever is raised inside, what was there before stays.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    whole = path.resolve()
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(whole)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def refuse_source(out: Path, sources: Iterable[Path], what: str) -> None:
    """Raise UsageError if a file to be written is one of those that it is made from."""
    if out.exists() and any(source.exists() and out.samefile(source) for source in sources):
        raise UsageError(f"{out} is what {what} is made from: name another file")

"""Files that appear whole or not at all."""

import contextlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from livematch.errors import UsageError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8; what was there before stays until it is complete. UsageError."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            try:
                part.write(content.encode() if isinstance(content, str) else content)
                part.flush()
                os.fsync(part.fileno())
                part.close()
                _as_any_other_file(Path(part.name))
                Path(part.name).replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(part.name).unlink()
                raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def _as_any_other_file(path: Path) -> None:
    """Give a temporary file, which only its owner may read, the rights a new file would have."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)

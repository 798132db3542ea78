"""What an archive holds and what is wrong with it, in values to print."""

from dataclasses import dataclass

from livematch.archive.store import Archive, ModelIdentity
from livematch.embed.parts import DescriptorLayout


@dataclass(frozen=True, slots=True)
class ArchiveInfo:
    """An archive in figures. `proxies` counts films by the kind of file that will be played."""

    films: int
    films_present: int
    shots: int
    moments: int
    duration_s: float
    bytes_on_disk: int
    model: ModelIdentity
    layout: DescriptorLayout
    proxies: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what kind, which file or film, in words, and what to do."""

    kind: str
    subject: str
    message: str
    remedy: str


def info(archive: Archive) -> ArchiveInfo:
    """Count what the archive holds. SKELETON, being filled."""
    raise NotImplementedError


def check(archive: Archive) -> list[Finding]:
    """Look for damage; an empty list means that all is well. SKELETON, being filled."""
    raise NotImplementedError

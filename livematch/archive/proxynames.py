"""How proxies are named: whose they are, of which kind, and whether they are whole."""

from pathlib import PurePosixPath

SUFFIXES = {"mjpeg": ".mov", "hap": ".hap.mov", "hap-q": ".hap-q.mov"}
"""By kind, everything after the fingerprint. MJPEG was alone once, and goes without its name."""
PART = ".part"  # in the name of a proxy that is not whole yet
ANY = "*.mov"  # what all of them match


def final_name(fingerprint: str, kind: str) -> str:
    """Name a whole proxy."""
    return f"{fingerprint}{SUFFIXES[kind]}"


def part_name(fingerprint: str, kind: str) -> str:
    """Name a proxy that is being written; sweeping knows it by that."""
    return f"{fingerprint}{PART}{SUFFIXES[kind]}"


def kind_of(proxy: str) -> str:
    """Return the kind of a proxy by its name or path; one of no known kind says its suffix."""
    suffix = "".join(PurePosixPath(proxy).name.partition(".")[1:])
    return next((kind for kind, known in SUFFIXES.items() if known == suffix), suffix)

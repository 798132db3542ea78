"""Freed memory, given back to the system."""

import ctypes


def trim() -> None:
    """Give back what has been freed between what is still used. Any thread; a few milliseconds.

    A show that opens films for hours frees buffers in pieces, and glibc keeps those: after some
    thousand films 70 MiB of them. Does nothing where the system's memory allocator has no such
    call. Having glibc map each buffer by itself (mallopt) keeps memory as low, but a frame of the
    camera then seemed to take longer: its buffers come from the system again and again.
    """
    if _malloc_trim is not None:
        _malloc_trim(0)


def _found() -> "ctypes._NamedFuncPointer | None":
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; Windows knows no CDLL(None)
        return None


_malloc_trim = _found()
"""glibc's malloc_trim(3); the interpreter is not held while it works."""

"""HAP films for tests, made by the `ffmpeg` program; tests that need one skip where it cannot."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import cramjam
import pytest

KINDS = ("hap", "hap_alpha", "hap_q")


def make(
    path: Path,
    kind: str = "hap",
    *options: str,
    size: str = "64x48",
    source: Sequence[str] | None = None,
) -> Path:
    """Write one second of a test pattern at 25 pictures a second, or what `source` says."""
    pattern = f"testsrc2=size={size}:rate=25:duration=1"
    if kind == "hap_alpha":
        pattern += ",format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*X/W'"
    command = ["ffmpeg", "-v", "error", "-y", *(source or ("-f", "lavfi", "-i", pattern))]
    command += ["-an", "-c:v", "hap", "-format", kind, *options, str(path)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no ffmpeg program here")
    if done.returncode:
        pytest.skip(f"this ffmpeg does not make HAP: {done.stderr.decode()[-200:]}")
    return path


def narrowed(path: Path, width: int, height: int) -> Path:
    """Make the film say that it is a little smaller than its blocks, as odd sizes are kept."""
    data = bytearray(path.read_bytes())
    place = next(data.find(tag) for tag in (b"Hap1", b"Hap5", b"HapY") if tag in data)
    place = data.index(data[place : place + 4], data.index(b"stsd"))
    data[place + 28 : place + 32] = width.to_bytes(2, "big") + height.to_bytes(2, "big")
    path.write_bytes(data)
    return path


def section(kind: int, body: bytes, *, long: bool = False) -> bytes:
    """Write a section with its size in three bytes, or in eight as large ones have it."""
    if long:
        return b"\0\0\0" + bytes([kind]) + len(body).to_bytes(4, "little") + body
    return len(body).to_bytes(3, "little") + bytes([kind]) + body


def snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


def table(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)

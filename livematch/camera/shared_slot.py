"""A newest-frame slot between two processes that no death of the writer can lock or tear.

Three buffers lie in shared memory. The writer fills the one after the newest, and only then says
in `newest` that it is there; each buffer's `sequence` is odd while it is being written (a seqlock:
Lameter, "Effective synchronization on Linux/NUMA systems", 2005). The reader copies the newest
buffer and keeps the copy only if the sequence was even and is still the same. There is no lock to
be held by a dead process, and a buffer half-written at a writer's death is never announced.

The order in which another processor sees the writes is guaranteed on x86; on ARM the wake-up that
follows each frame through a pipe is the barrier.
"""

import secrets
import zlib
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import Self

import numpy as np
from numpy.typing import NDArray

from livematch.values import Image

BUFFERS = 3
TRIES = 8  # a writer must lap the reader this often in a row to hide a frame from it
_RECORD = np.dtype(
    [
        ("sequence", np.int64),
        ("captured_s", np.float64),
        ("width", np.int64),
        ("height", np.int64),
        ("checksum", np.int64),
    ]
)
_HEAD = np.dtype([("newest", np.int64), ("capacity", np.int64), ("records", _RECORD, BUFFERS)])
_HEAD_BYTES = 4096  # the pictures begin on a page of their own


@dataclass(frozen=True, slots=True)
class SharedFrame:
    """A frame as it came over: `checksum` is of every byte of the image, which is read-only."""

    number: int
    captured_s: float
    checksum: int
    image: Image


class SharedSlot:
    """One writing process, one reading process; frames are numbered from 1 over all writers.

    The process that `create`s it must `close` and `unlink` it.
    """

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        buffer = memory.buf
        self._head = np.ndarray((1,), _HEAD, buffer=buffer)
        self._newest = self._head["newest"]
        self._records = self._head["records"][0]
        capacity = int(self._head["capacity"][0])
        self._pixels: NDArray[np.uint8] = np.ndarray(
            (BUFFERS, capacity), np.uint8, buffer=buffer, offset=_HEAD_BYTES
        )
        self.torn = 0

    @classmethod
    def create(cls, max_size: tuple[int, int]) -> Self:
        """Make a slot for images of at most so many pixels in all."""
        capacity = max_size[0] * max_size[1] * 3
        name = f"livematch_{secrets.token_hex(5)}"  # macOS allows 30 characters
        memory = SharedMemory(name, create=True, size=_HEAD_BYTES + BUFFERS * capacity)
        np.ndarray((1,), _HEAD, buffer=memory.buf)["capacity"] = capacity
        return cls(memory)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Open the slot that another process made; FileNotFoundError when it is gone."""
        return cls(SharedMemory(name))

    @property
    def name(self) -> str:
        """What `attach` needs."""
        return self._memory.name

    def write(self, image: Image, captured_s: float) -> None:
        """Put a frame; ValueError when it is larger than the slot."""
        number = int(self._newest[0]) + 1
        index = number % BUFFERS
        height, width = image.shape[:2]
        record = self._records[index : index + 1]
        sequence = int(record["sequence"][0])
        writing = sequence + 1 + sequence % 2  # odd, also after a writer that died half-way
        record["sequence"] = writing
        record["captured_s"] = captured_s
        record["width"], record["height"] = width, height
        pixels = self._pixels[index, : height * width * 3].reshape(height, width, 3)
        np.copyto(pixels, image)
        record["checksum"] = zlib.crc32(pixels.data)
        record["sequence"] = writing + 1
        self._newest[0] = number

    def newest(self, after: int = 0) -> SharedFrame | None:
        """Copy the newest frame out; None when there is none with a number above `after`."""
        for _ in range(TRIES):
            number = int(self._newest[0])
            if number <= after:
                return None
            frame = self._copy(number)
            if frame is not None:
                return frame
            self.torn += 1
        return None

    def _copy(self, number: int) -> SharedFrame | None:
        """Copy one frame; None when it was overwritten meanwhile."""
        index = number % BUFFERS
        record = self._records[index : index + 1]
        sequence = int(record["sequence"][0])
        height, width = int(record["height"][0]), int(record["width"][0])
        size = height * width * 3
        if sequence % 2 or not 0 < size <= self._pixels.shape[1]:
            return None
        image = self._pixels[index, :size].reshape(height, width, 3).copy()
        captured_s, checksum = float(record["captured_s"][0]), int(record["checksum"][0])
        if int(record["sequence"][0]) != sequence or int(self._newest[0]) - number >= BUFFERS:
            return None
        image.flags.writeable = False
        return SharedFrame(number, captured_s, checksum, image)

    def close(self) -> None:
        """Let go of the memory in this process; safe to call twice."""
        # a mapping cannot be closed while arrays look into it
        self._head = np.zeros(1, _HEAD)
        self._newest, self._records = self._head["newest"], self._head["records"][0]
        self._pixels = np.zeros((BUFFERS, 0), np.uint8)
        self._memory.close()

    def unlink(self) -> None:
        """Give the memory back to the system once nobody looks into it; safe to call twice."""
        try:
            self._memory.unlink()
        except FileNotFoundError:
            return

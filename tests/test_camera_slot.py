"""The slot between two processes: nothing torn, nothing locked, whenever the writer dies."""

import logging
import multiprocessing
import random
import time
import zlib
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import numpy as np
import pytest

from livematch.camera.shared_slot import BUFFERS, SharedSlot
from livematch.telemetry import summarise

log = logging.getLogger(__name__)

SPAWN = multiprocessing.get_context("spawn")
GIVE_UP_S = 30.0


@pytest.fixture
def slot() -> Iterator[SharedSlot]:
    made = SharedSlot.create((1280, 720))
    yield made
    made.close()
    made.unlink()


def flat(value: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    return np.full((size[1], size[0], 3), value % 251, np.uint8)


def test_the_newest_frame_comes_over_whole(slot: SharedSlot) -> None:
    assert slot.newest() is None
    picture = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    slot.write(flat(1), 1.0)
    slot.write(picture, 2.5)
    frame = slot.newest()
    assert frame is not None
    assert (frame.number, frame.captured_s) == (2, 2.5)
    np.testing.assert_array_equal(frame.image, picture)
    assert frame.checksum == zlib.crc32(picture.data)
    assert not frame.image.flags.writeable
    assert slot.newest(after=2) is None


def test_sizes_may_change_but_not_beyond_the_slot(slot: SharedSlot) -> None:
    for width, height in ((720, 1280), (2, 2), (1280, 720)):
        slot.write(np.zeros((height, width, 3), np.uint8), 0.0)
        frame = slot.newest()
        assert frame is not None
        assert frame.image.shape == (height, width, 3)
    with pytest.raises(ValueError, match="reshape"):
        slot.write(np.zeros((721, 1280, 3), np.uint8), 0.0)


def test_a_frame_half_written_at_death_is_never_seen_and_blocks_nothing(slot: SharedSlot) -> None:
    slot.write(flat(1), 1.0)
    half = (1 + 1) % BUFFERS  # what a writer does first, and then is killed
    slot._records[half]["sequence"] += 1
    slot._pixels[half] = 99
    frame = slot.newest()
    assert frame is not None
    assert frame.number == 1
    assert np.all(frame.image == 1)
    successor = SharedSlot.attach(slot.name)
    successor.write(flat(2), 2.0)
    successor.close()
    frame = slot.newest(after=1)
    assert frame is not None
    assert frame.number == 2
    assert np.all(frame.image == 2)


def test_a_frame_overwritten_while_it_is_copied_is_not_kept(slot: SharedSlot) -> None:
    slot.write(flat(1), 1.0)
    slot._records[1]["sequence"] += 1  # the writer has lapped the reader and writes here now
    assert slot._copy(1) is None


def write_without_end(name: str, size: tuple[int, int]) -> None:
    slot = SharedSlot.attach(name)
    number = int(slot._newest[0])
    while True:
        number += 1
        slot.write(flat(number, size), time.monotonic())


def test_killing_writers_at_random_tears_no_frame(slot: SharedSlot) -> None:
    dice = random.Random(7)  # noqa: S311 - dice, not secrets
    last, seen = 0, 0
    # large frames are often half-written at death, small ones often lap the reader
    for size in ((1280, 720), (160, 120)) * 2:
        writer = SPAWN.Process(target=write_without_end, args=(slot.name, size), daemon=True)
        writer.start()
        until_seen, give_up_s = seen + dice.randrange(5, 60), time.monotonic() + GIVE_UP_S
        while seen < until_seen:
            assert time.monotonic() < give_up_s, "the writer writes nothing"
            frame = slot.newest(after=last)
            if frame is None:
                continue
            assert frame.number > last
            value = frame.number % 251
            assert frame.image.min() == value == frame.image.max(), "torn"
            assert zlib.crc32(frame.image.data) == frame.checksum
            last, seen = frame.number, seen + 1
        writer.kill()
        writer.join()
        writer.close()
    log.info("%d frames read whole, %d caught half-overwritten", seen, slot.torn)
    frame = slot.newest()  # the last writer's last whole frame is there to be had
    assert frame is not None
    assert frame.image.min() == frame.image.max() == frame.number % 251


def write_when_asked(name: str, size: tuple[int, int], asked: Connection) -> None:
    slot = SharedSlot.attach(name)
    picture = flat(7, size)
    while asked.recv_bytes() == b"go":
        slot.write(picture, time.monotonic())
        asked.send_bytes(b"put")
    slot.close()


@pytest.mark.parametrize("size", [(640, 480), (1280, 720)], ids=str)
def test_latency_is_measured(
    slot: SharedSlot, size: tuple[int, int], record_property: Callable[[str, object], None]
) -> None:
    ours, theirs = SPAWN.Pipe()
    writer = SPAWN.Process(target=write_when_asked, args=(slot.name, size, theirs), daemon=True)
    writer.start()
    theirs.close()
    took_ms = []
    for number in range(1, 151):
        ours.send_bytes(b"go")
        assert ours.poll(GIVE_UP_S)
        ours.recv_bytes()
        frame = slot.newest(after=number - 1)
        assert frame is not None
        assert frame.number == number
        took_ms.append((time.monotonic() - frame.captured_s) * 1000)
    ours.send_bytes(b"end")
    writer.join()
    writer.close()
    ours.close()
    figures = summarise("slot", took_ms[10:])
    record_property("slot_ms", figures)
    log.info("%s: %s", size, figures)

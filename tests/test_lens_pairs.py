"""What a lens learns from: pictures taken up, a part held out, pairs made of them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from lens_kit import world, write_world

from livematch.archive.store import Archive
from livematch.errors import UsageError
from livematch.lens.pairs import as_image, as_planes, batch, whole
from livematch.lens.preparing import Look, levelled, patches, prepare
from livematch.lens.targets import LEAST, archive_targets, folder_targets, kept_px

SIDE = 64


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("pictures"), 40)


# --- what a lens is shown


def test_a_picture_of_any_size_becomes_a_square_of_light_and_dark() -> None:
    for size_px in ((64, 64), (640, 360), (30, 200)):
        seen = prepare(world(1, size_px), SIDE, 8.0)
        assert seen.shape == (SIDE, SIDE)
        assert seen.dtype == np.float32
        assert -1.0 <= seen.min() < -0.5 < 0.5 < seen.max() <= 1.0


def test_detail_below_the_shrinking_is_not_seen() -> None:
    plain = np.full((256, 256, 3), 100, np.uint8)
    plain[:, 128:] = 180
    fine = plain.copy()
    fine[::2, ::2] += 20  # a pattern of single pixels, which patches average
    fine[1::2, 1::2] -= 20
    assert np.abs(prepare(plain, SIDE, 8.0) - prepare(fine, SIDE, 8.0)).max() < 0.05


def test_a_blurred_look_sees_less() -> None:
    image = world(3, (640, 360))
    sharp, soft = (prepare(image, SIDE, 4.0, Look(blur=blur, levels=0)) for blur in (1.0, 3.0))
    assert np.abs(np.diff(soft)).mean() < np.abs(np.diff(sharp)).mean()


def test_levels_make_a_dull_room_bright() -> None:
    dull = (world(2) * 0.2 + 60).astype(np.uint8)
    flat, spread = (prepare(dull, SIDE, 8.0, Look(levels=levels)) for levels in (0.0, 1.0))
    assert np.ptp(spread) > 2 * np.ptp(flat)


def test_a_plain_wall_is_not_torn_apart() -> None:
    wall = np.full((16, 16), 0.5, np.float32)
    wall[3, 3] += 0.01  # a sensor's noise
    assert np.ptp(levelled(wall)) < 0.1


def test_contrast_is_about_the_middle() -> None:
    image = world(4)
    plain, hard = (prepare(image, SIDE, 8.0, Look(contrast=contrast)) for contrast in (1.0, 2.0))
    assert np.abs(hard).mean() > np.abs(plain).mean()
    assert np.all(np.abs(hard) >= np.abs(plain) - 1e-5)


def test_patches_never_vanish() -> None:
    assert patches(world(5), SIDE, 1000.0).shape == (2, 2)


# --- pictures


def test_a_folder_is_read_and_a_part_held_out(pictures: Path) -> None:
    book = folder_targets(pictures, SIDE)
    learned = {target.scene for target in book.learned}
    held_out = {target.scene for target in book.held_out}
    assert len(learned) + len(held_out) == 40
    assert held_out
    assert not learned & held_out
    assert all(target.image.shape == (kept_px(SIDE), kept_px(SIDE), 3) for target in book.learned)
    again = folder_targets(pictures, SIDE)
    assert again.digest == book.digest
    assert [t.scene for t in again.held_out] == [t.scene for t in book.held_out]


def test_other_pictures_have_another_digest(pictures: Path, tmp_path: Path) -> None:
    assert folder_targets(write_world(tmp_path, 41), SIDE).digest != (
        folder_targets(pictures, SIDE).digest
    )


def test_a_broken_picture_is_left_out_and_told_of(tmp_path: Path) -> None:
    write_world(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "notes.txt").write_text("not one either")
    book = folder_targets(tmp_path, SIDE)
    assert len(book.learned) + len(book.held_out) == 30
    (fault,) = book.unread
    assert "broken.jpg" in fault


def test_too_few_pictures_say_how_many_are_wanted(tmp_path: Path) -> None:
    write_world(tmp_path, 5)
    with pytest.raises(UsageError, match=rf"has 5 pictures .* at least {LEAST} are wanted"):
        folder_targets(tmp_path, SIDE)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        folder_targets(tmp_path / "nowhere", SIDE)


def test_an_archive_gives_pictures_of_all_its_shots(folder: Path) -> None:
    with Archive.open(folder / "archive") as archive:
        told: list[tuple[int, int]] = []
        book = archive_targets(archive, SIDE, 60, lambda done, count: told.append((done, count)))
        shots = len(archive.shots())
    learned = {target.scene for target in book.learned}
    held_out = {target.scene for target in book.held_out}
    assert len(learned | held_out) <= shots
    assert not learned & held_out
    assert told[-1][0] == told[-1][1] >= 24
    assert not book.unread


def test_of_more_shots_than_pictures_some_are_taken(folder: Path) -> None:
    told: list[int] = []
    with Archive.open(folder / "archive") as archive:
        assert len(archive.shots()) > 2
        with pytest.raises(UsageError, match=r"has 1 pictures .* at least 24 are wanted"):
            archive_targets(archive, SIDE, 1, lambda _done, count: told.append(count))
    assert set(told) == {1}


class Memory(NamedTuple):
    """What `psutil.virtual_memory` says of a small machine."""

    available: int = 30 * 3 * kept_px(SIDE) ** 2


def test_more_pictures_than_memory_holds_are_refused_before_any_is_read(
    pictures: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", Memory)
    told: list[int] = []
    with pytest.raises(UsageError, match=r"40 pictures .* free: take at most 21 with --images"):
        folder_targets(pictures, SIDE, lambda done, _all: told.append(done))
    with (
        Archive.open(folder / "archive") as archive,
        pytest.raises(UsageError, match=r"take at most 21 with --pictures; 600 to 1,000 are good"),
    ):
        archive_targets(archive, SIDE, 100, lambda done, _all: told.append(done))
    assert not told


# --- pairs


def test_a_batch_follows_from_its_number_alone(pictures: Path) -> None:
    targets = folder_targets(pictures, SIDE).learned
    fifth = batch(targets, SIDE, 8.0, 4, seed=1, number=5)
    batch(targets, SIDE, 8.0, 4, seed=1, number=6)
    again = batch(targets, SIDE, 8.0, 4, seed=1, number=5)
    assert np.array_equal(fifth.seen, again.seen)
    assert np.array_equal(fifth.wanted, again.wanted)
    other = batch(targets, SIDE, 8.0, 4, seed=2, number=5)
    assert not np.array_equal(fifth.wanted, other.wanted)


def test_a_batch_is_in_range_and_matches(pictures: Path) -> None:
    targets = folder_targets(pictures, SIDE).learned
    pairs = batch(targets, SIDE, 8.0, 16, seed=1, number=0)
    assert pairs.seen.shape == (16, 1, SIDE, SIDE)
    assert pairs.wanted.shape == (16, 3, SIDE, SIDE)
    for values in (pairs.seen, pairs.wanted):
        assert values.dtype == np.float32
        assert np.abs(values).max() <= 1.0
    for seen, wanted in zip(pairs.seen, pairs.wanted, strict=True):  # light where it is light
        red = wanted[0].ravel()  # what is light is orange in this world
        assert np.corrcoef(seen.ravel(), red)[0, 1] > 0.8


def test_judged_pairs_are_what_a_camera_would_be_shown(pictures: Path) -> None:
    held_out = folder_targets(pictures, SIDE).held_out
    pairs = whole(held_out, SIDE, 8.0)
    image = as_image(pairs.wanted[0])
    assert np.array_equal(prepare(image, SIDE, 8.0), pairs.seen[0, 0])


def test_planes_and_pixels_are_the_same_picture() -> None:
    image = world(7)
    assert np.array_equal(as_image(as_planes(image)), image)

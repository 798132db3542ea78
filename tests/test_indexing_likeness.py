"""Near-duplicates, blank shots and repeats: the judgements, on drawn pictures and on real film."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import films
import numpy as np
import pytest
from numpy.typing import NDArray

from livematch.archive.contents import Moments, StoredShot
from livematch.archive.records import ShotSpan
from livematch.demo import films_folder
from livematch.indexing import film as film_module
from livematch.indexing.blank import kind_of
from livematch.indexing.likeness import glance, is_near_duplicate, look_of
from livematch.indexing.moments import Chosen, MomentChooser
from livematch.indexing.repeats import Library, Take, shows_the_same, takes_of
from livematch.indexing.shots import Boundary, Kind
from livematch.values import Image, ShotKind

SIZE = (470, 264)


def scene(number: int) -> Image:
    return films.texture(number, SIZE)


def grainy(image: Image, sigma: float, seed: int) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def recoded(image: Image, scale: float, quality: int) -> Image:
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


# -- near-duplicates -------------------------------------------------------------------------------


def alike(a: Image, b: Image) -> bool:
    return is_near_duplicate(glance(a), glance(b))


def test_film_grain_and_compression_do_not_make_a_new_picture() -> None:
    picture = scene(1)
    assert alike(grainy(picture, 12, 1), grainy(picture, 12, 2))
    assert alike(picture, recoded(picture, 1.0, 60))


def test_slow_movement_and_a_small_thing_that_moves_do() -> None:
    picture = scene(1)
    assert not alike(picture, np.roll(picture, 6, axis=1)), "1.3 % of the width"
    thing = picture.copy()
    thing[100:120, 200:220] = 255
    moved = picture.copy()
    moved[100:120, 240:260] = 255
    assert not alike(thing, moved)


def chosen_of(pictures: Sequence[Image], fps: float = 25, cut: int | None = None) -> MomentChooser:
    chooser = MomentChooser()
    moments: list[Chosen] = []
    for number, picture in enumerate(pictures):
        chooser.push(number / fps, partial(np.asarray, picture))
        boundaries = []
        if cut is not None and number == cut + 2:
            boundaries = [Boundary(cut, cut / fps, Kind.CUT, cut / fps, cut / fps)]
        settled_s = min(number, cut or number) / fps if number < (cut or 0) + 2 else number / fps
        moments += chooser.advance(boundaries, settled_s)
    moments += chooser.finish([], len(pictures) / fps)
    assert {moment.shot for moment in moments} == set(range(len(chooser.closed))), "one a shot"
    return chooser


def test_a_still_keeps_one_moment_a_shot_whatever_its_length() -> None:
    chooser = chosen_of([scene(1)] * 100 + [scene(2)] * 100, cut=100)
    assert len(chooser.closed) == 2
    assert chooser.dropped == 14


def test_what_creeps_is_compared_with_what_was_kept_and_never_lost() -> None:
    creeping = [np.roll(scene(3), n // 40, axis=1) for n in range(500)]
    chooser = chosen_of(creeping)
    assert 0 < chooser.dropped < 36, "some of 40 are much alike, and yet it gets on"


def test_dropped_moments_of_real_film_have_a_kept_one_like_them(footage: Path) -> None:
    """Nothing is lost with them: asked for by a descriptor, the kept one would be found."""
    from livematch.indexing.describing import Network  # noqa: PLC0415 - loads the network

    describer = Network("efficientnet-lite0", "cpu", 2)()
    for name in ("archive/nature_24s.mp4", "trailer/sintel_trailer.mp4"):
        pairs = dropped_and_kept(footage / name)
        assert pairs
        dropped = describer.describe([pair[0].candidate.glimpse for pair in pairs])
        kept = describer.describe([pair[1].candidate.glimpse for pair in pairs])
        # as a whole: a part that finds nothing in a picture (no movement, no face) is nought
        lengths = np.linalg.norm(dropped, axis=1) * np.linalg.norm(kept, axis=1)
        assert ((dropped * kept).sum(axis=1) / lengths).min() >= 0.985


def dropped_and_kept(path: Path) -> list[tuple[Chosen, Chosen]]:
    """Index a film with and without dropping: each dropped moment with the kept one before it."""
    pairs: list[tuple[Chosen, Chosen]] = []
    everything, kept = moments_of(path, drop=False), moments_of(path, drop=True)
    kept_at = {(moment.shot, moment.candidate.time_s): moment for moment in kept}
    last = kept[0]
    for moment in everything:
        found = kept_at.get((moment.shot, moment.candidate.time_s))
        last = found or last
        if found is None:
            pairs.append((moment, last))
    return pairs


def moments_of(path: Path, *, drop: bool) -> list[Chosen]:
    seen: list[Chosen] = []

    class Everything(MomentChooser):
        def _is_nothing_new(self, image: Image) -> bool:
            return drop and super()._is_nothing_new(image)

    class Remembers:
        def describe(self, glimpses: Sequence[object]) -> NDArray[np.float32]:
            return np.ones((len(glimpses), 4), np.float32)

    def collect(self: object, batch: list[Chosen]) -> None:
        seen.extend(batch)
        original(self, batch)  # type: ignore[arg-type]

    original = film_module._Moments.describe
    about = path.stat()
    task = film_module.FilmTask(path, "abcd", about.st_size, about.st_mtime_ns, None, threads=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film_module, "MomentChooser", Everything)
        patch.setattr(film_module._Moments, "describe", collect)
        film_module.index_film(task, Remembers(), lambda done_s, all_s: None)
    return seen


# -- blank shots -----------------------------------------------------------------------------------


def plain(level: int) -> Image:
    return np.full((264, 470, 3), level, np.uint8)


def title(ground: int = 0, ink: int = 235, share: float = 1.0) -> Image:
    picture = plain(ground)
    level = int(ground + (ink - ground) * share)
    for row, text in enumerate(("THE BLENDER", "FOUNDATION", "presents")):
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)
        place = (235 - width // 2, 90 + 45 * row)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1, (level,) * 3, 2, cv2.LINE_AA)
    return picture


def vignetted(level: int) -> Image:
    y, x = np.mgrid[-1:1:264j, -1:1:470j]
    return np.repeat((level * (1 - 0.05 * (x**2 + y**2)))[..., None], 3, axis=2).astype(np.uint8)


def test_black_and_white_with_their_noise_and_vignette() -> None:
    assert kind_of([plain(0)]) is ShotKind.BLACK
    assert kind_of([grainy(plain(6), 6, seed) for seed in range(4)]) is ShotKind.BLACK
    assert kind_of([grainy(vignetted(252), 4, seed) for seed in range(4)]) is ShotKind.WHITE


def test_a_scene_in_the_dark_is_none() -> None:
    dark = (scene(5) * 0.12).astype(np.uint8)
    assert dark.mean() < 16
    assert kind_of([dark]) is ShotKind.FILM
    candle = plain(3)
    cv2.circle(candle, (235, 130), 12, (90, 160, 220), -1)
    assert kind_of([candle]) is ShotKind.FILM
    assert kind_of([plain(0), plain(0), dark]) is ShotKind.FILM, "all of it must be black"


def test_fog_and_grey_are_none() -> None:
    assert kind_of([plain(128)]) is ShotKind.FILM
    assert kind_of([(plain(170) + scene(2) // 40).astype(np.uint8)]) is ShotKind.FILM


def test_titles_on_black_white_and_grey_even_while_they_fade() -> None:
    assert kind_of([title()] * 3) is ShotKind.TITLE
    assert kind_of([title(255, 20)] * 3) is ShotKind.TITLE
    assert kind_of([grainy(title(110, 240), 3, seed) for seed in range(3)]) is ShotKind.TITLE
    fading = [title(share=share) for share in (0.05, 0.6, 1.0, 1.0, 0.7, 0.1)]
    assert kind_of(fading) is ShotKind.TITLE


def test_writing_on_a_picture_and_strokes_that_move_are_film() -> None:
    written = scene(8)
    ink = title()[..., 0] > 128
    written[ink] = 255
    assert kind_of([written] * 3) is ShotKind.FILM
    moving = [np.roll(title(), 40 * n, axis=0) for n in (-1, 0, 1)]
    assert kind_of(moving) is ShotKind.FILM
    assert kind_of([title(), title(), scene(8)]) is ShotKind.FILM


def test_a_person_before_a_plain_wall_is_film() -> None:
    wall = plain(200)
    cv2.ellipse(wall, (235, 130), (35, 50), 0, 0, 360, (120, 150, 190), -1)
    cv2.rectangle(wall, (180, 180), (290, 263), (60, 40, 30), -1)
    assert kind_of([wall] * 3) is ShotKind.FILM


def test_no_shot_of_the_demo_is_blank() -> None:
    for path in sorted(films_folder().glob("*.mp4")):
        pictures = films.read_frames(path)[12::24]
        for first, second in pairwise(pictures):
            assert kind_of([first]) is ShotKind.FILM, path.name
            assert kind_of([first, second]) is ShotKind.FILM, path.name


def test_the_titles_and_black_stretches_of_a_real_trailer(footage: Path) -> None:
    moments = moments_of(footage / "trailer/sintel_trailer.mp4", drop=False)
    kinds = {
        shot: kind_of([m.candidate.image for m in moments if m.shot == shot])
        for shot in {moment.shot for moment in moments}
    }
    starts = {shot: min(m.candidate.time_s for m in moments if m.shot == shot) for shot in kinds}
    found = {kind: [starts[s] for s in kinds if kinds[s] is kind] for kind in ShotKind}
    assert len(found[ShotKind.BLACK]) == 2
    assert found[ShotKind.BLACK][0] == pytest.approx(28.4, abs=0.4)
    assert any(48 < start_s < 50 for start_s in found[ShotKind.TITLE]), "the credits"
    assert all(start_s > 48 or 8 < start_s < 10 for start_s in found[ShotKind.TITLE])


# -- looks and repeats -----------------------------------------------------------------------------


def bits_between(a: int, b: int) -> int:
    return ((a ^ b) & (2**64 - 1)).bit_count()


def test_a_look_survives_another_encoding_and_tells_pictures_apart() -> None:
    looks = [look_of(scene(number)) for number in range(40)]
    assert all(-(2**63) <= look < 2**63 for look in looks)
    for number, look in enumerate(looks):
        brighter = cv2.convertScaleAbs(recoded(scene(number), 0.4, 40), alpha=0.9, beta=10)
        assert bits_between(look, look_of(np.asarray(brighter, np.uint8))) <= 6
        assert bits_between(look, look_of(scene(number)[:, ::-1])) > 10, "mirrored is another"
    assert min(bits_between(a, b) for a, b in pairwise(looks)) > 10


def take(number: int, look: int = 0, length_s: float = 4.0, moments: int = 4) -> Take:
    times_s = np.linspace(0.25, length_s - 0.25, moments)
    return Take(number, 1, look, length_s, times_s, slice(8 * number, 8 * number + moments), number)


def vectors(rng: np.random.Generator, rows: int = 80) -> NDArray[np.float16]:
    raw = rng.normal(size=(rows, 64))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16)


def test_a_shot_repeats_one_that_looks_and_lasts_and_goes_like_it() -> None:
    rows = vectors(np.random.default_rng(1))
    rows[16:20] = rows[8:12]
    rows[24:27], rows[27] = rows[8:11], rows[40]  # it ends otherwise
    library = Library()
    library.add([take(1)])

    def repeated(one: Take) -> Take | None:
        return library.repeated_by(one, lambda wanted: rows[wanted])

    assert repeated(take(2)) is not None
    assert repeated(take(2, look=-1)) is None, "it looks different"
    assert repeated(take(2, length_s=4.15)) is not None
    assert repeated(take(2, length_s=4.3)) is None, "it is longer"
    assert repeated(take(3)) is None, "its end is another one"
    library.forget(1)
    assert repeated(take(2)) is None
    assert len(library) == 0


def test_moments_dropped_from_one_encoding_only_do_not_hide_a_copy() -> None:
    rows = vectors(np.random.default_rng(2))
    rows[8:10] = rows[8]  # half of the shot stands still
    rows[16], rows[17:19] = rows[8], rows[10:12]
    times_s = take(1).times_s
    copy = Take(2, 1, 0, 4.0, times_s[[0, 2, 3]], slice(16, 19), 2)
    assert shows_the_same(copy, take(1), lambda wanted: rows[wanted])
    assert shows_the_same(take(1), copy, lambda wanted: rows[wanted])


def test_only_film_with_a_look_and_moments_is_compared() -> None:
    def shot(number: int, kind: ShotKind, look: int | None) -> StoredShot:
        return StoredShot(number, 7, number, ShotSpan(number, number + 1.0), kind, look)

    shots = [
        shot(1, ShotKind.FILM, 5),
        shot(2, ShotKind.BLACK, 0),
        shot(3, ShotKind.FILM, None),
        shot(4, ShotKind.FILM, -6),
    ]
    of = np.array([1, 1, 2, 3], np.int64)
    moments = Moments(np.arange(10, 14), np.full(4, 7), of, np.array([1.2, 1.7, 2.5, 3.5]))
    [only] = takes_of(shots, moments)
    assert (only.shot_id, only.look, only.rows) == (1, 5, slice(10, 12))
    assert only.times_s == pytest.approx([0.2, 0.7])


def test_sixty_thousand_shots_are_looked_through_without_reading_their_vectors() -> None:
    rng = np.random.default_rng(4)
    looks = rng.integers(-(2**63), 2**63 - 1, 60_000)
    library = Library()
    library.add([take(number, int(look)) for number, look in enumerate(looks)])
    read = SimpleNamespace(count=0)

    def counting(wanted: slice) -> NDArray[np.float16]:
        read.count += 1
        return np.zeros((wanted.stop - wanted.start, 4), np.float16)

    assert library.repeated_by(take(70_000, int(looks[77]) ^ 1), counting) is None
    assert 0 < read.count <= 64

"""Films made of numbers, for tests of the archive: the same film for the same number, anywhere."""

from pathlib import Path

import numpy as np

from livematch.archive.records import FilmRecord, IndexedFilm, ShotSpan
from livematch.archive.store import Archive, ModelIdentity
from livematch.embed.parts import DescriptorLayout, Part, unit
from livematch.values import Vector

LAYOUT = DescriptorLayout((Part("semantic", 24), Part("layout", 12), Part("colour", 6)))
MODEL = ModelIdentity("thumbnail", "5e" * 32)
SHOTS, MOMENTS = 4, 12


def vectors(seed: int, count: int, layout: DescriptorLayout = LAYOUT) -> Vector:
    """Random descriptors, every part of unit length."""
    rng = np.random.default_rng(seed)
    sizes = [part.size for part in layout.parts]
    columns = [unit(rng.normal(size=(count, size)).astype(np.float32)) for size in sizes]
    return np.concatenate(columns, axis=1)


def film(number: int, *, folder: Path = Path("/films"), proxy: str | None = None) -> IndexedFilm:
    """The film of this number: four shots of 2 s, twelve moments, thumbs of one grey each."""
    record = FilmRecord(
        fingerprint=f"film-{number:04}",
        path=folder / f"film {number}.mp4",
        size=1000 + number,
        mtime_ns=number,
        duration_s=2.0 * SHOTS,
        fps=25.0,
        width=64,
        height=48,
        codec="h264",
        proxy=proxy,
    )
    per_shot = MOMENTS // SHOTS
    return IndexedFilm(
        film=record,
        shots=tuple(ShotSpan(2.0 * n, 2.0 * n + 2) for n in range(SHOTS)),
        times_s=np.arange(MOMENTS) * 2.0 / per_shot,
        shots_of=np.repeat(np.arange(SHOTS), per_shot),
        vectors=vectors(number, MOMENTS),
        thumbs=tuple(np.full((12, 16, 3), 40 * n + number % 40, np.uint8) for n in range(SHOTS)),
    )


def make(folder: Path, *numbers: int) -> Path:
    """An archive with the films of these numbers."""
    with Archive.create(folder, MODEL, LAYOUT) as archive:
        for number in numbers:
            archive.add_film(film(number))
    return folder


def sound(archive: Archive) -> set[int]:
    """The films' numbers, each checked to be there whole: shots, moments, vectors and thumbs."""
    numbers = set()
    for stored in archive.films():
        number = stored.film.mtime_ns
        wanted = film(number)
        moments = archive.moments.where(archive.moments.films == stored.id)
        shots = [shot for shot in archive.shots() if shot.film_id == stored.id]
        assert stored.film == wanted.film
        assert tuple(shot.span for shot in shots) == wanted.shots
        np.testing.assert_array_equal(moments.times_s, wanted.times_s)
        np.testing.assert_array_equal(
            archive.vectors[moments.rows], wanted.vectors.astype(np.float16)
        )
        for shot in shots:
            thumb = archive.thumb(shot.id)
            assert thumb is not None
            assert abs(int(thumb.mean()) - int(wanted.thumbs[shot.number].mean())) <= 2
        numbers.add(number)
    return numbers

"""Builds the demo archive and the camera stand-in: `python -m livematch.demo.workshop.make OUT`.

The result is the same on every run. It needs the packages that carry the photographs and
clips (`sources.PACKAGES`); everything else is rendered here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.video
import cv2
import numpy as np

from livematch.demo.workshop import sources
from livematch.demo.workshop.canvas import HEIGHT, WIDTH, Picture, f32, smoothstep, to_bytes, wobble
from livematch.demo.workshop.film_list import CAMERA, FILMS, Film

FILM_FPS = 24
CAMERA_FPS = 30
GOP = 12
FILM_CRF = 27
CAMERA_CRF = 29
WHIP_FRAMES = 5
"""Half the length of the camera's swing from one subject to the next."""


# --- films --------------------------------------------------------------------------------


def shot_lengths(film: Film) -> list[int]:
    """How many frames each shot renders, overlaps included."""
    return [round(shot.seconds * FILM_FPS) for shot in film.shots]


def shot_starts(film: Film) -> list[int]:
    """The frame each shot begins with; in a dissolve, the first in which it shows more."""
    overlap = round(film.dissolve_s * FILM_FPS)
    starts, edge = [0], 0
    for length in shot_lengths(film)[:-1]:
        edge += length - overlap
        starts.append(edge + overlap // 2)
    return starts


def film_frames(film: Film) -> Iterator[Picture]:
    """The film's pictures in order, dissolves and fade included."""
    overlap = round(film.dissolve_s * FILM_FPS)
    fade = round(film.fade_in_s * FILM_FPS)
    tail: list[Picture] = []
    number = 0
    for shot, length in zip(film.shots, shot_lengths(film), strict=True):
        pictures = shot.make()(length, FILM_FPS)
        last = shot is film.shots[-1]
        head = len(tail)
        waiting: list[Picture] = []
        for place, picture in enumerate(pictures):
            shown = picture
            if place < head:
                share = (place + 1) / (head + 1)
                shown = f32(tail[place] * (1 - share) + np.clip(picture, 0, 1) * share)
            if not last and place >= length - overlap:
                waiting.append(f32(np.clip(shown, 0, 1)))
                continue
            yield f32(shown * smoothstep(0, fade, number + 1)) if number < fade else shown
            number += 1
        tail = waiting


def manifest(films: tuple[Film, ...]) -> dict[str, object]:
    """What shots.json says: for each film where its shots begin and how they join."""
    entries: dict[str, object] = {}
    for film in films:
        starts = shot_starts(film)
        overlap = round(film.dissolve_s * FILM_FPS)
        frames = sum(shot_lengths(film)) - overlap * (len(film.shots) - 1)
        entries[f"{film.name}.mp4"] = {
            "frames": frames,
            "cuts": starts[1:],
            "join": "dissolve" if overlap else "cut",
            "shots": [
                {"name": shot.name, "first": first, "frames": end - first}
                for shot, first, end in zip(film.shots, starts, [*starts[1:], frames], strict=True)
            ],
        }
    return entries


# --- camera -------------------------------------------------------------------------------


def camera_frames() -> Iterator[Picture]:
    """A hand-held look from one subject to the next, with a cheap camera's faults."""
    number = 0
    for place, shot in enumerate(CAMERA):
        length = round(shot.seconds * CAMERA_FPS)
        last = place == len(CAMERA) - 1
        for step, picture in enumerate(shot.make()(length, CAMERA_FPS)):
            coming = max(0, WHIP_FRAMES - step) if place else 0
            going = 0 if last else max(0, WHIP_FRAMES - (length - 1 - step))
            yield _seen_by_hand(picture, number / CAMERA_FPS, coming, going)
            number += 1


def _seen_by_hand(picture: Picture, t_s: float, coming: int, going: int) -> Picture:
    """Shake, swing, breath of the exposure, soft lens and sensor noise."""
    swing = ((going / WHIP_FRAMES) ** 2 - (coming / WHIP_FRAMES) ** 2) * WIDTH * 0.5
    turn = np.deg2rad(0.9 * wobble(71, t_s, 1.2))
    zoom = 1.09 + 0.012 * wobble(72, t_s, 0.6)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * zoom
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    shake = np.array([9 * wobble(73, t_s, 1.5) - swing, 6 * wobble(74, t_s, 1.7)])
    move = f32(np.column_stack([matrix, middle - matrix @ middle + shake]))
    seen = cv2.warpAffine(
        picture, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    smear = 1 + 2 * int(abs(swing) * 0.22)
    if smear > 1:
        seen = cv2.blur(seen, (smear, 1))
    seen = cv2.GaussianBlur(seen, (0, 0), 0.7)
    exposure = 1 + 0.06 * wobble(75, t_s, 0.5)
    warmth = 0.025 * wobble(76, t_s, 0.4)
    light = np.clip(f32(seen), 0, 1.2) * exposure * f32([1 + warmth, 1, 1 - warmth])
    dice = np.random.default_rng(round(t_s * 1000) + 5)
    noise = dice.standard_normal((HEIGHT // 2, WIDTH // 2, 3), dtype=np.float32)
    speckle = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return f32(0.022 + 0.955 * light + 0.013 * f32(speckle))


# --- files --------------------------------------------------------------------------------


def encode(path: Path, pictures: Iterator[Picture], rate: int, crf: int, cuts: set[int]) -> int:
    """Writes H.264 in 4:2:0 with a key frame at each cut; returns the number of frames."""
    count = 0
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, rate)
        stream.options = {
            "crf": str(crf),
            "preset": "veryslow",
            "g": str(GOP),
            "bf": "2",
            "x264-params": "aq-mode=3:colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m",
        }
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(to_bytes(picture), format="rgb24")
            frame.pts, frame.time_base = count, Fraction(1, rate)
            if count in cuts:
                frame.pict_type = av.video.frame.PictureType.I
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count


def build(out: Path, only: str | None = None) -> None:
    """Writes films/, films/shots.json and camera.mp4 below `out`; `only` picks one by name."""
    sources.check()
    folder = out / "films"
    folder.mkdir(parents=True, exist_ok=True)
    for film in FILMS:
        if only in {None, film.name}:
            path = folder / f"{film.name}.mp4"
            _report(path, film_frames(film), FILM_FPS, FILM_CRF, set(shot_starts(film)))
    if only in {None, "camera"}:
        _report(out / "camera.mp4", camera_frames(), CAMERA_FPS, CAMERA_CRF, set())
    text = json.dumps(manifest(FILMS), indent=1)
    (folder / "shots.json").write_text(text + "\n", encoding="utf-8")


def _report(path: Path, pictures: Iterator[Picture], rate: int, crf: int, cuts: set[int]) -> None:
    began = time.perf_counter()
    count = encode(path, pictures, rate, crf, cuts)
    size = path.stat().st_size / 1e6
    took = time.perf_counter() - began
    sys.stdout.write(f"{path.name:20} {count:4} frames  {size:5.2f} MB  {took:5.1f} s\n")
    sys.stdout.flush()


def main() -> int:
    """Builds what the command line asks for; 1 where a source is missing."""
    parser = argparse.ArgumentParser(description="Build livematch's demo footage.")
    parser.add_argument("out", type=Path, help="folder that receives films/ and camera.mp4")
    parser.add_argument("--only", help="build one film by name, or 'camera'")
    chosen = parser.parse_args()
    try:
        build(chosen.out, chosen.only)
    except sources.SourceMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

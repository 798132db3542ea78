"""Camera moves over photographs and clips, and pixel and paper worlds of drawn parts."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from livematch.demo.workshop import sources
from livematch.demo.workshop.canvas import (
    ASPECT,
    HEIGHT,
    WIDTH,
    Floats,
    Painter,
    Picture,
    X,
    Y,
    bloom,
    blur,
    ease,
    f32,
    flat,
    grain,
    look_up,
    mix,
    noise_plate,
    paint_with,
    ramp,
    smoothstep,
    tint,
    vignette,
)


@dataclass(frozen=True, slots=True)
class Framing:
    """What the camera sees: the centre and the width, in shares of the picture's width."""

    x: float
    y: float
    width: float
    roll_deg: float = 0.0


def frame_picture(picture: Floats, framing: Framing) -> Picture:
    """The part of the picture in the framing, at the shot's size."""
    width = picture.shape[1]
    zoom = WIDTH / (framing.width * width)
    turn = np.deg2rad(framing.roll_deg)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * zoom
    centre = np.array([WIDTH / 2, HEIGHT / 2]) - matrix @ np.array([framing.x, framing.y]) * width
    source = picture if zoom > 0.8 else blur(picture, 0.5 / zoom)
    return f32(
        cv2.warpAffine(
            source, f32(np.column_stack([matrix, centre])), (WIDTH, HEIGHT),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT,
        )
    )  # fmt: skip


def between(start: Framing, end: Framing, share: float) -> Framing:
    """The framing part of the way; the width changes by ratio, as a zoom does."""
    return Framing(
        start.x + (end.x - start.x) * share,
        start.y + (end.y - start.y) * share,
        start.width * (end.width / start.width) ** share,
        start.roll_deg + (end.roll_deg - start.roll_deg) * share,
    )


def move_over(name: str, start: Framing, end: Framing, contrast: float = 1.0) -> Painter:
    """A slow camera move over a photograph, sharpened a little against the enlargement."""
    picture = sources.photograph(name)
    crisp = np.clip(picture + 0.5 * (picture - blur(picture, 1.4)), 0, 1)
    toned = f32(np.clip((crisp - 0.5) * contrast + 0.5, 0, 1))

    def paint(t_s: float, progress: float) -> Picture:
        share = 0.35 * progress + 0.65 * ease(progress)
        view = frame_picture(toned, between(start, end, share))
        return grain(vignette(view, 0.25), t_s, 0.010)

    return paint


def steaming(cup: Painter, x: float, y: float) -> Painter:
    """Steam over a photographed cup that stands at (x, y)."""
    coarse, fine = noise_plate(401, 2.4, 4), noise_plate(402, 2.0, 6)

    def paint(t_s: float, progress: float) -> Picture:
        rise = Y - y
        bend = 0.10 * np.maximum(rise, 0) * look_up(coarse, X * 0.1, Y * 0.1 + 0.10 * t_s)
        body = look_up(fine, f32((X + bend) * 0.16), f32(Y * 0.07 + 0.13 * t_s))
        wisps = smoothstep(
            0.0, 1.9, body + 0.6 * look_up(coarse, f32((X + bend) * 0.2), f32(Y * 0.1 + 0.2 * t_s))
        )
        column = np.exp(-(((X - x) / (0.30 + 0.18 * np.maximum(rise, 0))) ** 2))
        column *= smoothstep(-0.12, 0.2, rise) * smoothstep(1.25, 0.3, rise)
        return f32(cup(t_s, progress) + tint(f32(0.62 * wisps * column), "fff4e6"))

    return paint


def bunny(first: int, start: Framing, end: Framing) -> Painter:
    """A cut from the Big Buck Bunny clip, from that frame on, with a slow push."""
    clip = sources.bunny_frames()

    def paint(t_s: float, progress: float) -> Picture:
        number = min(first + int(t_s * 25), len(clip) - 1)
        return frame_picture(f32(clip[number] / 255.0), between(start, end, ease(progress)))

    return paint


# --- pixel worlds -------------------------------------------------------------------------

STAGE_WIDTH, STAGE_HEIGHT = WIDTH // 2, HEIGHT // 2


def _lay(stage: Floats, layer: Floats, left: float, top: int, repeat: bool = True) -> None:
    """Lays an RGBA layer on the stage, repeating it sideways if asked."""
    wide = layer.shape[1]
    columns = np.arange(STAGE_WIDTH) + int(np.floor(-left))
    inside = np.ones(STAGE_WIDTH, bool) if repeat else (columns >= 0) & (columns < wide)
    rows = np.arange(STAGE_HEIGHT) - top
    seen = (rows >= 0) & (rows < layer.shape[0])
    part = layer[np.clip(rows, 0, layer.shape[0] - 1)][:, columns % wide]
    cover = part[..., 3:] * inside[None, :, None] * seen[:, None, None]
    stage[:] = stage * (1 - cover) + part[..., :3] * cover


def _enlarge(stage: Floats) -> Picture:
    big = np.repeat(np.repeat(stage, 2, axis=0), 2, axis=1)
    return vignette(bloom(f32(big), 0.55, 0.45), 0.25)


def night_drive(pace: float = 1.0) -> Painter:
    """A sports car on a coast road at neon dusk."""
    world = "miami_synth_parallax/layers/"
    back, sun, buildings, palms, highway = (
        sources.sprite(f"{world}{name}.png")
        for name in ("back", "sun", "buildings", "palms", "highway")
    )
    cars = [sources.sprite(f"miami_synth_parallax/car/car-running{n}.png") for n in range(4)]

    def paint(t_s: float, progress: float) -> Picture:
        stage = np.zeros((STAGE_HEIGHT, STAGE_WIDTH, 3), np.float32)
        top = STAGE_HEIGHT - 240
        way = 120 * t_s * pace
        _lay(stage, back, -way * 0.05, top)
        _lay(stage, sun, -40 - way * 0.01, top + 14)
        _lay(stage, buildings, -way * 0.2, top)
        _lay(stage, palms, -way * 0.55, top)
        _lay(stage, highway, -way * 1.5, top)
        car = cars[int(t_s * 16) % 4]
        _lay(
            stage, car, 34 + 70 * ease(progress), STAGE_HEIGHT - 68 - int(t_s * 8) % 2, repeat=False
        )
        return _enlarge(stage)

    return paint


def neon_street() -> Painter:
    """A walk past the lit shops of a city in the rain."""
    layers = [sources.sprite(f"cybercity_background/{name}.png")
              for name in ("far-buildings", "back-buildings", "foreground")]  # fmt: skip
    dice = np.random.default_rng(411)
    rain = dice.random((150, 3))

    def paint(t_s: float, progress: float) -> Picture:
        stage = np.zeros((STAGE_HEIGHT, STAGE_WIDTH, 3), np.float32)
        way = 36 * t_s + 10 * ease(progress)
        for layer, pace in zip(layers, (0.25, 0.6, 1.5), strict=True):
            _lay(stage, layer, -way * pace - 20, STAGE_HEIGHT - 192)
        sign = 1 + 0.10 * np.sin(t_s * 31) * (np.sin(t_s * 5) > 0.4)
        stage *= sign
        for start, height, size in rain:
            row = int((height * 1.2 + t_s * (0.9 + 0.6 * size)) % 1.2 * STAGE_HEIGHT)
            column = int((start * 1.3 - 0.12 * t_s - row / STAGE_HEIGHT * 0.12) % 1 * STAGE_WIDTH)
            stage[row : row + 3 + int(4 * size), column] += 0.20 + 0.1 * size
        return _enlarge(stage)

    return paint


# --- paper world --------------------------------------------------------------------------


def _cut_out(picture: Picture, figure: Floats, x: float, y: float, height: float) -> Picture:
    """Pastes an RGBA cut-out with a soft shadow; (x, y) is the middle of its feet."""
    zoom = height * HEIGHT / 2 / figure.shape[0]
    left = (x + ASPECT) * HEIGHT / 2 - figure.shape[1] * zoom / 2
    top = (1 - y) * HEIGHT / 2 - figure.shape[0] * zoom
    matrix = f32([[zoom, 0, left], [0, zoom, top]])
    loose = figure.copy()
    loose[..., :3] *= loose[..., 3:]
    laid = f32(cv2.warpAffine(loose, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA))
    shadow = np.roll(blur(f32(laid[..., 3]), 4), (5, 5), (0, 1))
    ground = picture * (1 - 0.35 * shadow)[..., None]
    return f32(ground * (1 - laid[..., 3:]) + laid[..., :3])


def paper_walk(
    cast: tuple[tuple[str, str], ...], hills: tuple[str, ...], seed: int = 421
) -> Painter:
    """Cartoon figures walking over hills of cut paper."""
    walks = [
        [sources.sprite(f"animated_characters/{folder}/{stem}_walk{step}.png") for step in range(8)]
        for folder, stem in cast
    ]
    paper = noise_plate(seed, 0.9, 30)
    dice = np.random.default_rng(seed)
    puffs = [
        (dice.uniform(-2.2, 2.2), dice.uniform(0.35, 0.8), dice.uniform(0.10, 0.17))
        for _ in range(5)
    ]

    def paint(t_s: float, progress: float) -> Picture:
        picture = paint_with(ramp("fdeecb", "bfe3e0", "7cc4d4"), f32((Y + 0.4) / 1.4))
        sun = np.hypot(X - 0.95, Y - 0.52)
        picture = mix(picture, flat("ffd166"), smoothstep(0.262, 0.25, sun))
        for x, y, size in puffs:
            at = (x - 0.07 * t_s + 2.4) % 4.8 - 2.4
            away = np.full_like(X, 9.0)
            for lump, grow in ((-1.1, 0.75), (0.0, 1.0), (1.1, 0.8)):
                away = np.minimum(
                    away, np.hypot((X - at - lump * size), (Y - y) * 1.15) - size * grow
                )
            picture = mix(picture, flat("fffaf0"), smoothstep(0.008, -0.008, away) * 0.95)
        way = 0.42 * t_s
        for number, code in enumerate(hills):
            depth = (number + 1) / len(hills)
            crest = (
                -0.05 - 0.62 * depth + 0.13 * np.sin(X * (1.3 + depth) + way * depth + number * 2.1)
            )
            crest = crest + 0.05 * np.sin(X * 3.1 + way * depth * 1.5 + number)
            if number == len(hills) - 1:
                crest = crest * 0.35 - 0.44
            shade = smoothstep(0.10, 0.0, Y - crest) * smoothstep(-0.01, 0.0, Y - crest)
            picture = picture * (1 - 0.22 * shade)[..., None]
            picture = mix(picture, flat(code), smoothstep(0.006, -0.006, Y - crest))
        for number, walk in enumerate(walks):
            x = -0.95 + 0.85 * number + 0.16 * progress
            bounce = 0.012 * abs(np.sin(t_s * 9 + number))
            picture = _cut_out(
                picture, walk[int(t_s * 11 + 3 * number) % 8], x, -0.88 + bounce, 1.25
            )
        fibre = 1 + 0.018 * look_up(paper, X * 0.4, Y * 0.4)
        return vignette(f32(picture * fibre[..., None]), 0.2)

    return paint

"""Rendered machines and studio objects: film leader, gears, cradle, knot, clock."""

from __future__ import annotations

import cv2
import numpy as np

from livematch.demo.workshop.canvas import (
    ASPECT,
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Floats,
    Painter,
    Picture,
    Plane,
    Sketch,
    X,
    Y,
    bloom,
    blur,
    f32,
    flat,
    grain,
    grey,
    look_up,
    mix,
    noise_plate,
    paint_with,
    ramp,
    rgb,
    smoothstep,
    vignette,
    wobble,
)

TURN = 2 * np.pi

BRASS = ramp("1a0e05", "5e3a14", "b57c2c", "eec66c", "fff3c9")

STEEL = ramp("0b0e12", "3a444f", "8792a0", "d3dbe3", "ffffff")


def film_leader(start: int = 4) -> Painter:
    """The countdown at the head of an old reel, scratched and flickering."""

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        number, sweep = start - int(t_s * 1.25), (t_s * 1.25) % 1
        angle = np.mod(np.arctan2(X, Y) / TURN, 1)
        paper = f32(0.74 - 0.20 * smoothstep(0.0, 0.004, sweep - angle))
        sheet = Sketch(grey(paper))
        dark = (0.07, 0.07, 0.07)
        sheet.line(f32([[-ASPECT, 0], [ASPECT, 0]]), dark, 0.009)
        sheet.line(f32([[0, -1], [0, 1]]), dark, 0.009)
        hand = sweep * TURN
        sheet.line(f32([[0, 0], [2.2 * np.sin(hand), 2.2 * np.cos(hand)]]), dark, 0.012)
        for radius in (0.82, 0.72):
            sheet.ring(0, 0, radius, (0.96, 0.96, 0.96), 0.026)
            sheet.ring(0, 0, radius + 0.018, dark, 0.006)
        text = str(max(1, number))
        size = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 13.5, 44)[0]
        height, width = sheet.sheet.shape[:2]
        cv2.putText(sheet.sheet, text, ((width - size[0]) // 2, (height + size[1]) // 2),
                    cv2.FONT_HERSHEY_DUPLEX, 13.5, (12, 12, 12), 44, cv2.LINE_AA)  # fmt: skip
        return _aged(sheet.picture(), t_s)

    return paint


def _aged(picture: Picture, t_s: float) -> Picture:
    """Flicker, gate weave, scratches, dust and grain of a worn print."""
    dice = np.random.default_rng(int(t_s * 24) + 900)
    weave = f32([[1, 0, 1.6 * wobble(3, t_s * 6)], [0, 1, 1.3 * wobble(4, t_s * 7)]])
    picture = f32(cv2.warpAffine(picture, weave, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))
    marks = Sketch()
    for number in range(3):
        place = 1.6 * wobble(40 + number, t_s * 0.7 + number * 5)
        if dice.random() < 0.75:
            marks.line(f32([[place, -1], [place + 0.01, 1]]), (0.55, 0, 0), 0.004)
    for _ in range(int(dice.integers(2, 8))):
        x, y = dice.uniform(-ASPECT, ASPECT), dice.uniform(-1, 1)
        hair = np.cumsum(dice.normal(0, 0.014, (7, 2)), axis=0) + f32([x, y])
        marks.line(f32(hair), (0.9, 0, 0), 0.006)
    flicker = 1 + 0.05 * float(dice.normal())
    aged = picture * flicker * (1 - 0.75 * marks.mask())[..., None]
    return grain(vignette(f32(aged), 0.45), t_s, 0.03)


def _gear_outline(teeth: int, radius: float, tooth: float, turn: float) -> Floats:
    profile = ((-0.27, 0.0), (-0.15, 1.0), (0.15, 1.0), (0.27, 0.0))
    angle = np.array([[(number + at) for at, _ in profile] for number in range(teeth)]).ravel()
    reach = np.array([radius + tooth * (out - 0.5) for _, out in profile] * teeth)
    angle = angle * TURN / teeth + turn
    return f32(np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1))


def clockwork() -> Painter:
    """Brass and steel gears of a movement, meshing."""
    module = 0.052
    train = (  # x, y, teeth, ramp, spokes, phase in teeth
        (-0.72, -0.10, 28, BRASS, 5, 0.0),
        (0.39, 0.265, 17, STEEL, 4, 0.0),
        (0.99, -0.415, 18, BRASS, 5, 0.0),
        (0.28, -0.86, 12, STEEL, 3, 0.0),
    )
    order = (0, 1, 2, 3)

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        brushed = look_up(noise_plate(301, 1.2, 8), X * 0.02, Y * 0.6)
        picture = paint_with(
            ramp("140d0a", "33231a", "553b28"), f32(0.45 + 0.3 * Y + 0.1 * brushed)
        )
        turn, last = 0.42 * t_s, (0.0, 0.0, 1)
        for number in order:
            x, y, teeth, metal, spokes, _ = train[number]
            if number:
                toward = np.arctan2(y - last[1], x - last[0])
                turn = toward + np.pi + np.pi / teeth - (turn - toward) * last[2] / teeth
            radius = teeth * module / 2
            sheet = Sketch()
            sheet.polygon(_gear_outline(teeth, radius, module * 1.7, turn) + f32([x, y]), (1, 1, 1))
            sheet.disc(x, y, radius * 0.74, (0, 0, 0))
            for spoke in range(spokes):
                angle = turn + spoke * TURN / spokes
                way = np.array([np.cos(angle), np.sin(angle)])
                side = np.array([-way[1], way[0]]) * radius * 0.075
                near, far = np.array([x, y]), np.array([x, y]) + way * radius * 0.8
                sheet.polygon(
                    f32([near - side * 1.5, far - side, far + side, near + side * 1.5]), (1, 1, 1)
                )
            sheet.disc(x, y, radius * 0.24, (1, 1, 1))
            sheet.disc(x, y, radius * 0.08, (0, 0, 0))
            picture = _metal(picture, sheet.mask(), metal, x, y)
            last = (x, y, teeth)
        return vignette(bloom(picture, 0.8, 0.4), 0.4)

    return paint


def _metal(under: Picture, mask: Plane, metal: Floats, x: float, y: float) -> Picture:
    """Lays a turned metal part over the picture, with bevel and shadow."""
    shadow = np.roll(blur(mask, 6), (7, 6), (0, 1)) * (1 - mask)
    edge = blur(mask, 1.6)
    slope_x = cv2.Sobel(edge, cv2.CV_32F, 1, 0, ksize=3)
    slope_y = cv2.Sobel(edge, cv2.CV_32F, 0, 1, ksize=3)
    bevel = 0.35 * (slope_x * 0.6 + slope_y * 0.8)
    angle = np.arctan2(Y - y, X - x)
    away = np.hypot(X - x, Y - y)
    turned = 0.03 * np.sin(away * 420)
    shine = 0.50 + 0.24 * np.cos(2 * (angle - 0.9)) + 0.12 * np.cos(4 * (angle - 0.5)) + turned
    part = paint_with(metal, f32(shine + bevel - 0.08 * away))
    return mix(under * (1 - 0.7 * f32(shadow))[..., None], part, mask)


def _sphere(x: float, y: float, radius: float, picture: Picture, room: Floats) -> Picture:
    """A polished ball that mirrors a studio: floor, dark wall, two soft boxes."""
    across, up = (X - x) / radius, (Y - y) / radius
    inside = across**2 + up**2
    ahead = np.sqrt(np.clip(1 - inside, 0, 1))
    mirror_x, mirror_y = 2 * ahead * across, 2 * ahead * up
    tone = 0.30 + 0.28 * mirror_y + 0.10 * smoothstep(-0.25, -0.2, mirror_y)
    tone -= 0.16 * np.exp(-((mirror_y + 0.12) ** 2) * 60)
    for box_x, box_y, wide, tall in ((-0.75, 0.72, 0.30, 0.24), (0.85, 0.5, 0.14, 0.34)):
        box = smoothstep(
            1.15, 0.9, np.maximum(np.abs(mirror_x - box_x) / wide, np.abs(mirror_y - box_y) / tall)
        )
        tone += 0.62 * box
    tone *= 0.35 + 0.65 * ahead**0.5
    soft = 1.6 / (HEIGHT / 2 * radius)
    return mix(
        picture, paint_with(room, f32(tone)), smoothstep(1 + soft, 1 - soft, np.sqrt(inside))
    )


def cradle() -> Painter:
    """Newton's cradle: the first ball swings, the last answers."""
    radius, length = 0.175, 1.15

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        swing = 0.62 * np.cos(t_s * 4.4)
        picture = paint_with(
            ramp("1b1d22", "3b4048", "7d858e", "aeb6bc"),
            f32(0.85 - 0.55 * np.hypot(X * 0.6, Y - 0.35)),
        )
        floor = smoothstep(-0.62, -0.66, Y)
        picture = mix(picture, flat("15171b"), floor * 0.85)
        sheet = Sketch(picture)
        sheet.line(f32([[-1.05, 0.86], [1.05, 0.86]]), (0.08, 0.08, 0.09), 0.035)
        centres = []
        for number in range(5):
            top = (number - 2) * radius * 2
            lean = (
                min(swing, 0)
                if number == 0
                else max(swing, 0)
                if number == 4
                else 0.006 * np.sin(t_s * 9)
            )
            centre = (top + length * np.sin(lean), 0.84 - length * np.cos(lean))
            sheet.line(f32([[top, 0.86], list(centre)]), (0.10, 0.10, 0.11), 0.007)
            centres.append(centre)
        picture = sheet.picture()
        for x, y in centres:
            picture = _sphere(x, y, radius, picture, STEEL)
        mirrored = f32(
            cv2.remap(
                picture,
                COLUMNS,
                f32(HEIGHT * (1 + 0.64) - ROWS),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )
        fade = floor * np.clip(1.2 + (Y + 0.4) * 1.6, 0, 1)
        return grain(vignette(mix(picture, blur(mirrored, 2.0) * 0.5, f32(fade) * 0.8)), t_s, 0.006)

    return paint


def _knot_mesh(rings: int, sides: int) -> tuple[Floats, Floats]:
    """Points and normals (rings, sides, 3) of a tube around a (2, 3) torus knot."""
    along = np.linspace(0, TURN, rings, endpoint=False)

    def path(s: Floats) -> Floats:
        reach = 0.62 + 0.27 * np.cos(3 * s)
        return f32(
            np.stack([reach * np.cos(2 * s), reach * np.sin(2 * s), 0.36 * np.sin(3 * s)], axis=1)
        )

    centre = path(f32(along))
    ahead = path(f32(along + 1e-2)) - path(f32(along - 1e-2))
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    side = np.cross(ahead, centre)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, ahead)
    around = np.linspace(0, TURN, sides, endpoint=False)[None, :, None]
    normal = side[:, None] * np.cos(around) + up[:, None] * np.sin(around)
    return f32(centre[:, None] + 0.155 * normal), f32(normal)


def _rotation(yaw: float, pitch: float) -> Floats:
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    tilt = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    return f32(tilt @ turn)


def knot() -> Painter:
    """A turning knot of oil-slick porcelain."""
    points, normals = _knot_mesh(260, 26)
    film = ramp("10253f", "1b6f8f", "43c6b1", "f4d58d", "f2806b", "b8458f", "5a3b9a")

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        turn = _rotation(0.9 * t_s, 0.55 * np.sin(0.7 * t_s) + 0.3)
        place, facing = points @ turn.T, normals @ turn.T
        lens = 2.6 / (3.1 - place[..., 2])
        flat_points = np.stack([place[..., 0] * lens * 1.05, place[..., 1] * lens * 1.05], axis=-1)
        corners = [flat_points, np.roll(flat_points, -1, 0)]
        quads = np.stack(
            [corners[0], corners[1], np.roll(corners[1], -1, 1), np.roll(corners[0], -1, 1)], axis=2
        )
        view = facing[..., 2]
        light = np.clip(facing @ f32([-0.45, 0.75, 0.5]), 0, 1)
        shine = np.clip(facing @ f32([-0.27, 0.45, 0.85]), 0, 1) ** 40
        hue = (0.75 * (1 - np.clip(view, 0, 1)) + 0.25 * np.clip(facing[..., 1], -1, 1) + 0.25) % 1
        colour = (
            paint_with(film, f32(hue)) * (0.22 + 0.75 * light)[..., None] + shine[..., None] * 0.8
        )
        colour += (np.clip(1 - view, 0, 1) ** 4)[..., None] * f32([0.10, 0.16, 0.25])
        picture = paint_with(
            ramp("d9d4cc", "b9b3ad", "6f6b70"), f32(np.hypot(X * 0.5, Y * 0.8 - 0.15))
        )
        sheet = Sketch(picture)
        seen = np.flatnonzero(view.ravel() > -0.12)
        order = seen[np.argsort(place[..., 2].ravel()[seen])]
        all_quads, all_colours = quads.reshape(-1, 4, 2), colour.reshape(-1, 3)
        for number in order:
            sheet.polygon(all_quads[number], tuple(all_colours[number]))
        return vignette(sheet.picture(), 0.3)

    return paint


def wall_clock() -> Painter:
    """A station clock, its hands running fast."""

    def paint(t_s: float, progress: float) -> Picture:
        wall = look_up(noise_plate(311, 1.5, 5), X * 0.25, Y * 0.25)
        picture = flat("58707a") * (0.8 + 0.05 * wall - 0.22 * (X * 0.4 - Y * 0.4))[..., None]
        shadow = smoothstep(1.0, 0.7, np.hypot(X - 0.06, Y + 0.09))
        sheet = Sketch(f32(picture * (1 - 0.5 * shadow)[..., None]))
        sheet.disc(0, 0, 0.88, rgb("20242a"))
        sheet.disc(0, 0, 0.845, rgb("8d9299"))
        sheet.disc(0, 0, 0.80, rgb("f4f0e4"))
        for mark in range(60):
            way = np.array([np.sin(mark * TURN / 60), np.cos(mark * TURN / 60)])
            inner, width = (0.60, 0.045) if mark % 5 == 0 else (0.70, 0.014)
            sheet.line(f32([way * inner, way * 0.755]), (0.08, 0.08, 0.09), width)
        minutes = 10 * 60 + 9 + 150 * progress
        tick = int(t_s * 4) + min(1.0, ((t_s * 4) % 1) * 6)
        for angle, back, reach, width, ink in (
            (minutes / 720, 0.14, 0.46, 0.062, "16181c"),
            (minutes / 60, 0.17, 0.70, 0.046, "16181c"),
            (tick / 60, 0.22, 0.62, 0.018, "c8201c"),
        ):
            way = np.array([np.sin(angle * TURN), np.cos(angle * TURN)])
            sheet.line(f32([way * -back, way * reach]), rgb(ink), width)
        seconds = tick / 60 * TURN
        sheet.disc(0.60 * np.sin(seconds), 0.60 * np.cos(seconds), 0.055, rgb("c8201c"))
        sheet.disc(0, 0, 0.04, rgb("16181c"))
        glass = (
            0.13
            * smoothstep(0.02, -0.02, np.abs(X * 0.7 + Y * 0.7 - 0.25) - 0.18)
            * smoothstep(0.8, 0.79, np.hypot(X, Y))
        )
        return grain(vignette(sheet.picture() + glass[..., None]), t_s, 0.006)

    return paint

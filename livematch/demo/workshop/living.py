"""Rendered plants, people and birds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from livematch.demo.workshop.canvas import (
    Floats,
    Painter,
    Picture,
    Sketch,
    X,
    Y,
    bloom,
    blur,
    f32,
    filmic,
    flat,
    grain,
    look_up,
    mix,
    noise_plate,
    paint_with,
    ramp,
    rgb,
    smoothstep,
    tint,
    vignette,
)

TURN = 2 * np.pi


def _frond(
    sheet: Sketch, root: tuple[float, float], lean: float, tall: float, grown: float, ink: Floats
) -> None:
    """One fern frond, uncurling from its tip as it grows (0 to 1)."""
    steps = 150
    along = np.linspace(0, 1, steps)
    curl = 26 / (1 + np.exp(-(along - grown) / 0.035))
    bend = lean * (0.4 + 1.6 * along) * grown
    angle = np.pi / 2 - np.cumsum(bend + np.sign(lean) * curl) / steps
    x = root[0] + np.cumsum(np.cos(angle)) * tall / steps
    y = root[1] + np.cumsum(np.sin(angle)) * tall / steps
    spine = np.stack([x, y], axis=1)
    for place in range(8, steps - 1, 5):
        share = along[place]
        open_ = float(smoothstep(0.02, 0.22, grown - share))
        length = (
            0.25
            * tall
            * open_
            * np.sin(np.pi * min(1, share * 0.9 + 0.12)) ** 0.8
            * (1 - share * 0.55)
        )
        if length < 0.01:
            continue
        tone = ink * (0.75 + 0.35 * (place % 2))
        for side in (-1, 1):
            _pinna(sheet, spine[place], angle[place] + side * (1.25 - 0.35 * share), length, tone)
    sheet.line(f32(spine), tuple(ink * 0.8), 0.012)


def _pinna(sheet: Sketch, start: Floats, angle: float, length: float, tone: Floats) -> None:
    """One leaflet: a slim leaf with notched edges."""
    share = np.linspace(0, 1, 9)
    width = 0.085 * length * np.sin(np.pi * share**0.7) * (1 + 0.5 * (np.arange(9) % 2))
    way = np.array([np.cos(angle), np.sin(angle)])
    side = np.array([-way[1], way[0]])
    spine = (
        start + share[:, None] * length * way - np.array([0, 0.12]) * length * share[:, None] ** 2
    )
    edge = np.concatenate([spine + side * width[:, None], (spine - side * width[:, None])[::-1]])
    sheet.polygon(f32(edge), tuple(tone))


def fern(seed: int = 351) -> Painter:
    """Fern fronds uncurling in a dark wood."""
    plate = noise_plate(seed, 2.6, 4)
    dice = np.random.default_rng(seed)
    fronds = [(float(x), float(lean), float(tall), float(late)) for x, lean, tall, late in zip(
        [-1.25, -0.7, -0.25, 0.3, 0.75, 1.3], [-0.8, 0.6, -0.35, 0.5, -0.5, 0.9],
        [1.5, 1.9, 2.15, 2.0, 1.7, 1.5], dice.uniform(0, 0.18, 6), strict=True)]  # fmt: skip

    def paint(t_s: float, progress: float) -> Picture:
        mist = look_up(plate, X * 0.2 + 0.005 * t_s, Y * 0.2)
        picture = paint_with(
            ramp("050d08", "10271a", "2f5a3a", "86a86a"),
            f32(0.36 + 0.13 * mist + 0.3 * Y - 0.15 * np.abs(X)),
        )
        sheet = Sketch(picture)
        for number, (x, lean, tall, late) in enumerate(fronds):
            grown = float(np.clip(0.46 + 0.7 * progress - late, 0.05, 1.05))
            ink = f32(rgb("4f8f3c")) if number % 2 else f32(rgb("8cc152"))
            sway = 0.05 * np.sin(1.3 * t_s + number)
            _frond(sheet, (x, -1.12), lean + sway, tall, grown, ink)
        light = smoothstep(1.5, 0.0, np.hypot(X + 0.4, Y - 0.9)) * 0.16
        return vignette(sheet.picture() + tint(f32(light), "e8ffb0"), 0.45)

    return paint


def grassland(seed: int = 361) -> Painter:
    """Blades of grass in wind against the low sun."""
    dice = np.random.default_rng(seed)
    blades = dice.random((850, 5))
    blades = blades[np.argsort(blades[:, 1])]
    gusts = noise_plate(seed, 2.4, 3)
    sky = ramp("c98a2e", "edb860", "f3d493", "b9cfc0")
    far, near = np.array(rgb("d9c24a")), np.array(rgb("173d12"))

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        picture = paint_with(sky, f32((Y + 0.9) / 1.8))
        sun = np.hypot(X - 0.6, Y - 0.35)
        picture = picture + tint(f32(np.exp(-3.2 * sun)), "ffe9b0") * 0.4
        sheet = Sketch(f32(np.clip(picture, 0, 1)))
        x = blades[:, 0] * 4.4 - 2.2
        wind = look_up(gusts, f32(x[None] * 0.12 - 0.09 * t_s), f32(blades[None, :, 1] * 0.2))[0]
        share = np.linspace(0, 1, 6)
        for number, (_, depth, size, lean, tone) in enumerate(blades):
            tall = (0.55 + 0.75 * size) * (0.5 + 0.65 * depth)
            push = 0.22 * (lean - 0.5) + 0.24 * wind[number] + 0.03 * np.sin(t_s * 5 + number)
            spine_x = x[number] + push * tall * share**2
            spine_y = -1.12 + 0.32 * (1 - depth) + tall * share * (1 - 0.12 * abs(push) * share)
            half = (0.006 + 0.016 * depth) * (1 - share**1.6)
            edge = np.concatenate(
                [
                    np.stack([spine_x - half, spine_y], 1),
                    np.stack([spine_x + half, spine_y], 1)[::-1],
                ]
            )
            light = max(0.0, 1 - float(np.hypot(x[number] - 0.6, 0.4))) * 0.45
            ink = (
                far * (1 - depth)
                + near * depth
                + light * np.array([0.55, 0.5, 0.1])
                + 0.10 * (tone - 0.5)
            )
            sheet.polygon(f32(edge), tuple(ink))
        flare = np.exp(-2.6 * sun) * 0.22
        return vignette(bloom(sheet.picture() + tint(f32(flare), "ffdf90"), 0.88, 0.3), 0.35)

    return paint


def sunflower() -> Painter:
    """A flower head of golden-angle florets, opening and slowly turning."""
    count = 620
    number = np.arange(count)
    golden = np.pi * (3 - np.sqrt(5))

    def paint(t_s: float, progress: float) -> Picture:
        picture = paint_with(ramp("1c3a4a", "2f6477", "8fb7ad"), f32(0.5 + 0.35 * Y + 0.2 * X))
        sheet = Sketch(picture)
        spin = 0.12 * t_s
        for layer, (petals, reach, code) in enumerate(
            ((26, 1.02, "d98a12"), (26, 0.94, "f4b41a"), (21, 0.84, "ffd23f"))
        ):
            opened = 0.62 + 0.38 * float(smoothstep(0, 0.7, progress + 0.1 * layer))
            for petal in range(petals):
                angle = petal * TURN / petals + layer * 0.37 + spin
                length = reach * opened * (1 + 0.05 * np.sin(petal * 7.0))
                share = np.linspace(0.25, 1, 12)
                half = 0.10 * np.sin(np.pi * (share - 0.2) / 0.83) ** 0.8
                way, side = (
                    np.array([np.cos(angle), np.sin(angle)]),
                    np.array([-np.sin(angle), np.cos(angle)]),
                )
                spine = way * (share * length)[:, None]
                edge = np.concatenate(
                    [spine + side * half[:, None], (spine - side * half[:, None])[::-1]]
                )
                tone = np.array(rgb(code)) * (0.86 + 0.14 * np.sin(petal * 3.3))
                sheet.polygon(f32(edge), tuple(tone))
                sheet.line(f32(spine[1:-2]), tuple(tone * 0.78), 0.006)
        discs = 0.50 * np.sqrt(number / count)
        turns = number * golden + spin
        for distance, turn in zip(discs[::-1], turns[::-1], strict=True):
            share = distance / 0.50
            tone = np.array(rgb("3a1d0c")) * (1 - share) + np.array(rgb("b8701c")) * share
            x, y = distance * np.cos(turn), distance * np.sin(turn)
            sheet.disc(x, y, 0.021, tuple(tone * 0.5))
            sheet.disc(x - 0.004, y + 0.005, 0.014, tuple(tone * 1.15))
        shade = 1 - 0.28 * smoothstep(0.75, 0.48, np.hypot(X, Y)) * smoothstep(
            0.40, 0.52, np.hypot(X, Y)
        )
        return vignette(sheet.picture() * f32(shade)[..., None], 0.4)

    return paint


def _limb(
    sheet: Sketch,
    joints: list[tuple[float, float]],
    widths: list[float],
    ink: tuple[float, float, float],
) -> None:
    """Tapering limbs between joints."""
    for (start, end), (wide, slim) in zip(pairwise(joints), pairwise(widths), strict=True):
        for share in np.linspace(0, 1, 14):
            x, y = (start[axis] + (end[axis] - start[axis]) * share for axis in (0, 1))
            sheet.disc(x, y, wide + (slim - wide) * share, ink)


def _walk(
    sheet: Sketch,
    x: float,
    ground: float,
    size: float,
    phase: float,
    ink: tuple[float, float, float],
) -> None:
    """A walking figure in silhouette, seen from the side."""
    bob = 0.018 * np.cos(2 * phase)
    hip = (x, ground + size * (0.49 + bob))
    chest = (x + 0.035 * size, ground + size * (0.80 + bob))
    for side in (0.0, np.pi):
        swing = 0.46 * np.sin(phase + side)
        bend = 0.15 + 0.75 * max(0.0, np.cos(phase + side)) ** 1.5
        knee = (hip[0] + 0.25 * size * np.sin(swing), hip[1] - 0.25 * size * np.cos(swing))
        shin = swing - bend
        foot = (knee[0] + 0.25 * size * np.sin(shin), knee[1] - 0.25 * size * np.cos(shin))
        toe = (
            foot[0] + 0.075 * size,
            foot[1] - 0.008 * size + 0.05 * size * max(0, -np.sin(shin)) * -1,
        )
        _limb(
            sheet,
            [hip, knee, foot, toe],
            [0.060 * size, 0.040 * size, 0.024 * size, 0.018 * size],
            ink,
        )
        arm = -0.42 * np.sin(phase + side)
        elbow = (chest[0] + 0.17 * size * np.sin(arm), chest[1] - 0.17 * size * np.cos(arm))
        hand = (
            elbow[0] + 0.16 * size * np.sin(arm + 0.35),
            elbow[1] - 0.16 * size * np.cos(arm + 0.35),
        )
        _limb(
            sheet,
            [(chest[0], chest[1] - 0.01 * size), elbow, hand],
            [0.034 * size, 0.026 * size, 0.018 * size],
            ink,
        )
    _limb(sheet, [hip, chest], [0.066 * size, 0.078 * size], ink)
    _limb(
        sheet,
        [chest, (chest[0] + 0.012 * size, chest[1] + 0.075 * size)],
        [0.04 * size, 0.03 * size],
        ink,
    )
    sheet.disc(chest[0] + 0.022 * size, chest[1] + 0.128 * size, 0.064 * size, ink)


def walkers() -> Painter:
    """Two walkers, tall and small, on a ridge before a huge sun."""
    sky = ramp("fbd08a", "f79a5b", "e0604f", "9a3b5c", "4a2a55")
    plate = noise_plate(371, 1.9, 3)

    def paint(t_s: float, progress: float) -> Picture:
        bank = look_up(plate, X * 0.07 + 0.004 * t_s, Y * 0.4)
        picture = paint_with(sky, f32((Y + 0.7) / 1.75 + 0.06 * bank))
        sun = np.hypot(X - 0.15, Y + 0.02)
        picture = mix(picture, flat("fff0c2"), smoothstep(0.625, 0.61, sun))
        picture = (
            picture + tint(f32(0.45 * np.exp(-1.5 * np.maximum(sun - 0.6, 0))), "ff9a50") * 0.7
        )
        sheet = Sketch(f32(np.clip(picture, 0, 1)))
        ink = rgb("160a14")
        edge = np.linspace(-2, 2, 90)

        def ridge(at: Floats | float) -> Floats:
            return f32(-0.62 + 0.045 * np.sin(f32(at) * 1.6 + 1) + 0.02 * np.sin(f32(at) * 4.3))

        sheet.polygon(
            f32(np.concatenate([np.stack([edge, ridge(f32(edge))], 1), [[2, -1.1], [-2, -1.1]]])),
            ink,
        )
        for place in np.linspace(-2, 2, 240):
            lean = 0.012 * np.sin(2 * t_s + place * 5)
            foot = float(ridge(place))
            sheet.line(
                f32(
                    [[place, foot - 0.01], [place + lean, foot + 0.03 + 0.02 * np.sin(place * 97)]]
                ),
                ink,
                0.005,
            )
        tall_x, small_x = -0.55 + 1.0 * progress, -0.13 + 1.0 * progress
        _walk(sheet, tall_x, float(ridge(tall_x)) + 0.02, 1.02, t_s * 5.2, ink)
        _walk(sheet, small_x, float(ridge(small_x)) + 0.015, 0.62, t_s * 7.4 + 1, ink)
        return grain(vignette(sheet.picture()), t_s, 0.006)

    return paint


def dancer(seed: int = 381) -> Painter:
    """A dancer's shadow, twice, on coloured stage light."""
    fog = noise_plate(seed, 2.2, 3)

    def figure(sheet: Sketch, x: float, beat: float, turn: float) -> None:
        size, ground, ink = 1.5, -0.92, (1.0, 1.0, 1.0)
        sway = 0.12 * np.sin(beat)
        hip = (x + sway, ground + size * (0.47 + 0.02 * np.cos(2 * beat)))
        chest = (x + sway * 0.2 + 0.06 * np.sin(beat + 0.7), hip[1] + 0.30 * size)
        for side in (-1, 1):
            lift = 0.12 + 0.10 * max(0.0, side * np.sin(beat)) + 0.05 * turn
            knee = (hip[0] + side * lift * size * 0.8, hip[1] - 0.23 * size)
            foot = (
                x + side * (0.14 + 0.10 * turn) * size,
                ground + 0.05 * max(0.0, side * np.sin(beat * 1.0)),
            )
            _limb(
                sheet,
                [hip, knee, foot, (foot[0] + side * 0.09, foot[1] - 0.01)],
                [0.085, 0.06, 0.034, 0.022],
                ink,
            )
            raise_ = 0.9 + 1.1 * np.sin(beat * 0.8 + side * 1.1)
            elbow = (
                chest[0] + side * 0.17 * size * np.cos(raise_ - 0.9),
                chest[1] + 0.17 * size * np.sin(raise_ - 0.9),
            )
            hand = (
                elbow[0] + side * 0.17 * size * np.cos(raise_),
                elbow[1] + 0.17 * size * np.sin(raise_),
            )
            _limb(sheet, [chest, elbow, hand], [0.05, 0.036, 0.022], ink)
        _limb(
            sheet,
            [hip, ((hip[0] + chest[0]) / 2, (hip[1] + chest[1]) / 2), chest],
            [0.10, 0.078, 0.10],
            ink,
        )
        sheet.disc(chest[0] + 0.03 * np.sin(beat), chest[1] + 0.20, 0.098, ink)

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        beat = t_s * 4.6
        masks = []
        for shift in (-0.30, 0.34):
            sheet = Sketch()
            figure(sheet, shift, beat + shift, 0.5 + 0.5 * np.sin(t_s * 1.3))
            masks.append(blur(sheet.mask(), 1.5 if shift < 0 else 3.5))
        mist = 1 + 0.10 * look_up(fog, X * 0.15 + 0.02 * t_s, Y * 0.15)
        pool = smoothstep(1.9, 0.1, np.hypot(X * 0.8, Y * 0.9))
        warm = tint(f32(pool * (1 - masks[0]) * mist), "ff6a3d")
        cold = tint(f32(pool * (1 - masks[1]) * mist), "2ab5e8")
        return grain(filmic(warm * 0.95 + cold * 0.95 + flat("05060c")), t_s, 0.01)

    return paint


def murmuration(seed: int = 101) -> Painter:
    """Starlings turning as one over an evening marsh."""
    dice = np.random.default_rng(seed)
    birds = dice.normal(0, 1, (2100, 3)) * np.array([0.36, 0.13, 0.3])
    sky = ramp("ffcf8f", "f59a73", "c9738a", "7d619a", "3f4785")
    plate = noise_plate(seed, 2.4, 3)
    reeds = dice.random((420, 3))

    def paint(t_s: float, progress: float) -> Picture:
        bank = look_up(plate, X * 0.1 + 0.004 * t_s, Y * 0.35)
        picture = paint_with(sky, f32((Y + 0.75) / 1.8 + 0.05 * bank))
        sun = np.hypot(X + 0.7, Y + 0.42)
        picture = picture + tint(
            f32(0.9 * smoothstep(0.17, 0.155, sun) + 0.5 * np.exp(-3 * sun)), "ffd9a0"
        )
        sheet = Sketch(f32(np.clip(picture, 0, 1)))
        swirl = 1.4 * t_s + 2.4 * birds[:, 0]
        x = (
            birds[:, 0] * (1.15 + 0.35 * np.sin(1.1 * t_s))
            + 0.25 * np.sin(swirl)
            - 0.35
            + 0.7 * progress
        )
        y = (
            birds[:, 1] * (1 + 0.5 * np.sin(swirl * 0.8))
            + 0.28
            + 0.24 * np.sin(2.1 * birds[:, 0] - 1.3 * t_s)
        )
        y += 0.09 * np.sin(6 * birds[:, 2] + 3 * t_s)
        flap = 0.008 * np.sin(26 * t_s + 40 * birds[:, 2])
        for bird_x, bird_y, beat in zip(x, y, flap, strict=True):
            wing = [
                [bird_x - 0.011, bird_y + beat],
                [bird_x, bird_y],
                [bird_x + 0.011, bird_y + beat],
            ]
            sheet.line(f32(wing), (0.09, 0.06, 0.12), 0.004)
        sheet.polygon(
            f32([[-2, -1.1], [-2, -0.74], [-0.6, -0.79], [0.7, -0.72], [2, -0.76], [2, -1.1]]),
            rgb("1a1220"),
        )
        for place, tall, phase in reeds:
            foot = place * 3.8 - 1.9
            tip = foot + 0.03 * np.sin(1.7 * t_s + phase * 6) + 0.05 * (phase - 0.5)
            sheet.line(
                f32([[foot, -1], [(foot + tip) / 2, -0.85], [tip, -0.76 + 0.16 * tall**2]]),
                rgb("1a1220"),
                0.005,
            )
        return vignette(sheet.picture(), 0.3)

    return paint

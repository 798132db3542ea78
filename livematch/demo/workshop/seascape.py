"""Paints one seascape: the sky, the water that mirrors it, foam, glitter and haze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from livematch.demo.workshop.canvas import (
    HEIGHT,
    WIDTH,
    Floats,
    Picture,
    Plane,
    bloom,
    f32,
    noise_plate,
    smoothstep,
)
from livematch.demo.workshop.heavens import Ray, develop, light
from livematch.demo.workshop.scenes import ACROSS, DOWN, Scene, waves
from livematch.demo.workshop.surf import Surf
from livematch.demo.workshop.swell import Band, Camera, Seen, glance, look, shape


def paint(scene: Scene, dice: np.random.Generator) -> Picture:
    """The scene as a picture of the canvas's size, 0 to 1."""
    sky = scene.sky
    bands = waves(scene, dice)
    surface = _surface(scene, bands)
    camera = _afloat(scene, surface)
    scene = replace(scene, camera=camera)
    x, y = camera.grid
    up = y - camera.horizon
    size = np.sqrt(x**2 + up**2 + camera.focal**2)
    ray = (f32(x / size), f32(up / size), f32(camera.focal / size))
    tallest = float(bands[0].height.max()) * 1.3 + (scene.surf.tall if scene.surf else 0)
    seen = look(camera, surface, tallest=tallest, far=camera.height * 1400)
    picture = np.zeros((*x.shape, 3), np.float32)
    dry = slice(0, int((seen.water.min(axis=1) < 1).sum()))
    if dry.stop:
        picture[dry] = sky.seen(_rows(ray, dry), disc=True)
    wet = slice(DOWN - int((seen.water.max(axis=1) > 0).sum()), DOWN)
    seen = Seen(seen.z[wet], seen.x[wet], seen.height[wet], seen.water[wet])
    water = _water(scene, seen, bands, dice)
    distance = f32(seen.z * size[wet] / camera.focal)
    flat_ray = (ray[0][wet], np.zeros_like(distance), ray[2][wet])
    far = f32(1 - np.exp(-distance / scene.see_far))[..., None]
    water = water + (sky.air(flat_ray) - water) * far
    picture[wet] += (water - picture[wet]) * seen.water[..., None]
    return _finish(scene, picture, dice)


def _rows(ray: Ray, rows: slice) -> Ray:
    return ray[0][rows], ray[1][rows], ray[2][rows]


def _afloat(scene: Scene, surface: Callable[[Floats, Floats], Floats]) -> Camera:
    """The scene's camera, lifted where a wave would go over it."""
    reach = scene.longest * 0.12 + scene.camera.height * 0.5
    x, z = np.meshgrid(np.linspace(-1, 1, 25) * reach, np.linspace(0, 1, 25) * reach)
    crest = float(surface(f32(x), f32(z)).max())
    clear = crest + 0.02 * scene.longest + 0.3
    return replace(scene.camera, height=max(scene.camera.height, clear))


def _surface(scene: Scene, bands: list[Band]) -> Callable[[Floats, Floats], Floats]:
    """The height of whatever the camera meets."""

    def height(x: Floats, z: Floats) -> Floats:
        total = np.zeros_like(x) if scene.surf is None else scene.surf.height(x, z)
        for waves_of in bands[:3]:
            total += waves_of.at(waves_of.height, x, z)
        return total

    return height


@dataclass(frozen=True, slots=True)
class _Lit:
    """What the light meets at each pixel: view, slopes, hidden roughness, share mirrored."""

    view: Ray
    right: Plane
    ahead: Plane
    hidden: Plane
    cosine: Plane
    fresnel: Plane
    normal: Ray


def _lit(scene: Scene, seen: Seen, bands: list[Band]) -> _Lit:
    camera = scene.camera
    right, ahead, hidden = shape(seen, camera, bands)
    if scene.surf is not None:
        extra = scene.surf.slopes(seen.x, seen.z)
        right, ahead = f32(right + extra[0]), f32(ahead + extra[1])
    length = np.sqrt(right**2 + ahead**2 + 1)
    down = f32(seen.height - camera.height)
    size = np.sqrt(seen.x**2 + down**2 + seen.z**2)
    view = (seen.x / size, down / size, seen.z / size)
    cosine = (view[0] * right - view[1] + view[2] * ahead) / length
    cosine = np.clip(cosine, 0.0, 1)
    normal = (-right / length, 1 / length, -ahead / length)
    sigma = np.sqrt(hidden)
    fresnel = (1 - cosine) ** (5 * np.exp(-2.69 * sigma)) / (1 + 22.7 * sigma**1.5)
    return _Lit(view, right, ahead, hidden, cosine, f32(0.02 + 0.98 * fresnel), normal)


def _water(scene: Scene, seen: Seen, bands: list[Band], dice: np.random.Generator) -> Picture:
    """The water as light comes from it, without the air between."""
    sky = scene.sky
    lit = _lit(scene, seen, bands)
    inside, fresnel = _inside(scene, seen, lit, bands), lit.fresnel
    if scene.surf is not None:
        inside, fresnel = _shallows(scene, scene.surf, seen, inside, fresnel)
    reflection = sky.seen(_mirrored(lit), disc=False)
    picture = inside * (1 - fresnel)[..., None] + reflection * fresnel[..., None]
    picture = picture + _glitter(scene, lit, fresnel, dice)[..., None] * sky.glow
    foam, thick = _foam(scene, seen, bands)
    normal = lit.normal
    sunny = np.clip(normal[0] * sky.sun[0] + normal[1] * sky.sun[1] + normal[2] * sky.sun[2], 0, 1)
    ambient = sky.stops.mean(axis=0)
    white = f32(0.34 + 0.40 * thick + 0.32 * sunny)[..., None]
    white = light(scene.mood.foam) * white + 0.12 * ambient
    return f32(picture + (white - picture) * foam[..., None])


def _mirrored(lit: _Lit) -> Ray:
    """Where the mirrored light comes from; rough water mirrors the sky from higher up."""
    across, up, ahead = (f32(lit.view[i] + 2 * lit.cosine * lit.normal[i]) for i in range(3))
    sigma = np.sqrt(lit.hidden)
    rise = np.abs(up) + 0.9 * sigma * np.exp(-3 * np.abs(up))
    scale = 1 / np.sqrt(across**2 + rise**2 + ahead**2)
    return f32(across * scale), f32(rise * scale), f32(ahead * scale)


def _inside(scene: Scene, seen: Seen, lit: _Lit, bands: list[Band]) -> Picture:
    """The light from within the water, most where a crest is thin."""
    deep, body = light(scene.mood.deep), light(scene.mood.body)
    tall = 2.2 * float(bands[0].height.std())
    crest = smoothstep(-0.3, 1.2, seen.height / tall)
    through = crest * smoothstep(-0.15, 0.45, lit.ahead)
    face = f32(0.10 + 0.9 * through) * f32(0.45 + 0.55 * scene.wind)
    return f32(deep + body * (face * (0.15 + 0.85 * f32(lit.cosine)))[..., None] * 0.75)


def _shallows(
    scene: Scene, surf: Surf, seen: Seen, inside: Picture, fresnel: Plane
) -> tuple[Picture, Plane]:
    """Pale water over sand, then the sand itself, which shines only where it is wet."""
    sand, wet, shallow = surf.dry(seen.x, seen.z)
    pale = light(scene.mood.body) * 0.8 + surf.sand * 0.25
    inside = inside + (pale - inside) * (0.8 * shallow)[..., None]
    size = scene.longest
    plate = noise_plate(7202, 1.2, 6)
    grit = glance(plate, f32(seen.x / size * 0.3), f32(seen.z / size * 0.3))
    ground = surf.sand * f32(1.0 - 0.55 * wet + 0.06 * grit)[..., None]
    inside = inside + (ground - inside) * sand[..., None]
    return f32(inside), f32(fresnel * (1 - sand * (1 - 0.8 * wet)))


def _glitter(scene: Scene, lit: _Lit, fresnel: Plane, dice: np.random.Generator) -> Plane:
    """The sun in facets too small to see (Cox and Munk, 1954), with single sparks."""
    half = [scene.sky.sun[i] - lit.view[i] for i in range(3)]
    lift = np.maximum(half[1], 0.02)
    miss = (half[0] / lift + lit.right) ** 2 + (half[2] / lift + lit.ahead) ** 2
    spread = lit.hidden + 0.0011
    chance = np.exp(-miss / (2 * spread)) / (2 * np.pi * spread)
    norm = np.sqrt(half[0] ** 2 + half[1] ** 2 + half[2] ** 2)
    cosine = np.maximum(lift / norm, 0.05)
    shine = chance * fresnel / (4 * np.maximum(-lit.view[1], 0.04) * cosine**3)
    sparks = np.exp(0.6 * dice.standard_normal(shine.shape, dtype=np.float32) - 0.18)
    return f32(np.minimum(scene.glitter * 0.05 * shine * sparks, 9))


def _foam(scene: Scene, seen: Seen, bands: list[Band]) -> tuple[Plane, Plane]:
    """How far foam covers the water (0 to 1), and how thick it is."""
    if scene.foam <= 0.02 and scene.surf is None:
        return np.zeros_like(seen.z), np.zeros_like(seen.z)
    first, second = bands[0], bands[1]
    fold = first.at(first.fold, seen.x, seen.z)
    small = second.at(second.fold, seen.x, seen.z)
    trail = first.at(_spread(first.fold), seen.x, seen.z)
    step = scene.longest
    lace = _lace(seen, step * 0.45, 0) * 0.5 + _lace(seen, step * 0.13, 1) * 0.5
    fresh = smoothstep(0.62, 0.12, fold - 0.5 * (scene.foam - 0.4) + 0.2 * (small - 1))
    old = smoothstep(1.0, 0.72, trail) * min(1.3 * scene.foam, 1.0)
    patch = glance(noise_plate(7201, 2.0, 3), f32(seen.x / step * 0.03), f32(seen.z / step * 0.03))
    amount = 0.95 * fresh + 0.5 * old + 0.4 * scene.foam * smoothstep(0.3, 1.8, patch)
    if scene.surf is not None:
        amount = np.maximum(amount * 0.5, scene.surf.foam(seen.x, seen.z))
    foam = smoothstep(0.0, 0.42, amount - (1 - lace) * 1.05)
    pixel = seen.z / scene.camera.focal * 2 / scene.camera.down
    blurred = smoothstep(0.02, 0.2, pixel / step)
    thick = amount * (1 - blurred) * (1.7 * lace - 0.4) + amount * blurred * 0.5
    return f32(foam * (1 - blurred) + amount * 0.55 * blurred), f32(np.clip(thick, 0, 1))


def _spread(fold: Plane, edge: int = 24) -> Plane:
    """The tile blurred, as foam is left behind around a crest; it still repeats seamlessly."""
    wide = cv2.GaussianBlur(np.pad(fold, edge, mode="wrap"), (0, 0), 5)
    return f32(wide[edge:-edge, edge:-edge])


def _lace(seen: Seen, size: float, plate: int) -> Plane:
    """The net that foam draws: 1 on its threads, 0 in its holes."""
    net = noise_plate(7210 + plate, 1.55, 12)
    u, v = f32(seen.x / size * 0.045), f32(seen.z / size * 0.045)
    bend = 0.01 * glance(net, f32(v * 0.7), f32(u * 0.7))
    return f32(np.clip(1 - 0.75 * np.abs(glance(net, u + bend, v - bend)), 0, 1))


def _finish(scene: Scene, picture: Picture, dice: np.random.Generator) -> Picture:
    """Lens and film: bloom, level or not, exposure, grain."""
    if scene.tilt:
        turn = np.deg2rad(scene.tilt)
        zoom = np.cos(turn) + ACROSS / DOWN * abs(np.sin(turn))
        matrix = cv2.getRotationMatrix2D((ACROSS / 2, DOWN / 2), scene.tilt, float(zoom))
        picture = f32(cv2.warpAffine(picture, matrix, (ACROSS, DOWN), flags=cv2.INTER_LINEAR,
                                     borderMode=cv2.BORDER_REFLECT))  # fmt: skip
    picture = bloom(np.minimum(picture, 6), 1.3, 0.16)
    exposed = picture * (scene.cast * scene.exposure)
    small = cv2.resize(exposed, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    bright = float(np.percentile(small.max(axis=2), 97))
    aim = 0.55 if scene.mood.name == "night" else 1.0
    small = small * np.clip(aim / max(bright, 1e-3), 0.75, 2.2) ** 0.7
    grain = dice.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32) * 0.007
    return f32(develop(f32(small)) + grain)

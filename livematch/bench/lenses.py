"""Lenses, measured: how fast they paint beside a show, how they flicker, how near they come."""

from dataclasses import replace

from livematch.bench.figures import Figure, Plan, Section, at_least, at_most
from livematch.bench.playing import EAGER, show_config, stage_of
from livematch.config import ShowConfig
from livematch.lens.card import LensCard
from livematch.lens.collection import Lenses
from livematch.lens.judging import flicker
from livematch.lens.paint import Lens
from livematch.lens.targets import squashed
from livematch.session import open_show
from livematch.show import Watch
from livematch.values import Image

WARM_UP_S = 4.0
BLENDED = 0.6  # what `lens_blend` is when nobody has touched it


def lens(plan: Plan) -> Section:
    """Every lens that comes along, over a show with retrieval, decks and crossfades, at 640×360."""
    figures: list[Figure] = []
    notes: list[str] = []
    for card in Lenses().cards:
        beside, note = _beside_a_show(plan, card)
        figures += [replace(figure, name=f"{card.name}: {figure.name}") for figure in beside]
        notes.append(note)
    if not figures:
        return Section("lens", "skipped: no lens comes along", ())
    about = f"640×360, the painting over a show that changes about every second; {notes[0]}"
    return Section("lens", about, tuple(figures))


def _beside_a_show(plan: Plan, card: LensCard) -> tuple[list[Figure], str]:
    config = _config(plan, card)
    with open_show(config) as show:
        watch = Watch(show)
        show.engine.run(watch, show.clock.now() + WARM_UP_S)
        show.telemetry.reset()
        began_s = show.clock.now()
        show.engine.run(watch, began_s + plan.seconds)
        took_s = show.clock.now() - began_s
        stages = show.telemetry.summary()
        frame = show.eyes.look(show.clock.now()).frame
        note = f"{show.stage.renderer}; {show.easel.lens}"
    pictures, painting = stage_of(stages, "frame to frame"), stage_of(stages, "painting")
    figures = [
        at_least("paintings a second", painting.count / took_s, "/s", 12),
        Figure("– that there would be time for", 1e3 / painting.p50_ms, "/s"),
        Figure("one painting, p50", painting.p50_ms, "ms"),
        Figure("one painting, p99", painting.p99_ms, "ms"),
        Figure("captured → painted, p50", stage_of(stages, "captured → painted").p50_ms, "ms"),
        at_least("pictures of the window a second", 1e3 / pictures.mean_ms, "/s", 30),
        Figure("frame to frame, p99", pictures.p99_ms, "ms"),
        Figure("captured → presented, p50", stage_of(stages, "captured → presented").p50_ms, "ms"),
    ]
    if frame is not None:
        figures += _flicker(plan, card, squashed(frame.image, card.side))
    return figures + _quality(card), note


def _config(plan: Plan, card: LensCard) -> ShowConfig:
    start = replace(EAGER, lens=card.name, lens_mix=0.5)
    return replace(show_config(plan), size_px=(640, 360), start=start)


def _flicker(plan: Plan, card: LensCard, still: Image) -> list[Figure]:
    """A camera that stands still, with a webcam's noise: what changes all the same."""
    at_work = Lens(card, plan.provider)

    def changes(blend: float) -> float:
        return flicker(lambda seen: at_work.planes(seen[0, 0])[None], still, card.shrink, blend)

    return [
        Figure("flicker of a still camera, of 255", changes(0.0), ""),
        Figure("– blended as usual", changes(BLENDED), ""),
    ]


def _quality(card: LensCard) -> list[Figure]:
    """What training measured on pictures it had not shown; `livematch lens check` does again."""
    said = card.quality
    if not {"l1", "l1_blurred", "features", "features_blurred"} <= said.keys():
        return []
    l1, features = said["l1"], said["features"]
    return [
        at_most("held out, off by, of 255", l1, "", round(said["l1_blurred"], 1)),
        at_most("held out, looks off by", features, "", round(said["features_blurred"], 3)),
    ]

"""`livematch demo`: the instrument with nothing plugged in."""

import hashlib
import os
import platform
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.console import Console

from livematch.archive.store import Archive
from livematch.cli.index import index
from livematch.cli.options import SecondsOption, SizeOption
from livematch.cli.performing import run
from livematch.config import ShowConfig, parse_size
from livematch.control.params import Layout, Params
from livematch.demo import camera_file, films_folder
from livematch.embed.card import DEFAULT_MODEL, load_card
from livematch.errors import UsageError
from livematch.indexing.describing import identity_of
from livematch.sheet import Tile, contact_sheet, time_code, write_sheet
from livematch.show import ShowReport
from livematch.showlog.places import own_folder
from livematch.stills import film_still
from livematch.values import Cue, Match

PROXY_HEIGHT_PX = 360  # of the bundled films
RENDERED_S = 10.0
MOST_TILES = 12
TILE_PX = 640

# quicker than a set would be: a demo has little time
LIVELY = Params(
    screen=Layout.SIDE_BY_SIDE, fade=0.35, min_hold=0.7, max_hold=4.0, shot_cooldown=5.0
)


def demo(
    offscreen: Annotated[
        bool, typer.Option("--offscreen", help="Render to a file, even with a display.")
    ] = False,
    seconds: SecondsOption = None,
    size: SizeOption = "1280x360",
    out: Annotated[
        Path, typer.Option(help="The folder for what is rendered without a display.")
    ] = Path("livematch-demo"),
) -> None:
    """Play the bundled films with a bundled camera; without a display, render ten seconds."""
    archive = demo_archive(learn=False)
    if offscreen or not has_display():
        _render(archive, seconds or RENDERED_S, parse_size(size), out)
        return
    run(
        ShowConfig(
            archive=archive,
            camera=str(camera_file()),
            size_px=parse_size(size),
            seconds=seconds,
            start=LIVELY,
            logs=own_folder(),
        )
    )


def demo_archive(*, learn: bool) -> Path:
    """Bring the archive of the bundled films up to date in the cache, and say where it is.

    Each kind of descriptor has its own, so that another livematch's is no hindrance.
    """
    model, layout = identity_of(load_card(DEFAULT_MODEL))
    kind = hashlib.sha256(f"{model.sha256} {layout.as_json()}".encode()).hexdigest()[:8]
    archive = platformdirs.user_cache_path("livematch") / f"demo-{kind}"
    index([films_folder()], archive, height=PROXY_HEIGHT_PX, learn=learn)
    return archive


def has_display() -> bool:
    """Whether a window could be opened here at all."""
    if platform.system() == "Linux":
        return bool(os.environ.get("DISPLAY"))
    return True


def _render(archive: Path, seconds: float, size_px: tuple[int, int], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out} cannot be made: {error.strerror or error}") from None
    film, sheet = out / "demo.mp4", out / "demo.png"
    Console(stderr=True, highlight=False).print(
        f"no window: rendering {seconds:g} seconds to {out}", markup=False
    )
    config = ShowConfig(
        archive=archive,
        camera=str(camera_file()),
        size_px=size_px,
        offscreen=True,
        offline=True,
        seconds=seconds,
        record=film,
        start=LIVELY,
        logs=own_folder(),
    )
    report = run(config)
    with Archive.open(archive) as opened:
        tiles = changes(opened, film, report)
    write_sheet(contact_sheet(tiles, tile_width=TILE_PX, title="livematch demo"), sheet)
    Console(stderr=True, highlight=False).print(f"its changes, at a glance: {sheet}", markup=False)


def changes(archive: Archive, film: Path, report: ShowReport) -> list[Tile]:
    """Picture the changes of a rendered show that stayed longest, from the middle of their stay."""
    until_s = [*(cue.decided_s for cue in report.cues[1:]), report.seconds]
    stays = [
        (end_s - cue.decided_s, cue, cue.match)
        for cue, end_s in zip(report.cues, until_s, strict=True)
        if cue.match is not None
    ]
    longest = sorted(stays, key=lambda stay: stay[0], reverse=True)[:MOST_TILES]
    return [
        Tile(film_still(film, cue.decided_s + stay_s / 2, TILE_PX), _caption(archive, cue, match))
        for stay_s, cue, match in sorted(longest, key=lambda stay: stay[1].decided_s)
    ]


def _caption(archive: Archive, cue: Cue, match: Match) -> str:
    return (
        f"{archive.clip(match.moment).title}  {time_code(match.start.time_s)}\n"
        f"at {time_code(cue.decided_s)}   likeness {match.score:.2f}   {cue.cause}"
    )

"""A small archive and a camera film for it: what the tests of whole shows share."""

from pathlib import Path

from films import X264, Recipe, write

from livematch.clock import SystemClock
from livematch.config import ShowConfig
from livematch.control.params import Params
from livematch.embed.card import DEFAULT_MODEL
from livematch.indexing.build import Settings, index_folders, open_or_create
from livematch.indexing.describing import Network, identity_of
from livematch.indexing.speed import Unwatched

SCENES = (1, 2, 3, 4)
CAMERA = ((3, 50), (1, 50), (4, 50), (2, 50))


SIZE = (192, 108)
FPS = 25
STRICT = Params(stickiness=0.05, min_hold=1.0, max_hold=60.0, shot_cooldown=0.0, fade=0.2)


def offline_show(folder: Path, seconds: float, start: Params = STRICT) -> ShowConfig:
    """Set up a show of what `furnish` wrote, in step with a manual clock: the same every time."""
    return ShowConfig(
        archive=folder / "archive",
        camera=str(folder / "camera.mp4"),
        size_px=SIZE,
        offscreen=True,
        offline=True,
        fps=FPS,
        seconds=seconds,
        provider="cpu",
        start=start,
    )


def furnish(folder: Path) -> Path:
    """Write four films of one scene each, index them, and a camera that looks at each in turn."""
    (folder / "films").mkdir()
    for scene in SCENES:
        write(folder / "films" / f"scene-{scene}.mp4", Recipe(options=X264, scenes=((scene, 75),)))
    write(folder / "camera.mp4", Recipe(options=X264, scenes=CAMERA))
    network = Network(DEFAULT_MODEL, "cpu")
    with open_or_create(folder / "archive", *identity_of(network.card())) as archive:
        outcome = index_folders(
            [folder / "films"], archive, network, Settings(), Unwatched(), SystemClock()
        )
    assert len(outcome.films) == len(SCENES)
    return folder

"""The preset *trailer*: a film before the camera, and each of its cuts answered at once."""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from films import X264, Recipe, write

from livematch.bench.cuts import read_labels
from livematch.config import ShowConfig
from livematch.control.params import Params
from livematch.control.presetfolder import read_library
from livematch.engine import Tick
from livematch.session import open_show

# long stays, over the preset's minimum hold, and short ones of a few pictures
SCENES = ((1, 60), (2, 12), (3, 50), (4, 8), (1, 45), (3, 9), (2, 70), (4, 30), (1, 5), (2, 40))
CUTS = tuple(accumulate(frames for _, frames in SCENES))[:-1]
WITHIN = 2  # pictures of the input, its own first one counted as 0


@dataclass
class Answers:
    """When the picture changed: in which of the input's pictures, and why."""

    begun: list[tuple[int, str]]

    def to(self, cut: int, until: int = WITHIN) -> list[tuple[int, str]]:
        return [(number - cut, why) for number, why in self.begun if cut <= number <= cut + until]


def answers(archive: Path, film: Path, seconds: float, fps: float) -> Answers:
    """Play a film as the camera, with the preset, on a manual clock."""
    params = read_library(Path("no presets of one's own")).find("trailer").applied(Params())
    config = ShowConfig(
        archive=archive,
        camera=str(film),
        size_px=(128, 72),
        offscreen=True,
        offline=True,
        fps=fps,
        provider="cpu",
        start=params,
    )
    noted = Answers([])

    def note(tick: Tick) -> None:
        if tick.program.begun is not None and tick.sight.frame is not None:
            noted.begun.append((tick.sight.frame.number, tick.program.begun.cause))

    with open_show(config) as show:
        show.engine.run(note, seconds)
    return noted


@pytest.fixture(scope="module")
def trailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trailer") / "trailer.mp4"
    return write(path, Recipe(options=X264, scenes=SCENES))


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_every_cut_is_answered_once_within_two_pictures(
    folder: Path, trailer: Path, fps: int
) -> None:
    found = answers(folder / "archive", trailer, sum(frames for _, frames in SCENES) / 25, fps)
    assert [len(found.to(cut)) for cut in CUTS] == [1] * len(CUTS), found.begun
    # none flashes: whatever comes on stays longer than a picture or two
    numbers = [number for number, _ in found.begun]
    assert all(b - a > WITHIN for a, b in pairwise(numbers)), found.begun


def test_the_cuts_of_a_real_trailer_are_answered_within_two_pictures(
    footage: Path, folder: Path
) -> None:
    name = "trailer/sintel_trailer.mp4"
    cuts = read_labels(footage)[name].cuts
    found = answers(folder / "archive", footage / name, 1253 / 24, 24)
    once = [cut for cut in cuts if len(found.to(cut)) == 1]
    assert once == list(cuts), {cut: found.to(cut) for cut in cuts}

"""Judging detectors of shots: what counts as found, and labels that a person wrote."""

from pathlib import Path

import films
import pytest

from livematch.bench.cuts import Labels, Score, demo_labels, read_labels, score, strays
from livematch.bench.figures import Plan
from livematch.bench.films import shots
from livematch.demo import films_folder
from livematch.errors import UsageError


def judged(labels: Labels, *cuts: int, gradual: tuple[int, ...] = ()) -> Score:
    return score({"a": labels}, {"a": cuts}, {"a": (*cuts, *gradual)})


def test_a_cut_two_pictures_away_is_found_and_one_three_away_is_another() -> None:
    truth = Labels((100, 200))
    assert judged(truth, 98, 202) == Score(2, 0, 0, 0, 0)
    assert judged(truth, 97, 202) == Score(1, 1, 1, 0, 0)
    assert judged(truth) == Score(0, 0, 2, 0, 0)


def test_precision_recall_and_f1() -> None:
    one = Score(found=6, invented=2, missed=4, gradual=1, all_gradual=4)
    assert (one.precision, one.recall, one.gradual_share) == (0.75, 0.6, 0.25)
    assert one.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    nothing = Score(0, 0, 0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.gradual_share) == (1, 1, 1, 1)


def test_a_gradual_change_is_found_by_a_boundary_inside_it_of_either_kind() -> None:
    truth = Labels((), ((50, 60), (90, 95)))
    assert judged(truth, gradual=(55, 96)) == Score(0, 0, 0, 1, 2)
    assert judged(truth, 50, 95) == Score(0, 0, 0, 2, 2), "and no cut is invented there"


def test_boundaries_elsewhere_are_counted() -> None:
    truth = {"a": Labels((10,), ((50, 60),)), "b": Labels(())}
    assert strays(truth, {"a": (9, 45, 65, 66, 30), "b": (7,)}) == 3


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "cuts.json").write_text(text)
    return tmp_path


def test_labels_are_read(tmp_path: Path) -> None:
    films.write(tmp_path / "a.mp4", films.ODD["h264.mp4"])
    folder = folder_with(
        tmp_path,
        '{"_note": "by eye", "a.mp4": {"cuts": [20], "gradual": [{"type": "x", "range": [3, 9]}]}}',
    )
    assert read_labels(folder) == {"a.mp4": Labels((20,), ((3, 9),))}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "should map"),
        ("{}", "names no film"),
        ('{"a.mp4": [20]}', "looks like"),
        ('{"a.mp4": {"cuts": ["x"]}}', "looks like"),
        ('{"a.mp4": {"cuts": [], "gradual": [{"range": [1]}]}}', "looks like"),
        ('{"b.mp4": {"cuts": []}}', "no such file"),
    ],
)
def test_labels_that_are_off_are_refused_with_the_reason(
    text: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(UsageError, match=reason):
        read_labels(folder_with(tmp_path, text))


def test_labels_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cuts\.json cannot be read"):
        read_labels(tmp_path)
    assert demo_labels(tmp_path) == {}


def test_the_demo_knows_its_cuts_and_its_dissolves() -> None:
    labels = demo_labels(films_folder())
    assert labels["sea.mp4"] == Labels((60, 120, 180, 240))
    assert labels["weather.mp4"].cuts == ()
    assert labels["weather.mp4"].gradual[0] == (59, 71)


def test_the_section_judges_every_detector_and_asks_only_of_ours(tmp_path: Path) -> None:
    films.write(tmp_path / "a.mp4", films.Recipe(options=films.X264, scenes=((1, 40), (2, 40))))
    labels = folder_with(tmp_path, '{"a.mp4": {"cuts": [40]}}')
    plan = Plan(tmp_path, "", tmp_path, True, "cpu", 5.0, 1.0, labels)
    figures = {figure.name: figure for figure in shots(plan).figures}
    assert figures["livematch: F1 of cuts"].value == 1.0
    assert figures["livematch: F1 of cuts"].met
    assert figures["ContentDetector: F1 of cuts"].met is None
    assert figures["AdaptiveDetector: time a minute of film"].value > 0

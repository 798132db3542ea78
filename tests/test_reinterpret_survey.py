"""What an archive answers to the shots of a trailer, and the whole of it rendered."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, make, vectors
from films import X264, Recipe, texture, write_pictures
from show_kit import furnish
from trailer_films import black, rising, shot

from livematch.archive.network import open_describer
from livematch.archive.store import Archive
from livematch.control.params import Layout, Params
from livematch.errors import ArchiveError
from livematch.reinterpret.assign import Terms, choose
from livematch.reinterpret.cutlist import Answer, Arrival
from livematch.reinterpret.lengths import cues_of
from livematch.reinterpret.survey import Survey
from livematch.reinterpret.trailer import Look, Shot, read_trailer
from livematch.render.recorder import Policy, Recorder
from livematch.rendering import Script, render
from livematch.screening import Screening
from livematch.values import Moment

THUMB = np.zeros((9, 16, 3), np.uint8)


def asked(*looks: Look, start_s: float = 0.0) -> Shot:
    return Shot(
        0,
        50,
        start_s,
        start_s + 2,
        Arrival.CUT,
        0.0,
        False,
        start_s,
        looks,
        THUMB,
    )


def test_a_shot_is_known_by_all_its_looks(tmp_path: Path) -> None:
    """One accident, a look exactly like a moment elsewhere, does not win."""
    rows = vectors(1, 12)
    with Archive.open(make(tmp_path / "archive", 1, 2)) as archive:
        alien = vectors(2, 12)
        looks = [Look(0.5 * n, rows[n]) for n in range(3)]
        looks.append(Look(1.5, alien[11]))
        found = Survey(archive, Params()).answers(asked(*looks))
        best, *others = found
        assert best.fingerprint == "film-0001"
        assert (best.start_s, best.end_s) == (0.0, 2.0)
        assert len({answer.shot for answer in found}) == len(found) == 8
        assert all(a.score >= b.score for a, b in zip(found, others, strict=False))
        assert set(best.parts) == {part.name for part in LAYOUT.parts}
        assert best.score > 0.6


def test_a_shot_is_entered_where_it_goes_on_alike(tmp_path: Path) -> None:
    rows = vectors(1, 12)  # of each shot moments at 0, 2/3 and 4/3 s
    with Archive.open(make(tmp_path / "archive", 1)) as archive:
        survey = Survey(archive, Params())
        for first in (0, 1):
            looks = [Look(10 + 2 / 3 * n, rows[3 + first + n]) for n in range(2)]
            best = survey.answers(asked(*looks, start_s=10.0))[0]
            assert (best.start_s, best.end_s) == (2.0, 4.0)
            assert best.entry_s == pytest.approx(2 + 2 / 3 * first, abs=0.01)


def test_fewer_are_given_where_there_are_fewer(tmp_path: Path) -> None:
    with Archive.open(make(tmp_path / "archive", 1)) as archive:
        survey = Survey(archive, Params())
        assert len(survey.answers(asked(Look(0.0, vectors(5, 1)[0])))) == 4
        assert len(survey.answers(asked(Look(0.0, vectors(5, 1)[0])), count=2)) == 2
        assert survey.answers(asked()) == ()


def test_an_archive_with_nothing_to_offer_is_told(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "empty", MODEL, LAYOUT):
        pass
    with (
        Archive.open(tmp_path / "empty") as archive,
        pytest.raises(ArchiveError, match="livematch index"),
    ):
        Survey(archive, Params())
    with (
        Archive.open(make(tmp_path / "archive", 1)) as archive,
        pytest.raises(ArchiveError, match="with the tag 'sea'"),
    ):
        Survey(archive, Params(tag="sea"))


def test_a_trailer_is_answered_by_the_films_it_was_made_of(tmp_path: Path) -> None:
    """Read, surveyed, assigned, cued and rendered: picture for picture the same scenes."""
    furnish(tmp_path)
    drawn = [*shot(3, 30), *shot(1, 30), *black(8), *rising(shot(4, 40), 12), *shot(2, 25)]
    trailer = write_pictures(tmp_path / "trailer.mkv", drawn, Recipe(options=X264))
    params = Params(screen=Layout.PROGRAM, mirror=False)
    with Archive.open(tmp_path / "archive") as archive:
        read = read_trailer(trailer, open_describer(archive, provider="cpu"))
        questions = choose(list(Survey(archive, params).questions(read)), Terms())
        films = [
            Path(one.answers[one.chosen - 1].film).stem if one.chosen else "black"
            for one in questions
        ]
        assert films == ["scene-3", "scene-1", "black", "scene-4", "scene-2"]

        def moment_of(answer: Answer, at_s: float) -> Moment:
            film = archive.by_fingerprint(answer.fingerprint)
            assert film is not None
            return Moment(-1, film.id, answer.shot, at_s)

        cues = cues_of(questions, read.times_s, moment_of)
        size, out = (192, 108), tmp_path / "out.mp4"
        screening = Screening(trailer, size)
        went = render(
            Script(screening.times(), cues, replace(params), eyes=screening),
            archive,
            size,
            Recorder(out, size, 25, Policy.BLOCK),
        )
    assert (went.pictures, went.failed) == (len(drawn), ())
    with av.open(str(out)) as container:
        shown = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(shown) == len(drawn)
    plain = {scene: texture(scene, size).mean(axis=(0, 1)) for scene in range(1, 5)}
    for number, scene in ((0, 3), (29, 3), (30, 1), (59, 1), (108, 2), (132, 2), (100, 4)):
        near = min(
            plain, key=lambda n: float(np.abs(shown[number].mean(axis=(0, 1)) - plain[n]).sum())
        )
        assert near == scene, number
    assert all(shown[number].mean() < 3 for number in range(60, 68))
    assert shown[72].mean() < shown[100].mean() - 20


def test_the_real_trailer_is_read_as_it_is_described(footage: Path, tmp_path: Path) -> None:
    furnish(tmp_path)
    with Archive.open(tmp_path / "archive") as archive:
        describer = open_describer(archive, provider="cpu")
        read = read_trailer(footage / "trailer" / "sintel_trailer.mp4", describer)
        questions = choose(list(Survey(archive, Params()).questions(read)), Terms())
    assert read.warning is None
    assert read.pictures == 1252
    assert len(questions) > 20
    # four shots for a score of questions: all are used, none for its own neighbour
    chosen = [one.answers[one.chosen - 1].shot for one in questions if one.chosen]
    assert len(set(chosen)) == 4

"""Whole runs: worker processes, an archive on disk, and everything that can interrupt them."""

import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import films
import indexing_crashes
import indexing_run
import indexing_twins
import numpy as np
import pytest
from indexing_twins import MARKS, contents

from livematch.archive.report import info
from livematch.archive.store import Archive
from livematch.cli.index import as_document, summary
from livematch.clock import SystemClock
from livematch.errors import ModelError
from livematch.indexing.build import (
    FilmOutcome,
    Outcome,
    Settings,
    Status,
    index_folders,
    open_or_create,
    threads_for,
)
from livematch.indexing.crew import Advanced, MakeDescriber
from livematch.indexing.film import FilmTask
from livematch.indexing.kinds import MJPEG, ProxyKind
from livematch.indexing.plan import Plan
from livematch.indexing.speed import Unwatched, index_speed

KILLS = 5  # at a chance instant, with workers
STEPS_KILLED_AT = 50  # in one process, one step at a time


class Notes:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.settled_films: list[FilmOutcome] = []
        self.reports: list[Advanced] = []
        self.order: list[Path] = []

    def planned(self, plan: Plan, tasks: Sequence[FilmTask]) -> None:
        self.order = [task.path for task in tasks]

    def advanced(self, report: Advanced) -> None:
        self.reports.append(report)

    def settled(self, film: FilmOutcome) -> None:
        self.settled_films.append(film)


def run(
    roots: Path | Sequence[Path],
    archive: Path,
    *,
    describer: MakeDescriber = indexing_twins.thumbnails,
    proxy: ProxyKind | None = MJPEG,
    jobs: int = 1,
    notes: Notes | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Outcome:
    paths = [roots] if isinstance(roots, Path) else roots
    with open_or_create(archive, *MARKS) as opened:
        return index_folders(
            paths,
            opened,
            describer,
            Settings(proxy, 720, jobs),
            notes or Unwatched(),
            SystemClock(),
            stopping,
        )


def counts(outcome: Outcome) -> dict[str, int]:
    return {status.value: len(outcome.of(status)) for status in Status if outcome.of(status)}


def short_film(path: Path, scene: int, frames: int = 30) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    recipe = films.Recipe(
        path.suffix, options=films.X264, scenes=((scene, frames), (scene + 1, 20))
    )
    return films.write(path, recipe)


@pytest.fixture(scope="module")
def three_films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for number in range(3):
        short_film(folder / f"film {number}.mp4", 10 * number, 40 + 30 * number)
    return folder


@pytest.fixture(scope="module")
def indexed(three_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the three films, from an undisturbed run; never changed."""
    archive = tmp_path_factory.mktemp("undisturbed") / "archive"
    assert counts(run(three_films, archive, jobs=2)) == {"indexed": 3}
    return archive


@pytest.fixture
def films_and_archive(three_films: Path, indexed: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The films and their archive, to be changed; the films lie where the archive knows them."""
    folder, archive = tmp_path / "films", tmp_path / "archive"
    shutil.copytree(three_films, folder)
    shutil.copytree(indexed, archive)
    with Archive.open(archive, writable=True) as opened:
        for film in opened.films():
            path = folder / film.film.path.name
            opened.update_path(film.id, path, path.stat().st_size, path.stat().st_mtime_ns)
    return folder, archive


# -- what is new -----------------------------------------------------------------------------------


def test_a_run_indexes_and_the_next_one_has_nothing_to_do(
    films_and_archive: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, archive = films_and_archive
    before = contents(archive)
    pids = tmp_path / "pids"
    pids.mkdir()
    outcome = run(folder, archive, describer=indexing_twins.TellsItsProcess(pids))
    assert counts(outcome) == {"unchanged": 3}
    assert list(pids.iterdir()) == [], "no worker was needed"
    assert contents(archive) == before
    for film, present, spans, times_s, _, proxy in before.values():
        assert present
        assert proxy
        assert film.proxy == f"proxies/{film.fingerprint}.mov"  # type: ignore[attr-defined]
        assert len(times_s) >= len(spans)  # type: ignore[arg-type]


def test_large_films_are_begun_first_and_progress_is_told(
    three_films: Path, tmp_path: Path
) -> None:
    notes = Notes()
    run(three_films, tmp_path / "a", notes=notes)
    sizes = [path.stat().st_size for path in notes.order]
    assert sizes == sorted(sizes, reverse=True)
    for path in notes.order:
        done = [report.done_s for report in notes.reports if report.task.path == path]
        assert all(a <= b for a, b in pairwise(done))
        assert done[-1] == [r for r in notes.reports if r.task.path == path][-1].all_s
    assert {film.status for film in notes.settled_films} == {Status.INDEXED}


def test_a_film_that_is_most_of_the_work_gets_more_cores() -> None:
    assert threads_for(100, 100, 1, 8) == 8, "the only one, all"
    assert threads_for(73, 100, 2, 2) == 2
    assert threads_for(9, 100, 2, 2) == 1
    assert threads_for(10, 160, 16, 16) == 1
    assert threads_for(500, 1000, 16, 16) == 8
    assert threads_for(0, 0, 1, 1) == 1, "empty files are refused later, with their reason"


def test_moved_renamed_copied_changed_gone_and_back(
    films_and_archive: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, archive = films_and_archive
    first, second, third = sorted(folder.iterdir())
    vectors = {key: value[4] for key, value in contents(archive).items()}

    (folder / "deep").mkdir()
    moved = first.rename(folder / "deep" / "new name.mp4")
    shutil.copy(moved, folder / "copy.mp4")
    hidden = second.rename(tmp_path / "elsewhere.mp4")
    short_film(third, 77)
    outcome = run(folder, archive)
    assert counts(outcome) == {"indexed": 1, "moved": 1, "copy": 1, "gone": 1}
    now = contents(archive)
    assert len(now) == 3
    assert len(list((archive / "proxies").iterdir())) == 3, "the changed film's old proxy is gone"
    places = {value[0].path.name: value[1] for value in now.values()}  # type: ignore[attr-defined]
    assert places in (
        {"new name.mp4": True, second.name: False, third.name: True},
        {"copy.mp4": True, second.name: False, third.name: True},
    )

    hidden.rename(second)
    assert counts(run(folder, archive)) == {"unchanged": 2, "back": 1, "copy": 1}
    for key, value in contents(archive).items():
        assert value[4] == vectors.get(key, value[4]), "what was known was not indexed again"


def test_a_lost_proxy_is_made_again_and_proxies_may_come_later(
    three_films: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "a"
    assert counts(run(three_films, archive, proxy=None)) == {"indexed": 3}
    assert counts(run(three_films, archive, proxy=None)) == {"unchanged": 3}
    assert counts(run(three_films, archive)) == {"indexed": 3}
    next((archive / "proxies").iterdir()).unlink()
    assert counts(run(three_films, archive)) == {"indexed": 1, "unchanged": 2}
    assert counts(run(three_films, archive, proxy=None)) == {"unchanged": 3}


def test_strange_names_and_an_archive_among_the_films(tmp_path: Path) -> None:
    names = ["with space.mp4", "new\nline.mp4", "映画.mp4", os.fsdecode(b"caf\xe9.mp4"), "50%d.mp4"]
    for number, name in enumerate(names):
        short_film(tmp_path / "ok.mp4", 100 + 10 * number).rename(tmp_path / name)
    archive = tmp_path / "archive"
    assert counts(run(tmp_path, archive, jobs=2)) == {"indexed": 5}
    assert counts(run(tmp_path, archive)) == {"unchanged": 5}


# -- what goes wrong -------------------------------------------------------------------------------


def test_broken_films_are_reported_and_the_rest_goes_on(three_films: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    shutil.copytree(three_films, folder)
    (folder / "empty.mp4").touch()
    (folder / "text.mkv").write_text("no film\n" * 100)
    (folder / "zip.mov").write_bytes(b"PK\x03\x04" + bytes(500))
    (folder / "page.avi").write_bytes(b"<!DOCTYPE html><html>404")
    whole = (folder / "film 0.mp4").read_bytes()
    (folder / "headless.mp4").write_bytes(whole[: len(whole) // 2])
    outcome = run(folder, tmp_path / "a", jobs=2)
    assert counts(outcome) == {"indexed": 3, "failed": 5}
    notes = {film.path.name: film.note or "" for film in outcome.of(Status.FAILED)}
    assert "empty" in notes["empty.mp4"]
    assert "ZIP" in notes["zip.mov"]
    assert "web page" in notes["page.avi"]
    assert "not a film" in notes["text.mkv"]
    assert "damaged" in notes["headless.mp4"]
    assert len(contents(tmp_path / "a")) == 3
    assert not list((tmp_path / "a" / "proxies").glob("*.part.mov"))


def test_a_crashing_decoder_fails_its_film_only(three_films: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    shutil.copytree(three_films, folder)
    white = [np.full((108, 192, 3), 255, np.uint8)] * 30
    films.write_pictures(folder / "white.mp4", white)
    outcome = run(folder, tmp_path / "a", describer=indexing_twins.crashing)
    assert counts(outcome) == {"indexed": 3, "failed": 1}
    assert "crashed the decoder (SIGSEGV)" in (outcome.of(Status.FAILED)[0].note or "")
    assert not list((tmp_path / "a" / "proxies").glob("*.part.mov"))


@pytest.mark.parametrize("is_taken_away", [False, True])
def test_a_film_that_changes_while_it_is_read_is_not_taken_for_what_it_was(
    films_and_archive: tuple[Path, Path], is_taken_away: bool
) -> None:
    """Somebody still copies it: what was read is neither the film of before nor that of after."""
    folder, archive = films_and_archive
    before = contents(archive)
    late = short_film(folder / "late.mp4", 55)
    whole = late.read_bytes()
    changes = indexing_twins.ChangesItsFilm(late, is_taken_away)
    outcome = run(folder, archive, describer=changes)
    assert counts(outcome) == {"unchanged": 3, "failed": 1}
    note = outcome.of(Status.FAILED)[0].note or ""
    assert ("went away" if is_taken_away else "changed") in note
    assert contents(archive) == before
    late.write_bytes(whole)
    assert counts(run(folder, archive)) == {"unchanged": 3, "indexed": 1}


def test_killed_while_a_changed_film_comes_in_what_it_was_is_there(
    films_and_archive: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, archive = films_and_archive
    before = contents(archive)
    short_film(folder / "film 1.mp4", 66)
    with monkeypatch.context() as patch:
        patch.setattr("livematch.archive.store.insert", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(folder, archive)
    assert contents(archive) == before
    assert counts(run(folder, archive)) == {"unchanged": 2, "indexed": 1}
    assert len(contents(archive)) == 3


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_without_a_model_nothing_can_be_indexed(three_films: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        run(three_films, tmp_path / "a", describer=indexing_twins.no_model)


def test_a_film_overwritten_by_rubbish_is_kept_back(
    films_and_archive: tuple[Path, Path],
) -> None:
    folder, archive = films_and_archive
    (folder / "film 1.mp4").write_text("rubbish")
    assert counts(run(folder, archive)) == {"unchanged": 2, "failed": 1}
    with Archive.open(archive) as opened:
        kept_back = [film.film.path.name for film in opened.films() if not film.present]
    assert kept_back == ["film 1.mp4"]


# -- repeats, duplicates, blanks ------------------------------------------------------------------


def test_a_copy_in_another_encoding_is_folded_and_said_to_be(tmp_path: Path) -> None:
    scenes = ((31, 50), (32, 60), (33, 40))
    small = films.Recipe(options=films.X264 | {"crf": "28"}, scenes=scenes, size=(160, 90))
    films.write(tmp_path / "a.mp4", films.Recipe(options=films.X264, scenes=scenes))
    archive = tmp_path / "archive"
    assert run(tmp_path, archive).films[0].repeats == 0
    films.write(tmp_path / "z.mkv", small)
    short_film(tmp_path / "other.mp4", 50)
    outcome = {film.path.name: film.repeats for film in run(tmp_path, archive).films}
    assert outcome == {"a.mp4": 0, "z.mkv": 3, "other.mp4": 0}
    with Archive.open(archive) as opened:
        first = opened.films()[0].id
        for shot in opened.shots():
            if shot.repeats is not None:
                repeated = opened.shot(shot.repeats)
                assert (repeated.film_id, repeated.number) == (first, shot.number)


def test_what_comes_twice_in_one_film_is_folded_and_black_never_is(tmp_path: Path) -> None:
    black = [np.zeros((108, 192, 3), np.uint8)] * 40
    loop = films.pictures([(61, 50)], films.SIZE)
    other = films.pictures([(62, 50)], films.SIZE)
    films.write_pictures(tmp_path / "a.mp4", [*loop, *black, *other, *black, *loop])
    [film] = run(tmp_path, tmp_path / "archive").films
    assert (film.shots, film.blank, film.repeats) == (5, 2, 1)
    closing = summary(Outcome((film,), 1.0), tmp_path)
    assert f"{film.dropped} moments: near-duplicates, dropped" in closing
    assert "2 shots: black, white or titles, marked" in closing
    assert "1 shot: repeats of others, folded" in closing
    document = as_document(Outcome((film,), 1.0))
    assert (document["dropped"], document["blank"], document["repeats"]) == (film.dropped, 2, 1)
    assert film.dropped >= 2, "of the black, one moment says it all"
    with Archive.open(tmp_path / "archive") as opened:
        shots = opened.shots()
        assert [shot.kind.value for shot in shots] == ["film", "black", "film", "black", "film"]
        assert [shot.repeats for shot in shots] == [None, None, None, None, shots[0].id]
        assert opened.films()[0].dropped == film.dropped
        found = info(opened)
        assert (found.dropped, found.blank, found.repeats) == (film.dropped, 2, 1)


def test_a_film_indexed_again_does_not_repeat_what_it_was(tmp_path: Path) -> None:
    short_film(tmp_path / "films" / "a.mp4", 71)
    run(tmp_path / "films", tmp_path / "a", proxy=None)
    [film] = run(tmp_path / "films", tmp_path / "a").films
    assert (film.status, film.repeats) == (Status.INDEXED, 0)


# -- interrupted -----------------------------------------------------------------------------------


class Program:
    """`indexing_run` as a process group of its own, as a shell would start it."""

    def __init__(self, folder: Path, archive: Path, pids: Path) -> None:
        pids.mkdir(exist_ok=True)
        self.pids = pids
        self.process = subprocess.Popen(
            [sys.executable, indexing_run.__file__, folder, archive, pids],
            start_new_session=True,
            stderr=subprocess.PIPE,
        )

    def wait(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.decode()

    def wait_for_death_of_workers(self) -> None:
        for note in self.pids.iterdir():
            try:
                handle = os.pidfd_open(int(note.stem))
            except ProcessLookupError:
                continue
            ended, _, _ = select.select([handle], [], [], 20)
            os.close(handle)
            assert ended, f"worker {note.stem} outlives its parent"

    def ends_within(self, wait_s: float) -> bool:
        """Wait for the program to end of itself, for so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(wait_s)
        return self.process.poll() is not None


linux = pytest.mark.skipif(sys.platform != "linux", reason="waits for processes by handle")


@linux
def test_killed_at_any_instant_the_next_run_makes_it_whole(
    three_films: Path, indexed: Path, tmp_path: Path
) -> None:
    expected = contents(indexed)
    rng = random.Random(20)  # noqa: S311 - instants, not secrets
    archive = tmp_path / "archive"
    program = Program(three_films, archive, tmp_path / "pids")
    started_s = time.monotonic()
    assert program.wait()[0] == 0
    took_s = time.monotonic() - started_s  # tells from which span to take the instants
    shutil.rmtree(archive)
    killed = 0
    while killed < KILLS:
        program = Program(three_films, archive, tmp_path / "pids")
        started_s = time.monotonic()
        if program.ends_within(rng.uniform(0.1, 1.0) * took_s):
            took_s = min(took_s, time.monotonic() - started_s)  # the first one was a slow one
        else:
            program.process.kill()
            killed += 1
        program.wait()
        program.wait_for_death_of_workers()
        if (archive / "archive.db").exists():
            with Archive.open(archive) as opened:
                so_far = len(opened.films())
            assert contents(archive).items() <= expected.items()
            if so_far == len(expected):
                shutil.rmtree(archive)
    outcome = run(three_films, archive)
    assert not outcome.of(Status.FAILED)
    assert contents(archive) == expected
    left = sorted(p.name for p in (archive / "proxies").iterdir())
    assert left == sorted(f"{key}.mov" for key in expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_fifty_steps_nothing_finished_is_lost_and_it_ends_as_if_undisturbed(
    tmp_path: Path,
) -> None:
    """After each kill `archive check` finds at most orphans; see `indexing_crashes`."""
    folder, whole = tmp_path / "films", tmp_path / "whole"
    for number in range(3):
        short_film(folder / f"{number}.mp4", 10 * number, 5 + number)
    assert counts(run(folder, whole)) == {"indexed": 3}
    program = [sys.executable, indexing_crashes.__file__, folder, whole, tmp_path / "archive"]
    done = subprocess.run(
        [*map(str, program), str(STEPS_KILLED_AT)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert outcomes[-1][0] == STEPS_KILLED_AT
    assert {finished for _, finished in outcomes} == {0, 1, 2, 3}, "with any number of films"


@linux
def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(tmp_path: Path, indexed: Path) -> None:
    folder, archive = tmp_path / "films", tmp_path / "archive"
    for number in range(3):
        short_film(folder / f"{number}.mp4", 10 * number, 400)
    program = Program(folder, archive, tmp_path / "pids")
    proxies = archive / "proxies"
    while not (proxies.is_dir() and any(proxies.iterdir())):
        assert not program.ends_within(0.02)
    os.killpg(program.process.pid, signal.SIGINT)
    status, errors = program.wait()
    assert status == 130
    assert "Traceback" not in errors
    program.wait_for_death_of_workers()
    assert not list(proxies.glob("*.part.mov"))
    so_far = contents(archive)
    outcome = run(folder, archive)
    assert len(outcome.of(Status.INDEXED)) == 3 - len(so_far)
    assert so_far.items() <= contents(archive).items()


def test_stopped_before_anything_is_done(three_films: Path, tmp_path: Path) -> None:
    outcome = run(three_films, tmp_path / "a", stopping=lambda: True)
    assert outcome.interrupted
    assert outcome.films == ()


# -- speed and the command -------------------------------------------------------------------------


def test_the_speed_of_indexing_is_measured(three_films: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    speed = index_speed(
        three_films, work, indexing_twins.thumbnails, MARKS, Settings(jobs=2), SystemClock(), 2
    )
    assert sorted(path.name for path in work.iterdir()) == ["0", "1"], "a new archive each round"
    assert speed.share_of_decoding == speed.decode_only_s / speed.index_s
    assert speed.films == 3
    assert speed.film_s == pytest.approx((60 + 90 + 120) / 25)
    assert speed.decode_only_s > 0
    assert speed.times_real_time == speed.film_s / speed.index_s


COMMAND = "import sys; from livematch.cli import main; sys.argv[0] = 'livematch'; main()"


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "index", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_command(three_films: Path, tmp_path: Path) -> None:
    folder, archive = tmp_path / "films", tmp_path / "archive"
    shutil.copytree(three_films, folder)
    done = command(folder, "--archive", archive, "--jobs", 1, "--provider", "cpu")
    assert done.returncode == 0, done.stderr
    assert "3 films to index" in done.stdout
    assert "3 indexed" in done.stdout
    assert "× real time" in done.stdout

    (folder / "broken.mp4").write_text("no film")
    again = command(folder, "--archive", archive, "--json", "--provider", "cpu")
    assert again.returncode == 1
    document = json.loads(again.stdout)
    assert document["counts"] == {
        "indexed": 0, "unchanged": 3, "moved": 0, "back": 0, "copy": 0, "gone": 0, "failed": 1,
    }  # fmt: skip
    assert {film["status"] for film in document["films"]} == {"unchanged", "failed"}

    missing = command(tmp_path / "flims", "--archive", archive)
    assert missing.returncode == 2
    assert "there is no folder or file" in missing.stderr
    assert "did you mean" in missing.stderr
    (tmp_path / "nothing").mkdir()
    strange = command(tmp_path / "nothing", "--archive", archive, "--proxy", "none", "--json")
    assert json.loads(strange.stdout)["films"] == []
    nothing = command(tmp_path / "nothing", "--archive", archive)
    assert nothing.returncode == 0
    assert "No films under" in nothing.stdout

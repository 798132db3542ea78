"""An archive outlives the process that writes it, killed wherever, and can be read meanwhile."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archive_kit import LAYOUT, MODEL, film, make, sound

from livematch.archive.store import Archive

PROGRAM = [sys.executable, str(Path(__file__).with_name("archive_crashes.py"))]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}

forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def run(task: str, folder: Path) -> str:
    done = subprocess.run(
        [*PROGRAM, task, str(folder)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that adds film after film, and says each; killed at the end."""
    with subprocess.Popen(
        [*PROGRAM, "write", str(folder)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@forking
def test_killed_at_any_line_of_a_replacement_the_archive_opens_with_every_finished_film(
    tmp_path: Path,
) -> None:
    total, before, between, after = map(int, run("lines", tmp_path).split())
    assert total == before + between + after
    assert min(before, between, after) > 3  # deaths on every side of the two transactions


@forking
def test_killed_at_any_line_of_add_film_the_old_film_or_the_new_one_is_there(
    tmp_path: Path,
) -> None:
    assert int(run("replacement", tmp_path)) > 1  # some died with the new film in, the old one out


@forking
def test_killed_at_any_line_of_its_creation_it_can_be_created_again(tmp_path: Path) -> None:
    assert int(run("creation", tmp_path)) > 30


@pytest.mark.parametrize("films", [1, 2, 3, 5, 8, 13])
def test_killed_at_a_chance_moment_every_film_it_said_is_there(tmp_path: Path, films: int) -> None:
    folder = make(tmp_path / "archive")
    with writer(folder) as process:
        assert process.stdout is not None
        for _ in range(films):
            said = int(process.stdout.readline())
        # at once and with no order to it: the writer is somewhere within the next film
        process.kill()
        process.wait()
        rest = process.stdout.read().split()
    said = int(rest[-1]) if rest else said
    found = sound(Archive.open(folder))
    assert found in (set(range(1, said + 1)), set(range(1, said + 2)))
    with Archive.open(folder, writable=True) as archive:  # the dead process holds no lock
        archive.add_film(film(1000))
        assert sound(archive) == found | {1000}


def test_reading_while_another_process_writes(tmp_path: Path) -> None:
    folder = make(tmp_path / "archive")
    with writer(folder) as process:
        seen: list[int] = []
        while not seen or seen[-1] < 25:
            assert process.poll() is None
            found = sound(Archive.open(folder))
            assert found == set(range(1, len(found) + 1))
            seen.append(len(found))
    assert seen == sorted(seen)
    assert len(set(seen)) > 3  # it was read between films, not only before and after


@forking
def test_reading_where_nothing_may_be_written() -> None:
    folder = Path(tempfile.mkdtemp())  # the test's own folder lies where only its user may look
    folder.chmod(0o755)
    try:
        refusals = run("readonly", folder).splitlines()
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)
    assert len(refusals) == 2
    assert all(text.endswith("the disk or the folder is read-only") for text in refusals)


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    Archive.create(folder, MODEL, LAYOUT).close()
    with writer(folder) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(Exception, match="another livematch"):
            Archive.open(folder, writable=True)
        process.kill()
        process.wait()
    Archive.open(folder, writable=True).close()

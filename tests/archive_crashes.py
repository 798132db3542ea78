"""Run as a program by test_archive_crash.py: what needs processes that die or drop their rights.

archive_crashes.py lines FOLDER     kill `add_film` at each of its lines in turn
archive_crashes.py creation FOLDER  kill `create` at each of its lines in turn
archive_crashes.py write FOLDER     add films 1, 2, 3, … until killed, saying each
archive_crashes.py upgrade OLD WORK kill the upgrade of an older archive at each line in turn
archive_crashes.py mending FOLDER   kill a repair at each of its lines in turn
archive_crashes.py readonly FOLDER  read an archive as somebody who may not write there
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from archive_kit import LAYOUT, MODEL, film, make, sound

from livematch.archive import store
from livematch.archive.records import Mark
from livematch.archive.repair import Tools, repair
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.errors import ArchiveError

OURS = str(Path(store.__file__).parent)


def killed_at_line(number: int, act: Callable[[], None]) -> bool:
    """Do `act` in a child, killed when it comes to its `number`-th new line; say whether it was."""
    child = os.fork()
    if child == 0:
        reached: set[tuple[str, int]] = set()  # loops count once: all runs of a line are alike

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if not frame.f_code.co_filename.startswith(OURS):
                return None
            if event == "line":
                reached.add((frame.f_code.co_filename, frame.f_lineno))
                if len(reached) > number:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def lines(folder: Path) -> None:
    whole = make(folder / "whole", 1, 2)
    outcomes = []
    for number in count():
        archive_folder = folder / f"{number}"
        shutil.copytree(whole, archive_folder)

        def act(archive_folder: Path = archive_folder) -> None:
            with Archive.open(archive_folder, writable=True) as archive:
                archive.remove_film(2)
                archive.add_film(film(3))

        killed = killed_at_line(number, act)
        found = sound(Archive.open(archive_folder))
        assert found in ({1, 2}, {1}, {1, 3}), (number, found)
        with Archive.open(archive_folder, writable=True) as archive:
            if 3 not in found:
                archive.add_film(film(3))
            assert sound(archive) == found | {3}
        shutil.rmtree(archive_folder)
        outcomes.append(tuple(sorted(found)))
        if not killed:
            break
    assert outcomes == sorted(outcomes, key=[(1, 2), (1,), (1, 3)].index)
    say(len(outcomes), outcomes.count((1, 2)), outcomes.count((1,)), outcomes.count((1, 3)))


def replacement(folder: Path) -> None:
    """Kill the replacing of a film, by another and by itself made again, at each of its lines."""
    whole = make(folder / "whole", 1, 2)
    replaced = 0
    for new in (3, 2):
        for number in count():
            archive_folder = folder / f"{new}-{number}"
            shutil.copytree(whole, archive_folder)

            def act(archive_folder: Path = archive_folder, new: int = new) -> None:
                with Archive.open(archive_folder, writable=True) as archive:
                    archive.add_film(film(new), replacing=[2])

            killed = killed_at_line(number, act)
            found = sound(Archive.open(archive_folder))
            assert found in ({1, 2}, {1, new}), (number, found)
            replaced += found == {1, 3}
            shutil.rmtree(archive_folder)
            if not killed:
                break
    say(replaced)


def creation(folder: Path) -> None:
    for number in count():
        archive_folder = folder / f"{number}"

        def act(archive_folder: Path = archive_folder) -> None:
            Archive.create(archive_folder, MODEL, LAYOUT).close()

        killed = killed_at_line(number, act)
        if not (archive_folder / "archive.db").exists():
            Archive.create(archive_folder, MODEL, LAYOUT).close()
        with Archive.open(archive_folder, writable=True) as archive:
            archive.add_film(film(1))
        assert sound(Archive.open(archive_folder)) == {1}
        if not killed:
            say(number)
            return


def upgrade(old: Path, work: Path) -> None:
    versions = []
    for number in count():
        folder = work / f"{number}"
        shutil.copytree(old, folder)

        def act(folder: Path = folder) -> None:
            Archive.open(folder, writable=True).close()

        killed = killed_at_line(number, act)
        with closing(sqlite3.connect(folder / "archive.db")) as database:
            versions.append(database.execute("PRAGMA user_version").fetchone()[0])
        assert sound(Archive.open(folder)) == {1, 2}
        with Archive.open(folder, writable=True) as archive:
            archive.add_film(film(3))
            assert sound(archive) == {1, 2, 3}
        shutil.rmtree(folder)
        if not killed:
            break
    assert versions == sorted(versions)
    say(len(versions), versions.count(1), versions.count(2))


def mending(folder: Path) -> None:
    """Kill a repair at each of its lines; the next one always ends with everything mended."""
    broken = make(folder / "broken", 1, 2)
    mark = Mark("film-0002", 3.0, "sea")
    with Archive.open(broken, writable=True) as archive:
        archive.mark([mark])
    with (broken / "vectors.f16").open("r+b") as file:
        file.truncate(18 * LAYOUT.dimension * 2 + 5)
    (broken / "thumbs" / "film-0001" / "2.jpg").unlink()
    (broken / "thumbs" / "film-0009.part").mkdir()
    tools = Tools(lambda path, time_s: film(1).thumbs[2], lambda path: path.stem.replace(" ", "-"))
    outcomes = []
    for number in count():
        work = folder / f"{number}"
        shutil.copytree(broken, work)
        killed = killed_at_line(number, lambda work=work: list(repair(work, tools)))
        again = list(repair(work, tools))
        found = Archive.open(work)
        assert found.marks == (mark,)
        assert [stored.damaged for stored in found.films()] == [False, True]
        assert np.isfinite(found.vectors).all(axis=1).tolist() == [True] * 18 + [False] * 6
        assert not (work / "thumbs" / "film-0009.part").exists()
        kinds = [repaired.finding.kind for repaired in again]
        assert kinds.count("damaged vectors") == 1
        shutil.rmtree(work)
        outcomes.append(len(again))
        if not killed:
            break
    assert outcomes == sorted(outcomes, reverse=True)
    say(len(outcomes), outcomes[0], outcomes[-1])


def run_task(task: str, *folders: Path) -> str:
    """Run one of these tasks as a program; what it said."""
    done = subprocess.run(
        [sys.executable, __file__, task, *map(str, folders)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        for number in count(1):
            archive.add_film(film(number))
            say(number)


def readonly(folder: Path) -> None:
    make(folder / "clean", 1, 2)
    died = make(folder / "died", 1)
    child = os.fork()
    if child == 0:  # leaves a film in SQLite's log that is not in the database file yet
        archive = Archive.open(died, writable=True)
        archive.add_film(film(2))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert (died / "archive.db-wal").stat().st_size > 0
    (died / "archive.db-shm").unlink()
    look(folder / "clean")  # what Python still has to import, another user might not be able to
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.geteuid() == 0:
        os.setuid(65534)  # root may write whatever the permissions say
    for name in ("clean", "died"):
        look(folder / name)
        try:
            Archive.open(folder / name, writable=True)
        except ArchiveError as error:
            say(error)


def look(folder: Path) -> None:
    with Archive.open(folder) as archive:
        assert sound(archive) == {1, 2}
        found = Searcher(archive, exact_up_to=0).search(film(1).vectors[5], {"semantic": 1}, 3)
        assert found[0].moment.row == 5


def say(*what: object) -> None:
    print(*what, flush=True)  # noqa: T201 - it answers the test that runs it


if __name__ == "__main__":
    tasks: dict[str, Callable[..., None]] = {
        "lines": lines,
        "creation": creation,
        "replacement": replacement,
        "upgrade": upgrade,
        "write": write,
        "readonly": readonly,
        "mending": mending,
    }
    tasks[sys.argv[1]](*map(Path, sys.argv[2:]))

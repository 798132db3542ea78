"""Films indexed on a cluster of two worker processes here: the same archive comes out."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import X264, Recipe, write, write_pictures
from indexing_twins import (
    MARKS,
    DiesOnce,
    TellsItsProcess,
    contents,
    crashing,
    no_model,
    thumbnails,
)

from livematch.clock import SystemClock
from livematch.errors import ModelError, UsageError
from livematch.indexing.build import Outcome, Settings, Status, index_folders, open_or_create
from livematch.indexing.cluster import ClusterCrew
from livematch.indexing.crew import MakeDescriber
from livematch.indexing.speed import Unwatched

distributed = pytest.importorskip("distributed")

pytestmark = [pytest.mark.expects_errors, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for scene in range(1, 6):
        recipe = Recipe(options=X264, scenes=((scene, 40), (scene + 10, 30)))
        write(folder / f"film-{scene}.mp4", recipe)
    (folder / "broken.mp4").write_bytes(b"no film")
    return folder


@pytest.fixture(scope="module")
def local(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that a run without a cluster makes."""
    archive = tmp_path_factory.mktemp("local") / "archive"
    with open_or_create(archive, *MARKS) as opened:
        index_folders([films], opened, thumbnails, Settings(), Unwatched(), SystemClock())
    return archive


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def cluster(port: int = 0, workers: int = 2) -> Any:
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        scheduler_port=port,
        dashboard_address=None,
        silence_logs=50,
    )


def run(films: Path, archive: Path, scheduler: str, make: MakeDescriber = thumbnails) -> Outcome:
    with open_or_create(archive, *MARKS) as opened:
        return index_folders(
            [films],
            opened,
            make,
            Settings(),
            Unwatched(),
            SystemClock(),
            hire=lambda tasks, make, _: ClusterCrew(tasks, make, scheduler),
        )


@pytest.fixture
def two_workers() -> Iterator[str]:
    with cluster() as running:
        yield running.scheduler_address


def test_the_same_archive_comes_out_as_from_a_local_run(
    films: Path, local: Path, tmp_path: Path, two_workers: str
) -> None:
    outcome = run(films, tmp_path / "archive", two_workers)
    assert len(outcome.of(Status.INDEXED)) == 5
    [broken] = outcome.of(Status.FAILED)
    assert broken.path.name == "broken.mp4"
    assert contents(tmp_path / "archive") == contents(local)


def test_a_worker_that_is_killed_costs_no_film(
    films: Path, local: Path, tmp_path: Path, two_workers: str
) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    killed = threading.Event()

    def kill_the_first() -> None:
        while not (found := sorted(pids.glob("*.pid"))):
            killed.wait(0.01)
        os.kill(int(found[0].stem), signal.SIGKILL)
        killed.set()

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    outcome = run(films, tmp_path / "archive", two_workers, TellsItsProcess(pids))
    killer.join()
    assert killed.is_set()
    assert len(outcome.of(Status.INDEXED)) == 5
    assert contents(tmp_path / "archive") == contents(local)


def test_a_worker_that_dies_within_a_film_is_replaced_by_another(
    films: Path, local: Path, tmp_path: Path, two_workers: str
) -> None:
    outcome = run(films, tmp_path / "archive", two_workers, DiesOnce(tmp_path))
    assert int((tmp_path / "died").read_text()) > 0
    assert len(outcome.of(Status.INDEXED)) == 5
    assert contents(tmp_path / "archive") == contents(local)
    assert not list((tmp_path / "archive" / "proxies").glob("*.part.mov"))


def test_a_film_that_kills_every_worker_is_given_up_and_the_others_are_not(
    tmp_path: Path, two_workers: str
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    write(folder / "fine.mp4", Recipe(options=X264, scenes=((1, 40),)))
    write_pictures(folder / "white.mp4", [np.full((108, 192, 3), 255, np.uint8)] * 30)
    outcome = run(folder, tmp_path / "archive", two_workers, crashing)
    assert [film.path.name for film in outcome.of(Status.INDEXED)] == ["fine.mp4"]
    [failed] = outcome.of(Status.FAILED)
    assert failed.path.name == "white.mp4"
    assert "each worker that read it died" in (failed.note or "")


def test_each_film_is_one_task(films: Path, tmp_path: Path, two_workers: str) -> None:
    with distributed.Client(two_workers, set_as_default=False) as client:
        outcome = run(films, tmp_path / "archive", two_workers)
        log = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.transition_log))
    keys = {str(key) for key, *_ in log if str(key).startswith("livematch-")}
    assert len(keys) == len(outcome.films) == 6


def test_scheduler_and_workers_may_come_after_the_client(
    films: Path, local: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    outcomes: list[Outcome] = []
    client = threading.Thread(
        target=lambda: outcomes.append(run(films, tmp_path / "archive", f"tcp://127.0.0.1:{port}"))
    )
    client.start()
    waiting = threading.Event()
    while "no scheduler at" not in caplog.text:  # it is there, and waits
        assert client.is_alive()
        waiting.wait(0.02)
    with cluster(port, workers=0) as running:
        running.scale(2)
        client.join()
    assert len(outcomes[0].of(Status.INDEXED)) == 5
    assert contents(tmp_path / "archive") == contents(local)


def test_a_model_that_cannot_be_opened_ends_the_run(
    films: Path, tmp_path: Path, two_workers: str
) -> None:
    with pytest.raises(ModelError, match="no such model"):
        run(films, tmp_path / "archive", two_workers, no_model)


def test_an_address_that_is_none_is_refused(films: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tcp://HOST:8786"):
        run(films, tmp_path / "archive", "tcp://host:port:more")

"""What every test may use."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

FOOTAGE = Path(__file__).parents[2] / "shared" / "footage"


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real films beside the checkout; skips where there is none."""
    if not FOOTAGE.is_dir():
        pytest.skip("no shared/footage beside the checkout")
    return FOOTAGE


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `films`, their `archive` and a `camera.mp4`; see show_kit.py."""
    from show_kit import furnish  # noqa: PLC0415 - films are made only for tests that ask

    return furnish(tmp_path_factory.mktemp("show"))


@pytest.fixture(autouse=True)
def nothing_is_left_behind(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Fail a test that logs an error it does not expect, or leaves a livematch thread running."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("livematch-"):
            thread.join(2.0)
            assert not thread.is_alive(), f"{thread.name} is still running"
    if "expects_errors" not in request.keywords:
        errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
        assert not errors, f"logged: {[r.getMessage() for r in errors]}"


@pytest.fixture(autouse=True, scope="session")
def nobodys_own_presets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the presets and the logs of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVEMATCH_SHOWS", str(tmp_path_factory.mktemp("shows")))
        patch.setenv("LIVEMATCH_PRESETS", str(tmp_path_factory.mktemp("presets")))
        yield

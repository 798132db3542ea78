"""A whole show played by OSC over a real socket; and the address space on the command line."""

import json
from pathlib import Path

import pytest
from osc_kit import Tablet
from typer.testing import CliRunner

from livematch.bench.osc import ADDRESSES, flood
from livematch.cli.app import app
from livematch.config import ShowConfig
from livematch.control.commands import Trigger
from livematch.control.params import Params
from livematch.engine import Tick
from livematch.errors import UsageError
from livematch.osc.sender import Job, send, value_of
from livematch.osc.space import SPACE
from livematch.session import open_show
from livematch.show import Watch

ENOUGH = 3000  # pictures until a test gives up


@pytest.fixture
def config(folder: Path) -> ShowConfig:
    return ShowConfig(
        archive=folder / "archive",
        camera=str(folder / "camera.mp4"),
        size_px=(160, 90),
        offscreen=True,
        provider="cpu",
        osc_port=17_654,
    )


def test_a_show_is_played_and_told_by_osc(config: ShowConfig) -> None:
    with open_show(config) as show:
        assert show.remotes.osc is not None
        tablet, watch = Tablet(show.remotes.osc.address[1]), Watch(show)
        fired: set[Trigger] = set()
        ticks: list[Tick] = []

        def on_tick(tick: Tick) -> None:
            watch(tick)
            ticks.append(tick)
            fired.update(tick.hands.fired)
            if len(ticks) == 1:
                tablet.send("/livematch/hello", tablet.port)
                tablet.send("/livematch/look/fade", 2.5)
                tablet.send("/livematch/look/fade", 99.0)
                tablet.send("/livematch/next")
            if tick.program.begun is not None and Trigger.NEXT in fired:
                tablet.send("/livematch/quit")
            if len(ticks) % 40 == 0:
                tablet.send("/livematch/quit")
            assert len(ticks) < ENOUGH

        try:
            show.engine.run(on_tick)
            tablet.hears(lambda message: message.path == "/livematch/status/film")
            tablet.hears(lambda m: m.path == "/livematch/status/candidate/1")
        finally:
            tablet.close()
        assert ticks[-1].hands.params.fade == 2.5
        assert Trigger.NEXT in fired
        assert watch.report().counters["OSC messages refused"] == 1


def test_a_show_that_cannot_have_its_port_says_so(config: ShowConfig) -> None:
    with (
        open_show(config),
        pytest.raises(UsageError, match="--osc-port"),
        open_show(config),
    ):
        pass


def test_what_is_sent_in_a_flood_can_be_told_beforehand() -> None:
    job = flood(9, 1000, 0.0)
    assert len(set(job.paths)) == ADDRESSES
    by_path = {row.path: row for row in SPACE}
    assert all(by_path[path].spec is not None for path in job.paths)
    sent = send(Job(9, ("/a", "/b"), ((0.0, 1.0), (5.0, 5.0)), 3, 1e6, 5))
    assert dict(sent.last) == {"/a": 1.0, "/b": 5.0}
    assert value_of(job, 0) == value_of(job, ADDRESSES * job.steps)


# The command line


def told(*words: str) -> str:
    done = CliRunner().invoke(app, ["osc", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_address_space_for_programs() -> None:
    rows = json.loads(told("--json"))
    assert [row["path"] for row in rows] == [row.path for row in SPACE]
    [fade] = [row for row in rows if row["path"] == "/livematch/look/fade"]
    assert (fade["types"], fade["low"], fade["high"], fade["unit"]) == ("f", 0, 20, "s")
    assert fade["default"] == Params().fade


def test_the_address_space_as_markdown() -> None:
    lines = told("--markdown").splitlines()
    [fade] = [line for line in lines if "`/livematch/look/fade`" in line]
    assert fade.startswith("| `/livematch/look/fade` | f | 0 to 20 s |")
    tables = [line for line in lines if line.startswith("| `")]
    assert len(tables) == sum(not row.is_position for row in SPACE)


def test_the_address_space_for_people() -> None:
    text = told()
    for path in ("/livematch/next", "/livematch/hello", "/livematch/status/bpm"):
        assert path in text


def test_one_form_at_a_time() -> None:
    done = CliRunner().invoke(app, ["osc", "--json", "--markdown"])
    assert isinstance(done.exception, UsageError)

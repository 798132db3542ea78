"""Logging, replaying and crediting as a person types it."""

import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
from showlog_kit import cut_to, head, write_log
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.errors import LivematchError
from livematch.showlog.reader import open_show_log
from livematch.showlog.records import Alive, Head
from livematch.showlog.told import tell

KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from showlog_kit import head
from livematch.showlog.places import Place, create
from livematch.showlog.records import Alive
from livematch.showlog.writer import LogWriter
path = Path({path!r})
log = LogWriter(Place(path), create(path), head(), part_bytes=3000)
log.start()
n = 0
while True:
    log.put(Alive(t=n / 25, pictures=n))
    n += 1
    if path.with_name("show.5.jsonl").exists():
        print("go", flush=True)
"""


def livematch(*words: str | Path, shows: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with a folder of its own for logs."""
    return subprocess.run(
        [sys.executable, "-m", "livematch", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "LIVEMATCH_SHOWS": str(shows)},
        check=False,
    )


def play(folder: Path, out: Path, *more: str | Path) -> tuple[str | Path, ...]:
    size = ("--size", "96x64", "--fps", "25", "--seconds", "1", "--no-osc")
    camera = ("--camera", folder / "camera.mp4", "--offscreen", "--record", out / "show.mp4")
    return ("play", "--archive", folder / "archive", *camera, *size, *more)


def test_a_show_is_logged_where_shows_lie_and_replayed(folder: Path, tmp_path: Path) -> None:
    shows = tmp_path / "shows"
    done = livematch(*play(folder, tmp_path), shows=shows)
    assert done.returncode == 0, done.stderr
    [log] = shows.iterdir()
    assert f"log      {log}" in done.stderr
    told = tell(open_show_log(log))
    assert told.is_ended
    assert told.head.setup.size == (96, 64)
    assert told.head.setup.film is not None
    assert Path(told.head.archive.path) == (folder / "archive").resolve()

    out = tmp_path / "again.mov"
    again = livematch("replay", log, "-o", out, "--size", "128x72", "--fps", "50", shows=shows)
    assert again.returncode == 0, again.stderr
    assert "50 pictures in 1.0 s, 1 changes" in again.stderr
    with av.open(str(out)) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.frames) == (128, 72, 50)

    credited = livematch("credits", log, shows=shows)
    assert "scene-3" in credited.stdout
    assert "without a licence noted" in credited.stdout
    assert list(shows.iterdir()) == [log]


def test_a_show_can_be_logged_elsewhere_or_not_at_all(folder: Path, tmp_path: Path) -> None:
    shows, log = tmp_path / "shows", tmp_path / "mine.jsonl"
    assert livematch(*play(folder, tmp_path, "--log", log), shows=shows).returncode == 0
    assert tell(open_show_log(log)).is_ended
    before = log.read_bytes()
    taken = livematch(*play(folder, tmp_path, "--log", log), shows=shows)
    assert (taken.returncode, taken.stderr.count("\n")) == (2, 1)
    assert "is there already" in taken.stderr
    assert log.read_bytes() == before
    both = livematch(*play(folder, tmp_path, "--log", log, "--no-log"), shows=shows)
    assert "one of them" in both.stderr
    assert livematch(*play(folder, tmp_path, "--no-log"), shows=shows).returncode == 0
    assert not shows.exists()


def test_a_folder_that_cannot_be_written_costs_the_log_and_not_the_show(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = livematch(*play(folder, tmp_path), shows=tmp_path / "file" / "shows")
    assert done.returncode == 0
    assert done.stderr.count("no log can be written") == 1
    assert (tmp_path / "show.mp4").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("replay", "nowhere.jsonl", "-o", "out.mp4"), "there is no such log"),
        (("replay", "text", "-o", "out.mp4"), "no log of a show"),
        (("replay", "log", "-o", "out.gif"), ".mp4, .mov"),
        (("replay", "log", "-o", "out.mp4"), "/nowhere/archive"),
        (("replay", "log", "-o", "out.mp4", "--size", "huge"), "WIDTHxHEIGHT"),
        (("credits", "text"), "no log of a show"),
        (("credits", "log", "-o", "note.pdf"), ".md, .txt, .json"),
        (("credits", "log", "--archive", "nowhere"), "nowhere"),
    ],
)
def test_a_wrong_word_is_told_in_one_message(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    files = {
        "text": tmp_path / "text.jsonl",
        "log": write_log(tmp_path / "log.jsonl", [head(), *cut_to(1, 0.0)]),
    }
    files["text"].write_text("hello\n")
    done = CliRunner().invoke(app, [str(files.get(word, word)) for word in words])
    assert isinstance(done.exception, LivematchError)  # which `main` tells in one message
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "text.jsonl"]


def test_a_process_that_is_killed_leaves_a_log_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "show.jsonl"
    script = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        process.kill()
    show = open_show_log(path)
    assert len(show.parts) >= 5
    alive = [record.pictures for record in show.events() if isinstance(record, Alive)]
    assert alive == sorted(alive)
    assert len(alive) > 100
    assert sum(isinstance(record, Head) for record in show.events()) == len(show.parts)

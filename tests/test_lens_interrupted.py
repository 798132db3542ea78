"""Ctrl-C while a lens is trained: no step is half taken, and the same command goes on."""

import signal
from pathlib import Path

import pytest
from lens_kit import write_world
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.cli.options import STOPPED
from livematch.lens.checkpoints import TrainingFolder

pytest.importorskip("torch")

from livematch.lens.training import Losses, Training


def trained(pictures: Path, out: Path) -> int:
    asked = ["lens", "train", "--images", str(pictures), "-o", str(out), "--steps", "12"]
    asked += ["--size", "64", "--filters", "4", "--shrink", "8", "--batch", "2"]
    asked += ["--perceptual", "0", "--device", "cpu", "--threads", "1"]
    return CliRunner().invoke(app, asked).exit_code


def test_a_signal_in_the_middle_of_a_step_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = write_world(tmp_path / "world")
    assert trained(pictures, tmp_path / "straight.onnx") == 0

    real = Training._follow

    def signalled(training: Training) -> None:  # lens and critic have learned, the average not yet
        if training.done == 4 and not stopped:
            stopped.append(training.done)
            signal.raise_signal(signal.SIGINT)
        real(training)

    stopped: list[int] = []
    monkeypatch.setattr(Training, "_follow", signalled)
    out = tmp_path / "stopped.onnx"
    assert trained(pictures, out) == STOPPED
    assert TrainingFolder.of(out).steps() == [5]
    assert not out.exists()
    assert trained(pictures, out) == 0
    assert out.read_bytes() == (tmp_path / "straight.onnx").read_bytes()


def test_the_second_signal_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(training: Training, _batch: object) -> Losses:
        training.done += 1
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second one was not raised")

    before = signal.getsignal(signal.SIGINT)  # ignored, where the tests run in the background
    monkeypatch.setattr(Training, "step", hangs)
    assert trained(write_world(tmp_path / "world"), tmp_path / "toy.onnx") == STOPPED
    assert signal.getsignal(signal.SIGINT) is before

"""Provider negotiation over invented machines, and on this one."""

import dataclasses
import re

import onnxruntime as ort
import pytest

from livematch.embed.card import load_card
from livematch.embed.onnx import Embedder
from livematch.embed.providers import (
    ASKABLE,
    COREML,
    CPU,
    CUDA,
    FIXED_SHAPES,
    TENSORRT,
    Surroundings,
    choose,
    options,
    report,
    survey,
)
from livematch.errors import ModelError

GPU_WHEEL = (TENSORRT, CUDA, CPU)
WORKSTATION = Surroundings(GPU_WHEEL, True, frozenset({"onnxruntime-gpu"}), "linux")
NO_DRIVER = dataclasses.replace(WORKSTATION, driver=False)
PLAIN = Surroundings((CPU,), True, frozenset({"onnxruntime"}), "linux")
LAPTOP = dataclasses.replace(PLAIN, driver=False)
BOTH = dataclasses.replace(PLAIN, packages=frozenset({"onnxruntime", "onnxruntime-gpu"}))
NO_LIBRARIES = dataclasses.replace(WORKSTATION, missing=("libcublasLt.so.13",))
MAC = Surroundings((COREML, CPU), False, frozenset({"onnxruntime"}), "darwin")


@pytest.mark.parametrize(
    ("asked", "around", "expected"),
    [
        ("auto", WORKSTATION, [CUDA, CPU]),
        ("auto", NO_DRIVER, [CPU]),
        ("auto", PLAIN, [CPU]),
        ("auto", MAC, [COREML, CPU]),
        ("cuda", WORKSTATION, [CUDA, CPU]),
        ("cuda", NO_DRIVER, [CUDA, CPU]),  # asked by name: tried, whatever we think
        ("cuda", PLAIN, [CPU]),
        ("tensorrt", WORKSTATION, [TENSORRT, CUDA, CPU]),
        ("coreml", MAC, [COREML, CPU]),
        ("coreml", WORKSTATION, [CPU]),
        ("cpu", WORKSTATION, [CPU]),
        ("cpu", MAC, [CPU]),
    ],
)
def test_choice(asked: str, around: Surroundings, expected: list[str]) -> None:
    assert choose(asked, around) == expected


@pytest.mark.parametrize("around", [WORKSTATION, NO_DRIVER, PLAIN, LAPTOP, BOTH, MAC])
@pytest.mark.parametrize("asked", ASKABLE)
def test_the_cpu_is_always_the_last_resort(asked: str, around: Surroundings) -> None:
    chosen = choose(asked, around)
    assert chosen[-1] == CPU
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(around.available)


def test_unknown_provider() -> None:
    with pytest.raises(ModelError, match=r"no provider 'cude', did you mean cuda\? Known are auto"):
        choose("cude", WORKSTATION)


@pytest.mark.parametrize(
    ("asked", "got", "around"),
    [
        ("auto", CUDA, WORKSTATION),
        ("auto", COREML, MAC),
        ("auto", CPU, LAPTOP),  # nothing better is to be had, so nobody is alarmed
        ("auto", CPU, NO_DRIVER),
        ("cuda", CUDA, WORKSTATION),
        ("cpu", CPU, WORKSTATION),
    ],
)
def test_no_remedy_where_nothing_is_wrong(asked: str, got: str, around: Surroundings) -> None:
    told = report(asked, got, around)
    assert told.remedy is None
    assert str(told) == f"network on {told.got} (asked for {asked})"


@pytest.mark.parametrize(
    ("asked", "got", "around", "remedy"),
    [
        ("cuda", CPU, NO_DRIVER, "no NVIDIA driver was found"),
        ("cuda", CPU, NO_LIBRARIES, r"libcublasLt\.so\.13.* pip install 'livematch\[cuda\]'"),
        ("cuda", CPU, WORKSTATION, "update the NVIDIA driver"),
        ("cuda", CPU, BOTH, "both installed and overwrite each other: pip uninstall"),
        ("cuda", CPU, PLAIN, "the installed ONNX Runtime has no CUDA"),
        ("cuda", CPU, MAC, "there is no CUDA on macOS"),
        ("auto", CPU, PLAIN, "the installed ONNX Runtime has no CUDA"),
        ("auto", CPU, NO_LIBRARIES, "CUDA libraries are missing"),
        ("auto", CPU, BOTH, "both installed"),
        ("auto", CPU, MAC, "CoreML refused"),
        ("coreml", CPU, WORKSTATION, "CoreML exists on macOS only"),
        ("coreml", CPU, MAC, "CoreML refused"),
        ("tensorrt", CUDA, WORKSTATION, "TensorRT's libraries are missing"),
        ("tensorrt", CPU, NO_DRIVER, "no NVIDIA driver"),
    ],
)
def test_one_loud_line_with_its_remedy(
    asked: str, got: str, around: Surroundings, remedy: str
) -> None:
    line = str(report(asked, got, around))
    assert line.startswith(f"ASKED FOR {asked.upper()}, GOT ")
    assert re.search(remedy, line)
    assert "\n" not in line


def test_options_are_text_for_every_provider() -> None:
    for provider in (*FIXED_SHAPES, CUDA, CPU):
        assert all(isinstance(value, str) for value in options(provider).values())
    assert options(CUDA)["cudnn_conv_algo_search"] == "HEURISTIC"
    assert int(options(CUDA)["gpu_mem_limit"]) < 8 * 1024**3


# --- on the machine that runs the tests ---

HERE = survey(ort.get_available_providers())
without_gpu = pytest.mark.skipif(HERE.driver or COREML in HERE.available, reason="there is a GPU")


def test_the_survey_finds_onnx_runtime() -> None:
    assert HERE.packages & {"onnxruntime", "onnxruntime-gpu"}
    assert CPU in HERE.available


@without_gpu
@pytest.mark.parametrize("asked", ["cuda", "tensorrt", "coreml"])
def test_the_silent_fallback_is_told_once_and_clearly(
    asked: str, capfd: pytest.CaptureFixture[str]
) -> None:
    embedder = Embedder(load_card("efficientnet-lite0"), asked)
    assert embedder.report.got == "cpu"
    assert embedder.report.remedy
    assert capfd.readouterr() == ("", "")  # ONNX Runtime's own complaints are not shown


@without_gpu
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("cuda", "ASKED FOR CUDA, GOT CPU"),
        ("auto", "ASKED FOR A GPU, GOT CPU"),
        ("cpu", "drop one of the two"),
    ],
)
def test_a_required_gpu_is_required(asked: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        Embedder(load_card("efficientnet-lite0"), asked, require_gpu=True)


@pytest.mark.skipif(not HERE.driver or CUDA not in HERE.available, reason="needs an NVIDIA GPU")
def test_cuda_where_there_is_one() -> None:
    embedder = Embedder(load_card("efficientnet-lite0"), "auto", require_gpu=True)
    assert str(embedder.report) == "network on cuda (asked for auto)"

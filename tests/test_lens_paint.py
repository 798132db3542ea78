"""Lenses at work: what they paint, and networks that must not be shown."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from lenses import CONVOLVE, GAINS, SIDE, TANH, lens_of, tiny_lens, tiny_network
from onnx_kit import external_tensor, field, integers, model, node, tensor, value_info

from livematch.embed.card import DEFAULT_MODEL, load_card
from livematch.embed.providers import COREML, CUDA, options, survey
from livematch.errors import ModelError
from livematch.lens.card import LensCard
from livematch.lens.paint import Lens, gpu_share, shown
from livematch.lens.preparing import Look, prepare
from livematch.values import Image

WEIGHTS = (tensor("gains", *GAINS, shape=(3, 1, 1, 1)),)
SEEN, PAINTING = value_info("seen", 1, 1, SIDE, SIDE), value_info("painting", 1, 3, SIDE, SIDE)
HERE = survey(ort.get_available_providers())


def lens(card: LensCard) -> Lens:
    return Lens(card, "cpu")


def picture(height: int = 90, width: int = 160, seed: int = 0) -> Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3))
    ys, xs = np.arange(height) * 6 // height, np.arange(width) * 8 // width
    return np.asarray(coarse[ys][:, xs], np.uint8)


def expected(image: Image, card: LensCard, look: Look) -> Image:
    """What the tiny lens paints, worked out without it."""
    grey = prepare(image, card.side, card.shrink, look).astype(np.float64)
    planes = [np.tanh(gain * grey) * 127.5 + 127.5 for gain in reversed(GAINS)]
    return np.asarray(np.rint(np.stack(planes, -1)), np.uint8)


def near(one: Image, other: Image) -> bool:
    """Whether two pictures differ by the rounding of a half, at most."""
    return one.shape == other.shape and int(np.abs(one.astype(int) - other).max()) <= 1


# --- what it paints ---


@pytest.mark.parametrize("size", [(90, 160), (64, 64), (1, 1), (1080, 1920), (300, 40)])
@pytest.mark.parametrize("look", [Look(), Look(0.5, 0.0, 2.0), Look(3.0, 1.0, 0.25)])
def test_a_painting_is_what_the_network_gives(
    tmp_path: Path, size: tuple[int, int], look: Look
) -> None:
    card = tiny_lens(tmp_path)
    image = picture(*size)
    painting = lens(card).paint(image, look)
    assert painting.dtype == np.uint8
    assert near(painting, expected(image, card, look))


def test_red_and_blue_are_where_opencv_has_them(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path, gains=(9.0, 0.0, -9.0))
    white = np.full((64, 64, 3), 255, np.uint8)
    blue, green, red = lens(card).paint(white, Look(levels=0.0))[32, 32]
    assert (blue, green, red) == (0, 128, 255)


def test_every_painting_is_an_array_of_its_own(tmp_path: Path) -> None:
    one = lens(tiny_lens(tmp_path))
    first = one.paint(picture(seed=1))
    kept = first.copy()
    second = one.paint(picture(seed=2))
    assert not np.shares_memory(first, second)
    assert (first == kept).all()
    assert (first != second).any()
    assert first.flags.c_contiguous
    assert first.flags.writeable


def test_the_same_picture_is_painted_the_same(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path)
    one = lens(card)
    one.warm_up()
    assert (one.paint(picture()) == one.paint(picture())).all()
    assert (one.paint(picture()) == lens(card).paint(picture())).all()


def test_larger_lenses_paint_larger_pictures(tmp_path: Path) -> None:
    assert lens(tiny_lens(tmp_path, side=192)).paint(picture()).shape == (192, 192, 3)


def test_the_ends_of_the_range_are_black_and_white() -> None:
    values = np.array([-1.001, -1.0, -0.999, 0.0, 0.999, 1.0, 1.001], np.float32)
    painted = np.stack([values[None], values[None] * 0, -values[None]])
    blue, green, red = shown(painted)[0].T.tolist()
    assert red == [0, 0, 0, 128, 255, 255, 255]
    assert green == [128] * 7
    assert blue == red[::-1]


# --- on what it runs ---


def test_the_report_says_what_it_runs_on(tmp_path: Path) -> None:
    assert str(lens(tiny_lens(tmp_path)).report) == "network on cpu (asked for cpu)"


@pytest.mark.skipif(HERE.driver or COREML in HERE.available, reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told_loudly(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = Lens(tiny_lens(tmp_path), "cuda")
    assert str(one.report).startswith("ASKED FOR CUDA, GOT CPU: ")
    assert one.paint(picture()).shape == (SIDE, SIDE, 3)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_provider(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no provider 'cude', did you mean cuda"):
        Lens(tiny_lens(tmp_path), "cude")


def test_a_painting_need_not_be_exact_and_has_memory_of_its_own() -> None:
    assert options(CUDA, gpu_share(512))["use_tf32"] == "1"
    assert options(CUDA)["use_tf32"] == "0"
    limits = [int(options(CUDA, gpu_share(side))["gpu_mem_limit"]) for side in (64, 512, 1024)]
    assert limits == [1024**3, 1024**3, 4 * 1024**3]


# --- networks that are not what their card says ---


def network(**parts: Any) -> bytes:
    """A tiny lens of which some parts are different."""
    usual = {"nodes": (CONVOLVE, TANH), "weights": WEIGHTS, "inputs": (SEEN,)}
    return model(**{**usual, "outputs": (PAINTING,), **parts})


DOUBLE = node("Cast", ["tanh"], "painting", field(1, "to") + field(3, 11) + field(20, 2))
TO_TANH = node("Tanh", ["mixed"], "tanh")
HALVED = node(
    "AveragePool", ["tanh"], "painting", integers("kernel_shape", 2, 2), integers("strides", 2, 2)
)


@pytest.mark.parametrize(
    ("data", "changes", "fault"),
    [
        (network(), {"side": 128}, r"input seen has shape \(1, 1, 64, 64\), .* \(1, 1, 128, 128\)"),
        (network(), {"input": "x"}, "the card's input is x, the file takes seen"),
        (network(), {"output": "y"}, "there is no output y, the file gives painting"),
        (
            network(inputs=(SEEN, value_info("mood", 1))),
            {},
            "the card's input is seen, the file takes seen, mood",
        ),
        (
            network(
                weights=(tensor("gains", 1.0, shape=(1, 1, 1, 1)),),
                outputs=(value_info("painting", 1, 1, SIDE, SIDE),),
            ),
            {},
            r"output painting has shape \(1, 1, 64, 64\), the card says \(1, 3, 64, 64\)",
        ),
        (
            network(
                nodes=(CONVOLVE, TO_TANH, DOUBLE),
                outputs=(value_info("painting", 1, 3, SIDE, SIDE, kind=11),),
            ),
            {},
            r"output painting is tensor\(double\), livematch takes float32",
        ),
        (
            network(
                nodes=(CONVOLVE, TO_TANH, HALVED),
                outputs=(value_info("painting", 1, 3, SIDE // 2, SIDE // 2),),
            ),
            {},
            r"output painting has shape \(1, 3, 32, 32\)",
        ),
    ],
)
def test_what_a_file_declares_is_held_against_its_card(
    tmp_path: Path, data: bytes, changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ModelError, match=rf"and its card disagree: .*{fault}"):
        lens(lens_of(tmp_path, data, **changes))


def test_a_shape_the_file_leaves_open_shows_when_it_is_warmed_up(tmp_path: Path) -> None:
    data = network(
        nodes=(CONVOLVE, TO_TANH, HALVED),
        inputs=(value_info("seen", "n", 1, "h", "w"),),
        outputs=(value_info("painting", "n", 3, "h2", "w2"),),
    )
    one = lens(lens_of(tmp_path, data))
    with pytest.raises(ModelError, match=r"output painting has shape \(1, 3, 32, 32\), its card"):
        one.warm_up()


def test_a_shape_the_file_leaves_open_may_be_right(tmp_path: Path) -> None:
    free = network(
        inputs=(value_info("seen", "n", 1, "h", "w"),),
        outputs=(value_info("painting", "n", 3, "h", "w"),),
    )
    usual = lens(tiny_lens(tmp_path)).paint(picture())
    assert (lens(lens_of(tmp_path, free)).paint(picture()) == usual).all()


def test_values_that_are_not_numbers(tmp_path: Path) -> None:
    one = lens(lens_of(tmp_path, network(nodes=(CONVOLVE, node("Log", ["mixed"], "painting")))))
    with pytest.raises(ModelError, match="tiny gave values that are not numbers on cpu: ask for"):
        one.warm_up()
    with pytest.raises(ModelError, match="not numbers"):
        one.paint(picture())


def test_values_that_no_painting_has(tmp_path: Path) -> None:
    data = network(
        nodes=(node("Conv", ["seen", "gains"], "painting"),),
        weights=(tensor("gains", 2.0, 1.0, 0.0, shape=(3, 1, 1, 1)),),
    )
    with pytest.raises(ModelError, match=r"gave values from -2 to 2, .* ends in tanh"):
        lens(lens_of(tmp_path, data)).warm_up()


def test_a_network_that_describes_pictures_with_the_card_of_a_lens(tmp_path: Path) -> None:
    describing = load_card(DEFAULT_MODEL).read_network()
    with pytest.raises(ModelError, match="the card's input is seen, the file takes images"):
        lens(lens_of(tmp_path, describing))


# --- files that never reach the runtime ---


@pytest.fixture
def nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "InferenceSession", lambda *_a, **_k: pytest.fail("was loaded"))


@pytest.mark.usefixtures("nothing_is_loaded")
@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (network(weights=(external_tensor("gains", "secret.bin", 3),)), "weights outside the file"),
        (b"no network at all", "ONNX file"),
        (tiny_network()[:-9], "ONNX file"),
        (b"", "is not an ONNX file"),
    ],
)
def test_files_that_are_refused_unread(tmp_path: Path, data: bytes, fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        lens(lens_of(tmp_path, data))


@pytest.mark.usefixtures("nothing_is_loaded")
def test_a_lens_that_was_changed_after_its_card(tmp_path: Path) -> None:
    card = tiny_lens(tmp_path)
    card.path.write_bytes(tiny_network((1.0, 1.0, 1.0)))
    with pytest.raises(ModelError, match="is not the file its card describes"):
        lens(card)


def test_a_graph_the_runtime_cannot_read(tmp_path: Path) -> None:
    data = network(nodes=(CONVOLVE, TANH, node("NoSuchOperator", ["mixed"], "z")))
    with pytest.raises(ModelError, match=r"tiny\.onnx cannot be loaded: .*NoSuchOperator"):
        lens(lens_of(tmp_path, data))

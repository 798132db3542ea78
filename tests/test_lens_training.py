"""A toy lens learns for seconds on the processor, is written, read, and paints the same."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_kit
import pytest
from lens_kit import TOY, world, write_world
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.cli.options import STOPPED
from livematch.clock import ManualClock
from livematch.errors import ModelError, UsageError
from livematch.lens.architecture import FILTERS, plan
from livematch.lens.checkpoints import Checkpoint, TrainingFolder
from livematch.lens.judging import Quality
from livematch.lens.paint import Lens
from livematch.lens.pairs import Batch
from livematch.lens.preparing import prepare
from livematch.lens.settings import Settings

torch = pytest.importorskip("torch")

from livematch.lens.course import Course  # noqa: E402
from livematch.lens.export import to_onnx  # noqa: E402
from livematch.lens.machine import find_machine  # noqa: E402
from livematch.lens.network import Lens as Network  # noqa: E402
from livematch.lens.school import Hearing, Trained, Wish, train_lens  # noqa: E402
from livematch.lens.training import Training, painter  # noqa: E402

CPU = find_machine("cpu")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tests run side by side: each takes one core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Trained:
    out = tmp_path_factory.mktemp("lenses") / "toy.onnx"
    return train_lens(
        Wish(out, TOY, images=pictures, device="cpu", licence="CC0-1.0"), ManualClock(), Hearing()
    )


def pairs(count: int = 2) -> Batch:
    chance = np.random.default_rng(0)
    shape = (count, 3, TOY.side_px, TOY.side_px)
    wanted = chance.uniform(-1, 1, shape).astype(np.float32)
    return Batch(np.ascontiguousarray(wanted[:, :1]), wanted)


# --- the plan


@pytest.mark.parametrize("filters", FILTERS[:4])
def test_the_size_table_is_true(filters: int) -> None:
    drawn = plan(128, filters)
    network = Network(drawn)
    assert sum(weights.numel() for weights in network.parameters()) == (
        sum(layer.weights for layer in drawn.layers)
    )
    weights = {name: values.numpy() for name, values in network.state_dict().items()}
    file_mb = len(to_onnx(drawn, weights)) / 1e6
    assert drawn.size_mb <= file_mb < drawn.size_mb + 0.05


def test_the_inmost_layer_sees_all_and_is_no_single_pixel() -> None:
    for side in (64, 128, 256, 512):
        drawn = plan(side, 4)
        assert drawn.down[-1].side_px == 2
        assert drawn.last.side_px == side
    with pytest.raises(ValueError, match="no lens is 100 pixels wide"):
        plan(100, 4)


# --- learning


def test_a_toy_lens_learns_its_world(trained: Trained) -> None:
    quality = trained.outcome.quality
    assert quality.l1 < 0.6 * quality.l1_blurred
    assert quality.features < quality.features_blurred
    assert quality.flicker < 3.0


def test_its_file_paints_the_colours_of_that_world(trained: Trained) -> None:
    lens = Lens(trained.card, provider="cpu")
    lens.warm_up()
    camera = np.zeros((90, 160, 3), np.uint8)
    camera[:, 80:] = 255  # black and white: a world it has never seen
    painting = lens.paint(camera)
    assert painting.shape == (TOY.side_px, TOY.side_px, 3)
    dark, light = painting[16:48, 8:24].mean((0, 1)), painting[16:48, 40:56].mean((0, 1))
    assert dark[0] > dark[2] + 20  # blue
    assert light[2] > light[0] + 60  # orange


def test_its_file_paints_as_it_was_trained(trained: Trained) -> None:
    lens = Lens(trained.card, provider="cpu")
    paint = painter(plan(TOY.side_px, TOY.filters), trained.outcome.weights)
    for number in range(4):
        image = world(100 + number)
        seen = prepare(image, TOY.side_px, TOY.shrink)
        wanted = (paint(seen[None, None])[0].transpose(1, 2, 0)[..., ::-1] + 1) * 127.5
        # 1e-3 of the range is an eighth of a grey level; the rest is rounding to whole ones
        assert np.abs(lens.paint(image) - wanted).max() <= 0.5 + 0.1275


def test_its_card_says_what_it_is(trained: Trained) -> None:
    card = trained.card
    assert card.name == "toy"
    assert (card.side, card.filters, card.shrink) == (TOY.side_px, TOY.filters, TOY.shrink)
    assert "pictures" in card.trained_on
    assert card.licence == "CC0-1.0"
    assert card.steps == trained.outcome.step
    assert set(card.quality) == {"l1", "l1_blurred", "features", "features_blurred", "flicker"}


def test_the_same_weights_are_the_same_bytes(trained: Trained) -> None:
    drawn = plan(TOY.side_px, TOY.filters)
    weights = trained.outcome.weights
    assert to_onnx(drawn, weights) == to_onnx(drawn, weights) == trained.card.path.read_bytes()


def test_sheets_and_checkpoints_lie_beside_it(trained: Trained) -> None:
    assert list((trained.folder.path / "sheets").glob("*.jpg"))
    assert trained.folder.steps()[-1] == TOY.steps


def test_perception_is_learned_from_too() -> None:
    from livematch.embed.card import load_card  # noqa: PLC0415

    settings = replace(TOY, perception=10.0)
    training = Training(settings, CPU, load_card("efficientnet-lite0"))
    first = training.step(pairs())
    later = [training.step(pairs()) for _ in range(5)][-1]
    assert first.perception > 0
    assert later.perception < first.perception


def test_its_features_are_those_of_the_network(trained: Trained) -> None:
    """The distance of a picture to itself is nothing, and rises the more it is blurred."""
    import cv2  # noqa: PLC0415

    from livematch.embed.card import load_card  # noqa: PLC0415
    from livematch.lens.pairs import as_planes  # noqa: PLC0415
    from livematch.lens.perceptual import Perception  # noqa: PLC0415

    perception = Perception(load_card("efficientnet-lite0"))
    picture = cv2.resize(world(1, (224, 224)), (224, 224))
    picture[::7] = 255 - picture[::7]
    blurs = [picture, cv2.blur(picture, (5, 5)), cv2.blur(picture, (31, 31))]
    tensors = [torch.from_numpy(as_planes(image)[None]) for image in blurs]
    with torch.no_grad():
        found = [float(perception(tensor, tensors[0])) for tensor in tensors]
    assert found[0] == pytest.approx(0.0, abs=1e-6)
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize(
    "node",
    [
        onnx_kit.node("Softmax", ["images"], "map"),
        onnx_kit.node("Conv", ["images", "w"], "map", onnx_kit.integers("dilations", 2, 2)),
        onnx_kit.node("Clip", ["images"], "map"),
    ],
    ids=["unknown", "spread", "one-sided"],
)
def test_features_that_would_come_out_otherwise_are_refused(tmp_path: Path, node: bytes) -> None:
    from test_embed_onnx import INPUT, MAP, POOLED, card_for, model  # noqa: PLC0415

    from livematch.lens.perceptual import Perception  # noqa: PLC0415

    weights = (onnx_kit.tensor("w", *[0.0] * 9, shape=(3, 3, 1, 1)),)
    card = card_for(tmp_path, model((node,), weights, (INPUT,), (POOLED, MAP)))
    with pytest.raises(ModelError, match=r"only; train it with --perceptual 0"):
        Perception(card)


def test_how_it_looks_decides_which_is_best() -> None:
    sharp, soft = Quality(35, 40, 0.5, 0.8, 1.0), Quality(30, 40, 0.6, 0.8, 1.0)
    wild = Quality(60, 40, 0.5, 0.8, 1.0)  # further from the truth than what was shown
    assert sharp.score < soft.score < wild.score < 1.0


# --- stopping and going on


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    straight, first = Training(TOY, CPU), Training(TOY, CPU)
    batches = [Batch(b.seen, b.wanted) for b in (pairs() for _ in range(6))]
    for one in batches:
        straight.step(one)
    for one in batches[:3]:
        first.step(one)
    folder = TrainingFolder(tmp_path / "toy.training")
    folder.keep(first.done, first.checkpoint({}))
    second = Training(replace(TOY, seed=99), CPU)
    kept = folder.newest()
    assert kept is not None
    second.resume(kept)
    for one in batches[3:]:
        second.step(one)
    assert second.done == 6
    for name, values in straight.learned().items():
        assert np.array_equal(values, second.learned()[name]), name


def test_the_same_command_goes_on(tmp_path: Path, pictures: Path) -> None:
    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=12), images=pictures, device="cpu")

    def stop(standing: object) -> None:
        if standing.step == 7:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_lens(wish, ManualClock(), Hearing(step=stop))
    assert not wish.out.exists()
    said: list[str] = []
    made = train_lens(wish, ManualClock(), Hearing(say=said.append))
    assert "goes on from step 7" in said
    assert made.outcome.step == 12
    longer = replace(wish, settings=replace(wish.settings, steps=14))
    assert train_lens(longer, ManualClock(), Hearing()).folder.steps()[-1] == 14


def test_another_training_is_not_gone_on_with(tmp_path: Path, pictures: Path) -> None:
    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=2), images=pictures, device="cpu")
    train_lens(wish, ManualClock(), Hearing())
    other = replace(wish, settings=replace(wish.settings, filters=6))
    with pytest.raises(UsageError, match=r"filters 4 then, 6 now.*--fresh"):
        train_lens(other, ManualClock(), Hearing())
    said: list[str] = []
    train_lens(replace(other, fresh=True), ManualClock(), Hearing(say=said.append))
    assert (tmp_path / "toy.training-1").is_dir()
    assert any("toy.training-1" in line for line in said)


def test_a_lens_that_is_there_is_not_overwritten(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(b"somebody's")
    with pytest.raises(UsageError, match="is there already"):
        train_lens(
            Wish(tmp_path / "toy.onnx", TOY, images=pictures, device="cpu"),
            ManualClock(),
            Hearing(),
        )
    assert (tmp_path / "toy.onnx").read_bytes() == b"somebody's"


def test_somebody_elses_file_is_not_taken_for_its_card(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "toy.json").write_text("somebody's")
    wish = Wish(tmp_path / "toy.onnx", TOY, images=pictures, device="cpu")
    with pytest.raises(UsageError, match=r"toy\.json is there already"):
        train_lens(wish, ManualClock(), Hearing())


def test_what_is_judged_by_another_network_is_another_training(
    tmp_path: Path, pictures: Path
) -> None:
    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=2), images=pictures, device="cpu")
    train_lens(wish, ManualClock(), Hearing())
    with pytest.raises(UsageError, match="model efficientnet-lite0 then, efficientnet-lite2 now"):
        train_lens(replace(wish, model="efficientnet-lite2"), ManualClock(), Hearing())


def test_a_damaged_checkpoint_leaves_the_one_before(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    for step in (10, 20):
        folder.keep(step, Checkpoint({"a": np.full(3, step)}, {"step": step}))
    newest = tmp_path / "step-0000020.npz"
    newest.write_bytes(newest.read_bytes()[:100])
    kept = folder.newest()
    assert kept is not None
    assert kept.facts == {"step": 10}
    (tmp_path / "step-0000010.npz").write_bytes(b"")
    with pytest.raises(UsageError, match="begin anew with --fresh"):
        folder.newest()


def test_a_checkpoint_is_never_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "step-0000001.npz", x=np.array([print], dtype=object))
    with pytest.raises(UsageError, match="not a checkpoint"):
        TrainingFolder(tmp_path).newest()


def test_a_full_disk_is_told_and_the_checkpoints_before_are_whole(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=4), images=pictures, device="cpu")
    train_lens(wish, ManualClock(), Hearing())
    longer = replace(wish, settings=replace(wish.settings, steps=6))
    real = os.fsync

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        train_lens(longer, ManualClock(), Hearing())
    monkeypatch.setattr(os, "fsync", real)
    assert TrainingFolder.of(wish.out).steps() == [4]
    assert not list(tmp_path.rglob("*.part"))
    assert train_lens(longer, ManualClock(), Hearing()).outcome.step == 6


def test_a_full_disk_at_the_first_verdict_is_told_too(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: TrainingFolder, checkpoint: Checkpoint) -> None:
        raise UsageError(f"{folder.path}: No space left")

    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=3), images=pictures, device="cpu")
    monkeypatch.setattr(TrainingFolder, "keep_best", full)
    with pytest.raises(UsageError, match=r"No space left; no checkpoint is kept yet"):
        train_lens(wish, ManualClock(), Hearing())


def test_where_its_folder_cannot_be_made_is_one_line(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "toy.training").write_text("a file of somebody's")
    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=2), images=pictures, device="cpu")
    with pytest.raises(UsageError, match=r"toy\.training cannot be made: File exists"):
        train_lens(wish, ManualClock(), Hearing())


@pytest.mark.parametrize("steps", [12, 5])
def test_stopped_before_its_only_verdict_it_is_judged_when_it_goes_on(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """As when the power went at the last step, or fewer steps are enough after all."""
    wish = Wish(tmp_path / "toy.onnx", replace(TOY, steps=12), images=pictures, device="cpu")

    def stop(course: Course) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Course, "_judge", stop)
        with pytest.raises(KeyboardInterrupt):
            train_lens(wish, ManualClock(), Hearing())
    assert TrainingFolder.of(wish.out).steps() == [12]
    asked = replace(wish, settings=replace(wish.settings, steps=steps))
    assert train_lens(asked, ManualClock(), Hearing()).outcome.step == 12


def test_a_training_that_lost_itself_says_so() -> None:
    training = Training(replace(TOY, rate=1e-3), CPU)
    lost = pairs()
    lost.wanted[:] = np.nan
    with pytest.raises(UsageError, match=r"lost itself at step 1.*--rate"):
        training.step(lost)


# --- wishes that cannot be met


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": None}, "give --archive DIR, or --images FOLDER"),
        ({"out": "toy.pt"}, "ends in .onnx"),
        ({"out": "My Lens.onnx"}, "small letters"),
        ({"out": "nowhere/toy.onnx"}, "is no folder"),
        ({"settings": replace(TOY, side_px=300)}, "--size 300 is none of 64, 128, 256, 512"),
        ({"settings": replace(TOY, filters=0)}, "--filters 0 is not from 1 to 64"),
        ({"settings": replace(TOY, shrink=1000)}, "--shrink 1000 is not from 2 to 16"),
        ({"device": "tpu"}, "--device 'tpu' is none of"),
        ({"licence": "two\nlines"}, "--licence is to be one line"),
        ({"attribution": "x" * 1001}, "--attribution is to be one line of 1 to 1000 characters"),
    ],
)
def test_wrong_wishes_are_one_line(
    tmp_path: Path, pictures: Path, changes: dict[str, object], said: str
) -> None:
    wish = Wish(tmp_path / "toy.onnx", TOY, images=pictures, device="cpu")
    out = tmp_path / str(changes.pop("out", "toy.onnx"))
    with pytest.raises(UsageError) as told:
        train_lens(replace(wish, out=out, **changes), ManualClock(), Hearing())  # type: ignore[arg-type]
    assert said in str(told.value)


def test_all_settings_that_are_wrong_are_said_at_once() -> None:
    with pytest.raises(UsageError, match=r"--size 3 .*; --filters 999 "):
        Settings(side_px=3, filters=999).refuse_nonsense()


# --- the command


def test_the_command_trains_and_tells(tmp_path: Path, pictures: Path) -> None:
    out = tmp_path / "cloudy.onnx"
    asked = ["lens", "train", "--images", str(pictures), "-o", str(out), "--size", "64"]
    asked += ["--filters", "4", "--shrink", "8", "--steps", "20", "--perceptual", "0"]
    done = CliRunner().invoke(app, [*asked, "--device", "cpu", "--threads", "1"])
    assert done.exit_code == 0, done.output
    assert "20 steps" in done.output or "steps to go: about" in done.output
    assert "cpu (1 threads)" in done.output
    assert out.exists()
    listed = CliRunner().invoke(app, ["lens", "list", "--lens", str(out), "--json"])
    cards = json.loads(listed.output)
    assert cards[0]["name"] == "cloudy"


@pytest.mark.parametrize(
    ("raised_in", "more", "said"),
    [
        ("schoolbook", [], "stopped before it learned anything"),
        ("keep", [], "stopped; the same command goes on from here"),
        ("keep", ["--fresh"], "stopped; the same command, without --fresh, goes on from here"),
    ],
)
def test_stopped_by_hand_it_says_how_to_go_on(
    tmp_path: Path,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised_in: str,
    more: list[str],
    said: str,
) -> None:
    calls: list[str] = []
    real = Course.keep

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    def stop_once(course: Course) -> None:
        calls.append(raised_in)
        if len(calls) == 1:
            raise KeyboardInterrupt
        real(course)

    if raised_in == "keep":
        monkeypatch.setattr(Course, "keep", stop_once)
    else:
        monkeypatch.setattr(f"livematch.lens.school.{raised_in}", stop)
    asked = ["lens", "train", "--images", str(pictures), "-o", str(tmp_path / "toy.onnx"), *more]
    asked += ["--size", "64", "--filters", "4", "--shrink", "8", "--steps", "10"]
    asked += ["--perceptual", "0", "--device", "cpu", "--threads", "1"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == STOPPED
    assert said in done.output

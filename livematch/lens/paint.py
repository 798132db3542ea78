"""A lens at work: a checked network in an ONNX Runtime session, and what it makes of a picture."""

from dataclasses import replace

import cv2
import numpy as np

from livematch.embed.declared import described, differences
from livematch.embed.providers import GpuShare, ProviderReport
from livematch.embed.runtime import REFUSALS, start
from livematch.errors import ModelError
from livematch.lens.card import LensCard
from livematch.lens.preparing import USUAL_LOOK, Look, prepare
from livematch.values import Image, Vector

# A painting is looked at and never compared: TF32's ten bits are more than the eight shown. The
# memory is for up to 512 pixels, where 32 filters need a quarter of it.
PAINTING = GpuShare(1024**3, is_exact=False)

OVERSHOOT = 1e-3  # of tanh, as providers approximate it: an eighth of a grey level
HALF = 127.5  # −1 to 1 becomes 0 to 255


class Lens:
    """A network that repaints pictures, one at a time; made, used and dropped by one thread.

    `report` says what it runs on; whoever starts it shows that. `threads` is how many cores it may
    take on the CPU. Raises ModelError when the file is not what the card says.
    """

    def __init__(self, card: LensCard, provider: str = "auto", threads: int = 1) -> None:
        self._card = card
        started = start(card.read_network(), card.path, provider, threads, gpu_share(card.side))
        self._session = started.session
        self._report = started.report
        side = card.side
        faults = differences(
            described(self._session.get_inputs()),
            described(self._session.get_outputs()),
            (card.input, (1, 1, side, side)),
            {card.output: (1, 3, side, side)},
        )
        if faults:
            raise ModelError(
                f"{card.path} and its card disagree: {'; '.join(faults)}."
                " Take the card that was written with it, or export the lens again"
            )

    @property
    def card(self) -> LensCard:
        """The lens's sidecar."""
        return self._card

    @property
    def report(self) -> ProviderReport:
        """What was asked for and what runs."""
        return self._report

    def warm_up(self) -> None:
        """Paint once: the first run plans memory and picks kernels, and shows the real shapes.

        Raises ModelError as `paint` does: what is shown has every light there is.
        """
        side = self._card.side
        self.planes(np.linspace(-1, 1, side * side, dtype=np.float32).reshape(side, side))

    def paint(self, image: Image, look: Look = USUAL_LOOK) -> Image:
        """Repaint a uint8 BGR picture (h, w, 3) of any size: BGR (side, side, 3), a new array.

        Raises ModelError when the network fails, or gives what cannot be shown.
        """
        card = self._card
        return shown(self.planes(prepare(image, card.side, card.shrink, look)))

    def planes(self, seen: Vector) -> Vector:
        """Give what the network makes of a prepared picture: float32 (3, side, side), −1 to 1."""
        card = self._card
        try:
            (output,) = self._session.run([card.output], {card.input: seen[None, None]})
        except REFUSALS as error:
            raise ModelError(f"{card.name} failed on {self._report.got}: {error}") from error
        expected = (1, 3, card.side, card.side)
        if output.shape != expected:
            raise ModelError(
                f"{card.path}: output {card.output} has shape {output.shape}, its card says"
                f" {expected}: take the card that was written with it, or export the lens again"
            )
        painted: Vector = output[0]
        # NumPy's least and greatest are not numbers as soon as one value is not
        least, greatest = float(painted.min()), float(painted.max())
        if not (np.isfinite(least) and np.isfinite(greatest)):
            raise ModelError(
                f"{card.name} gave values that are not numbers on {self._report.got}:"
                " ask for another provider (cpu), or take another lens"
            )
        if least < -1 - OVERSHOOT or greatest > 1 + OVERSHOOT:
            raise ModelError(
                f"{card.path} gave values from {least:.3g} to {greatest:.3g}, a painting has -1 to"
                " 1: a lens ends in tanh, export it again"
            )
        return painted


def gpu_share(side_px: int) -> GpuShare:
    """Say how a lens of that side may use a GPU: the memory grows with the picture."""
    times = max(1, (side_px // 512) ** 2)
    return replace(PAINTING, memory_bytes=times * PAINTING.memory_bytes)


def shown(painted: Vector) -> Image:
    """Turn planes of red, green and blue, −1 to 1, into a picture: uint8 BGR, a new array.

    Pure; any thread.
    """
    # it takes absolute values: what overshoots −1 comes back from below 0, by less than is rounded
    red, green, blue = (cv2.convertScaleAbs(plane, None, HALF, HALF) for plane in painted)
    return np.asarray(cv2.merge((blue, green, red)), np.uint8)

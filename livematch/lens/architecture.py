"""The plan of a lens: how many layers of which width, what that weighs and what it costs. Pure.

A U-Net (Ronneberger et al., 2015) as in pix2pix (Isola et al., 2017): the picture is halved until
it is two pixels wide and brought back, and each size on the way back sees that on the way in.
Memo Akten's advice is few filters rather than few layers: the inmost ones see the whole picture.
"""

from dataclasses import dataclass

SIDES = (64, 128, 256, 512)  # pixels that a lens can have; the smallest are for trying out
FILTERS = (4, 8, 12, 16, 24, 32)  # what the size table shows
INMOST_PX = 2  # instance normalisation knows nothing of a single pixel
WIDEST = 8  # times the base filters

DOWN_KERNEL, UP_KERNEL = 4, 3


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution: channels in and out, its kernel, and the side of what it gives, in pixels.

    `is_normed` says that instance normalisation follows, with a scale and a shift per channel.
    """

    inputs: int
    outputs: int
    kernel: int
    side_px: int
    is_normed: bool

    @property
    def weights(self) -> int:
        """How many numbers it has learned."""
        return self.inputs * self.outputs * self.kernel**2 + self.outputs * (
            2 if self.is_normed else 1
        )

    @property
    def products(self) -> int:
        """How many multiplications one picture takes."""
        return self.inputs * self.outputs * self.kernel**2 * self.side_px**2


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole network: the way down, the way up, and the last look at full size."""

    side_px: int
    filters: int
    down: tuple[Layer, ...]
    up: tuple[Layer, ...]
    last: Layer

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every convolution, in the order of the picture's way."""
        return (*self.down, *self.up, self.last)

    @property
    def size_mb(self) -> float:
        """How large the file will be, in megabytes."""
        return sum(layer.weights for layer in self.layers) * 4 / 1e6

    @property
    def products(self) -> int:
        """How many multiplications one painting takes."""
        return sum(layer.products for layer in self.layers)


def plan(side_px: int, filters: int) -> Plan:
    """Plan a lens of a side, a power of two, with so many base filters."""
    if side_px < 4 * INMOST_PX or side_px & (side_px - 1):
        raise ValueError(f"no lens is {side_px} pixels wide")
    down: list[Layer] = []
    channels, side = 1, side_px
    while side > INMOST_PX:
        side //= 2
        outputs = filters * min(WIDEST, 2 ** len(down))
        is_first = not down
        down.append(Layer(channels, outputs, DOWN_KERNEL, side, is_normed=not is_first))
        channels = outputs
    up: list[Layer] = []
    for beside in reversed((None, *down[:-1])):
        side *= 2
        outputs = filters if beside is None else beside.outputs
        up.append(Layer(channels, outputs, UP_KERNEL, side, is_normed=True))
        channels = outputs if beside is None else outputs + beside.outputs
    last = Layer(channels, 3, UP_KERNEL, side, is_normed=False)
    return Plan(side_px, filters, tuple(down), tuple(up), last)

"""What a lens is trained on: the best device that torch finds; needs the extra `lens`."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from livematch.errors import UsageError

DEVICES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True, slots=True)
class Machine:
    """A torch device, what people call it, and whether half precision pays there."""

    device: torch.device
    name: str
    is_mixed: bool

    def precision(self) -> AbstractContextManager[Any]:
        """Compute in bfloat16 where that pays; its range is float32's, so no loss is scaled."""
        if self.is_mixed:
            mixed: AbstractContextManager[Any] = torch.autocast(self.device.type, torch.bfloat16)
            return mixed
        return nullcontext()


def find_machine(asked: str = "auto", threads: int | None = None) -> Machine:
    """Choose CUDA, Apple's GPU or the processor; UsageError when what was asked for is not there.

    On the processor, and on NVIDIA's GPUs before Ampere, bfloat16 is emulated where there are no
    instructions for it, and on Apple's GPU it saves nothing: they compute in float32.
    """
    if asked not in DEVICES:
        raise UsageError(f"--device {asked!r} is none of {', '.join(DEVICES)}")
    if asked in {"auto", "cuda"} and torch.cuda.is_available():
        name = f"cuda ({torch.cuda.get_device_name()})"
        torch.backends.cudnn.benchmark = True  # shapes never change
        is_mixed = bool(torch.cuda.is_bf16_supported(including_emulation=False))
        return Machine(torch.device("cuda"), name, is_mixed)
    if asked in {"auto", "mps"} and torch.backends.mps.is_available():
        return Machine(torch.device("mps"), "mps (Apple)", is_mixed=False)
    if asked in {"cuda", "mps"}:
        raise UsageError(
            f"--device {asked}: torch finds none here; install a torch that does, or take"
            " --device cpu"
        )
    if threads:
        torch.set_num_threads(threads)
    return Machine(torch.device("cpu"), f"cpu ({torch.get_num_threads()} threads)", is_mixed=False)

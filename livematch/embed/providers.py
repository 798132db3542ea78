"""On what the network runs: which ONNX Runtime providers to ask for, and what came of it.

ONNX Runtime answers a request it cannot meet with a session on the CPU and no exception. On a
stage that is a picture that lags for no visible reason, so what was asked is compared with what
was got, and the difference is one loud line with its remedy.
"""

import ctypes
import importlib.metadata
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from platformdirs import user_cache_path

from livematch.errors import ModelError

TENSORRT, CUDA = "TensorrtExecutionProvider", "CUDAExecutionProvider"
COREML, CPU = "CoreMLExecutionProvider", "CPUExecutionProvider"
NAMES: Mapping[str, str] = {"tensorrt": TENSORRT, "cuda": CUDA, "coreml": COREML, "cpu": CPU}
ASKABLE = ("auto", *NAMES)

# These two compile the network for one input shape and do it again for each new one.
FIXED_SHAPES = frozenset({TENSORRT, COREML})

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GpuShare:
    """How a network uses a GPU: how much of its memory at most, and how exactly it computes.

    By default the arena takes what it likes, from the same card that decodes films and draws the
    program. Exact is without TF32, which keeps ten bits.
    """

    memory_bytes: int
    is_exact: bool


# The networks need a tenth of the memory. TF32 saves nothing noticeable on networks this small, and
# an archive indexed on one machine should be searched on another with equal vectors.
EMBEDDING = GpuShare(2 * 1024**3, is_exact=True)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine offers: ONNX Runtime's own list, the driver, the installed packages."""

    available: tuple[str, ...]  # provider names, as onnxruntime.get_available_providers()
    driver: bool  # an NVIDIA driver can be loaded
    packages: frozenset[str]  # which distributions of ONNX Runtime are installed
    system: str = sys.platform
    missing: tuple[str, ...] = ()  # CUDA libraries that could not be loaded


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """What was asked for and what runs, by short name; `remedy` where they differ."""

    asked: str
    got: str
    remedy: str | None = None

    def __str__(self) -> str:
        if self.remedy is None:
            return f"network on {self.got} (asked for {self.asked})"
        return f"ASKED FOR {self.asked.upper()}, GOT {self.got.upper()}: {self.remedy}"


def survey(available: Sequence[str]) -> Surroundings:
    """Look at this machine: is there a driver, which packages are installed."""
    return Surroundings(tuple(available), _has_driver(), _runtime_packages())


def choose(asked: str, around: Surroundings) -> list[str]:
    """Choose the providers to ask ONNX Runtime for, best first; the CPU is always the last.

    `auto` is CUDA where there is a driver, CoreML on a Mac, else the CPU. TensorRT only when
    asked for by name: it builds an engine first, which takes minutes, and the time it then saves
    on networks this small is below a frame. Raises ModelError for an unknown name.
    """
    if asked not in ASKABLE:
        near = get_close_matches(asked, ASKABLE, n=1)
        hint = f", did you mean {near[0]}?" if near else ":"
        raise ModelError(f"there is no provider {asked!r}{hint} Known are {', '.join(ASKABLE)}")
    if asked == "auto":
        # without a driver CUDA is listed all the same; trying it would only print its complaints
        wanted = ([CUDA] if around.driver else []) + [COREML]
    else:
        # TensorRT hands what it cannot run to CUDA
        wanted = [TENSORRT, CUDA] if asked == "tensorrt" else [NAMES[asked]]
    return [name for name in wanted if name in around.available and name != CPU] + [CPU]


def options(provider: str, share: GpuShare = EMBEDDING) -> dict[str, str]:
    """Give the settings one provider is created with."""
    if provider == CUDA:
        return {
            "cudnn_conv_algo_search": "HEURISTIC",  # the default tries all: seconds a shape
            "gpu_mem_limit": str(share.memory_bytes),
            "arena_extend_strategy": "kSameAsRequested",
            "use_tf32": "0" if share.is_exact else "1",
        }
    if provider == TENSORRT:
        return {
            "trt_engine_cache_enable": "True",  # the minutes are spent once
            "trt_engine_cache_path": str(user_cache_path("livematch", "livematch") / "tensorrt"),
        }
    if provider == COREML:
        return {"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}
    return {}


def report(asked: str, got: str, around: Surroundings) -> ProviderReport:
    """Compare what was asked with the first provider the session really has.

    `got` is ONNX Runtime's name of it.
    """
    short = {full: name for name, full in NAMES.items()}
    got_name = short.get(got, got)
    if asked == got_name:
        return ProviderReport(asked, got_name)
    if asked == "auto" and (got != CPU or not _expected_more(around)):
        return ProviderReport(asked, got_name)
    return ProviderReport(asked, got_name, remedy(asked, got, around))


def _expected_more(around: Surroundings) -> bool:
    """Tell whether the CPU is a disappointment under `auto`: there is a GPU to be had."""
    return around.driver or COREML in around.available


def remedy(asked: str, got: str, around: Surroundings) -> str:
    """Say why the provider asked for does not run here and what to do; the first cause that holds.

    `got` is ONNX Runtime's name of the one that does.
    """
    mac = around.system == "darwin"
    cuda = asked in {"cuda", "tensorrt"}
    causes = (
        (
            got == CUDA,
            (
                "TensorRT's libraries are missing or refused the network:"
                " pip install tensorrt, or ask for cuda"
            ),
        ),
        (mac and cuda, "there is no CUDA on macOS: ask for auto or coreml"),
        (mac, "CoreML refused the network: update macOS, or ask for cpu to keep this quiet"),
        (asked == "coreml", "CoreML exists on macOS only: ask for auto, cuda or cpu"),
        (
            {"onnxruntime", "onnxruntime-gpu"} <= around.packages,
            (
                "onnxruntime and onnxruntime-gpu are both installed and overwrite each other:"
                " pip uninstall -y onnxruntime onnxruntime-gpu, then pip install 'livematch[cuda]'"
            ),
        ),
        (
            CUDA not in around.available,
            (
                "the installed ONNX Runtime has no CUDA:"
                " pip uninstall -y onnxruntime, then pip install 'livematch[cuda]'"
            ),
        ),
        (
            not around.driver,
            (
                "no NVIDIA driver was found on this machine: install it (nvidia-smi must list the"
                " card), or ask for cpu"
            ),
        ),
        (
            bool(around.missing),
            (
                f"CUDA libraries are missing ({', '.join(around.missing[:3])}):"
                " pip install 'livematch[cuda]'"
            ),
        ),
    )
    unknown = (
        "the driver or the card refused CUDA: update the NVIDIA driver (nvidia-smi shows which"
        " CUDA it knows), and free GPU memory"
    )
    return next((text for holds, text in causes if holds), unknown)


def _has_driver() -> bool:
    """Try to load the driver's own library, which only a driver installs."""
    if sys.platform == "darwin":
        return False
    try:
        if sys.platform == "win32":
            ctypes.WinDLL("nvcuda.dll")
        else:
            ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _runtime_packages() -> frozenset[str]:
    """List the installed distributions that all provide the module `onnxruntime`."""
    names = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-silicon", "onnxruntime-directml")
    found = set()
    for name in names:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
    return frozenset(found)

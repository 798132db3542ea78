"""Films made for tests: small, quick, with known cuts, in all the odd forms that films come in.

Each *scene* is a texture of its own, drifting slowly, so that a change of scene is a cut and
nothing else is. Nothing here needs the `ffmpeg` program.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import PictureType

from livematch.values import Image

SIZE = (192, 108)


@dataclass(frozen=True)
class Recipe:
    """How to make a film. `scenes` are (number of the texture, frames); sizes are as stored.

    `ticks` places frame n in 1/1000 s; None leaves it to `fps`. `turned` is a rotation tag in
    degrees, `pixel` the pixels' aspect ratio, `hold` a first time stamp in seconds.
    """

    suffix: str = ".mp4"
    codec: str = "libx264"
    scenes: Sequence[tuple[int, int]] = ((1, 20), (2, 25))
    size: tuple[int, int] = SIZE
    fps: Fraction | int = 25
    pixels: str = "yuv420p"
    muxer: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    turned: int = 0
    pixel: Fraction = Fraction(1)
    hold_s: float = 0.0
    ticks: Callable[[int], int] | None = None
    sound: bool = False

    @property
    def frames(self) -> int:
        return sum(frames for _, frames in self.scenes)


VARIABLE = (0, 40, 75, 130, 260, 290)  # ms within a group of six frames that lasts 320


def variable(number: int) -> int:
    """Milliseconds of frame `number` of a film with a variable frame rate."""
    return number // len(VARIABLE) * 320 + VARIABLE[number % len(VARIABLE)]


X264 = {"preset": "ultrafast", "crf": "20"}

ODD: dict[str, Recipe] = {
    "h264.mp4": Recipe(options=X264 | {"bf": "2"}, sound=True),
    "no-sound.mov": Recipe(".mov", options=X264),
    "h265.mkv": Recipe(
        ".mkv", "libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}
    ),
    "vp9.webm": Recipe(".webm", "libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"}),
    "vp8.webm": Recipe(".webm", "libvpx", options={"deadline": "realtime", "cpu-used": "8"}),
    "alpha.webm": Recipe(
        ".webm", "libvpx-vp9", pixels="yuva420p", options={"deadline": "realtime", "cpu-used": "8"}
    ),
    "alpha.mov": Recipe(".mov", "png", pixels="rgba"),
    "xvid.avi": Recipe(".avi", "mpeg4", options={"bf": "2", "qmin": "3", "qmax": "3"}),
    "mjpeg.avi": Recipe(".avi", "mjpeg", pixels="yuvj420p"),
    "mpeg1.mpg": Recipe(".mpg", "mpeg1video", options={"qmin": "2", "qmax": "3"}),
    "mpeg2.vob": Recipe(".vob", "mpeg2video", muxer="vob", options={"qmin": "2", "qmax": "3"}),
    "mpeg2.ts": Recipe(".ts", "mpeg2video", muxer="mpegts", options={"qmin": "2", "qmax": "3"}),
    "h264.m2ts": Recipe(".m2ts", muxer="mpegts", options=X264),
    "wmv.wmv": Recipe(".wmv", "wmv2", muxer="asf", options={"qmin": "2", "qmax": "3"}),
    "flash.flv": Recipe(".flv", "flv", options={"qmin": "2", "qmax": "3"}),
    "phone.3gp": Recipe(".3gp", options=X264, size=(176, 144)),
    "prores.mov": Recipe(".mov", "prores_ks", pixels="yuv422p10le"),
    "ffv1.mkv": Recipe(".mkv", "ffv1", pixels="yuv444p"),
    "loop.gif": Recipe(".gif", "gif", pixels="rgb8", fps=10, scenes=((1, 10), (2, 10))),
    "raw.y4m": Recipe(".y4m", "wrapped_avframe", muxer="yuv4mpegpipe"),
    "no-time-stamps.h264": Recipe(".h264", muxer="h264", options=X264 | {"bf": "0"}),
    "broadcast.mxf": Recipe(".mxf", "mpeg2video", options={"qmin": "2", "qmax": "3"}),
    "ten-bit.mkv": Recipe(".mkv", pixels="yuv420p10le", options=X264),
    "odd-size.mkv": Recipe(".mkv", "ffv1", size=(191, 107), pixels="yuv444p"),
    "portrait.mp4": Recipe(options=X264, size=(576, 1024), scenes=((1, 8), (2, 12))),
    "turned.mp4": Recipe(options=X264, turned=90),
    "upside-down.mov": Recipe(".mov", options=X264, turned=180),
    "anamorphic.mp4": Recipe(options=X264, size=(144, 116), pixel=Fraction(64, 45)),
    "variable.mkv": Recipe(".mkv", options=X264, ticks=variable),
    "variable.mp4": Recipe(options=X264, ticks=variable),
    "late.mkv": Recipe(".mkv", options=X264, hold_s=7.3),
    "late.ts": Recipe(
        ".ts", "mpeg2video", muxer="mpegts", hold_s=90_000.0, options={"qmin": "2", "qmax": "3"}
    ),
    "interlaced.mp4": Recipe(options=X264 | {"x264-params": "tff=1"}),
    "ntsc.mp4": Recipe(options=X264, fps=Fraction(30000, 1001)),
    "fast.mp4": Recipe(options=X264, fps=120, scenes=((1, 60), (2, 60))),
    "slow.mkv": Recipe(".mkv", "ffv1", fps=1, scenes=((1, 4), (2, 5))),
    "one-frame.mp4": Recipe(options=X264, scenes=((1, 1),)),
    "two-frames.mkv": Recipe(".mkv", "ffv1", scenes=((1, 2),)),
    "tiny.avi": Recipe(".avi", "rawvideo", pixels="bgr24", size=(16, 9)),
}


def texture(scene: int, size: tuple[int, int]) -> Image:
    """Make the picture of a scene: soft blotches, never the same in two scenes."""
    rng = np.random.default_rng(scene)
    coarse = rng.integers(20, 236, (6, 9, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def pictures(scenes: Sequence[tuple[int, int]], size: tuple[int, int]) -> list[Image]:
    """Draw all frames of some scenes."""
    drawn = []
    for scene, frames in scenes:
        still = texture(scene, size)
        drawn += [np.roll(still, number // 4, axis=1) for number in range(frames)]
    return drawn


def write(path: Path, recipe: Recipe) -> Path:
    """Write a film by its recipe."""
    return write_pictures(path, pictures(recipe.scenes, recipe.size), recipe)


def write_pictures(
    path: Path, drawn: Sequence[Image], recipe: Recipe = Recipe(options=X264)
) -> Path:
    """Write pictures as a film."""
    with av.open(f"file:{path}", "w", format=recipe.muxer) as container:
        stream = container.add_stream(recipe.codec, rate=recipe.fps, options=recipe.options)
        stream.width, stream.height = drawn[0].shape[1], drawn[0].shape[0]
        stream.pix_fmt = recipe.pixels
        if recipe.ticks is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if recipe.pixel != 1:
            stream.codec_context.sample_aspect_ratio = recipe.pixel
        if recipe.turned:
            stream.set_display_rotation(recipe.turned)
        sound = container.add_stream("aac", rate=44_100) if recipe.sound else None
        base = Fraction(1, 1000) if recipe.ticks else 1 / Fraction(recipe.fps)
        hold = round(Fraction(recipe.hold_s) / base)
        for number, image in enumerate(drawn):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=recipe.pixels)
            frame.pts = hold + (recipe.ticks(number) if recipe.ticks else number)
            frame.time_base = base
            frame.pict_type = PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            for start in range(0, 44_100, 1024):
                quiet = av.AudioFrame.from_ndarray(
                    np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
                )
                quiet.sample_rate, quiet.pts = 44_100, start
                container.mux(sound.encode(quiet))
            container.mux(sound.encode(None))
    return path


def times_of(path: Path) -> list[float]:
    """Read the time of every frame of a film, counted from the first."""
    with av.open(f"file:{path}") as container:
        times = [frame.time for frame in container.decode(video=0)]
    known = [time for time in times if time is not None]
    assert len(known) == len(times), f"{path.name} has no time stamps"
    return [time - known[0] for time in known]


def read_frames(path: Path) -> list[Image]:
    """Decode a film to BGR."""
    with av.open(f"file:{path}") as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]

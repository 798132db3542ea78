import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from render_kit import (
    bgr,
    dissolved,
    drawn,
    flat,
    opened,
    rgb_from_yuv,
    shown,
    to_light,
    to_srgb,
)

from livematch.control.params import Fit, Layout, Params
from livematch.errors import DisplayError
from livematch.render import gl
from livematch.render.compositor import Compositor, weighed
from livematch.render.measure import draw_speed
from livematch.render.offscreen import OffscreenSurface, open_offscreen
from livematch.render.window import open_window
from livematch.values import Colours, Frame, Layer, Picture, PixelFormat, Source

SIZE = (64, 48)
RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)  # BGR


@pytest.fixture(scope="module")
def surface() -> Iterator[OffscreenSurface]:
    surface = opened(SIZE)
    yield surface
    surface.close()


@pytest.fixture
def compositor() -> Compositor:
    return Compositor()


def lens(opacity: float = 1.0) -> Layer:
    """Make a layer of the painting."""
    return Layer(Source.LENS, -1, None, opacity)


def every_grey() -> tuple[Picture, Picture]:
    """Two pictures whose pixels meet in very many pairs of values."""
    width, height = SIZE
    ramp = np.linspace(0, 255, width * height).reshape(height, width)
    below = np.stack([ramp, np.roll(ramp, 17, 1), 255 - ramp], axis=2)
    above = np.stack([np.roll(ramp, 9, 0), 255 - ramp, np.roll(ramp, 31, 1)], axis=2)
    return bgr(below), bgr(above)


@pytest.mark.parametrize("opacity", [0.0, 0.02, 0.25, 0.5, 0.9, 1.0])
def test_a_crossfade_is_mixed_in_linear_light(
    surface: OffscreenSurface, compositor: Compositor, opacity: float
) -> None:
    below, above = every_grey()
    seen = drawn(surface, compositor, shown(below), shown(above, 1, opacity))
    want = dissolved(below.planes[0], above.planes[0], opacity)
    assert np.abs(seen - want).max() <= 1.0


def test_a_fade_from_black_is_in_linear_light_too(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    picture, _ = every_grey()
    seen = drawn(surface, compositor, shown(picture, opacity=0.3))
    want = dissolved(np.zeros_like(picture.planes[0]), picture.planes[0], 0.3)
    assert np.abs(seen - want).max() <= 1.0


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("fading", [False, True])
def test_yuv_is_what_the_standards_say(
    surface: OffscreenSurface, compositor: Compositor, matrix: str, full_range: bool, fading: bool
) -> None:
    # six by five flat patches, so that no filter has a say
    values = list(itertools.product((16, 82, 145, 200, 235), (64, 128, 190), (70, 170)))
    patches = np.array(values, np.uint8).reshape(5, 6, 3)
    luma = patches[..., 0].repeat(8, 0).repeat(8, 1)
    chroma = patches.repeat(4, 0).repeat(4, 1)
    colours = Colours(matrix, full_range)
    planes = (luma, chroma[..., 1].copy(), chroma[..., 2].copy())
    picture = Picture(planes, PixelFormat.YUV420, 64 / 48, 0.0, colours=colours)
    layers = [shown(picture)]
    if fading:
        layers.append(shown(flat((0, 0, 0), SIZE), 1, 0.5))
    seen = drawn(surface, compositor, *layers)
    want = rgb_from_yuv(patches.astype(float), colours)[..., ::-1]
    if fading:
        want = dissolved(want, np.zeros_like(want), 0.5)
    for row, column in np.ndindex(5, 6):
        x, y = round((column + 0.5) * 64 / 6), round((row + 0.5) * 48 / 5)
        assert np.abs(seen[y, x] - want[row, column]).max() <= 2, (row, column)


def test_pixel_for_pixel_a_picture_is_untouched(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    np.testing.assert_array_equal(drawn(surface, compositor, shown(bgr(noise))), noise)


def test_a_smaller_picture_is_enlarged_smoothly(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    stripes = np.zeros((6, 8, 3), np.uint8)
    stripes[:, ::2] = 255
    seen = drawn(surface, compositor, shown(bgr(stripes)))
    between = (seen > 40) & (seen < 215)
    assert between.mean() > 0.5


def quarters() -> np.ndarray:
    """Red, green / blue, white."""
    image = np.full((48, 48, 3), 255, np.uint8)
    image[:24, :24], image[:24, 24:], image[24:, :24] = RED, GREEN, BLUE
    return image


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_quarter_turns_are_clockwise(
    surface: OffscreenSurface, compositor: Compositor, turns: int
) -> None:
    seen = drawn(surface, compositor, shown(bgr(quarters(), turns)))[:, 8:56]
    want = np.rot90(quarters(), -turns)
    inner = np.s_[4:-4:8, 4:-4:8]
    np.testing.assert_array_equal(seen[inner], want[inner])


def test_a_tall_film_turned_is_wide(surface: OffscreenSurface, compositor: Compositor) -> None:
    image = np.zeros((64, 48, 3), np.uint8)
    image[:32] = RED  # the top half; a turn clockwise brings it to the right
    seen = drawn(surface, compositor, shown(bgr(image, 1)))
    assert tuple(seen[24, 60]) == RED
    assert tuple(seen[24, 4]) == (0, 0, 0)


def test_fit_leaves_bars_and_fill_leaves_none(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    wide = np.full((24, 64, 3), 255, np.uint8)
    wide[:, :10] = RED
    fitted = drawn(surface, compositor, shown(bgr(wide)))
    assert not fitted[:12].any()
    assert not fitted[36:].any()
    assert fitted[12:36].all(axis=(0, 1))[2]
    filled = drawn(surface, compositor, shown(bgr(wide)), params=Params(fit=Fit.FILL))
    assert np.all(filled == 255)  # the red edge is cropped, and nothing is black


def test_a_program_that_matches_has_the_shape_of_the_camera(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    wide = Frame(1, 0.0, np.full((16, 64, 3), 255, np.uint8))
    tall = flat((90, 90, 90), (24, 48))
    seen = drawn(surface, compositor, shown(tall), camera=wide, params=Params(fit=Fit.MATCH))
    lit = seen.any(axis=(1, 2))
    assert lit.sum() == 16  # the camera is four times as wide as high, and so is the program
    assert lit[16:32].all()
    assert seen[24].all()
    without = drawn(surface, compositor, shown(tall), params=Params(fit=Fit.MATCH))
    assert without.any(axis=(0, 2)).sum() == 24  # whole, as long as there is no camera


def test_two_shapes_crossfade_with_their_bars(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    wide, tall = flat((200, 200, 200), (64, 24)), flat((90, 90, 90), (24, 48))
    seen = drawn(surface, compositor, shown(wide), shown(tall, 1, 0.5)).astype(float)
    black = np.zeros(3)
    both = dissolved(np.full(3, 200.0), np.full(3, 90.0), 0.5)
    assert np.abs(seen[24, 32] - both).max() <= 1
    assert np.abs(seen[24, 2] - dissolved(np.full(3, 200.0), black, 0.5)).max() <= 1
    assert np.abs(seen[2, 32] - dissolved(black, np.full(3, 90.0), 0.5)).max() <= 1
    assert not seen[2, 2].any()


def camera_frame() -> Frame:
    """Left half green, right half white."""
    image = np.full((48, 64, 3), 255, np.uint8)
    image[:, :32] = GREEN
    return Frame(1, 0.0, image)


@pytest.mark.parametrize(("mirror", "left"), [(False, GREEN), (True, (255, 255, 255))])
def test_the_camera_is_mirrored_and_the_film_is_not(
    surface: OffscreenSurface, compositor: Compositor, mirror: bool, left: tuple[int, int, int]
) -> None:
    params = Params(screen=Layout.CAMERA, mirror=mirror)
    seen = drawn(surface, compositor, camera=camera_frame(), params=params)
    assert tuple(seen[24, 4]) == left
    film = np.full((48, 64, 3), 255, np.uint8)
    film[:, :32] = RED
    seen = drawn(surface, compositor, shown(bgr(film)), params=Params(mirror=mirror))
    assert tuple(seen[24, 4]) == RED


def test_side_by_side_is_camera_left_archive_right(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    params = Params(screen=Layout.SIDE_BY_SIDE, mirror=False)
    seen = drawn(surface, compositor, shown(flat(RED)), camera=camera_frame(), params=params)
    assert tuple(seen[24, 4]) == GREEN
    assert tuple(seen[24, 48]) == RED
    assert not seen[:, 31:33].any()


def test_blackout_is_black_whatever_there_is(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    params = Params(screen=Layout.SIDE_BY_SIDE, blackout=True)
    seen = drawn(surface, compositor, shown(flat(RED)), camera=camera_frame(), params=params)
    assert not seen.any()


def test_a_layer_without_a_picture_is_not_drawn(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    film = shown(flat(RED, SIZE))
    for missing in (shown(None, 1, 0.7), Layer(Source.CAMERA, 1, None, 1.0)):
        seen = drawn(surface, compositor, film, missing)
        assert (seen == RED).all()


def test_the_last_picture_stays_while_nothing_is_ready(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    drawn(surface, compositor, shown(flat(RED, SIZE)))
    assert (drawn(surface, compositor, shown(None, 1)) == RED).all()
    assert (drawn(surface, compositor) == RED).all()


def test_the_camera_and_black_can_be_the_program(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    film = shown(flat(RED, SIZE))
    camera = Layer(Source.CAMERA, 1, None, 1.0)
    params = Params(mirror=False)
    seen = drawn(surface, compositor, film, camera, camera=camera_frame(), params=params)
    assert tuple(seen[24, 4]) == GREEN
    half = drawn(surface, compositor, film, Layer(Source.BLACK, 1, None, 0.5))
    want = dissolved(np.array(RED), np.zeros(3), 0.5)
    assert np.abs(half - want).max() <= 1
    assert not drawn(surface, compositor, film, Layer(Source.BLACK, 1, None, 1.0)).any()


def test_only_what_is_new_is_brought_to_the_card(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    first, second, camera = flat(RED), flat(BLUE), camera_frame()
    params = Params(screen=Layout.SIDE_BY_SIDE)

    def uploads(*layers: Layer, seen_by: Frame = camera) -> int:
        before = compositor.uploads
        drawn(surface, compositor, *layers, camera=seen_by, params=params)
        return compositor.uploads - before

    assert uploads(shown(first)) == 2
    assert uploads(shown(first)) == 0
    assert uploads(shown(first), shown(second, 1, 0.4)) == 1
    assert uploads(shown(first), shown(second, 1, 0.6)) == 0
    assert uploads(shown(second, 1), seen_by=camera_frame()) == 1
    assert uploads(shown(replace(second), 1)) == 2  # another object, and the first camera again


def test_pictures_of_every_size_and_odd_width_share_a_deck(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    for size in ((7, 5), (640, 360), (33, 21), (7, 5)):
        colour = (size[0] % 256, 90, 200)
        seen = drawn(surface, compositor, shown(flat(colour, size)))
        assert np.abs(seen[24, 32].astype(int) - colour).max() <= 1


def test_a_compositor_goes_on_in_another_context(compositor: Compositor) -> None:
    for size in ((32, 32), (48, 40)):
        surface = opened(size)
        assert (drawn(surface, compositor, shown(flat(RED, size))) == RED).all()
        compositor.close()
        surface.close()
        surface.close()


def test_no_area_and_no_layers_are_no_reason_to_fail(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    surface.begin()
    for size in ((0, 0), (0, 48), (64, 0)):
        compositor.draw([shown(flat(RED))], None, Params(), size)
    compositor.draw([shown(flat(RED))], camera_frame(), Params(screen=Layout.SIDE_BY_SIDE), (1, 1))
    assert not drawn(surface, Compositor()).any()


def test_weights_add_up_to_no_more_than_all_light() -> None:
    red, blue = flat(RED), flat(BLUE)
    both = weighed([shown(red, 0, 0.8), shown(blue, 1, 0.25)], None)
    assert both is not None
    assert [entry.weight for entry in both] == pytest.approx([0.6, 0.25])
    hidden = weighed([shown(red), shown(blue, 1, 1.0)], None)
    assert hidden is not None
    assert [entry.picture for entry in hidden] == [blue]
    assert weighed([shown(None)], None) is None
    assert weighed([Layer(Source.BLACK, 0, None, 1.0)], None) == ()


def test_shares_of_one_picture_add_up_whichever_layers_it_lies_in() -> None:
    red, blue = flat(RED), flat(BLUE)
    layers = [lens(), shown(red, 0, 0.5), lens(0.3)]
    seen = weighed(layers, None, blue)
    assert seen is not None
    assert [(entry.picture, entry.weight) for entry in seen] == [
        (blue, pytest.approx(0.65)),
        (red, pytest.approx(0.35)),
    ]
    whole = weighed([lens(), lens(0.4)], None, blue)
    assert whole is not None
    assert [entry.weight for entry in whole] == pytest.approx([1.0])


def test_until_there_is_a_painting_what_lies_below_is_seen_whole() -> None:
    red = flat(RED)
    seen = weighed([shown(red), lens(0.7)], None, None)
    assert seen is not None
    assert [(entry.picture, entry.weight) for entry in seen] == [(red, 1.0)]
    assert weighed([lens()], None, None) is None


def test_a_veil_over_a_crossfade_is_mixed_in_linear_light(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    below, above = every_grey()
    painting = bgr(np.roll(above.planes[0], 5, 1)[..., ::-1])
    for fade, veil in ((0.3, 0.5), (0.9, 0.1), (0.5, 0.95)):
        layers = (shown(below), shown(above, 1, fade), lens(veil))
        params = Params(mirror=False)
        seen = drawn(surface, compositor, *layers, params=params, painting=painting)
        parts = [picture.planes[0] / 255 for picture in (below, above, painting)]
        shares = ((1 - fade) * (1 - veil), fade * (1 - veil), veil)
        light = sum(to_light(part) * share for part, share in zip(parts, shares, strict=True))
        assert np.abs(seen - to_srgb(light) * 255).max() <= 1.0


def test_a_veil_lies_over_films_of_every_shape_and_format(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    grey = np.full((8, 16), 128, np.uint8)
    chroma = np.full((4, 8), 128, np.uint8)
    wide = Picture((grey, chroma, chroma), PixelFormat.YUV420, 3.0, 0.0)
    tall = flat((128, 128, 128), (8, 16))
    layers = (shown(wide), shown(tall, 1, 0.5), lens(0.5))
    seen = drawn(surface, compositor, *layers, painting=flat(RED, (64, 48)))
    middle, left, top, corner = (
        seen[y, x].tolist() for y, x in ((24, 32), (24, 1), (1, 32), (1, 1))
    )
    assert middle[2] > 195  # half grey, half red, in light
    assert middle[0] == pytest.approx(middle[1])
    assert left[0] == pytest.approx(top[0], abs=2)  # a quarter of the grey each, beside its own
    assert 0 < left[0] < middle[0]
    assert corner[0] == 0  # of the painting alone
    assert corner[2] == pytest.approx(188, abs=2)


def test_the_painting_is_mirrored_as_the_camera_is(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32] = RED
    for mirror in (False, True):
        params = Params(screen=Layout.LENS, mirror=mirror)
        seen = drawn(surface, compositor, shown(flat(BLUE)), painting=bgr(image), params=params)
        assert (seen[20, 5] == ((0, 0, 0) if mirror else RED)).all()


def test_without_a_painting_its_layout_shows_the_program(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    seen = drawn(surface, compositor, shown(flat(BLUE, SIZE)), params=Params(screen=Layout.LENS))
    assert (seen == BLUE).all()


def test_a_painting_is_uploaded_once_wherever_it_is_seen(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    painting = flat(RED, SIZE)
    layers = (shown(flat(BLUE, SIZE)), lens(0.5))
    params = Params(screen=Layout.TRIPTYCH)
    drawn(surface, compositor, *layers, painting=painting, params=params)
    drawn(surface, compositor, lens(), painting=painting)
    assert compositor.uploads == 2


def test_a_headless_process_says_so_when_asked_for_a_window(surface: OffscreenSurface) -> None:
    assert gl.renderer()
    with pytest.raises(DisplayError, match="without a display already"):
        open_window((64, 64), "no")


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(DisplayError, match="0 × 5 pixels"):
        open_offscreen((0, 5))


class SteppingClock:
    """Moves by a millisecond whenever it is asked."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def now(self) -> float:
        self._now_s += 0.001
        return self._now_s

    def wait_until(self, when_s: float) -> None:
        raise AssertionError(f"drawing at full speed does not wait until {when_s}")


def test_drawing_speed_is_measured_frame_by_frame_without_waiting(
    surface: OffscreenSurface, compositor: Compositor
) -> None:
    decks = [[flat(RED), flat(BLUE)], [flat(GREEN), flat(RED)]]
    frames_ms = draw_speed(surface, compositor, decks, 0.1, SteppingClock(), pictures_hz=100)
    # two readings a frame, so each lasts one step; and a new picture comes every ten
    assert frames_ms == pytest.approx([1.0] * len(frames_ms))
    assert 45 <= len(frames_ms) <= 52
    assert compositor.uploads == pytest.approx(2 * 10, abs=2)

"""One film, decoded once: all the odd forms films come in."""

import re
import weakref
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

import av
import films
import numpy as np
import pytest

from livematch.clock import SystemClock
from livematch.embed.describer import Describer
from livematch.embed.thumbnail import ThumbnailEmbedder
from livematch.errors import FilmError
from livematch.indexing import film as film_module
from livematch.indexing.film import FilmResult, FilmTask, index_film
from livematch.indexing.moments import Chosen, MomentChooser
from livematch.indexing.proxies import sweep
from livematch.indexing.scan import fingerprint
from livematch.indexing.shots import Boundary, Kind
from livematch.indexing.stage import Stage
from livematch.indexing.timeline import Timeline
from livematch.media import colours_of, open_film
from livematch.values import Glimpse, Image, Vector


def task_for(path: Path, *, proxy: bool = True, height_px: int = 720) -> FilmTask:
    folder = path.parent / "proxies"
    folder.mkdir(exist_ok=True)
    about = path.stat()
    key = fingerprint(path)
    return FilmTask(
        path, key, about.st_size, about.st_mtime_ns, folder if proxy else None, height_px
    )


def index(path: Path, *, proxy: bool = True, height_px: int = 720) -> FilmResult:
    describer = Describer(ThumbnailEmbedder())
    task = task_for(path, proxy=proxy, height_px=height_px)
    return index_film(task, describer, lambda done_s, all_s: None)


def proxy_of(result: FilmResult) -> Path:
    assert result.part is not None
    return result.part


# -- every form ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", films.ODD)
def test_every_odd_film_is_indexed_whole(name: str, tmp_path: Path) -> None:
    recipe = films.ODD[name]
    path = films.write(tmp_path / name, recipe)
    result = index(path)
    indexed = result.indexed
    assert result.warning is None

    # shots lie end to end, and the drawn cuts are among them
    assert indexed.shots[0].start_s == 0.0
    assert all(a.end_s == b.start_s for a, b in pairwise(indexed.shots))
    assert indexed.shots[-1].end_s == indexed.film.duration_s
    assert len(indexed.shots) == len(recipe.scenes)

    # every shot has its moments, inside it, and every moment its finite vector
    assert set(indexed.shots_of) == set(range(len(indexed.shots)))
    for time_s, shot in zip(indexed.times_s, indexed.shots_of, strict=True):
        assert indexed.shots[shot].start_s <= time_s < indexed.shots[shot].end_s
    assert len(indexed.vectors) == len(indexed.times_s)
    assert np.isfinite(indexed.vectors).all()
    assert len(indexed.thumbs) == len(indexed.shots)

    # the proxy has every picture at its own time, even sides, square pixels
    times = films.times_of(proxy_of(result))
    assert len(times) == recipe.frames
    assert times == pytest.approx(expected_times(path, recipe), abs=1e-6)
    check_shape(proxy_of(result), path)


def expected_times(path: Path, recipe: films.Recipe) -> list[float]:
    if name_has_no_times(path):
        return [number / float(recipe.fps) for number in range(recipe.frames)]
    return films.times_of(path)


def name_has_no_times(path: Path) -> bool:
    return path.suffix == ".h264"


def check_shape(proxy: Path, original: Path) -> None:
    with open_film(proxy) as opened, open_film(original) as source:
        assert opened.info.codec == "mjpeg"
        assert (opened.info.width % 2, opened.info.height % 2) == (0, 0)
        assert opened.info.quarter_turns == 0
        assert opened.info.start_s == 0.0
        assert opened.info.aspect == opened.info.width / opened.info.height
        width, height = source.info.upright_size
        shrunk = min(1.0, 720 / height)
        assert abs(opened.info.width - width * shrunk) <= 1
        assert abs(opened.info.height - height * shrunk) <= 1
        frame = next(opened.frames())
        assert frame.format.name == "yuvj420p"
        assert all(packet.is_keyframe for packet in opened.container.demux(video=0) if packet.size)


def test_what_the_proxy_shows_is_what_the_film_shows(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mov", films.ODD["no-sound.mov"])
    pairs = zip(films.read_frames(path), films.read_frames(proxy_of(index(path))), strict=True)
    for original, proxied in pairs:
        assert np.abs(original.astype(int) - proxied).mean() < 3.0


@pytest.mark.parametrize("name", ["turned.mp4", "upside-down.mov"])
def test_a_turned_film_stands_upright_in_its_proxy(name: str, tmp_path: Path) -> None:
    path = films.write(tmp_path / name, films.ODD[name])
    with open_film(path) as opened:
        turns = opened.info.quarter_turns
    assert turns != 0
    result = index(path)
    upright = np.rot90(films.read_frames(path)[0], -turns)
    proxied = films.read_frames(proxy_of(result))[0]
    assert proxied.shape == upright.shape
    assert np.abs(proxied.astype(int) - upright).mean() < 4.0
    thumb = result.indexed.thumbs[0]
    assert thumb.shape[0] / thumb.shape[1] == pytest.approx(
        upright.shape[0] / upright.shape[1], 0.05
    )


@pytest.mark.parametrize("matrix", [1, 5])  # as files name them: BT.709, BT.601
def test_colours_survive_the_change_of_matrix(matrix: int, tmp_path: Path) -> None:
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:, :64], picture[:, 64:] = (40, 60, 200), (180, 120, 30)
    path = tmp_path / "colours.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv444p"
        stream.codec_context.colorspace = matrix
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            coded = frame.reformat(format="yuv444p", dst_colorspace=matrix, dst_color_range=1)
            coded.pts = number
            container.mux(stream.encode(coded))
        container.mux(stream.encode(None))
    result = index(path)
    with open_film(proxy_of(result)) as opened:
        frame = next(opened.frames())
        assert colours_of(frame).matrix == "bt601"
        assert colours_of(frame).full_range
        shown = frame.to_ndarray(format="bgr24", src_colorspace=5, src_color_range=2)
    for x in (30, 98):
        assert shown[48, x].astype(int) == pytest.approx(picture[48, x].astype(int), abs=6)
        column = x * result.indexed.thumbs[0].shape[1] // 128
        assert result.indexed.thumbs[0][48, column].astype(int) == pytest.approx(
            picture[48, x].astype(int), abs=6
        )


def test_a_proxy_is_as_high_as_asked_and_never_larger_than_the_film(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mp4", films.ODD["portrait.mp4"])
    for asked, got in ((360, (202, 360)), (2000, (576, 1024))):
        with open_film(proxy_of(index(path, height_px=asked))) as opened:
            assert (opened.info.width, opened.info.height) == got


def test_without_a_proxy_nothing_is_written(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mp4", films.ODD["h264.mp4"])
    result = index(path, proxy=False)
    assert result.part is None
    assert result.indexed.film.proxy is None
    assert list((tmp_path / "proxies").iterdir()) == []


def test_moments_are_those_of_the_original_with_a_proxy_or_without(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mkv", films.ODD["late.mkv"])
    with_proxy, without = index(path).indexed, index(path, proxy=False).indexed
    assert np.array_equal(with_proxy.times_s, without.times_s)
    assert np.array_equal(with_proxy.vectors, without.vectors)


def test_about_two_moments_a_second(tmp_path: Path) -> None:
    recipe = films.Recipe(options=films.X264, scenes=((1, 250),))
    indexed = index(films.write(tmp_path / "a.mp4", recipe), proxy=False).indexed
    assert len(indexed.times_s) == 20
    assert np.diff(indexed.times_s) == pytest.approx(0.5, abs=0.09)


# -- damage ----------------------------------------------------------------------------------------


def cut_short(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("name", ["mpeg2.ts", "h265.mkv", "xvid.avi", "vp9.webm"])
def test_a_film_whose_tail_is_missing_is_indexed_as_far_as_it_goes(
    name: str, tmp_path: Path
) -> None:
    recipe = films.Recipe(**{**vars(films.ODD[name]), "scenes": ((1, 60), (2, 60))})
    path = films.write(tmp_path / name, recipe)
    cut_short(path, 0.6)
    result = index(path)
    assert 1.0 < result.indexed.film.duration_s < 4.6
    assert len(films.times_of(proxy_of(result))) >= 25


def test_a_film_that_announces_more_than_it_has_says_so(tmp_path: Path) -> None:
    recipe = films.Recipe(
        ".mp4", options={**films.X264, "movflags": "faststart"}, scenes=((1, 100), (2, 100))
    )
    path = films.write(tmp_path / "a.mp4", recipe)
    with (
        av.open(str(path)) as source,
        av.open(str(tmp_path / "b.mp4"), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut_short(tmp_path / "b.mp4", 0.5)
    result = index(tmp_path / "b.mp4")
    assert result.warning is not None
    assert (
        re.search(r"cut off: only \d\.\d of 8\.0 s", result.warning) or "damaged" in result.warning
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged beyond reading"),
        (b"no film at all" * 50, "damaged beyond reading"),
        (bytes(4096), "damaged beyond reading"),
    ],
)
def test_what_is_no_film_is_refused_with_the_reason(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(FilmError, match=reason):
        index(path)


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        for start in range(0, 44_100, 1024):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 44_100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(FilmError, match="no moving picture"):
        index(path)


def test_an_encrypted_film_is_refused(tmp_path: Path) -> None:
    plain = films.write(tmp_path / "plain.mp4", films.ODD["h264.mp4"])
    locked = tmp_path / "locked.mp4"
    keys = {"encryption_key": "76a6c65c5ea762046bd749a2e632ccbb", "encryption_kid": "a7" * 16}
    scheme = {"encryption_scheme": "cenc-aes-ctr"}
    with av.open(str(plain)) as source, av.open(str(locked), "w", options=scheme | keys) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(FilmError, match="is encrypted"):
        index(locked)


class BreaksDown:
    """A describer that fails on its second batch."""

    def __init__(self) -> None:
        self.batches = 0

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        self.batches += 1
        if self.batches == 2:
            raise FilmError("the network is unwell")
        return np.ones((len(glimpses), 4), np.float32)


def test_a_failing_network_fails_the_film_and_nothing_hangs(tmp_path: Path) -> None:
    recipe = films.Recipe(options=films.X264, scenes=((1, 600),))
    path = films.write(tmp_path / "a.mp4", recipe)
    with pytest.raises(FilmError, match="unwell"):
        index_film(task_for(path), BreaksDown(), lambda done_s, all_s: None)


def test_a_full_or_forbidden_disk_fails_the_film(tmp_path: Path) -> None:
    path = films.write(tmp_path / "a.mp4", films.ODD["h264.mp4"])
    task = task_for(path)
    (tmp_path / "proxies").rmdir()
    with pytest.raises(FilmError, match="cannot be written"):
        index_film(task, Describer(ThumbnailEmbedder()), lambda done_s, all_s: None)


# -- parts -----------------------------------------------------------------------------------------


def test_frames_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is bounded, frames and small pictures made of them, however long the shot is."""
    alive = most = 0
    look_at = film_module._Reading._look_at

    def counted(self: film_module._Reading, frame: av.VideoFrame) -> Callable[[], Image]:
        nonlocal alive, most
        look = look_at(self, frame)

        def gone() -> None:
            nonlocal alive
            alive -= 1

        alive += 1
        most = max(most, alive)
        weakref.finalize(look, gone)
        return look

    monkeypatch.setattr(film_module._Reading, "_look_at", counted)
    recipe = films.Recipe(options=films.X264, scenes=((1, 1500),))
    result = index(films.write(tmp_path / "long.mp4", recipe), proxy=False)
    assert len(result.indexed.shots) == 1
    assert 0 < most < 40
    assert alive == 0


def still(time_s: float) -> Image:
    return np.full((2, 2, 3), round(time_s * 10) % 256, np.uint8)


def test_moments_keep_away_from_cuts_and_from_dissolves() -> None:
    chooser = MomentChooser()
    times = [number / 25 for number in range(100)]
    boundary = Boundary(50, 2.0, Kind.GRADUAL, 1.6, 2.4)
    chosen = []
    for time_s in times:
        chooser.push(time_s, partial(still, time_s))
        if time_s < 2.5:
            chosen += chooser.advance([], min(time_s, 1.6))
        else:
            chosen += chooser.advance([boundary] if time_s == 2.52 else [], time_s - 0.1)
    chosen += chooser.finish([], 4.0)
    for moment in chosen:
        assert not 1.6 - 0.08 < moment.candidate.time_s < 2.4
    assert [shot.span.start_s for shot in chooser.closed] == [0.0, 2.0]


def chosen_at(times: list[float], boundaries: list[Boundary]) -> list[Chosen]:
    """What a film of stills has chosen, its boundaries known only at its end."""
    chooser = MomentChooser()
    for time_s in times:
        chooser.push(time_s, partial(still, time_s))
    return chooser.finish(boundaries, times[-1] + 0.04)


def hard_cut(time_s: float) -> Boundary:
    return Boundary(0, time_s, Kind.CUT, time_s, time_s)


@pytest.mark.parametrize("fps", [10, 12, 24, 25, 30, 50, 60])
def test_a_moment_has_the_picture_a_tenth_of_a_second_before(fps: int) -> None:
    for moment in chosen_at([number / fps for number in range(2 * fps)], []):
        glimpse, time_s = moment.candidate.glimpse, moment.candidate.time_s
        assert 0.08 - 1e-9 <= glimpse.apart_s <= 0.1 + 1e-9
        assert glimpse.before is not None
        assert np.array_equal(glimpse.image, still(time_s))
        assert np.array_equal(glimpse.before, still(time_s - glimpse.apart_s))


def test_no_moment_looks_back_across_a_cut() -> None:
    # the second shot is so short that its only moment is its second picture
    times = [number / 10 for number in range(20)]
    chosen = chosen_at(times, [hard_cut(1.0), hard_cut(1.2), hard_cut(1.3)])
    by_shot = {moment.shot: moment.candidate for moment in chosen}
    assert sorted(by_shot) == [0, 1, 2, 3]
    starts, ends = [0.0, 1.0, 1.2, 1.3], [1.0, 1.2, 1.3, 1.94]
    for shot, candidate in by_shot.items():
        glimpse = candidate.glimpse
        if shot == 2:
            assert glimpse == Glimpse(glimpse.image)  # a shot of one picture does not move
            continue
        assert glimpse.before is not None
        other_s = candidate.time_s - glimpse.apart_s
        assert starts[shot] - 1e-9 <= other_s < ends[shot]
        assert np.array_equal(glimpse.before, still(other_s))


def test_at_the_start_of_a_shot_movement_is_seen_by_the_picture_after() -> None:
    cuts = [hard_cut(0.25), hard_cut(0.42)]
    chosen = chosen_at([number / 10 for number in range(10)], cuts)
    (moment,) = (m.candidate for m in chosen if m.shot == 1)
    assert moment.time_s == 0.3
    assert moment.glimpse.apart_s == pytest.approx(-0.1)
    assert moment.glimpse.before is not None
    assert np.array_equal(moment.glimpse.before, still(0.4))


def test_pictures_far_apart_show_no_movement() -> None:
    for moment in chosen_at([0.0, 0.5, 1.0, 1.5], []):
        assert moment.candidate.glimpse.before is None


def test_time_stamps_are_kept_or_made_up() -> None:
    timeline = Timeline(Fraction(1, 1000), 25.0)
    stamps = [1000, 1040, None, 1120, 1120, 500, 540]
    assert [timeline.stamp(pts).ticks for pts in stamps] == [0, 40, 80, 120, 160, 200, 240]
    assert timeline.end_s(None) == 0.28
    assert timeline.end_s(10) == 0.25


def test_a_stage_works_in_order_and_hands_its_failure_back() -> None:
    done: list[int] = []
    with Stage("test", done.append, 2, SystemClock()) as stage:
        for number in range(50):
            stage.put(number)
    assert done == list(range(50))

    def fail(number: int) -> None:
        raise FilmError(f"no {number}")

    def put_all() -> None:
        with Stage("test", fail, 2, SystemClock()) as failing:
            for number in range(50):
                failing.put(number)

    with pytest.raises(FilmError, match="no 0"):
        put_all()


def test_sweeping_takes_leftovers_only(tmp_path: Path) -> None:
    for name in ("a.mov", "b.mov", "b.part.mov", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert sweep(tmp_path, frozenset({"a.mov"})) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mov", "notes.txt"]

"""What is asked is fitted as what is stored is, bit for bit; what is read back is not trusted."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from archive_kit import vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.embed.arrays import read_arrays, write_arrays
from livematch.embed.fit import Fit, Projection, fixed, learn, principal, unfixed
from livematch.embed.parts import DescriptorLayout, Part, unit

LAYOUT = DescriptorLayout((Part("semantic", 200), Part("layout", 70), Part("face", 9, 2)))
ROWS = vectors(1, 700, LAYOUT)


@pytest.fixture(scope="module")
def fit() -> Fit:
    return learn(ROWS, LAYOUT)


def test_long_parts_become_short_and_the_others_stay(fit: Fit) -> None:
    assert fit.layout == DescriptorLayout(
        (Part("semantic", 128), Part("layout", 64), Part("face", 9, 2))
    )
    fitted = fit.apply(ROWS)
    assert fitted.dtype == np.float32
    for place in fit.layout.slices.values():
        np.testing.assert_allclose(np.linalg.norm(fitted[:, place], axis=1), 1, atol=1e-6)
    face = fit.layout.slices["face"], LAYOUT.slices["face"]
    np.testing.assert_allclose(fitted[:, face[0]], ROWS[:, face[1]], atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(row=st.integers(0, 699), before=st.integers(0, 400), after=st.integers(0, 400))
def test_a_row_comes_out_the_same_whatever_it_comes_with(
    fit: Fit, row: int, before: int, after: int
) -> None:
    stored = ROWS.astype(np.float16)
    alone = fit.apply(ROWS[row : row + 1])  # as a camera's frame: float32, by itself
    around = slice(max(0, row - before), row + after + 1)
    among = fit.apply(stored[around])  # as the archive's: float16, by the thousand
    assert np.array_equal(alone[0], among[row - around.start])
    assert np.array_equal(fixed(alone)[0], fixed(fit.apply(stored))[row])


def test_what_the_archive_varies_in_is_what_is_kept() -> None:
    """Rows that differ in five directions only: their cosines about the mean survive."""
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(40, 6)))[0].T
    rows = unit((rng.normal(size=(300, 5)) @ basis[:5] + 2 * basis[5]).astype(np.float32))
    projection = principal(rows, 6)
    assert projection is not None
    away = unit(rows - rows.mean(axis=0))
    along = unit((rows - projection.mean) @ projection.directions.T)
    np.testing.assert_allclose(along @ along.T, away @ away.T, atol=1e-4)


def test_nothing_stays_nothing(fit: Fit) -> None:
    rows = ROWS[:3].copy()
    rows[1, LAYOUT.slices["semantic"]] = 0
    rows[2] = 0
    fitted = fit.apply(rows)
    assert not fitted[1, fit.layout.slices["semantic"]].any()
    assert fitted[1, fit.layout.slices["layout"]].any()
    assert not fitted[2].any()


def test_few_rows_teach_nothing() -> None:
    few = learn(ROWS[:100], LAYOUT)
    assert few.layout == LAYOUT
    np.testing.assert_allclose(few.apply(ROWS[:5]), ROWS[:5], atol=1e-3)
    assert learn(ROWS[:0], LAYOUT).layout == LAYOUT
    assert learn(ROWS[:0], LAYOUT).apply(ROWS[:0]).shape == (0, LAYOUT.dimension)


def test_a_part_that_no_row_has_is_kept_as_it_is() -> None:
    rows = ROWS.copy()
    rows[:, LAYOUT.slices["layout"]] = 0
    fit = learn(rows, LAYOUT)
    assert fit.projections[1] is None
    assert not fit.apply(rows)[:, fit.layout.slices["layout"]].any()


def test_learning_is_repeatable(fit: Fit) -> None:
    again = learn(ROWS, LAYOUT)
    assert again.digest == fit.digest
    assert learn(ROWS[:650], LAYOUT).digest != fit.digest


def test_what_is_kept_is_hardly_rounded(fit: Fit) -> None:
    fitted = fit.apply(ROWS)
    np.testing.assert_allclose(unfixed(fixed(fitted)), fitted, atol=2e-5)


def test_a_fit_is_read_as_it_was_written(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "fit.npz").write_bytes(fit.as_bytes({"archive": "abc", "rows": 700}))
    read, about = Fit.read(tmp_path / "fit.npz")
    assert about == {"archive": "abc", "rows": 700}
    assert read.digest == fit.digest
    assert np.array_equal(read.apply(ROWS), fit.apply(ROWS))


def zipped(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(array: object, *, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=pickled)
    return file.getvalue()


def packed() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, facts=np.zeros(10**6, np.uint8))
    return file.getvalue()


def written(**arrays: object) -> bytes:
    file = io.BytesIO()
    write_arrays(file, {name: np.asarray(array) for name, array in arrays.items()})
    return file.getvalue()


def promising(count: int, data: bytes) -> bytes:
    file = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (count,)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + data


FACTS = np.frombuffer(
    b'{"layout": [{"name": "a", "size": 4, "edition": 1}], "about": {}}', np.uint8
)
HOSTILE = {
    "empty": b"",
    "no zip": b"no zip at all",
    "cut short": zipped(facts=npy(FACTS))[:-30],
    "compressed": packed(),
    "pickled": zipped(facts=npy([object()], pickled=True)),
    "no array": zipped(facts=b"\x93NUMPY"),
    "more promised than there is": zipped(facts=promising(10**12, b"abcd")),
    "no facts": written(mean0=np.zeros(4, np.float32)),
    "facts are no JSON": written(facts=np.frombuffer(b"\xff{", np.uint8)),
    "facts are a list": written(facts=np.frombuffer(b"[]", np.uint8)),
    "a mean alone": written(facts=FACTS, mean0=np.zeros(4, np.float32)),
    "shapes that do not fit": written(
        facts=FACTS, mean0=np.zeros(4, np.float32), directions0=np.zeros((2, 5), np.float32)
    ),
    "not of the part": written(
        facts=FACTS, mean0=np.zeros(5, np.float32), directions0=np.zeros((2, 5), np.float32)
    ),
    "no numbers": written(
        facts=FACTS, mean0=np.full(4, np.nan, np.float32), directions0=np.zeros((2, 4), np.float32)
    ),
    "integers": written(
        facts=FACTS, mean0=np.zeros(4, np.int64), directions0=np.zeros((2, 4), np.float32)
    ),
    "something else as well": written(facts=FACTS, spare=np.zeros(1, np.uint8)),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_that_is_no_fit_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fit.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        Fit.read(tmp_path / "fit.npz")


def test_arrays_keep_their_types(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6, dtype=np.int64).reshape(2, 3), "b": np.zeros((0, 4), np.float32)}
    (tmp_path / "x.npz").write_bytes(written(**arrays))
    read = read_arrays(tmp_path / "x.npz")
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_a_projection_must_fit_itself() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Projection(np.zeros(3, np.float32), np.zeros((2, 4), np.float32))
    with pytest.raises(ValueError, match="side by side"):
        Projection(np.zeros(3, np.float32), np.zeros((3, 2), np.float32).T)
    with pytest.raises(ValueError, match="for each part"):
        Fit(LAYOUT, (None,))

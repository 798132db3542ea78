"""The package as other people get it: what is in it, and that it works away from the checkout."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import av
import pytest

import livematch

ROOT = Path(__file__).parents[1]
JUNK = ("__pycache__", ".pyc", ".venv", ".github/", "_cache/", ".hypothesis", "/proxies/")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command outside the checkout's influence; its standard output."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LIVEMATCH"))}
    done = subprocess.run(
        command, cwd=cwd, env=env | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build_wheel(source: Path, out: Path) -> Path:
    """Build with pip, as `pip install .` does, but with the build tools that are here."""
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index")
    run(*pip, "-w", out, source, cwd=out.parent)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("build") / "wheel")


@pytest.fixture(scope="module")
def listing(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", out, cwd=ROOT)
    (archive,) = out.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment that holds the wheel; its dependencies are borrowed."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    # A path line, not a second site folder: the .pth files over there, which lead to the checkout,
    # are not read.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index")
    run(*pip, "--ignore-installed", wheel, cwd=home)
    return home / "bin"


def checkout(folder: str, *, but: str = "") -> set[str]:
    """The files git would keep in a folder of the checkout, by their path in it."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != (but or None)
    }


def test_the_wheel_holds_the_whole_package_and_what_it_needs(listing: set[str]) -> None:
    package = {
        f"livematch/{name}"
        for name in checkout("livematch")
        if not name.startswith("demo/workshop/")  # how the films were made is for the checkout
    }
    models = {f"livematch/_data/models/{name}" for name in checkout("models", but=".py")}
    presets = {f"livematch/_data/presets/{name}" for name in checkout("presets")}
    facts = {name for name in listing if ".dist-info/" in name}
    assert listing - facts == package | models | presets


@pytest.mark.parametrize("suffix", [".onnx", ".json", ".glsl", ".mp4"])
def test_networks_cards_shaders_and_films_are_in_it(listing: set[str], suffix: str) -> None:
    assert any(name.endswith(suffix) for name in listing)


def test_every_network_has_its_card_and_licence(listing: set[str]) -> None:
    networks = [name for name in listing if name.endswith(".onnx")]
    assert all(name.removesuffix(".onnx") + ".json" in listing for name in networks)
    assert "livematch/_data/models/LICENSE" in listing


def test_the_wheel_says_what_it_is(wheel: Path, listing: set[str]) -> None:
    facts = f"livematch-{livematch.__version__}.dist-info"
    assert f"{facts}/licenses/LICENSE" in listing
    with zipfile.ZipFile(wheel) as archive:
        assert (
            "livematch = livematch.cli:main" in archive.read(f"{facts}/entry_points.txt").decode()
        )
        metadata = archive.read(f"{facts}/METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert f"\nVersion: {livematch.__version__}\n" in metadata


def test_the_wheel_holds_nothing_else(listing: set[str]) -> None:
    assert not [name for name in listing if any(junk in f"/{name}" for junk in JUNK)]
    assert not [name for name in listing if "test" in Path(name).name or name.startswith("tests/")]


def test_the_source_distribution_holds_the_sources_and_no_junk(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"livematch/{name}" for name in checkout("livematch")} <= names
    assert {f"models/{name}" for name in checkout("models")} <= names
    assert {"LICENSE", "README.md", "pyproject.toml", "tests/test_wheel.py"} <= names
    assert not [name for name in names if any(junk in f"/{name}" for junk in JUNK)]


def test_a_wheel_built_from_the_source_distribution_is_the_same(
    sdist: Path, listing: set[str], tmp_path: Path
) -> None:
    again = build_wheel(sdist, tmp_path / "wheel")
    assert set(zipfile.ZipFile(again).namelist()) == listing


def test_the_installed_package_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    ask = (
        "import sys, livematch; from livematch.embed.card import models_folder;"
        "from livematch.control.presetfolder import bundled_folder, preset_files;"
        "print(livematch.__file__, models_folder(), *preset_files(bundled_folder())[:1],"
        " *sys.path, sep='\\n')"
    )
    package, models, preset, *search = run(
        installed / "python", "-c", ask, cwd=tmp_path
    ).splitlines()
    assert Path(package).is_relative_to(installed.parent)
    assert Path(models).is_relative_to(installed.parent)
    assert Path(preset).is_relative_to(installed.parent)
    assert str(ROOT) not in search


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "livematch", "--version", cwd=tmp_path)
    assert said == f"livematch {livematch.__version__}\n"


@pytest.mark.timeout(400)  # every film that comes with livematch is indexed first
def test_the_installed_demo_plays(installed: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen"
    demo = (installed / "livematch", "demo", "--offscreen", "--seconds", "1", "--out", out)
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "LIVEMATCH_SHOWS": str(tmp_path / "shows")}
    run(*demo, cwd=tmp_path, HOME=str(tmp_path), **own)
    assert len(list((tmp_path / "shows").iterdir())) == 1  # its log
    (film,) = out.glob("*.mp4")
    with av.open(film) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) > 1
    assert pictures[-1].std() > 0  # not black, nor any one colour

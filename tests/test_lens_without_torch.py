"""Where torch is not installed: playing goes on, and training says what to install."""

import subprocess
import sys
from pathlib import Path

NO_TORCH = "import sys; sys.modules['torch'] = None; sys.modules['onnx'] = None;"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", NO_TORCH + code], capture_output=True, text=True, check=False
    )


def test_training_names_the_extra_in_one_line(tmp_path: Path) -> None:
    command = ["lens", "train", "--images", str(tmp_path), "-o", str(tmp_path / "x.onnx")]
    done = run(f"sys.argv[1:] = {command!r}; from livematch.cli import main; main()")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert 'pip install "livematch[lens]"' in line


def test_lenses_are_listed_and_shows_opened_without_it() -> None:
    done = run(
        "import livematch.session, livematch.show;"
        "sys.argv[1:] = ['lens', 'list', '--json']; from livematch.cli import main; main()"
    )
    assert done.returncode == 0, done.stderr

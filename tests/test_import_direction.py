"""The rooms of livematch and who may know whom: imports go downward only.

The sources are read, not run: an import inside a function or under TYPE_CHECKING counts too.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "livematch"

# From the bottom up. A room may import itself and every room on a floor below its own; rooms that
# share a floor do not know each other. A new module or package needs a place here.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("livematch",),  # the package itself: its version
    ("values", "errors"),
    ("clock", "heap", "slots", "worker", "telemetry", "media", "files"),
    ("control",),
    ("config", "embed", "osc"),
    ("archive",),
    (
        *("camera", "indexing", "direction", "playback", "audio", "midi", "peers"),
        *("sheet", "stills", "webpage"),
    ),
    ("inputcuts", "inputmovement", "devices", "lens"),
    ("vision", "robustness", "lessons"),
    ("eyes",),
    ("render", "screening"),
    ("engine", "stage"),
    ("remotes",),
    ("session", "rendering"),
    ("happening", "reinterpret", "repainting", "montage", "grid", "showlog"),
    ("show",),
    ("demo",),
    ("bench", "doctor"),
    ("cli",),
    ("__main__",),
)

# The director decides and never does I/O: nothing it reaches may touch a device or a codec.
DEVICES = frozenset({"cv2", "av", "pyglet", "onnxruntime", "faiss", "pyo", "sqlite3"})

MAY_READ_A_CLOCK = {
    "clock.py": "the one place that does",
    "demo/workshop/make.py": "paints the demo's films, by hand, and says how long each took",
}
MAY_PRINT = {
    "devices.py": "a process of its own answers its parent on standard output",
    "demo/workshop/make.py": "a script that is run by hand",
}


class Import(NamedTuple):
    """One name that a source file imports: the module, and where the statement stands."""

    module: str
    line: int


def sources() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    modules = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


MODULES = sources()


def imports(tree: ast.AST, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Everything `module` imports; `from a import b` counts as both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = node.level - 1 if is_package else node.level
                parents = module.split(".")[: len(module.split(".")) - up]
                base = ".".join([*parents, base] if base else parents)
            yield Import(base, node.lineno)
            yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)


def room(module: str) -> str:
    """The room a module of livematch lies in: its second name."""
    return module.split(".")[1] if "." in module else module


def floor(name: str) -> int | None:
    """How high a room lies; None when it has no place."""
    return next((height for height, rooms in enumerate(FLOORS) if name in rooms), None)


def goes_up(importer: str, imported: str) -> bool:
    """Whether one module may not import another: it lies above, or beside on the same floor."""
    here, there = floor(room(importer)), floor(room(imported))
    if here is None or there is None or room(importer) == room(imported):
        return False
    return there >= here


def known(module: str) -> bool:
    """Whether an imported name is a module of livematch rather than something inside one."""
    return module in MODULES


@functools.cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"), str(MODULES[module]))


@functools.cache
def imports_of(module: str) -> tuple[Import, ...]:
    package = MODULES[module].name == "__init__.py"
    return tuple(imports(parsed(module), module, is_package=package))


def place(module: str, line: int) -> str:
    return f"{MODULES[module].relative_to(PACKAGE.parent)}:{line}"


def short(module: str) -> str:
    return MODULES[module].relative_to(PACKAGE).as_posix()


def test_every_module_has_a_place() -> None:
    homeless = sorted({room(module) for module in MODULES if floor(room(module)) is None})
    assert not homeless, f"give these rooms a place in FLOORS: {homeless}"


def test_no_room_lies_on_two_floors() -> None:
    rooms = [name for rooms in FLOORS for name in rooms]
    assert len(rooms) == len(set(rooms))


def test_imports_go_downward_only() -> None:
    wrong = [
        f"{place(module, line)}: {room(module)} may not import {imported}"
        for module in MODULES
        for imported, line in imports_of(module)
        if known(imported) and goes_up(module, imported)
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_imported_from_livematch_is_there() -> None:
    """An import of a module that does not exist would slip through the test above."""
    wrong = [
        f"{place(module, line)}: there is no module {imported}"
        for module in MODULES
        for imported, line in imports_of(module)
        if imported.startswith("livematch.")
        and not known(imported)
        and not known(imported.rpartition(".")[0])
    ]
    assert not wrong, "\n".join(wrong)


def reached_from(start: str) -> dict[str, str]:
    """Every module outside livematch that `start` reaches, with the file:line that imports it."""
    found: dict[str, str] = {}
    waiting, seen = [start], set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if "." in module:
            waiting.append(module.rpartition(".")[0])  # importing a.b runs a, too
        for imported, line in imports_of(module):
            if known(imported):
                waiting.append(imported)
            elif not imported.startswith("livematch"):
                found.setdefault(imported.split(".")[0], place(module, line))
    return found


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "direction"])
def test_the_director_reaches_no_device(module: str) -> None:
    reached = reached_from(module)
    assert not {name: where for name, where in reached.items() if name in DEVICES}


def test_only_the_clock_reads_a_clock() -> None:
    wrong = []
    for module in MODULES:
        if short(module) in MAY_READ_A_CLOCK:
            continue
        wrong += [
            f"{place(module, line)}: imports {imported}; take the time as an argument"
            for imported, line in imports_of(module)
            if imported in {"time", "timeit"}
        ]
        wrong += [
            f"{place(module, node.lineno)}: reads the date; take the time as an argument"
            for node in ast.walk(parsed(module))
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
            if isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
        ]
    assert not wrong, "\n".join(wrong)


def test_nothing_is_unpickled_or_evaluated() -> None:
    wrong = []
    for module in MODULES:
        wrong += [
            f"{place(module, line)}: imports {imported}"
            for imported, line in imports_of(module)
            if imported in {"pickle", "cloudpickle", "dill", "marshal", "shelve"}
        ]
        for node in ast.walk(parsed(module)):
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}:
                    wrong.append(f"{place(module, node.lineno)}: calls {node.func.id}")
                wrong += [
                    f"{place(module, node.lineno)}: allows pickles in an array file"
                    for keyword in node.keywords
                    if keyword.arg == "allow_pickle"
                    and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
                ]
    assert not wrong, "\n".join(wrong)


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{place(module, node.lineno)}: prints; log it, or return it to the command line"
        for module in MODULES
        if room(module) != "cli" and short(module) not in MAY_PRINT
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not wrong, "\n".join(wrong)


TRAINS = frozenset(
    f"livematch.lens.{name}"
    for name in ("course", "export", "machine", "network", "perceptual", "school", "training")
)
"""What only `livematch lens train` imports, once it is asked to."""


def test_only_training_needs_torch() -> None:
    wrong = [
        place(module, line)
        for module in MODULES
        if module not in TRAINS
        for imported, line in imports_of(module)
        if imported.split(".")[0] in {"torch", "torchvision", "onnx"}
    ]
    assert not wrong, f"torch is for training: {wrong}"


def test_a_show_reaches_nothing_that_trains() -> None:
    wrong = [
        place(module, line)
        for module in MODULES
        if module not in TRAINS | {"livematch.cli.lenstrain"}
        for imported, line in imports_of(module)
        if imported in TRAINS
    ]
    assert not wrong, f"import this where a lens is trained only: {wrong}"
    assert set(MODULES) >= TRAINS


def test_exceptions_are_still_needed() -> None:
    files = {short(module) for module in MODULES}
    assert set(MAY_READ_A_CLOCK) <= files
    assert set(MAY_PRINT) <= files


# The rules themselves, on sources that break them


def test_an_import_is_seen_wherever_it_stands() -> None:
    tree = ast.parse(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from livematch.engine import Engine\n"
        "def late():\n"
        "    import livematch.render.window\n"
        "    from livematch import session\n"
    )
    found = set(imports(tree, "livematch.direction.director"))
    assert Import("livematch.engine", 3) in found
    assert Import("livematch.render.window", 5) in found
    assert Import("livematch.session", 6) in found


@pytest.mark.parametrize(
    ("statement", "is_package", "expected"),
    [
        ("from .memory import Memory", False, "livematch.direction.memory"),
        ("from . import memory", False, "livematch.direction.memory"),
        ("from ..engine import Engine", False, "livematch.engine"),
        ("from .memory import Memory", True, "livematch.direction.director.memory"),
    ],
)
def test_relative_imports_are_followed(statement: str, is_package: bool, expected: str) -> None:
    tree = ast.parse(statement)
    found = imports(tree, "livematch.direction.director", is_package=is_package)
    assert expected in {name for name, _ in found}


@pytest.mark.parametrize(
    ("importer", "imported", "wrong"),
    [
        ("livematch.engine", "livematch.direction.director", False),
        ("livematch.direction.director", "livematch.engine", True),
        ("livematch.direction.director", "livematch.playback.decks", True),
        ("livematch.playback.decks", "livematch.playback.deck", False),
        ("livematch.archive.schema", "livematch", False),
        ("livematch", "livematch.values", True),
        ("livematch.archive.store", "livematch.embed.parts", False),
        ("livematch.embed.parts", "livematch.archive.store", True),
    ],
)
def test_downward_is_downward(importer: str, imported: str, wrong: bool) -> None:
    assert goes_up(importer, imported) is wrong

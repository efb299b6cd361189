"""Floors of plugins: a folder imports those below it alone, concerns never each other, and pure ones no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
PACKAGE = "ansible_collections.multiarch.builders.plugins."
# From the top down; docs/architecture.md tells what each is.
FLOORS = {
    "module_utils": (
        "serve",
        "guard",
        "survey",
        "run",
        "proof",
        "concerns",
        "registry",
        "state",
        "docker",
        "trace",
        "host",
        "causes",
        "model",
    ),
    "plugin_utils": ("report", "verify", "actions", "spec", "serve", "buildkitd", "x509", "values", "files"),
}
LOOSE = {PLUGINS / "plugin_utils/summary.py"}  # of the callback, with nothing beside it
PURE = ("model", "causes", "values", "buildkitd")
TOUCHES_THE_HOST = {
    *("fcntl", "http", "io", "os", "pathlib", "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "time"),
    "urllib.request",
}
# What differs, and what to do about it, is decided on data alone.
DECIDING = {"decide.py", "drift.py", "messages.py", "plan.py"}
LOOKS = {("host", "files"), ("host", "command"), ("docker", "engine_api"), ("docker", "service"), ("state", "record")}
# Looks at the machine, which are for host/ alone: docs/architecture.md.
LOOKERS = {"grp", "pwd", "glob", "pathlib.Path()"} | {
    f"os.{name}"
    for name in ("access", "geteuid", "getgrouplist", "listdir", "lstat", "path", "readlink", "scandir", "stat", "walk")
}
AT_A_PLACE = {
    *("exists", "glob", "is_dir", "is_file", "is_symlink", "iterdir", "lstat", "open", "read_bytes", "read_text"),
    *("readlink", "rglob", "stat"),
}
# What only a change looks at, or what is read after its state was looked at.
UNTRACED = {
    *("concerns/engine/plugin.py: open", "concerns/binfmt/image.py: open", "concerns/binfmt/kernel.py: open"),
    *("concerns/trust/dangling_links.py: iterdir", "state/config_dir.py: rglob", "proof/diagnostics.py: read_text"),
}
FILES = [path for each in FLOORS for path in sorted((PLUGINS / each).rglob("*.py")) if path.name != "__init__.py"]
# These programs look by themselves, without the collection.
_ALONE = ("replay.py", "quick.py", "exchange.py")
ABOVE_THE_HOST = [
    path
    for path in FILES
    if (PLUGINS / "module_utils") in path.parents and path.parent.name != "host" and path.name not in _ALONE
]


def imported(path: Path) -> Iterator[str]:
    """What a file imports, anywhere in it: of ours the place below plugins, of others the name of the module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            module = node.module or ""
            yield from (f"{module}.{each.name}".removeprefix(PACKAGE) for each in node.names)


def looks(path: Path) -> Iterator[str]:
    """What of LOOKERS a file uses."""
    tree = ast.parse(path.read_text())
    used = {f"{ast.unparse(each)}" for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
    called = {f"{ast.unparse(each.func)}()" for each in ast.walk(tree) if isinstance(each, ast.Call)}
    yield from (used | called | set(imported(path))) & LOOKERS


def place(name: str) -> tuple[str, ...]:
    return tuple(name.split("."))


@pytest.mark.parametrize("kind", FLOORS)
def test_every_folder_is_a_floor(kind: str) -> None:
    folders = {path.name for path in (PLUGINS / kind).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(FLOORS[kind])
    assert {path for path in FILES if path.parent == PLUGINS / kind} <= LOOSE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_imports(path: Path) -> None:
    kind, *own = path.relative_to(PLUGINS).parts
    names = [place(name) for name in imported(path)]
    ours = [name[1:] for name in names if name[0] == kind]
    if path not in LOOSE:
        floors = FLOORS[kind]
        assert [name for name in ours if floors.index(name[0]) < floors.index(own[0])] == [], "only downwards"
    decides = own[0] == "concerns" and path.name in DECIDING
    if own[0] == "concerns" and len(own) > 2:
        others = [name for name in ours if name[0] == "concerns" and len(name) > 2 and name[1] != own[1]]
        assert [name for name in others if (PLUGINS / kind / "concerns" / name[1]).is_dir()] == [], "never each other"
    if decides:
        assert {name[:2] for name in ours} & LOOKS == set(), "on data alone"
    if own[0] in PURE or decides:
        assert {part for name in names for part in (name[0], ".".join(name[:2]))} & TOUCHES_THE_HOST == set(), "pure"
    if kind == "module_utils":
        assert [name for name in names if name[0] == "plugin_utils"] == [], "hosts know nothing of the controller"


def looks_at_places(path: Path) -> Iterator[str]:
    """The methods of a path of the host that a file calls, past host/."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
            continue
        if ast.unparse(node.value.func) == "at" and node.attr in AT_A_PLACE:
            yield f"{path.relative_to(PLUGINS / 'module_utils')}: {node.attr}"


@pytest.mark.parametrize("path", ABOVE_THE_HOST, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_host_alone_looks_at_the_machine(path: Path) -> None:
    assert list(looks(path)) == []


def test_every_look_is_reported() -> None:
    assert {each for path in ABOVE_THE_HOST for each in looks_at_places(path)} == UNTRACED

"""What is used of ansible-core's inside stands in docs/architecture.md, and is there in the version that runs this."""

from __future__ import annotations

import ast
import inspect
import pydoc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.executor.task_executor import TaskExecutor

from tests.matrix.__main__ import CONTROLLERS, NEWEST, OLDEST

ROOT = Path(__file__).parents[2]
(SECTION,) = re.findall(
    r"^## What is used of ansible-core's inside\n(.*?)^## ",
    (ROOT / "docs/architecture.md").read_text(),
    re.DOTALL | re.MULTILINE,
)
ROWS = [line for line in SECTION.splitlines() if line.startswith("| ") and not line.startswith("| of ansible-core")]
USED = [name for row in ROWS for name in re.findall(r"`([\w.]+)`", row.split("|")[1])]
ON_THE_CONTROLLER = ("action", "callback", "filter", "plugin_utils")
FILES = [path for each in ON_THE_CONTROLLER for path in sorted((ROOT / "plugins" / each).rglob("*.py"))]
# What Ansible documents for plugins.
DOCUMENTED = ("constants", "context", "errors.", "module_utils.", "plugins.", "template.", "utils.display.")


def of_others(paths: list[Path]) -> Iterator[str]:
    """The names with an underscore that the files use and do not define."""
    used, ours = set[str](), set[str]()
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr):
            stored = isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
            (ours if stored else used).add(node.attr)
        elif isinstance(node, ast.FunctionDef):
            ours.add(node.name)
    yield from sorted(used - ours)


def imported(paths: list[Path]) -> Iterator[str]:
    """What the files import of Ansible, without that name."""
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("ansible."):
            yield from (f"{node.module}.{each.name}".removeprefix("ansible.") for each in node.names)


@pytest.mark.parametrize("name", [each for each in USED if "." in each])
def test_it_is_there(name: str) -> None:
    assert pydoc.locate(f"ansible.{name}") is not None


def test_names_with_an_underscore_are_listed() -> None:
    found = list(of_others(FILES))
    assert "_get_connection" in found
    assert [each for each in found if each not in {name.rpartition(".")[2] for name in USED}] == []


def test_imports_are_listed() -> None:
    found = set(imported(FILES))
    assert "executor.task_executor.TaskExecutor" in found
    assert [each for each in sorted(found) if each not in USED and not each.startswith(DOCUMENTED)] == []


def test_what_makes_connections_takes_what_it_is_given() -> None:
    given = {"host", "play_context", "loader", "shared_loader_obj", "final_q", "variable_manager"}
    assert set(inspect.signature(TaskExecutor).parameters) - {"task", "job_vars"} == given


def test_the_versions_are_those_of_the_matrix() -> None:
    assert re.findall(r"\d+\.\d+\.\d+\w*", SECTION.partition("|")[0]) == list(CONTROLLERS)
    assert next(iter(CONTROLLERS)) == OLDEST
    required = (ROOT / "requirements.txt").read_text()
    assert re.findall(r"^ansible-core==([\w.]+)", required, re.MULTILINE) == [OLDEST, NEWEST]

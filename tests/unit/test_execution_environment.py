"""The collection in an execution environment: what ansible-builder reads of it, and the example that builds one."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.installed import ROOT, Installed, install

EXAMPLE = ROOT / "examples/execution-environment/execution-environment.yml"
BUILDER = Path(sys.executable).with_name("ansible-builder")
# With ansible-core itself.
WITH_ANSIBLE = {"ansible", "ansible_collections", "jinja2", "markupsafe", "yaml"}

pytestmark = pytest.mark.skipif(not BUILDER.exists(), reason="ansible-builder comes with tests/requirements.txt")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def wanted(installed: Installed) -> dict[str, Requirement]:
    """What ansible-builder finds in the installed collection, by name."""
    done = installed.run("ansible-builder", "introspect", "--sanitize", str(installed.collections))
    assert done.returncode == 0, done.stdout + done.stderr
    (document,) = [each for each in yaml.safe_load_all(done.stdout) if each]
    assert not document["system"]
    found = [Requirement(line.partition("#")[0].strip()) for line in _lines(document["python"])]
    return {each.name: each for each in found}


def _lines(python: object) -> list[str]:
    """The requirements, which are a list in some versions and in others one for each collection."""
    lines = python if isinstance(python, list) else [line for each in dict(python).values() for line in each]  # type: ignore[call-overload]
    return [str(line) for line in lines]


def test_it_is_what_the_controllers_code_imports(wanted: dict[str, Requirement]) -> None:
    files = [
        path
        for each in ("action", "callback", "filter", "plugin_utils")
        for path in (ROOT / "plugins" / each).rglob("*.py")
    ]
    imported = {name for path in files for name in _imported(ast.parse(path.read_text()))}
    assert set(wanted) == imported - WITH_ANSIBLE - set(sys.stdlib_module_names)


def _imported(tree: ast.AST) -> set[str]:
    """The first part of the names of modules that are imported."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return found


def test_what_is_tested_is_in_the_ranges(wanted: dict[str, Requirement]) -> None:
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    for name, requirement in wanted.items():
        assert requirement.specifier.contains(pins[name]), requirement
        assert any(each.operator == ">=" for each in requirement.specifier), f"{name}: from which version?"


def test_the_example_makes_a_build_context(installed: Installed, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    shutil.copy(installed.tarball, tmp_path / "multiarch-builders.tar.gz")
    context = tmp_path / "context"
    done = installed.run(
        "ansible-builder",
        "create",
        "--file",
        str(tmp_path / EXAMPLE.name),
        "--context",
        str(context),
        "--output-filename",
        "Containerfile",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (collection,) = yaml.safe_load((context / "_build/requirements.yml").read_text())["collections"]
    assert (context / "_build" / collection["name"]).read_bytes() == installed.tarball.read_bytes()
    assert "introspect.py introspect" in (context / "Containerfile").read_text()
    core = yaml.safe_load(EXAMPLE.read_text())["dependencies"]["ansible_core"]["package_pip"]
    assert core in (ROOT / "requirements.txt").read_text()

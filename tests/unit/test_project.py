"""The project's own promises about its files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from tests.tools import generate

ROOT = Path(__file__).parents[2]
COLLECTION = "multiarch.builders"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
ACTIONS = sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py") if path.stem != "__init__")
SECTIONS = ("doc", "examples", "return")
MOST_LINES = 300


class Made(Protocol):
    """A tool that makes a file."""

    TARGET: Path

    def content(self) -> str:
        """The whole file."""


def load(path: Path) -> dict[str, Any]:
    """A YAML file's mapping, {} where there is no such file."""
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


def specification(role: str) -> dict[str, Any]:
    """The options of a role's main entry point."""
    main = load(ROOT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]
    found: dict[str, Any] = main.get("options", {})
    return found


def test_the_tests_below_have_something_to_test() -> None:
    assert "builder" in ROLES
    assert "plan" in MODULES
    assert "apply" in ACTIONS


@pytest.mark.parametrize("role", ROLES)
def test_role_documents_itself(role: str) -> None:
    path = ROOT / "roles" / role / "meta/argument_specs.yml"
    assert path.exists(), f"{role} has no meta/argument_specs.yml"
    main = load(path)["argument_specs"]["main"]
    assert main.get("short_description")
    for name, option in main.get("options", {}).items():
        assert option.get("description"), f"{role}: {name} has no description"
        assert option.get("type"), f"{role}: {name} has no type"


@pytest.mark.parametrize("role", ROLES)
def test_role_defaults_are_its_argument_specs(role: str) -> None:
    options = specification(role)
    defaults = load(ROOT / "roles" / role / "defaults/main.yml")
    optional = {name for name, option in options.items() if not option.get("required")}
    assert set(defaults) == optional
    for name, default in defaults.items():
        assert options[name].get("default", default) == default, f"{role}: {name}"


@pytest.fixture(scope="module")
def pages() -> dict[str, Any]:
    """What ansible-doc shows of every module."""
    names = [f"{COLLECTION}.{module}" for module in MODULES]
    program = Path(sys.executable).with_name("ansible-doc")
    shown = subprocess.run([program, "--json", *names], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_whole_page(module: str, pages: dict[str, Any]) -> None:
    page = pages[f"{COLLECTION}.{module}"]
    for section in SECTIONS:
        assert page[section], f"{module} has no {section}"
    for attribute in ("check_mode", "diff_mode"):
        assert attribute in page["doc"].get("attributes", {}), f"{module} does not say its {attribute}"
    assert f"{COLLECTION}.{module}" in page["examples"], f"{module}: its examples do not name it in full"


@pytest.mark.parametrize("role", ROLES)
def test_tasks_give_modules_the_options_that_they_have(role: str, pages: dict[str, Any]) -> None:
    tasks = yaml.safe_load((ROOT / "roles" / role / "tasks/main.yml").read_text())
    given = [(name, set(arguments or {})) for task in tasks for name, arguments in task.items() if name in pages]
    unknown = {name: found - set(pages[name]["doc"].get("options", {})) for name, found in given}
    assert {name: found for name, found in unknown.items() if found} == {}


@pytest.mark.parametrize("action", ACTIONS)
def test_action_has_its_module(action: str) -> None:
    assert action in MODULES, f"plugins/action/{action}.py has no plugins/modules/{action}.py to document it"


def test_files_stay_small() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in (ROOT / "plugins").rglob("*.py")}
    long = {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > MOST_LINES}
    assert not long, f"more than {MOST_LINES} lines: split by purpose"


def test_the_collection_resolves_from_the_checkout() -> None:
    link = ROOT / ".ansible/collections/ansible_collections/multiarch/builders"
    assert link.is_symlink()
    assert link.resolve() == ROOT


@pytest.mark.parametrize("made", generate.MADE, ids=lambda each: str(each.TARGET.relative_to(ROOT)))
def test_what_is_made_from_code_is_as_the_code_says(made: Made) -> None:
    assert made.TARGET.read_text() == made.content(), "run `python -m tests.tools.generate`"

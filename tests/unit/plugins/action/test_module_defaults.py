# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`module_defaults` of the action group, in a real run: each module gets the options that it has, and no others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import options_of

ROOT = Path(__file__).parents[4]
GROUP = "multiarch.builders.builder"
MODULES: list[str] = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["builder"]
# All of them are wrong, so that a module ends on the controller, with a problem for each that it got.
WRONG: dict[str, t.Any] = {
    "platforms": ["amd46"],
    "registries": [{"host": "no/host"}],
    "instances": [{"name": "a b"}],
    "disruption": "later",
}
# Checks its options on the host.
ELSEWHERE = ["build_proof"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, t.Any]]:
    """What each module said."""
    folder = tmp_path_factory.mktemp("play")
    modules = [module for module in MODULES if module not in ELSEWHERE]
    tasks: list[dict[str, t.Any]] = [
        {f"multiarch.builders.{module}": {}, "register": module, "ignore_errors": True} for module in modules
    ]
    found = ", ".join(f"'{module}': {module}" for module in modules)
    tasks.append({"ansible.builtin.copy": {"content": f"{{{{ {{{found}}} | to_json }}}}", "dest": f"{folder}/results"}})
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "module_defaults": {f"group/{GROUP}": WRONG},
        "tasks": tasks,
    }
    (folder / "play.yml").write_text(json.dumps([play]))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "play.yml", "--inventory", "localhost,"],
        cwd=folder,
        env={**clean, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, dict[str, t.Any]] = json.loads((folder / "results").read_text())
    return told


@pytest.mark.parametrize("module", [module for module in MODULES if module not in ELSEWHERE])
def test_a_module_gets_the_defaults_that_are_its_options(module: str, results: dict[str, dict[str, t.Any]]) -> None:
    problems = results[module].get("problems", [])
    assert {each["variable"].partition("[")[0].partition(".")[0] for each in problems} == (
        set(options_of(module)) & set(WRONG)
    ), results[module]


def test_the_group_is_in_the_documentation_of_its_modules() -> None:
    named = {
        path.stem
        for path in (ROOT / "plugins/modules").glob("*.py")
        if "multiarch.builders.converging.action_group" in path.read_text()
    }
    assert named == set(MODULES)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keywords that may differ from host to host, found in plays as ansible-core loads them. Runs: tests/hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.template import Templar, trust_as_template
from ansible.vars.manager import VariableManager
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.other_hosts import (
    interpreter,
    templated_keywords,
)

TASK = {"name": "of these tests", "ansible.builtin.meta": "noop"}  # no plugin loader needs to be set up
USER = trust_as_template("{{ of_the_host }}")
EITHER = trust_as_template("{% if of_the_host %}root{% endif %}")


def tasks_of(blocks: list[Any]) -> Iterator[Any]:
    for each in blocks:
        if hasattr(each, "block"):
            yield from tasks_of(each.block)
        elif each.name == TASK["name"]:
            yield each


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a playbook with a role `inner`, and roles that depend on it."""
    files = {
        "inner/tasks": f"- {TASK}\n",
        "outer/meta": "dependencies: [inner]\n",
        "templated/meta": "dependencies: [{role: inner, become_user: '{{ of_the_host }}'}]\n",
    }
    for name, text in files.items():
        (tmp_path / "roles" / name).mkdir(parents=True)
        (tmp_path / "roles" / name / "main.yml").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("play", "keywords"),
    [
        pytest.param({"tasks": [TASK]}, [], id="none"),
        pytest.param({"tasks": [TASK], "become": True, "become_user": "root", "port": 22}, [], id="without templates"),
        pytest.param({"tasks": [TASK], "become_user": USER}, ["become_user"], id="play"),
        pytest.param({"tasks": [TASK], "become_user": EITHER}, ["become_user"], id="statement"),
        pytest.param(
            {"tasks": [TASK]} | dict.fromkeys(("connection", "port", "remote_user", "become", "become_method"), USER),
            ["connection", "port", "remote_user", "become", "become_method"],
            id="several",
        ),
        pytest.param(
            {"tasks": [TASK], "become_flags": USER, "become_exe": USER}, ["become_flags", "become_exe"], id="sudo"
        ),
        pytest.param({"tasks": [{"block": [TASK], "become": USER}]}, ["become"], id="block"),
        pytest.param({"tasks": [{"block": [{"block": [TASK]}], "become": USER}]}, ["become"], id="outer block"),
        pytest.param({"roles": ["inner"]}, [], id="role"),
        pytest.param({"roles": ["inner"], "remote_user": USER}, ["remote_user"], id="play of a role"),
        pytest.param({"roles": [{"role": "inner", "become_user": USER}]}, ["become_user"], id="role's entry"),
        pytest.param({"roles": ["outer"]}, [], id="dependency"),
        pytest.param(
            {"roles": [{"role": "outer", "become_user": USER}]}, ["become_user"], id="role that depends on it"
        ),
        pytest.param({"roles": ["templated"]}, ["become_user"], id="dependency's entry"),
        pytest.param(
            {"tasks": [{"ansible.builtin.import_role": {"name": "inner"}, "become_user": USER}]},
            ["become_user"],
            id="imported role",
        ),
        pytest.param({"tasks": [TASK], "vars": {"ansible_become_user": USER}}, [], id="variables are each host's"),
        pytest.param({"tasks": [TASK], "environment": [{"PATH": USER}]}, [], id="of no matter"),
        pytest.param({"roles": [{"role": "inner", "delegate_to": "b"}]}, ["delegate_to"], id="delegated role"),
        pytest.param({"tasks": [TASK | {"delegate_to": USER}]}, ["delegate_to"], id="delegated task"),
    ],
)
def test_templated_keywords(play: dict[str, Any], keywords: list[str], folder: Path) -> None:
    loader = DataLoader()
    loader.set_basedir(str(folder))
    manager = VariableManager(loader, InventoryManager(loader, sources="a,b,"))
    loaded = Play.load({"hosts": "all", "gather_facts": False, **play}, variable_manager=manager, loader=loader)
    (task,) = tasks_of(loaded.compile())
    assert list(templated_keywords(SimpleNamespace(_task=task))) == keywords


@pytest.mark.parametrize(
    ("named", "discovered", "python"),
    [
        pytest.param("/opt/python3", None, "/opt/python3", id="named"),
        pytest.param(trust_as_template("{{ venv }}/bin/python"), None, "/opt/v/bin/python", id="by a template"),
        pytest.param("auto_silent", "/usr/bin/python3.12", "/usr/bin/python3.12", id="discovered"),
        pytest.param(trust_as_template("{{ mode }}"), None, "/usr/bin/python3", id="to be discovered, by a template"),
        pytest.param(None, None, "/usr/bin/python3", id="nothing is known"),
    ],
)
def test_the_python_of_a_host(named: str | None, discovered: str | None, python: str) -> None:
    facts = {"discovered_interpreter_python": discovered} if discovered else {}
    variables = {"venv": "/opt/v", "mode": "auto", "ansible_python_interpreter": named, "ansible_facts": facts}
    action: Any = SimpleNamespace(_templar=Templar(loader=DataLoader(), variables=variables))
    assert interpreter(action, variables) == python

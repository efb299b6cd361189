# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduler's task does on the nodes, and how a node finds out who still uses it; hosts are stand-ins."""

from __future__ import annotations

import json
import typing as t
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import exchange
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import other_hosts
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.ssh_peers import SshActionBase, with_clients
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec

Row = dict[str, t.Any]

KEY, FORMER = "ssh-ed25519 AAAAnew", "ssh-ed25519 AAAAold"
ARM = {"host": "arm-1", "address": "198.51.100.31", "login": "ops", "port": 22}
SCHEDULER: Row = {
    "ssh_keys": True,
    "concerns": ["buildx", "ssh"],
    "users": ["ci"],
    "instances": [{"name": "multiarch", "nodes": [{"ssh": ARM}]}],
    "ssh_options": {"sshd_limits": False},
    "buildx_plugin": {},
    "guard": False,
    "serve": {},
    "lock_timeout": 300,
}
NODE: Row = {**SCHEDULER, "ssh_keys": False, "instances": [], "ssh_options": {"sshd_limits": True}}
GIVEN = {"ci-1": SCHEDULER, "arm-1": NODE, "ci-2": NODE, "silent": NODE}
SPEC = CompiledSpec({}, ())


class Fleet:
    """Hosts by name: their options, and what they show; *ran* are the modules that ran there."""

    def __init__(self) -> None:
        self.options: dict[str, Row] = dict(GIVEN)
        self.shown: dict[str, Row] = {
            "ci-1": {"host_keys": [], "authorised": {}, "keys": {"ci": KEY}, "nodes": ["arm-1"]},
            "arm-1": {"host_keys": ["ssh-ed25519 AAAAhost"], "authorised": {}, "keys": {}, "nodes": []},
            "ci-2": {"host_keys": [], "authorised": {}, "keys": {}, "nodes": []},
        }
        self.ran: list[tuple[str, str, Row]] = []
        self.results: dict[str, Row] = {}

    def run(self, host: str, module: str, arguments: Row) -> Row:
        self.ran.append((host, module, arguments))
        for client in arguments["ssh_options"].get("clients", []) if module == "ssh_access" else []:
            self.shown[host]["authorised"][client["login"]] = [client["key"]]
        return self.results.get(host, {"changed": True, "actions": [f"{module} on {host}"]})


class Action(SshActionBase):
    """An action on one host of a fleet."""

    def __init__(self, fleet: Fleet, host: str, module: str = "apply", *, check: bool = False) -> None:
        self.fleet, self.host = fleet, host
        self._task = SimpleNamespace(action=f"multiarch.builders.{module}", check_mode=check)
        self._connection = SimpleNamespace(close=lambda: None)
        self._templar = Templar(loader=DataLoader())

    def _in_role(self) -> bool:
        return True

    def given(self, task_vars: Row) -> Row:
        return task_vars

    def compiled(self, given: Row, task_vars: Row) -> CompiledSpec:  # noqa: ARG002
        assert self.reader == "spec"
        return CompiledSpec(self.fleet.options[self.host], ())

    def _execute_module(self, module_name: str, module_args: Row, task_vars: Row) -> Row:  # noqa: ARG002
        return self.fleet.run(self.host, module_name.rpartition(".")[2], module_args)

    def _low_level_execute_command(self, command: str, in_data: bytes) -> Row:
        assert command == "/usr/bin/python3 -ISB -"
        assert in_data.endswith(b"\nmain()\n")
        shown = self.fleet.shown.get(self.host)
        return {
            "stdout": "" if shown is None else f"banner\n{exchange.MARK}{json.dumps(shown)}\n",
            "stderr": "no Python",
        }


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    made = Fleet()

    def other(_action: Action, name: str, _variables: Row) -> Action:
        return Action(made, name)

    monkeypatch.setattr(other_hosts, "variables_of", lambda _action, name: {"inventory_hostname": name})
    monkeypatch.setattr(other_hosts, "for_host", other)
    monkeypatch.setattr(
        other_hosts, "without_connection", lambda _action, found: Action(made, found["inventory_hostname"])
    )
    monkeypatch.setattr(other_hosts, "templated_keywords", lambda _action: iter(()))
    return made


def variables(host: str, play: t.Sequence[str] = ("ci-1", "arm-1"), **more: t.Any) -> Row:
    return {"inventory_hostname": host, "ansible_play_hosts_all": list(play), "hostvars": dict.fromkeys(GIVEN), **more}


def given(fleet: Fleet, host: str, module: str, task_vars: Row | None = None, *, check: bool = False) -> Row:
    """What `ssh_options` become of a host's."""
    action = Action(fleet, host, module, check=check)
    found: Row = action.arguments(dict(fleet.options[host]), task_vars or variables(host))["ssh_options"]
    return found


@pytest.mark.parametrize(("module", "check"), [("plan", False), ("plan", True), ("apply", True)])
def test_a_plan_looks_alone(fleet: Fleet, module: str, check: bool) -> None:
    found = given(fleet, "ci-1", module, check=check)
    assert found == {"sshd_limits": False, "nodes": {"arm-1": fleet.shown["arm-1"]}, "coming": ["arm-1"]}
    assert fleet.ran == []


def test_keys_are_made_then_authorised_then_used(fleet: Fleet) -> None:
    found = given(fleet, "ci-1", "apply")
    assert [(host, module) for host, module, _arguments in fleet.ran] == [
        ("ci-1", "buildx_builder"),
        ("arm-1", "ssh_access"),
    ]
    assert fleet.ran[0][2]["ssh_options"]["keys_only"] is True
    assert fleet.ran[1][2] == {
        "ssh_options": {
            "sshd_limits": True,  # the node's own
            "clients": [{"scheduler": "ci-1", "user": "ci", "login": "ops", "key": KEY}],
            "settled": ["ci-1"],
        },
        "lock_timeout": 300,
    }
    assert found["nodes"]["arm-1"]["authorised"] == {"ops": [KEY]}
    assert "coming" not in found


def test_a_node_that_has_the_keys_is_left_alone(fleet: Fleet) -> None:
    fleet.shown["arm-1"]["authorised"] = {"ops": [FORMER, KEY]}
    given(fleet, "ci-1", "apply")
    assert [host for host, _module, _arguments in fleet.ran] == ["ci-1"]


@pytest.mark.parametrize(
    ("play", "shown"),
    [pytest.param(("ci-1",), True, id="not in the play"), pytest.param(("ci-1", "arm-1"), False, id="no answer")],
)
def test_what_cannot_be_asked_is_left_out(fleet: Fleet, play: t.Sequence[str], shown: bool) -> None:
    if not shown:
        del fleet.shown["arm-1"]
    assert given(fleet, "ci-1", "apply", variables("ci-1", play))["nodes"] == {}
    assert [host for host, _module, _arguments in fleet.ran] == ["ci-1"]


def test_a_node_without_that_concern_is_not_changed(fleet: Fleet) -> None:
    fleet.options["arm-1"] = {**NODE, "concerns": ["engine"]}
    given(fleet, "ci-1", "apply")
    assert [host for host, _module, _arguments in fleet.ran] == ["ci-1"]


def test_a_failure_on_a_node_names_it(fleet: Fleet) -> None:
    fleet.results["arm-1"] = {"failed": True, "msg": "ops is not a user of this host"}
    with pytest.raises(AnsibleActionFail, match="arm-1: ops is not a user of this host"):
        given(fleet, "ci-1", "apply")


def test_a_host_that_schedules_nothing_connects_to_nobody(fleet: Fleet) -> None:
    assert given(fleet, "arm-1", "apply") == {"sshd_limits": True}
    assert fleet.ran == []


def test_what_was_done_before_is_in_the_result(fleet: Fleet) -> None:
    action = Action(fleet, "ci-1")
    action.arguments(dict(SCHEDULER), variables("ci-1"))
    found = action.told({"changed": False, "actions": ["create builder"]}, SPEC)
    assert (found["changed"], found["actions"]) == (True, ["buildx_builder on ci-1", "create builder"])


CLIENT = {"scheduler": "ci-1", "user": "ci", "login": "ops"}
ACCESS = {"clients": [CLIENT], "settled": ["ci-1"]}


@pytest.mark.parametrize(
    ("module", "more", "found"),
    [
        pytest.param("plan", {"__builder_replay": {"ssh": {"arm-1": ACCESS}}}, ACCESS, id="of all hosts of the play"),
        pytest.param("plan", {"__builder_replay": {"ssh": {"other": ACCESS}}}, {}, id="of others"),
        pytest.param(
            "apply",
            {
                "__builder_replay": {"ssh": {"arm-1": ACCESS}},
                "__builder_plan": {"ssh": {"clients": [], "settled": ["ci-9"]}},
            },
            {"clients": [], "settled": ["ci-9"]},
            id="as the plan found it",
        ),
        pytest.param("ssh_access", {}, {}, id="on its own"),
        pytest.param("buildx_builder", {"__builder_replay": {"ssh": {"arm-1": ACCESS}}}, {}, id="another module"),
    ],
)
def test_a_node_is_told_who_logs_in(fleet: Fleet, module: str, more: Row, found: Row) -> None:
    assert given(fleet, "arm-1", module, variables("arm-1", **more)) == {"sshd_limits": True, **found}


@pytest.mark.parametrize(
    ("scheduler", "play", "clients", "settled"),
    [
        pytest.param("gone", (), [], ["gone"], id="not in the inventory"),
        pytest.param("ci-1", (), [CLIENT], ["ci-1"], id="it uses the node"),
        pytest.param("ci-2", (), [], ["ci-2"], id="it does not"),
        pytest.param("ci-2", ("ci-2",), [], ["ci-2"], id="it does not, and says so"),
        pytest.param("leaving", ("leaving",), [], [], id="its builder is about to leave the node"),
        pytest.param("leaving", (), [], ["leaving"], id="it cannot be asked in this run"),
        pytest.param("silent", ("silent",), [], [], id="it does not answer"),
    ],
)
def test_a_node_asks_about_schedulers(
    fleet: Fleet, scheduler: str, play: t.Sequence[str], clients: list[Row], settled: list[str]
) -> None:
    fleet.options["leaving"] = NODE
    fleet.shown["leaving"] = {"nodes": ["arm-1"]}
    action = Action(fleet, "arm-1", "plan")
    task_vars = variables("arm-1", play) | {"hostvars": dict.fromkeys(("ci-1", "ci-2", "leaving", "silent"))}
    action.arguments(dict(NODE), task_vars)
    found = action.told({"facts": {"ssh": {"unsure": [scheduler]}}, "changed": False}, SPEC)
    assert found["ssh"] == {"clients": clients, "settled": settled}
    ((host, module, arguments),) = fleet.ran
    assert (host, module) == ("arm-1", "plan")
    assert arguments["ssh_options"] == {"sshd_limits": True, "clients": clients, "settled": settled}


def test_without_anybody_the_arguments_stay_the_same() -> None:
    assert with_clients(NODE, None) is NODE

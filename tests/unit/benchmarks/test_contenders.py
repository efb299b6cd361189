"""Who takes part where, and what a contender is told about the hosts and the way to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import contenders, former, network, ssh
from benchmarks.contenders import CONTENDERS, Contender, Task
from benchmarks.hosts import chosen
from benchmarks.states import STATES

BY_NAME = {each.name: each for each in CONTENDERS}
CA = Path("/ca.crt")
THROUGH_RELAY = {network.PREFIX_VARIABLE: network.DELAYED, network.KEYS_VARIABLE: "/keys"}


def variables(command: list[str]) -> dict[str, str]:
    """The variables that a command gives Ansible."""
    found: dict[str, str] = json.loads(command[command.index("--extra-vars") + 1])
    return found


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("nothing", "ours full former stock mitogen pyinfra ping ssh"),
        ("delay", "ours former stock mitogen pyinfra ping ssh"),
        ("ca", "ours unproven former stock mitogen pyinfra"),
        ("fresh", "ours unproven former stock mitogen pyinfra"),
    ],
)
def test_who_takes_part(state: str, names: str) -> None:
    (found,) = (each for each in STATES if each.name == state)
    assert [each.name for each in CONTENDERS if found.counts(each)] == names.split()


def test_the_former_build_runs_in_its_own_folder_on_the_same_hosts() -> None:
    ours, theirs = BY_NAME["ours"], BY_NAME["former"]
    task = Task(2, CA)
    assert theirs.command(task) == ours.command(task)
    assert Path(ours.command(task)[2]).is_absolute()
    assert theirs.folder == former.FOLDER
    assert contenders.environment(theirs, task, CA)["ANSIBLE_CONFIG"] == str(former.FOLDER / "ansible.cfg")


@pytest.mark.parametrize("contender", [each for each in CONTENDERS if "delay" in each.states], ids=lambda one: one.name)
def test_all_go_the_way_that_they_are_told(contender: Contender) -> None:
    direct, delayed = Task(2, CA), Task(2, CA, network=THROUGH_RELAY)
    assert THROUGH_RELAY.items() <= contenders.environment(contender, delayed, CA).items()
    if contender.name not in ("pyinfra", "ssh"):  # which read the environment
        assert variables(contender.command(direct)) == {"ca": "/ca.crt"}
        assert variables(contender.command(delayed)) == {"ca": "/ca.crt", "network": "127.1.0", "known_hosts": "/keys"}


def test_ssh_goes_that_way_too(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = chosen(1)
    assert f"HostName={one.address}" in ssh.command(one)
    for name, value in THROUGH_RELAY.items():
        monkeypatch.setenv(name, value)
    command = ssh.command(one)
    assert "HostName=127.1.0.101" in command
    first = next(each for each in command if each.startswith("UserKnownHostsFile="))
    assert first == "UserKnownHostsFile=/keys", "ssh takes the first"


FULL_PLAN = "TASK [multiarch.builders.builder : Plan] ******\nok: [fleet-1]\n"
UNCHANGED = (
    "TASK [multiarch.builders.builder : Check the input and find unchanged hosts] *\n"
    "ok: [fleet-1]\n\nPLAY RECAP ******\n"
)


@pytest.mark.parametrize(
    ("name", "output", "planned"),
    [
        pytest.param("ours", UNCHANGED, False, id="all traces held"),
        pytest.param("ours", UNCHANGED + FULL_PLAN, True, id="one did not"),
        pytest.param("full", FULL_PLAN, False, id="asked for"),
        pytest.param("former", FULL_PLAN, False, id="knows no traces"),
    ],
)
def test_a_run_that_is_to_use_traces_is_told_from_one_that_plans(name: str, output: str, planned: bool) -> None:
    assert BY_NAME[name].did_plan(output) is planned

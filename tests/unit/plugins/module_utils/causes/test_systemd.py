# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units, and the lines of a journal."""

from __future__ import annotations

import json

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.systemd import (
    Entry,
    Unit,
    entries,
    named,
    of_systemctl,
    of_unit,
    own_lines,
    units,
)

SHOWN = """\
ExecStartPre={ path=/bin/false ; argv[]=/bin/false ; ignore_errors=yes ; code=exited ; status=1 }
ExecStartPre={ path=/bin/sh ; argv[]=/bin/sh -c echo no >&2; exit 7 ; ignore_errors=no ; code=exited ; status=7 }
EnvironmentFiles=/etc/default/docker (ignore_errors=yes)
EnvironmentFiles=/etc/default/nothere (ignore_errors=no)
Id=docker.service
Requires=docker.socket sysinit.target
LoadState=loaded
ActiveState=activating
FragmentPath=/usr/lib/systemd/system/docker.service
DropInPaths=/etc/a.conf /etc/b.conf
InvocationID=f00
Result=exit-code

Id=containerd.service
LoadState=masked
ActiveState=inactive
"""


def test_units() -> None:
    assert units(SHOWN) == {
        "docker.service": Unit(
            "docker.service",
            load="loaded",
            active="activating",
            result="exit-code",
            invocation="f00",
            files=("/usr/lib/systemd/system/docker.service", "/etc/a.conf", "/etc/b.conf"),
            requires=("docker.socket", "sysinit.target"),
            environment=(("/etc/default/docker", True), ("/etc/default/nothere", False)),
            before=("/bin/sh -c echo no >&2; exit 7", "7"),
        ),
        "containerd.service": Unit("containerd.service", load="masked", active="inactive"),
    }
    assert units("") == {}


def line(**fields: object) -> str:
    return json.dumps({name.replace("of_", "_SYSTEMD_").upper(): value for name, value in fields.items()})


def test_entries_are_those_of_this_start() -> None:
    journal = "\n".join(
        [
            line(message="goodbye", of_unit="docker.service", of_invocation_id="former"),
            line(message="Stopped docker.service.", unit="docker.service", invocation_id="former", priority="6"),
            line(message="why", of_unit="docker.service", of_invocation_id="this", priority="3"),
            line(message=[119, 255, 121], of_unit="docker.service", of_invocation_id="this"),
            line(message="docker.service: x", of_unit="docker.service", syslog_identifier="(dockerd)"),
            line(message="of nobody"),
            line(of_unit="docker.service"),
            "no JSON",
            "[]",
        ]
    )
    found = entries(journal, {"former"})
    assert [(each.text, each.own, each.priority) for each in found] == [
        ("Stopped docker.service.", False, 6),
        ("why", True, 3),
        ("w\ufffdy", True, 6),
        ("docker.service: x", False, 6),
    ]
    assert own_lines(found, "docker.service") == ["why", "w\ufffdy"]
    assert own_lines(found, "other.service") == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(
            [Entry("a", "a: Failed at step EXEC", own=False, priority=3), Entry("a", "b", own=False, priority=4)],
            "Failed at step EXEC",
            id="the worst",
        ),
        pytest.param([Entry("a", "a: x, ignoring: y", own=False, priority=4)], "", id="what does not matter"),
        pytest.param(
            [Entry("b", "b: no", own=False, priority=3), Entry("a", "no", own=True, priority=3)], "", id="of others"
        ),
        pytest.param(
            [Entry("a", "Condition check resulted in A being skipped.", own=False)],
            "Condition check resulted in A being skipped",
            id="a condition, systemd before 250",
        ),
    ],
)
def test_of_unit(found: list[Entry], told: str) -> None:
    assert of_unit(found, "a") == told


@pytest.mark.parametrize(
    ("said", "told", "unit"),
    [
        pytest.param(
            "Failed to start a.service: Unit b.socket is masked.\n",
            "Failed to start a.service: Unit b.socket is masked.",
            ("b.socket", "is masked"),
            id="masked",
        ),
        pytest.param(
            "Job for a.service failed because x.\nSee y.\n",
            "Job for a.service failed because x.",
            None,
            id="advice alone",
        ),
        pytest.param("", "", None, id="nothing"),
    ],
)
def test_of_systemctl(said: str, told: str, unit: tuple[str, str] | None) -> None:
    assert of_systemctl(said) == told
    assert named(said) == unit

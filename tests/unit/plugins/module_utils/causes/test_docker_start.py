# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why docker.service did not start: recorded starts, with what systemd 257 and 262 know of them."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes import systemd
from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker_start import Start, Why, holder, why
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import DATA

STARTS: list[dict[str, t.Any]] = json.loads((DATA / "starts.json").read_text(encoding="utf-8"))
DROP_IN = "/etc/systemd/system/docker.service.d/local.conf"


def start(recorded: dict[str, t.Any]) -> Start:
    journal = "\n".join(map(json.dumps, recorded["journal"]))
    entries = systemd.entries(journal, {recorded["former"]})
    return Start(recorded["systemctl"], systemd.units(recorded["show"]), entries, recorded["files"])


@pytest.mark.parametrize("recorded", [pytest.param(each, id=f"{each['docker']}: {each['name']}") for each in STARTS])
def test_why(recorded: dict[str, t.Any]) -> None:
    found = why(start(recorded))
    assert (found.cause, found.remedy) == (recorded["cause"], recorded["remedy"])
    assert "Processing signal 'terminated'" not in found.said, "the goodbye of the start before is not of this one"


def test_a_unit_that_systemd_refuses_is_told_with_the_reason() -> None:
    recorded = next(each for each in STARTS if each["name"] == "two ExecStart")
    said = "docker.service: Service has more than one ExecStart= setting. Refusing.\nUnit docker.service has a bad …\n"
    refused = systemd.of_verification(said, "docker.service")
    found = why(Start(recorded["systemctl"], systemd.units(recorded["show"]), refused=refused))
    assert found == Why(
        "docker.service has a setting that systemd refuses: Service has more than one ExecStart= setting. Refusing.",
        f"Fix /usr/lib/systemd/system/docker.service or {DROP_IN}",
    )


def test_where_nothing_is_known() -> None:
    assert why(Start("", {})) == Why("docker.service is not active")
    assert why(Start("Job for docker.service failed.\n", {})).cause == "Job for docker.service failed."


def test_a_dockerd_that_runs_is_not_blamed_for_what_it_logged() -> None:
    shown = "Id=docker.service\nLoadState=loaded\nActiveState=active\n"
    entries = (systemd.Entry("docker.service", 'time="x" level=error msg="some container"', own=True),)
    assert why(Start("", systemd.units(shown), entries)) == Why(
        "dockerd runs, but does not answer on /var/run/docker.sock"
    )


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param({"a": "ExecStart=x --nope\n", "b": "[Service]\n"}, "a", id="the unit"),
        pytest.param({"a": "ExecStart=x --nope\n", "b": "ExecStart=x --nope\n"}, "b", id="the last that has it"),
        pytest.param({"a": "# --nope\n"}, "", id="a comment"),
        pytest.param({}, "", id="no file"),
    ],
)
def test_holder(files: dict[str, str], path: str) -> None:
    assert holder(files, "--nope") == path

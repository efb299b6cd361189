# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last lines of a run: what each host's line says, and which hosts share one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.summary import Failed, Story, first_words, lines

WRITE, RESTART = "write /etc/docker/daemon.json: a: b", "restart docker: why"
CHANGES = {"trust": ["write x", "write y", "refresh the store"], "daemon": [WRITE, RESTART]}
SSH = "Failed to connect to the host via ssh: "
NO_BUILDER = Failed("buildx: builder b does not run: network nope not found", "network nope not found")
NOTHING, DONE = Story(), Story(changes=CHANGES, proven=True)


def noted(*kinds: str, module: str = "plan") -> Story:
    return Story(notes={module: [{"kind": each, "text": f"text of {each}"} for each in kinds]})


@pytest.mark.parametrize(
    ("stories", "check_mode", "told"),
    [
        pytest.param({"a": NOTHING}, False, ["a: nothing to do"], id="one host, nothing"),
        pytest.param({"a": noted("waits")}, False, ["a: waits: text of waits"], id="something waits"),
        pytest.param({"a": noted("waits", module="retire")}, False, ["a: waits: text of waits"], id="of any module"),
        pytest.param({"a": noted("unproven")}, True, ["a: waits: text of unproven"], id="a proof is due"),
        pytest.param(
            {"a": replace(noted("unproven"), proven=True)}, False, ["a: proven"], id="a proof that the run makes"
        ),
        pytest.param(
            {"a": noted("unproven")}, False, ["a: waits: text of unproven"], id="a proof that the run leaves out"
        ),
        pytest.param({"a": noted("left_alone", "limit")}, False, ["a: nothing to do"], id="other notes"),
        pytest.param(dict.fromkeys("abc", NOTHING), False, ["3 hosts: nothing to do"], id="three hosts, nothing"),
        pytest.param(
            {"a": DONE},
            False,
            ["a: changed: trust 3 (write, refresh), daemon 2 (write, restart docker); proven"],
            id="changed and proven",
        ),
        pytest.param(
            {"a": Story(changes=CHANGES)},
            True,
            ["a: would change: trust 3 (write, refresh), daemon 2 (write, restart docker)"],
            id="check mode",
        ),
        pytest.param(
            {"a": Story(proven=True), "b": Story(proven=True)}, False, ["2 hosts: proven"], id="a proof alone"
        ),
        pytest.param(
            {"a": Story(proven=True, unproven=["a.b", "c.d"])},
            False,
            ["a: proven, but for the login at a.b and c.d"],
            id="logins that could not be tried",
        ),
        pytest.param({"a": Story(other_changes=1)}, False, ["a: changed: 1 other task"], id="a task of the user's"),
        pytest.param(
            {
                "a": Story(
                    failed_at="Apply", words="daemon: docker did not come up\nmore", changes={"trust": ["write x"]}
                )
            },
            False,
            ["a: failed at 'Apply' (before: changed: trust 1 (write)): daemon: docker did not come up"],
            id="failed after a change",
        ),
        pytest.param(
            {"a": Story(unreachable=True, failed_at="Plan", words="Task failed: no route to host")},
            False,
            ["a: unreachable: no route to host"],
            id="unreachable",
        ),
        pytest.param(
            {"a": Story(unreachable=True, words="no route to host", changes={"trust": ["write x"]})},
            False,
            ["a: unreachable (before: changed: trust 1 (write)): no route to host"],
            id="unreachable after a change",
        ),
        pytest.param(
            {"a": Story(unreachable=True, words=f"Task failed: {SSH}@@@\nWelcome!\nHost key for a has changed and …")},
            False,
            ["a: unreachable: Host key for a has changed and …"],
            id="unreachable, below a banner",
        ),
        pytest.param(
            {"a": Story(failed_at="Apply", words="other words", failures=[NO_BUILDER])},
            False,
            ["a: failed at 'Apply': buildx: builder b does not run: network nope not found"],
            id="a failure as data: its line ends with the cause",
        ),
        pytest.param(
            {"a": Story(failed_at="Plan", failures=[NO_BUILDER, *(Failed(each) for each in "xxyz")])},
            False,
            ["a: failed at 'Plan': buildx: builder b does not run: network nope not found; x; y; and 1 more, above"],
            id="several failures, those alike once",
        ),
        pytest.param(
            {"ci-1": Story(failed_at="Plan", words="x"), "ci-2": DONE, "ci-3": DONE, "ci-4": NOTHING, "ci-5": NOTHING},
            False,
            [
                "2 hosts: nothing to do",
                "ci-[2:3]: changed: trust 3 (write, refresh), daemon 2 (write, restart docker); proven",
                "ci-1: failed at 'Plan': x",
            ],
            id="those alike share a line, the worst is last",
        ),
        pytest.param(
            {"a": Story(planned={"trust": ["write x"]}), "b": Story(blocked=[NO_BUILDER]), "c": NOTHING},
            False,
            [
                "c: nothing to do",
                "a: the next run would change: trust 1 (write)",
                "b: the next run would fail: buildx: builder b does not run: network nope not found",
            ],
            id="what surveys found",
        ),
        pytest.param(
            {"a": replace(noted("waits"), planned={"trust": ["write x"]}, proven=True)},
            True,
            ["a: proven; the next run would change: trust 1 (write); waits: text of waits"],
            id="a survey after a run",
        ),
        pytest.param({}, False, [], id="no host"),
    ],
)
def test_lines(stories: dict[str, Story], check_mode: bool, told: list[str]) -> None:
    assert [line.text for line in lines(stories, check_mode)] == told


@pytest.mark.parametrize(
    ("message", "told"),
    [
        pytest.param("one\ntwo", "one", id="the first line"),
        pytest.param("Task failed: Module failed: why", "why", id="the words of ansible-core"),
        pytest.param("", "no reason was reported", id="none"),
        pytest.param("words " * 80, "words " * 66 + "…", id="long"),
        pytest.param("x" * 500, "x" * 397 + " …", id="long, one word"),
    ],
)
def test_first_words(message: str, told: str) -> None:
    assert first_words(message) == told


CAUSE = "dial tcp: lookup registry.example: no such host"


@pytest.mark.parametrize(
    ("message", "cause", "end"),
    [
        pytest.param("what " * 90 + "it: " + CAUSE, CAUSE, f"what … {CAUSE}", id="the middle is left out"),
        pytest.param(
            "what it: " + "outer: " * 60 + CAUSE,
            "outer: " * 60 + CAUSE,
            "outer: " * 30 + CAUSE,
            id="a long cause, whose innermost is last",
        ),
        pytest.param("what " * 90, "", "what …", id="without a cause"),
    ],
)
def test_a_long_message_keeps_its_cause(message: str, cause: str, end: str) -> None:
    (line,) = lines({"h": Story(failed_at="x", failures=[Failed(message, cause)])}, check_mode=False)
    told = line.text.removeprefix("h: failed at 'x': ")
    assert told.startswith("what ")
    assert told.endswith(end)
    assert 380 < len(told) <= 400

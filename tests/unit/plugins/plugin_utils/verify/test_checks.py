# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was checked, from the results of the modules; each result is one that they return."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import PROVISION
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import failed, plans_result
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import NewerRecordError
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
    checks_of,
    in_short,
    problems,
)

Result = dict[str, t.Any]
CONCERNS = ["engine", "trust", "daemon"]
PLANNED: Result = {"plan": [], "pending": [], "actions": [], "notes": [], "facts": {}}
DRIFT = [{"concern": "daemon", "actions": ["restart docker: why", "write /etc/docker/daemon.json"]}]


def asked(outcome: str = "trusted", **more: str) -> Result:
    row = {
        "registry": "r.test",
        "way": "client",
        "who": "ci",
        "outcome": outcome,
        "words": 'Get "x": why',
        "at": "r.test",
    }
    return {"registries": [{**row, "remedy": "do this", **more}]}


def built(*failures: Result) -> Result:
    proof = {"user": "ci", "builder": "b", "platform": "linux/amd64", "how": "native", "machine": "x", "pushed": True}
    runs = ["linux/amd64", *(platform for each in failures for platform in each["platforms"] if each["user"])]
    return {"runs": runs, "proofs": [proof], "failures": list(failures)}


def failure(user: str, *platforms: str) -> Result:
    builder = "b" if user else ""
    told = {"message": "it failed", "evidence": ["a log"], "remedy": "mend it"}
    return {"user": user, "builder": builder, "platforms": list(platforms), **told}


def note(kind: str) -> Result:
    return {"concern": "daemon", "kind": kind, "text": f"docker must restart: {kind}"}


def impossible(concern: str) -> Result:
    """A failure of module plan."""
    return {"concern": concern, "message": "it does not go: why", "cause": "why", "remedy": "", "said": "a log"}


def outcomes(**results: Result | None) -> dict[str, str]:
    given: dict[str, Result | None] = {"plan": None, "registries": None, "proof": None, **results}
    return {each.name: each.outcome for each in checks_of("h", concerns=CONCERNS, **given)}


AS_ASKED = {f"as_asked[{concern}]": PASSED for concern in CONCERNS}
REACHED = {"reachable": PASSED}


@pytest.mark.parametrize(
    ("results", "checks"),
    [
        pytest.param({"plan": PLANNED}, {**REACHED, **AS_ASKED}, id="nothing differs"),
        pytest.param(
            {"plan": {**PLANNED, "plan": DRIFT}},
            {**REACHED, **AS_ASKED, "as_asked[daemon]": FAILED},
            id="one concern differs",
        ),
        pytest.param(
            {"plan": {**PLANNED, "notes": [*map(note, ("waits", "limit", "left_alone", "unproven"))]}},
            {**REACHED, **AS_ASKED, "as_asked[daemon]": FAILED},
            id="a change is required that a run does not make now",
        ),
        pytest.param(
            {"plan": {**PLANNED, "notes": [*map(note, ("limit", "left_alone", "unproven"))]}},
            {**REACHED, **AS_ASKED},
            id="notes on what is as asked",
        ),
        pytest.param(
            {"plan": {**PLANNED, "msg": "daemon: broken", "failures": [impossible("daemon")]}},
            {**REACHED, **AS_ASKED, "as_asked[daemon]": FAILED},
            id="one concern is impossible",
        ),
        pytest.param(
            {"plan": {**PLANNED, "msg": "engine: none", "failures": [impossible("engine")]}},
            {**REACHED, "as_asked[engine]": FAILED, "as_asked[trust]": SKIPPED, "as_asked[daemon]": SKIPPED},
            id="without Docker nothing else can be told",
        ),
        pytest.param(
            {"plan": {**plans_result({}), **failed(NewerRecordError("/x", 9)), "failed": True}},
            {**REACHED, "as_asked": FAILED, **dict.fromkeys(AS_ASKED, SKIPPED)},
            id="a host that a newer version changed was not compared",
        ),
        pytest.param(
            {"plan": {**PLANNED, "plan": DRIFT, **failed(HostError("the record is damaged")), "failed": True}},
            {**REACHED, "as_asked": FAILED, **dict.fromkeys(AS_ASKED, SKIPPED), "as_asked[daemon]": FAILED},
            id="a failure of no concern",
        ),
        pytest.param({"plan": {"msg": "crashed", "failed": True}}, {**REACHED, "as_asked": FAILED}, id="no plan"),
        pytest.param({"registries": asked()}, {**REACHED, "trust[r.test-client-ci]": PASSED}, id="trusted"),
        pytest.param(
            {"registries": asked("expired")}, {**REACHED, "trust[r.test-client-ci]": FAILED}, id="not trusted"
        ),
        pytest.param(
            {"registries": asked(way="plain", who="")}, {**REACHED, "trust[r.test-plain]": PASSED}, id="a way of nobody"
        ),
        pytest.param(
            {"registries": asked("logged in", way="login")}, {**REACHED, "login[r.test-ci]": PASSED}, id="a login"
        ),
        pytest.param(
            {"registries": asked("login refused", way="login")},
            {**REACHED, "login[r.test-ci]": FAILED},
            id="a login that is refused",
        ),
        pytest.param(
            {"registries": {**asked(), "msg": "it ended early", "failed": True}},
            {**REACHED, "trust": FAILED, "trust[r.test-client-ci]": PASSED},
            id="a failure beside what is trusted",
        ),
        pytest.param(
            {"registries": {"registries": [], "msg": "dockerd does not answer"}},
            {**REACHED, "trust": FAILED},
            id="nobody could be asked",
        ),
        pytest.param(
            {"proof": built()}, {**REACHED, "runs[linux/amd64]": PASSED, "build[ci-b-linux/amd64]": PASSED}, id="built"
        ),
        pytest.param(
            {"proof": built(failure("", "linux/arm64"))},
            {
                **REACHED,
                "runs[linux/arm64]": FAILED,
                "runs[linux/amd64]": PASSED,
                "build[ci-b-linux/amd64]": PASSED,
            },
            id="a platform that does not run is not built for",
        ),
        pytest.param(
            {
                "proof": {
                    "runs": ["linux/amd64"],
                    "proofs": [],
                    "failures": [failure("ci", "linux/amd64", "linux/arm64")],
                    "msg": "x",
                }
            },
            {
                **REACHED,
                "runs[linux/amd64]": PASSED,
                "build[ci-b-linux/amd64]": FAILED,
                "build[ci-b-linux/arm64]": FAILED,
            },
            id="a build that failed, of a platform that runs here and of one that need not",
        ),
        pytest.param({"proof": {"proofs": [], "msg": "no user"}}, {**REACHED, "build": FAILED}, id="no proof"),
        pytest.param({"plan": {"skipped": True}, "proof": {"skipped": True}}, {"verification": FAILED}, id="nothing"),
        pytest.param({}, {"verification": FAILED}, id="a host that the run never came to"),
        pytest.param({"plan": {"unreachable": True, "msg": "no route"}}, {"reachable": FAILED}, id="not reached"),
        pytest.param(
            {"plan": {"failed": True, "msg": "1 problem", "problems": [{}]}, "proof": built()},
            {"input": FAILED},
            id="wrong input",
        ),
    ],
)
def test_checks_of(results: dict[str, Result], checks: dict[str, str]) -> None:
    assert outcomes(**results) == checks


def test_problems_have_evidence_and_remedy_and_those_alike_stand_together() -> None:
    found = checks_of("h", PLANNED, asked("unknown authority"), built(failure("ci", "linux/arm64", "linux/s390x")), [])
    assert problems(found) == (
        "3 of 8 checks failed:\n"
        "- trust[r.test-client-ci]: r.test: unknown authority\n"
        "    | client ci: why\n"
        "  What to do: do this.\n"
        "- build[ci-b-linux/arm64], build[ci-b-linux/s390x]: it failed\n"
        "    | a log\n"
        "  What to do: mend it."
    )
    assert in_short(found) == (
        "3 of 8 checks failed: trust[r.test-client-ci]: r.test: unknown authority: why; "
        "build[ci-b-linux/arm64] and 1 more: it failed"
    )


def test_platforms_that_fail_alike_are_one_cause_in_the_last_line() -> None:
    proof = {**built(failure("ci", "linux/arm64", "linux/s390x")), "proofs": [], "msg": "x"}
    assert in_short(checks_of("h", PLANNED, None, proof, [])) == "2 of 6 checks failed: it failed"


def test_what_differs_is_told_in_the_last_line() -> None:
    (check,) = (each for each in checks_of("h", {**PLANNED, "plan": DRIFT}, None, None, CONCERNS) if each.cause)
    assert check.message == "2 differences from the desired state"
    assert in_short([check]) == (
        "as_asked[daemon]: 2 differences from the desired state: restart docker: why, and 1 more"
    )


def test_many_causes_are_counted() -> None:
    found = [Check("h", f"c{number}", FAILED, f"message {number}") for number in range(5)]
    assert in_short(found) == (
        "5 of 5 checks failed: c0: message 0; c1: message 1; c2: message 2; and 2 more causes, above"
    )


def test_a_concern_that_is_impossible_has_its_evidence_and_remedy() -> None:
    plan = {**PLANNED, "msg": "x", "failures": [{**impossible("daemon"), "remedy": "mend it"}]}
    (check,) = (each for each in checks_of("h", plan, None, None, CONCERNS) if each.outcome == FAILED)
    assert (check.message, check.evidence, check.remedy) == ("it does not go: why", ("a log",), "mend it")


def test_a_host_that_is_not_reached_is_told_by_the_line_that_says_why() -> None:
    words = (
        "Task failed: Failed to connect to the host via ssh: Welcome!\nssh: connect to host a port 22: No route to host"
    )
    (check,) = checks_of("h", {"unreachable": True, "msg": words}, None, None, CONCERNS)
    assert check.message == "the host is unreachable: ssh: connect to host a port 22: No route to host"
    assert "Welcome!" in check.evidence[0]


@pytest.mark.parametrize(
    ("checks", "short"),
    [
        pytest.param([], "", id="none"),
        pytest.param([Check("h", "a")], "", id="all passed"),
        pytest.param([Check("h", "a"), Check("h", "b", FAILED, "why\nso", (), "mend it")], "b: why so", id="one"),
    ],
)
def test_in_short(checks: list[Check], short: str) -> None:
    assert in_short(checks) == short
    assert bool(problems(checks)) == bool(short)


def test_what_docker_itself_pulled() -> None:
    row = {"image": "r.test/a:proof", "user": "ci", "message": "", "evidence": [], "remedy": ""}
    bad = {**row, "image": "b", "message": "ci cannot pull b", "evidence": ["docker said: no"], "remedy": "do this"}
    found = checks_of("h", None, None, {**built(), "pulls": [row, bad], "msg": "x"}, CONCERNS)
    pulls = [each for each in found if each.name.startswith("pull")]
    assert [each.name for each in found if each.outcome == FAILED] == ["pull[ci-b]"]
    assert [(each.name, each.outcome) for each in pulls] == [
        ("pull[ci-r.test/a:proof]", PASSED),
        ("pull[ci-b]", FAILED),
    ]
    assert "- pull[ci-b]: ci cannot pull b\n    | docker said: no\n  What to do: do this." in problems(found)


@pytest.mark.parametrize(
    ("actions", "waits", "message", "evidence", "remedy"),
    [
        pytest.param(["a"], 0, "1 difference", ("provisioning would:\n- a",), f"Run {PROVISION}", id="one"),
        pytest.param(
            [],
            1,
            "1 difference",
            ("it waits:\n- docker must restart: waits",),
            f"Run {PROVISION}, once nothing prevents what waits",
            id="one that waits",
        ),
        pytest.param(
            ["a", "b"],
            1,
            "3 differences",
            ("provisioning would:\n- a\n- b", "and it waits:\n- docker must restart: waits"),
            f"Run {PROVISION}, once nothing prevents what waits",
            id="both",
        ),
    ],
)
def test_what_differs_and_what_waits(
    actions: list[str], waits: int, message: str, evidence: tuple[str, ...], remedy: str
) -> None:
    steps = [{"concern": "daemon", "actions": actions}] if actions else []
    plan = {**PLANNED, "plan": steps, "notes": [note("waits")] * waits}
    found = {each.name: each for each in checks_of("h", plan, None, None, CONCERNS)}["as_asked[daemon]"]
    assert (found.message, found.evidence, found.remedy) == (f"{message} from the desired state", evidence, remedy)

"""Surveys become hosts of a report: the state of each, and why. The surveys are shaped after one of a lab host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import cells
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.compile import host_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import Trace

from tests.browser import fleets

Change = Callable[[dict[str, Any]], object]
RESTART = ["docker needs it"]
FAILURE = {"concern": "engine", "message": "no", "cause": "no", "remedy": "Install it", "said": ""}


def _set(key: str, value: object) -> Change:
    return lambda survey: survey.update({key: value})


def _proof(name: str, *failures: str) -> Change:
    return lambda survey: survey["proofs"][name].update(passed=not failures, failures=list(failures))


def _answer(outcome: str, *, optional: bool = False) -> Change:
    return lambda survey: survey["registries"][2].update(outcome=outcome, words="w", optional=optional)


def _note(concern: str, kind: str) -> Change:
    return _set("notes", [{"concern": concern, "kind": kind, "text": "words"}])


def _pending(concern: str) -> Change:
    return lambda survey: survey.update(pending=[concern], plan=[{"concern": concern, "actions": ["do it"]}])


@pytest.mark.parametrize(
    ("changes", "state", "why"),
    [
        pytest.param([], "ok", [], id="no drift"),
        pytest.param([_pending("daemon")], "drift", [], id="something to do"),
        pytest.param([_set("facts", {"daemon": {"restart": RESTART}})], "drift", [], id="a restart waits"),
        pytest.param([_note("buildx", "waits")], "drift", [], id="a builder waits"),
        pytest.param(
            [_set("failures", [FAILURE]), _pending("trust")], "failed", ["engine: no. Install it"], id="cannot be made"
        ),
        pytest.param([_proof("build_proof", "a", "b")], "failed", ["the last build proof failed: a; b"], id="builds"),
        pytest.param([_proof("registry_proof", "a")], "failed", ["the last trust proof failed: a"], id="trust failed"),
        pytest.param(
            [_answer("unknown authority")],
            "failed",
            ["registry harbor.lab.test: unknown authority (w)"],
            id="a registry is not trusted, and nothing is pending",
        ),
        pytest.param([_answer("unknown authority"), _pending("trust")], "drift", [], id="the next run brings trust"),
        pytest.param([_answer("no answer", optional=True)], "ok", [], id="behind mirrors"),
        pytest.param([_answer("not asked")], "ok", [], id="behind a proxy that Python cannot use"),
        pytest.param([_set("proofs", {"build_proof": None, "registry_proof": None})], "ok", [], id="never proven"),
        pytest.param([_note("daemon", "left_alone")], "ok", [], id="another note is no drift"),
    ],
)
def test_the_state_of_a_host(changes: list[Change], state: str, why: list[str]) -> None:
    survey = fleets.survey()
    for change in changes:
        change(survey)
    host = host_of("h", survey)
    assert (host.state, list(host.why)) == (state, why)


@pytest.mark.parametrize(
    ("trace", "word"),
    [
        pytest.param({"time": "2026-11-21T11:20:13Z", "why": ""}, "plan:none", id="unchanged"),
        pytest.param({"time": None, "why": "there is no trace"}, "plan:full", id="a full plan"),
    ],
)
def test_what_the_next_run_of_a_host_does(trace: dict[str, Any], word: str) -> None:
    host = host_of("h", fleets.survey() | {"trace": trace})
    assert host.trace == Trace(**trace)
    assert host.state == "ok", "a full plan is no drift"
    assert {"plan:none", "plan:full"} & set(cells.search_text(host).split()) == {word}


def test_nothing_is_told_of_the_next_run_of_a_host_that_was_not_surveyed() -> None:
    host = host_of("h", fleets.UNREACHABLE)
    assert host.trace is None
    assert "plan:" not in cells.search_text(host)


@pytest.mark.parametrize(
    ("result", "state", "why"),
    [
        pytest.param(None, "failed", ["it was not surveyed: an earlier task failed"], id="never asked"),
        pytest.param(
            {"unreachable": True, "msg": "Task failed: no route"}, "unreachable", ["no route"], id="not reached"
        ),
        pytest.param({"failed": True, "msg": "boom\n\ntwice"}, "failed", ["boom", "twice"], id="a module that fails"),
        pytest.param(fleets.INPUT, "failed", fleets.PROBLEMS, id="input"),
        pytest.param(
            {"failed": True, "msg": "x", "failures": [FAILURE]}, "failed", ["engine: no. Install it"], id="as data"
        ),
        pytest.param({"failed": True}, "failed", ["there was no message"], id="without words"),
    ],
)
def test_hosts_that_were_not_surveyed(result: dict[str, Any] | None, state: str, why: list[str]) -> None:
    host = host_of("h", result)
    assert (host.state, list(host.why), host.surveyed) == (state, why, False)


@pytest.mark.parametrize(
    ("told", "image", "shown"),
    [
        pytest.param("0.33.0", "moby/buildkit:v0.31.1", ("0.33.0", False), id="what runs"),
        pytest.param(None, "moby/buildkit:v0.33.0@sha256:00", ("0.33.0", True), id="the release of the tag"),
        pytest.param(None, "h:5000/moby/buildkit:mine", ("mine", True), id="the tag"),
        pytest.param(None, "h:5000/moby/buildkit", (None, False), id="no tag"),
        pytest.param(None, None, (None, False), id="no image: a buildkitd elsewhere"),
    ],
)
def test_the_version_of_buildkit(told: str | None, image: str | None, shown: tuple[str | None, bool]) -> None:
    survey = fleets.survey()
    survey["builders"][0]["nodes"][0].update(buildkit=told, image=image)
    (node,) = host_of("h", survey).builders[0].nodes
    assert (node.buildkit, node.by_tag) == shown


@pytest.mark.parametrize(
    ("days", "ends"), [(-1, "ended"), (0, "soon"), (29, "soon"), (30, "fine")], ids=["past", "today", "soon", "fine"]
)
def test_when_certificates_end(days: int, ends: str) -> None:
    survey = fleets.survey()
    survey["authorities"][0]["days_left"] = days
    found = [each for each in host_of("h", survey).certificates if each.kind == "ca"]
    assert found[0].ends == ends


def test_certificates_of_servers_variables_and_chains() -> None:
    survey = fleets.survey()
    chain = survey["certificates"][1]["chain"]
    chain.append({**chain[0], "subject": "CN=between", "fingerprint": "1" * 64})
    kinds = [(each.registry, each.kind) for each in host_of("h", survey).certificates]
    mirror, harbor = "mirror.lab.test:5000", "harbor.lab.test"
    assert kinds == [(mirror, "server"), (harbor, "server"), (harbor, "chain"), (mirror, "ca"), (harbor, "ca")]


@pytest.mark.parametrize(
    ("other", "shown", "least"),
    [
        pytest.param(None, 1, 600, id="one disk"),
        pytest.param({"path": "/var/lib/containerd", "size": 1000, "free": 70}, 2, 70, id="containerd has another"),
    ],
)
def test_the_disks_of_a_host(other: dict[str, Any] | None, shown: int, least: int) -> None:
    survey = fleets.survey()
    survey |= {"disk": {"path": "/var/lib/docker", "size": 1000, "free": 600}, "containerd_disk": other}
    host = host_of("h", survey)
    assert len(cells.disks(host)) == shown
    assert cells.sort_keys(host, ())["free"] == least
    assert [each.is_short for each in cells.disks(host)] == [False, True][:shown]

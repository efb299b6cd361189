"""Surveys become hosts of a report: the state of each, and why. The surveys are shaped after one of a lab host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import cells, page
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.attention import attention
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.compile import host_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.fleet import report_on
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import Inherit, Trace

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
        pytest.param(
            [_answer("unknown authority"), _set("concerns", ["engine", "buildx"])], "ok", [], id="trust is not managed"
        ),
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


GUARD = {
    "running": True,
    "heals": 3,
    "last_heal": "2026-11-21T11:20:13Z",
    "healed": ["qemu-arm"],
    "limited": None,
    "failure": None,
    "metrics": "/m.prom",
    "sweep": "what was unused for 24 h",
    "removed": 2,
    "freed": 5_000_000_000,
    "last_sweep": "2026-11-21T11:20:13Z",
    "swept": ["builder builder-1: old"],
    "sweep_failure": None,
}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        pytest.param(None, "", id="no guard"),
        pytest.param({}, "", id="none any more"),
        pytest.param(GUARD, "guard:running", id="it runs"),
        pytest.param({**GUARD, "running": False}, "guard:stopped", id="it does not run"),
        pytest.param({**GUARD, "limited": "2026-11-21T11:20:13Z"}, "guard:limited", id="it waits"),
        pytest.param({**GUARD, "failure": "of this test"}, "guard:limited", id="it failed"),
        pytest.param({**GUARD, "sweep_failure": "of this test"}, "guard:running guard:unswept", id="its sweep failed"),
    ],
)
def test_what_the_guard_of_a_host_did(facts: dict[str, Any] | None, words: str) -> None:
    survey = fleets.survey()
    if facts is not None:
        survey["facts"]["guard"] = facts
    host = host_of("h", survey)
    assert {each for each in cells.search_text(host).split() if each.startswith("guard:")} == set(words.split())
    assert host.state == "ok"
    assert (host.guard and host.guard.healed) == (("qemu-arm",) if facts else None)
    shown = page.as_html(report_on([host], fleets.NOW))
    assert ("<dt>Guard</dt>" in shown) is bool(facts)
    assert ("last qemu-arm at" in shown) is bool(facts)
    assert ("removed so far: 2, 5.0 GB freed" in shown) is bool(facts)


def test_what_jobs_left_is_told_by_name() -> None:
    survey = fleets.survey()
    left = {"name": "builder-1", "users": ["ci"], "used": "2026-11-20T11:20:13Z", "goes": True, "why": "in the store"}
    survey["job_builders"] = [left, {**left, "name": "builder-2", "users": [], "goes": False, "why": "it builds"}]
    host = host_of("h", survey)
    assert [(each.name, each.users, each.goes) for each in host.job_builders] == [
        ("builder-1", ("ci",), True),
        ("builder-2", (), False),
    ]
    shown = page.as_html(report_on([host], fleets.NOW))
    assert "<td>builder-1</td><td>ci</td>" in shown
    assert "<td>builder-2</td><td>nobody</td>" in shown
    assert "keeps it: it builds" in shown


SERVE = {
    "builder": "multiarch",
    "address": "192.0.2.10",
    "port": 1234,
    "running": True,
    "error": None,
    "clients": [{"name": name, "fingerprint": "ab", "ends": 0} for name in ("gitlab-ci", "gitlab-ci", "jane")],
}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        pytest.param(None, [], id="nothing is served"),
        pytest.param(SERVE, ["client:gitlab-ci", "client:jane", "serve:running"], id="served"),
        pytest.param({**SERVE, "running": False, "clients": []}, ["serve:broken"], id="it does not run"),
        pytest.param({**SERVE, "error": "of this test", "clients": []}, ["serve:broken"], id="a failed reload"),
    ],
)
def test_what_a_host_serves(facts: dict[str, Any] | None, words: list[str]) -> None:
    survey = fleets.survey()
    if facts is not None:
        survey["facts"]["serve"] = facts
    host = host_of("h", survey)
    found = cells.search_text(host).split()
    assert sorted(each for each in found if each.startswith(("serve:", "client:"))) == words
    report = report_on([host], fleets.NOW)
    shown = page.as_html(report)
    assert ("builder multiarch on 192.0.2.10, port 1234" in shown) is bool(facts)
    assert ("clients: gitlab-ci, jane" in shown) is ("client:jane" in words)
    assert ("serve%3Abroken" in shown) is ("serve:broken" in words)


CONTEXT = {"user": "ci", "name": "arm", "host": "ssh://ci@arm-1", "managed": True}


@pytest.mark.parametrize(
    ("facts", "words", "shown"),
    [
        pytest.param({}, [], [], id="none"),
        pytest.param(
            {"contexts": {"contexts": [CONTEXT, {**CONTEXT, "user": "jane", "host": None}]}},
            ["context:arm"],
            [
                "<td>arm</td><td>ci</td><td>ssh://ci@arm-1</td>",
                "<td>arm</td><td>jane</td><td>nowhere yet</td>",
            ],
            id="contexts",
        ),
        pytest.param(
            {"contexts": {"contexts": [{**CONTEXT, "managed": False}]}},
            ["context:arm"],
            ['<td>ssh://ci@arm-1 <span class="dim">not managed</span></td>'],
            id="somebody else's",
        ),
        pytest.param(
            {"ssh": {"clients": [["ci-1", "root", "ci"], ["ci-2", "jane", "ci"]], "unsure": ["ci-1", "ci-2"]}},
            ["scheduler:ci-1", "scheduler:ci-2"],
            ["<td>ci-1</td><td>root</td><td>ci</td>", "<td>ci-2</td><td>jane</td><td>ci</td>"],
            id="keys of others",
        ),
        pytest.param({"ssh": {"unsure": ["ci-1"]}}, [], [], id="no key any more"),
    ],
)
def test_how_users_reach_other_dockers_and_who_reaches_this_one(
    facts: dict[str, Any], words: list[str], shown: list[str]
) -> None:
    survey = fleets.survey()
    survey["facts"] |= facts
    host = host_of("h", survey)
    found = cells.search_text(host).split()
    assert [each for each in found if each.startswith(("context:", "scheduler:"))] == words
    html = page.as_html(report_on([host], fleets.NOW))
    assert [each for each in shown if each not in html] == []
    assert ("<h3>Docker contexts</h3>" in html) is ("contexts" in facts)
    assert ("<h3>Authorised for builds</h3>" in html) is any(each.startswith("scheduler:") for each in words)


PROOF = {"time": "2026-11-21T11:00:00Z", "failures": [], "platforms": ["linux/amd64"], "registries": ["a.b"]}
PASSED, FAILED = {**PROOF, "passed": True}, {**PROOF, "passed": False}


@pytest.mark.parametrize(
    ("build", "trust", "concerns", "word", "never"),
    [
        pytest.param(PASSED, PASSED, ["trust", "buildx"], "passed", False, id="both passed"),
        pytest.param(PASSED, None, ["buildx"], "passed", False, id="no trust to prove"),
        pytest.param(PASSED, FAILED, ["trust", "buildx"], "failed", False, id="trust failed"),
        pytest.param(None, FAILED, ["trust", "buildx"], "failed", True, id="trust failed, and no build was made"),
        pytest.param(None, PASSED, ["trust", "buildx"], "never", True, id="no build was made"),
        pytest.param(None, None, ["buildx"], "never", True, id="none was made"),
        pytest.param(None, PASSED, ["trust"], "passed", False, id="no builders, trust alone"),
        pytest.param(None, None, ["engine"], "", False, id="nothing to prove"),
    ],
)
def test_how_the_proofs_of_a_host_ended(
    build: dict[str, Any] | None, trust: dict[str, Any] | None, concerns: list[str], word: str, never: bool
) -> None:
    survey = fleets.survey() | {"concerns": concerns, "proofs": {"build_proof": build, "registry_proof": trust}}
    report = report_on([host_of("h", survey)], fleets.NOW)
    assert cells.proof(report.hosts[0]) == word
    assert report.totals.never_proven == never
    lines = cells.search_text(report.hosts[0]).split("\n")
    assert ("proof:never" in lines, "proof:failed" in lines) == (never, word == "failed")
    items = {item.words.partition(" on ")[0] for item in attention(report)}
    assert ("no proof was ever run" in items, "the last proof failed" in items) == (never, word == "failed")


def test_nothing_is_told_of_the_next_run_of_a_host_that_was_not_surveyed() -> None:
    host = host_of("h", fleets.UNREACHABLE)
    assert host.trace is None
    assert "plan:" not in cells.search_text(host)


@pytest.mark.parametrize(
    ("result", "state", "why"),
    [
        pytest.param(None, "failed", ["it was not surveyed"], id="never asked"),
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


def test_a_builder_that_is_missing_has_no_version() -> None:
    survey = fleets.survey()
    survey["builders"][0]["nodes"][0].update(state="missing", buildkit=None, image="moby/buildkit:v0.32.2")
    report = report_on([host_of("h", survey)], fleets.NOW)
    assert "BuildKit" not in cells.spread(report)


@pytest.mark.parametrize(
    ("told", "image", "shown"),
    [
        pytest.param("0.33.0", "moby/buildkit:v0.31.1", ("0.33.0", False), id="what runs"),
        pytest.param(None, "moby/buildkit:v0.32.2@sha256:00", ("0.32.2", True), id="the release of the tag"),
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


INHERIT = {"users": ["ci"], "others": ["root"], "builders": ["a"], "outdated": ["b"], "strangers": []}


@pytest.mark.parametrize(
    ("facts", "inherit"),
    [
        pytest.param({}, None, id="an older survey, or a failed plan"),
        pytest.param({"buildx": {}}, None, id="not asked for"),
        pytest.param({"buildx": {"inherit": INHERIT}}, Inherit(("ci",), ("root",), ("a",), ("b",), ()), id="asked for"),
    ],
)
def test_builders_that_users_make(facts: dict[str, Any], inherit: Inherit | None) -> None:
    assert host_of("h", fleets.survey() | {"facts": facts}).inherit == inherit

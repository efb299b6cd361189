# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of module survey become hosts of a report. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import TRUSTED
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.connections import contexts_of, ssh_clients_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.guard import Guard, JobBuilder
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import (
    Answer,
    Builder,
    Certificate,
    Disk,
    Ends,
    Engine,
    Host,
    Inherit,
    Machine,
    Node,
    Note,
    Platform,
    Proof,
    Step,
    Trace,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.serve import serve_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import buildkit_version
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Problem

Result = Mapping[str, t.Any]

_NOT_ASKED = ("not asked",)


def has_failed(result: Result) -> bool:
    """Whether a survey says nothing but why there is none."""
    return bool(result.get("unreachable") or result.get("failed"))


def host_of(name: str, result: Result | None, why_not: str = "it was not surveyed") -> Host:
    """The host *name* from its survey's result, None without one, and *why_not*."""
    if result is None:
        return Host(name, "failed", (why_not,))
    if result.get("unreachable"):
        return Host(name, "unreachable", (of_ssh(str(result.get("msg") or "")) or "there was no message",))
    if "machine" not in result:
        return Host(name, "failed", (*_failures(result),) or _lines(result))
    answers = tuple(Answer(**each) for each in result["registries"])
    build = _proof(result["proofs"].get("build_proof"), "platforms")
    registry = _proof(result["proofs"].get("registry_proof"), "registries")
    facts = result["facts"]
    why = (*_failures(result), *_faults(result, answers, build, registry))
    restart = tuple(facts.get("daemon", {}).get("restart", ()))
    notes = tuple(Note(**each) for each in result["notes"])
    plan = tuple(Step(each["concern"], tuple(each["actions"])) for each in result["plan"])
    host = Host(
        name,
        "ok",
        why,
        machine=Machine(**result["machine"]),
        disk=Disk(**result["disk"]) if result["disk"] else None,
        containerd_disk=Disk(**result["containerd_disk"]) if result["containerd_disk"] else None,
        engine=_engine(facts.get("engine", {}), result["dockerd"] or {}),
        platforms=tuple(Platform(**each) for each in result["platforms"]),
        builders=tuple(map(_builder, result["builders"])),
        registries=answers,
        certificates=tuple(_certificates(result)),
        plan=plan,
        restart=restart,
        notes=notes,
        build_proof=build,
        registry_proof=registry,
        trace=Trace(**result["trace"]),
        inherit=_inherit(facts.get("buildx", {})),
        guard=_guard(facts.get("guard")),
        job_builders=tuple(JobBuilder(**{**each, "users": tuple(each["users"])}) for each in result["job_builders"]),
        serve=serve_of(facts.get("serve")),
        concerns=tuple(result["concerns"]),
        contexts=contexts_of(facts.get("contexts", {})),
        ssh_clients=ssh_clients_of(facts.get("ssh", {})),
    )
    return replace(host, state="failed" if why else "drift" if plan or restart or host.waiting else "ok")


def _failures(result: Result) -> list[str]:
    """What our modules report about the input or the host."""
    problems = [str(Problem(**each)) for each in result.get("problems", ())]
    found = result.get("failures", ())
    return [*problems, *(str(HostError(each["message"], "", each["remedy"], "", each["concern"])) for each in found)]


def _lines(result: Result) -> tuple[str, ...]:
    """What any other module reports, by line."""
    text = str(result.get("msg") or "").removeprefix("Task failed: ")  # ansible-core adds it
    return tuple(line.strip() for line in text.splitlines() if line.strip()) or ("there was no message",)


def _faults(result: Result, answers: Sequence[Answer], build: Proof | None, registry: Proof | None) -> Iterator[str]:
    """Faults besides what cannot be planned. Trust that the next run configures is drift; without that concern none
    is expected."""
    if build and not build.passed:
        yield f"the last build proof failed: {'; '.join(build.failures)}"
    if registry and not registry.passed:
        yield f"the last trust proof failed: {'; '.join(registry.failures)}"
    if "trust" in result["pending"] or "trust" not in result["concerns"]:
        return
    for each in answers:
        if each.outcome != TRUSTED and each.outcome not in _NOT_ASKED and not each.optional:
            yield f"registry {each.registry}: {each.outcome} ({each.words})"


def _engine(versions: Mapping[str, str | None], dockerd: Result) -> Engine:
    return Engine(versions.get("docker"), versions.get("buildx"), dockerd.get("image_store"), dockerd.get("cache"))


def _guard(facts: Result | None) -> Guard | None:
    return Guard(**{**facts, "healed": tuple(facts["healed"]), "swept": tuple(facts["swept"])}) if facts else None


def _builder(row: Result) -> Builder:
    nodes = tuple(map(_node, row["nodes"]))
    return Builder(row["name"], row["driver"], row["default"], tuple(row["users"]), row["cache"], nodes)


def _inherit(facts: Result) -> Inherit | None:
    found = facts.get("inherit")
    return Inherit(**{name: tuple(each) for name, each in found.items()}) if found else None


def _node(row: Result) -> Node:
    """BuildKit built without a version gets that of its image's tag, or the tag; a missing one has none."""
    image, asked = row.get("image"), not row["buildkit"] and row["state"] != "missing"
    by_tag = text_of(buildkit_version(image)) or _tag(image) if image and asked else ""
    return Node(
        name=row["name"],
        endpoint=row["endpoint"],
        state=row["state"],
        why=row["why"],
        buildkit=row["buildkit"] or by_tag or None,
        by_tag=bool(by_tag),
        image=image,
    )


def _tag(image: str) -> str:
    repository = image.partition("@")[0].rpartition("/")[2]
    return repository.partition(":")[2]


def _proof(record: Result | None, about: str) -> Proof | None:
    if not record:
        return None
    told = (record.get(name) or () for name in ("failures", about, "unproven"))
    return Proof(str(record["time"]), bool(record["passed"]), *(tuple(map(str, each)) for each in told))


def _certificates(result: Result) -> Iterator[Certificate]:
    """All certificates that the host depends on: from servers and from variables."""
    warn_days = result["ca_warn_days"]
    for shown in result["certificates"]:
        for number, each in enumerate(shown["chain"]):
            yield _certificate(
                {**each, "registry": shown["registry"], "kind": "chain" if number else "server"}, warn_days
            )
    for each in result["authorities"]:
        yield _certificate(each, warn_days)


def _certificate(row: Result, warn_days: int) -> Certificate:
    days = row["days_left"]
    ends: Ends = "ended" if days < 0 else "soon" if days < warn_days else "fine"
    return Certificate(
        registry=row["registry"],
        kind=row["kind"],
        subject=row["subject"],
        issuer=row["issuer"],
        not_after=row["not_after"],
        days_left=days,
        ends=ends,
        fingerprint=row["fingerprint"],
    )

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of a host and their outcomes, from the results of the modules. Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import lines_of
from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind
from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import PROVEN, cause
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import LOGIN
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import PROVISION

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
REACHABLE = "reachable"
_MOST_CAUSES = 3  # in one line
_PREFIXES = re.compile("^(?:Task failed: )+")  # what ansible-core puts before

Result = Mapping[str, t.Any]


@dataclass(frozen=True)
class Check:
    """One check of one host; *message* says why it failed or was skipped, *evidence* what the host showed.

    *cause* is the gist of the evidence if the message does not include it, for one-line summaries.
    """

    host: str
    name: str
    outcome: str = PASSED
    message: str = ""
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    seconds: float = 0
    cause: str = ""


def as_asked(concern: str) -> str:
    """The check that *concern* is in its desired state."""
    return f"as_asked[{concern}]"


def trust(registry: str, way: str, who: str) -> str:
    """The check that one client trusts *registry*."""
    return f"trust[{'-'.join(filter(None, (registry, way, who)))}]"


def login(registry: str, user: str) -> str:
    """The check that *registry* accepts the login of *user*."""
    return f"login[{registry}-{user}]"


def runs(platform: str) -> str:
    """The check that programs of *platform* run on the host."""
    return f"runs[{platform}]"


PULLS = "pull["


def pulled(user: str, image: str) -> str:
    """The check that docker itself pulls *image* as *user*."""
    return f"{PULLS}{user}-{image}]"


def build(user: str, builder: str, platform: str) -> str:
    """The check that *user* builds for *platform* with *builder*, and pushes if a repository is given."""
    return f"build[{user}-{builder}-{platform}]"


def checks_of(
    host: str,
    plan: Result | None,
    registries: Result | None,
    proof: Result | None,
    concerns: Sequence[str],
) -> list[Check]:
    """All checks of *host* from the results of modules plan, registry_proof and build_proof; None if it did not run."""
    results = [each for each in (plan, registries, proof) if each]
    for result in results:
        if result.get("unreachable"):
            return [unreachable(host, str(result.get("msg", "")))]
        if result.get("problems"):
            remedy = "Fix these variables in the inventory; nothing else was checked"
            return [Check(host, "input", FAILED, str(result["msg"]), remedy=remedy)]
    found = [
        *_of_plan(host, plan or {}, concerns),
        *_of_registries(host, registries or {}),
        *_of_proof(host, proof or {}),
    ]
    if not found:
        words = "nothing was checked: the run ended early, or its --tags or builder_concerns leave nothing to check"
        return [Check(host, "verification", FAILED, words, remedy="See the messages above")]
    return [Check(host, REACHABLE), *found]


def unreachable(host: str, words: str) -> Check:
    """The only check of an unreachable host."""
    remedy = f"Check that it runs and that ssh works: `ansible -i INVENTORY {host} -m ping`"
    lines = lines_of(_PREFIXES.sub("", words))
    evidence = ("\n".join(lines),) if len(lines) > 1 else ()
    return Check(host, REACHABLE, FAILED, f"the host is unreachable: {of_ssh(words)}", evidence, remedy)


def _of_plan(host: str, plan: Result, concerns: Sequence[str]) -> Iterator[Check]:
    if not plan or plan.get("skipped"):
        return
    if "plan" not in plan:
        yield Check(host, "as_asked", FAILED, str(plan.get("msg", "there is no plan")), remedy=_LOOK)
        return
    failures = {each["concern"]: each for each in plan.get("failures", ())}
    actions = {each["concern"]: each["actions"] for each in plan["plan"]}
    waits = {each: waiting(plan, each) for each in concerns}
    whole = [each for concern, each in failures.items() if concern not in concerns]
    for each in whole:  # such as a record that a newer version wrote: nothing was compared
        yield _impossible(host, "as_asked", each)
    for concern in concerns:
        name = as_asked(concern)
        if concern in failures:
            yield _impossible(host, name, failures[concern])
        elif "engine" in failures:
            yield Check(host, name, SKIPPED, "cannot be checked without Docker")
        elif actions.get(concern) or waits[concern]:
            yield _differs(host, name, actions.get(concern, ()), waits[concern])
        elif whole:
            yield Check(host, name, SKIPPED, "may not have been compared, as the plan failed")
        else:
            yield Check(host, name)


def waiting(plan: Result, concern: str) -> list[str]:
    """The changes that *concern* requires and that a run leaves for now, as with `builder_disruption: never`."""
    notes = plan.get("notes", ())
    return [each["text"] for each in notes if (each["kind"], each["concern"]) == (Kind.WAITS.value, concern)]


def _differs(host: str, name: str, actions: Sequence[str], waits: Sequence[str]) -> Check:
    """A concern that is not in its desired state: a run makes the *actions*, and the *waits* are not made yet."""
    both = [*actions, *waits]
    listed = (("provisioning would", actions), ("and it waits" if actions else "it waits", waits))
    evidence = tuple("\n".join([f"{title}:", *(f"- {each}" for each in texts)]) for title, texts in listed if texts)
    message = f"{len(both)} {'difference' if len(both) == 1 else 'differences'} from the desired state"
    remedy = f"Run {PROVISION}" + (", once nothing prevents what waits" if waits else "")
    return Check(host, name, FAILED, message, evidence, remedy, cause=_few(both))


_LOOK = "Run verify-builders.yml for this host alone with -vvv"


def _impossible(host: str, name: str, failure: Result) -> Check:
    """A concern that cannot be planned."""
    evidence = (failure["said"],) if failure["said"] else ()
    return Check(host, name, FAILED, failure["message"], evidence, failure["remedy"] or "See the message")


def _few(texts: Sequence[str]) -> str:
    """The first of *texts*, and how many more there are."""
    return texts[0] + (f", and {len(texts) - 1} more" if len(texts) > 1 else "")


def _of_registries(host: str, result: Result) -> Iterator[Check]:
    rows = result.get("registries") or []
    if failure_of(result) and all(row["outcome"] in PROVEN for row in rows):
        yield Check(host, "trust", FAILED, failure_of(result), remedy=_LOOK)
    for row in rows:
        registry, way, who = row["registry"], row["way"], row["who"]
        name = login(registry, who) if way == LOGIN else trust(registry, way, who)
        if row["outcome"] in PROVEN:
            yield Check(host, name)
        else:
            at = f" at {row['at']}" if row["at"] != row["registry"] else ""
            words = cause(row["words"])
            said = f"{' '.join(filter(None, (row['way'], row['who'])))}: {words}"
            message, remedy = f"{row['registry']}: {row['outcome']}{at}", row.get("remedy", "")
            yield Check(host, name, FAILED, message, (said,), remedy, cause=words)


def _of_proof(host: str, result: Result) -> Iterator[Check]:
    proofs, failures = result.get("proofs") or [], result.get("failures") or []
    unpulled = [each for each in result.get("pulls") or [] if each["message"]]
    if failure_of(result) and not failures and not unpulled:
        yield Check(host, "build", FAILED, failure_of(result), remedy=_LOOK)
    for each in failures:
        for platform in each["platforms"] if not each["user"] else ():
            yield _failed(host, runs(platform), each)
    for platform in result.get("runs") or ():
        yield Check(host, runs(platform))
    for each in proofs:
        yield Check(host, build(each["user"], each["builder"], each["platform"]))
    for each in failures:
        for platform in each["platforms"] if each["user"] else ():
            yield _failed(host, build(each["user"], each["builder"], platform), each)

    for each in result.get("pulls") or []:
        if each["message"]:
            yield _failed(host, pulled(each["user"], each["image"]), each)
        else:
            yield Check(host, pulled(each["user"], each["image"]))


def _failed(host: str, name: str, failure: Result) -> Check:
    return Check(host, name, FAILED, failure["message"], tuple(failure["evidence"]), failure["remedy"])


def failure_of(result: Result) -> str:
    """Why a module failed, "" if it did not: `failed` itself may be overruled by `failed_when`."""
    return str(result.get("msg") or "no reason was reported") if result.get("failed") or "msg" in result else ""


def problems(checks: Sequence[Check]) -> str:
    """The failed *checks* of one host, for people, grouped by failure. Empty if none failed."""
    groups = _alike(checks)
    if not groups:
        return ""
    lines = [f"{sum(map(len, groups))} of {len(checks)} checks failed:"]
    for found in groups:
        remedy = found[0].remedy
        lines.append(f"- {', '.join(each.name for each in found)}: {found[0].message}")
        evidence = dict.fromkeys(text for each in found for text in each.evidence)
        lines += [f"    | {line}" for text in evidence for line in text.splitlines()]
        lines += [f"  What to do: {remedy}."] if remedy else []
    return "\n".join(lines)


def in_short(checks: Sequence[Check]) -> str:
    """The failed *checks* of one host and why, in one line, grouped by failure; empty if none failed."""
    groups = _alike(checks)
    told = [f"{_names(found)}: {_why(found[0])}" for found in groups]
    count = sum(map(len, groups))
    if count < 2:
        return "".join(told)
    head = f"{count} of {len(checks)} checks failed: "
    if len(groups) == 1:
        return head + _why(groups[0][0])
    more = len(told) - _MOST_CAUSES
    return head + "; ".join([*told[:_MOST_CAUSES], *([f"and {more} more causes, above"] if more > 0 else [])])


def _alike(checks: Sequence[Check]) -> list[list[Check]]:
    """Those of *checks* that failed, grouped by message and remedy."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        if check.outcome == FAILED:
            groups.setdefault((check.message, check.remedy), []).append(check)
    return list(groups.values())


def _names(found: Sequence[Check]) -> str:
    return found[0].name + (f" and {len(found) - 1} more" if len(found) > 1 else "")


def _why(check: Check) -> str:
    return ": ".join(filter(None, map(_one_line, (check.message, check.cause))))


def _one_line(text: str) -> str:
    return " ".join(text.split())

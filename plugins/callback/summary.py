# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line per host at the end of every playbook of this collection."""

from __future__ import annotations

DOCUMENTATION = r"""
name: summary
type: aggregate
short_description: One line per host at the end of a playbook
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Reports for each host what was changed, or would be in check mode or as a survey found, what is pending, and why
    something failed. Hosts with the same outcome share a line.
  - Prints nothing after playbooks that do not use this collection.
requirements:
  - enable it in C(ansible.cfg) with C(callbacks_enabled = multiarch.builders.summary)
"""

import typing as t

from ansible import constants, context
from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.summary import Failed, Story, lines
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Problem

_OURS = "multiarch.builders."
_CONCERNS = {
    "engine": "engine",
    "registry_trust": "trust",
    "docker_daemon": "daemon",
    "binfmt_handlers": "binfmt",
    "docker_contexts": "contexts",
    "buildx_builder": "buildx",
    "buildkit_serve": "serve",
    "ssh_access": "ssh",
    "guard": "guard",
}
_COLORS = {
    "nothing": constants.COLOR_OK,
    "changed": constants.COLOR_CHANGED,
    "waits": constants.COLOR_HIGHLIGHT,
    "failed": constants.COLOR_ERROR,
}
_HIDDEN = "(hidden by no_log)"


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Collects results during the run, and prints the summary at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "multiarch.builders.summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._stories: dict[str, Story] = {}
        self._ours: set[str] = set()  # hosts on which a module of this collection ran
        self._failed_by: dict[str, str] = {}  # the host whose task failed for another one, too

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._guarded(self._ok, result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._guarded(self._failed, result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._guarded(self._failed, result)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._guarded(self._tell, stats)

    def _guarded(self, step: t.Callable[[t.Any], None], about: object) -> None:
        """A summary must never make a run fail."""
        try:
            step(about)
        except Exception as exc:
            self._display.vv(f"multiarch.builders.summary: {type(exc).__name__}: {exc}")

    def _ok(self, event: CallbackTaskResult) -> None:
        name, result, story = self._event(event)
        if name and result.get("notes"):
            story.notes["plan" if name == "apply" else name] = result["notes"]  # the same concerns, later
        for host, found in result["unchanged"].items() if name == "replay" else ():  # by the task of one of them
            self._stories.setdefault(host, Story()).notes["plan"] = found["result"].get("notes") or ()
            self._ours.add(host)
        if name == "apply":
            _add(story, _changes(result))
        elif name == "survey":
            story.planned, story.blocked = _changes(result), _failures(result)
        elif name == "plan" and _check_mode():
            story.changes |= _changes(result)  # of all concerns again, where a playbook plans twice
        elif name == "registry_proof":
            story.unproven = result.get("unproven_logins") or ()
            story.proven = bool(result.get("registries")) and not result.get("failures")
        elif name == "build_proof":
            story.proven = bool(result.get("proofs")) and not result.get("failures")
        elif name and result.get("changed"):
            _add(story, {_CONCERNS.get(name, name): list(result.get("actions") or ["change"])})
        elif result.get("changed"):
            story.other_changes += 1

    def _failed(self, event: CallbackTaskResult) -> None:
        name, result, story = self._event(event)
        if name == "apply":
            _add(story, _changes(result))
        story.failed_at = event.task_name.rpartition(" : ")[2]
        story.words = _HIDDEN if "censored" in result else str(result.get("msg") or "")
        story.failures = _failures(result) if name else ()
        for host, failures in _stopped(result).items() if name == "replay" else ():  # by the task of one of them
            other = self._stories.setdefault(host, Story())
            other.failed_at, other.words, other.failures = story.failed_at, story.words, failures
            self._failed_by[host] = event.host.get_name()
            self._ours.add(host)

    def _event(self, event: CallbackTaskResult) -> tuple[str, t.Mapping[str, t.Any], Story]:
        """(our module's name or "", its result, the host's story)."""
        action = str(event.task.resolved_action or event.task.action)
        host = event.host.get_name()
        story = self._stories.setdefault(host, Story())
        if not action.startswith(_OURS):
            return "", event.result, story
        self._ours.add(host)
        return action.removeprefix(_OURS), event.result, story

    def _tell(self, stats: AggregateStats) -> None:
        if not self._ours:
            return
        for host, story in self._stories.items():
            story.unreachable = bool(stats.summarize(host)["unreachable"])
            failed = stats.summarize(self._failed_by.get(host, host))["failures"]
            if not failed:  # it was rescued
                story.failed_at = ""
            elif not story.failed_at:  # an event that was not understood: never "nothing to do"
                story.failed_at, story.words = "a task", "see above"
        told = {host: story for host, story in self._stories.items() if host in self._ours or story.is_bad}
        for line in lines(told, _check_mode()):
            self._display.display(line.text, color=_COLORS[line.kind])


def _failures(result: t.Mapping[str, t.Any]) -> list[Failed]:
    """Problems of the input, or failures of the host; `pulls` also has successful ones."""
    found = [Failed(str(Problem(**each))) for each in result.get("problems") or ()]
    for each in [*(result.get("failures") or ()), *(result.get("pulls") or ())]:
        concern = f"{each['concern']}: " if each.get("concern") else ""
        found += [Failed(concern + " ".join(each["message"].split()), each["cause"])] if each["message"] else []
    return found


def _stopped(result: t.Mapping[str, t.Any]) -> dict[str, list[Failed]]:
    """Why a run ended for each host of the play: by its own input, or by that of others."""
    invalid = result.get("invalid") or {}
    others = [Failed(f"nothing was done, as the input of {names(list(invalid))} is invalid")]
    mine = {host: [Failed(str(Problem(**each))) for each in problems] for host, problems in invalid.items()}
    return mine | dict.fromkeys(result.get("stopped") or (), others)


def _add(story: Story, changes: t.Mapping[str, list[str]]) -> None:
    """What a task did, with what others did before."""
    for concern, actions in changes.items():
        story.changes.setdefault(concern, []).extend(actions)


def _check_mode() -> bool:
    return bool(context.CLIARGS.get("check"))


def _changes(result: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Actions by concern, of module plan or apply."""
    return {each["concern"]: each["actions"] for each in result.get("plan") or ()}

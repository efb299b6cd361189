# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out what was decided, in the folder of the CA."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import (
    CLIENTS,
    NEXT,
    Folder,
    FolderError,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import Pair, issue, new_authority
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.renewal import Step


def check_possible(steps: Sequence[Step], folder: Folder, now: datetime.datetime) -> None:
    """Raise FolderError if there is no vault password, or no CA or key of it that can be used, for *steps*."""
    actions = {step.action for step in steps}
    if actions & {"create", "issue"}:
        folder.check_writable_keys()
    if "create" in actions:
        folder.check_may_create()
    elif "issue" in actions:
        _check_end(folder, now)
        folder.authority_key()


def _check_end(folder: Folder, now: datetime.datetime) -> None:
    """Nothing outlives its CA, so with that, all has ended."""
    end = folder.authorities[0].not_valid_after_utc
    if end <= now:
        remedy = "Remove ca.pem and ca.key for a new CA, or put another CA there, and give pipelines new bundles"
        raise FolderError(folder.root / "ca.pem", f"the CA has ended on {end:%Y-%m-%d}", remedy)


def carry_out(steps: Sequence[Step], folder: Folder, now: datetime.datetime) -> None:
    """Do *steps* in their order, in the locked *folder*. Raises FolderError."""

    @functools.cache
    def authority() -> Pair:
        return Pair(folder.authorities[0], folder.authority_key())

    for step in steps:
        _DO[step.action](step, folder, authority, now)


def _create(_step: Step, folder: Folder, _authority: Callable[[], Pair], now: datetime.datetime) -> None:
    made = new_authority(now)
    folder.write_authority_key(made.key)
    folder.write_authorities([made.certificate])


def _issue(step: Step, folder: Folder, authority: Callable[[], Pair], now: datetime.datetime) -> None:
    try:
        made = issue(authority(), step.name, days=step.days, now=now, names=step.names)
    except ValueError as exc:
        remedy = "Fix `names` in builder_serve, or the CA's files"
        raise FolderError(folder.root, f"no certificate can be issued for {step.name}: {exc}", remedy) from exc
    folder.write(step.kind, step.name, [made.certificate, *step.kept], made.key)


def _hand_over(step: Step, folder: Folder, _authority: Callable[[], Pair], _now: datetime.datetime) -> None:
    following = folder.certificates(NEXT, step.name)
    folder.write(CLIENTS, step.name, [*following[:1], *step.kept], folder.key(NEXT, step.name))
    folder.remove(NEXT, step.name)


def _remove(step: Step, folder: Folder, _authority: Callable[[], Pair], _now: datetime.datetime) -> None:
    folder.remove(step.kind, step.name)
    if step.kind == CLIENTS:
        folder.remove(NEXT, step.name)


_DO = {"create": _create, "issue": _issue, "hand over": _hand_over, "remove": _remove}

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be merged into daemon.json: any key, except those that break it or have their own variable."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import implied
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.extra_checks import (
    contradictions,
    unknown_names,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import NEWEST
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import merge
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.daemon_types import check_types
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest, type_name

_REFUSED = {
    "hosts": (
        "stops dockerd from starting: its systemd unit passes -H, and dockerd takes hosts from one place only",
        "Use a drop-in for docker.socket or docker.service instead; null removes the key",
    ),
    "registry-mirrors": ("is set by another variable", "Use `mirrors` of docker.io in builder_registries"),
    "insecure-registries": ("is set by another variable", "Use `insecure` or `http` in builder_registries"),
    "proxies": ("is set by another variable", "Use builder_proxy"),
}


def check_daemon_options(options: Mapping[object, object], variable: str, findings: Findings) -> None:
    """Note what is wrong with *options*, a JSON merge patch: null removes a key and is always allowed."""
    for key, (message, remedy) in _REFUSED.items():
        if options.get(key) is not None:
            findings.problem(f"{variable}.{key}", None, message, remedy)
    for path, name, known in unknown_names(options):
        message = f"is unknown to Docker up to {text_of(NEWEST)}, which ignores it: {suggest(name, known)}"
        findings.warn(f"{variable}.{path}", message)
    # These options and ours combined, for any version of dockerd.
    for spot in contradictions(merge(implied(()), options), None):
        findings.problem(f"{variable}.{spot.path}", options.get(spot.path), spot.message, spot.remedy)
    check_types(options, variable, findings)
    _check_paths(options, variable, findings)
    check_json(options, variable, findings)


def _check_paths(options: Mapping[object, object], variable: str, findings: Findings) -> None:
    """dockerd takes a relative path (cmd/dockerd/daemon.go checks none), from /, where systemd starts it."""
    for key in ("data-root", "exec-root"):
        path = options.get(key)
        if isinstance(path, str) and path and not path.startswith("/"):
            message = "must be an absolute path: dockerd would resolve it against its own working directory"
            findings.problem(f"{variable}.{key}", path, message, f"Write the absolute path, such as /srv/{path}")


def check_json(value: object, variable: str, findings: Findings) -> None:
    """Report values that JSON does not support."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(key, str):
                check_json(each, f"{variable}.{key}", findings)
            else:
                findings.problem(f"{variable}.{key}", None, "has a key that is not a string", "Put the key in quotes")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            check_json(each, f"{variable}[{index}]", findings)
    elif not isinstance(value, (str, bool, int, float, type(None))):
        remedy = "Put it in quotes if it is meant to be a string"
        findings.problem(variable, None, f"is {type_name(value)}, which JSON does not support", remedy)

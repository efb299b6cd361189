# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of options beyond their rows in model/options.py."""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import is_network
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import hosts_toml
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import Rendered, render
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.rules import check_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import emulators, instances, registries
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.buildx_plugin import Locate, check_buildx_plugin
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.client_options import check_client_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.daemon_options import check_daemon_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.environment import check_environment
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.garbage_collection import (
    check_gc,
    check_gc_version,
    worker_keys,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import buildkit_version, check_image
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.network import check_dns, check_proxy
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.own_network import check_loopback
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.platforms import normalise_platforms
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import harbor
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import ReadFile


@dataclass(frozen=True)
class Input:
    """What a check may use besides its own value.

    *options* are of the right types and complete; those earlier in CHECKS are already checked. *prefix* precedes
    their names in messages, *now* is aware of its time zone.
    """

    options: dict[str, t.Any]
    prefix: str
    findings: Findings
    read_file: ReadFile
    fetch: harbor.Fetch
    inventory: Inventory
    locate: Locate
    now: datetime.datetime

    @property
    def warn_days(self) -> int:
        """How many days before its expiry a certificate is a warning."""
        days: int = self.options.get("ca_warn_days", 0)
        return max(0, days)

    @property
    def named_registries(self) -> list[registries.Registry]:
        """The registries in the table."""
        return _named(self.options.get("registries", []))


Check = Callable[[t.Any, str, Input], t.Any]
"""Takes a non-null value and its variable's name; reports problems, and returns the normalised value."""


def _named(table: Sequence[registries.Registry]) -> list[registries.Registry]:
    """The entries of *table* without networks, which only dockerd supports."""
    return [entry for entry in table if entry.get("host") and not is_network(entry["host"])]


def _notes(check: Callable[[t.Any, str, Findings], None]) -> Check:
    """A check that leaves the value as it is."""

    def noted(value: object, variable: str, given: Input) -> object:
        check(value, variable, given.findings)
        return value

    return noted


def _normalises(check: Callable[[t.Any, str, Findings], t.Any]) -> Check:
    """A check that needs nothing but the value."""
    return lambda value, variable, given: check(value, variable, given.findings)


def _at_least(least: int, message: str, remedy: str) -> Check:
    def check(value: int, variable: str, findings: Findings) -> None:
        if value < least:
            findings.problem(variable, value, message, remedy)

    return _notes(check)


def _absolute(example: str) -> Check:
    def check(path: str, variable: str, findings: Findings) -> None:
        if not path.startswith("/"):
            remedy = f"Write the path on the host, such as {example}"
            findings.problem(variable, path, "must be an absolute path", remedy)

    return _notes(check)


def _users(values: Sequence[str | None], variable: str, given: Input) -> list[str]:
    """Names of users in their order, each once."""
    for index, name in enumerate(values):
        if name is not None and not re.fullmatch(r"[^\s:/\x00-\x1f\x7f-][^\s:/\x00-\x1f\x7f]*", name):
            remedy = "Write the login name, such as root or gitlab-runner"
            given.findings.problem(f"{variable}[{index}]", name, "is not a valid user name", remedy)
    needed = bool(given.options.get("instances")) and "buildx" in given.options.get("concerns", ["buildx"])
    if needed and not values:
        message = "is empty, but each builder belongs to a user"
        given.findings.problem(variable, None, message, "Name a user, such as root")
    return list(dict.fromkeys(name for name in values if name is not None))


def _environment(values: dict[object, object], variable: str, given: Input) -> dict[str, str]:
    no_file = given.options.get("environment_file", "-") is None
    missing = f"{given.prefix}environment_file" if no_file else ""
    return check_environment(values, variable, given.findings, missing=missing)


def _buildx_plugin(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    return check_buildx_plugin(value, variable, given.locate, given.findings)


def _binfmt_images(value: dict[object, object], variable: str, given: Input) -> dict[str, str]:
    images = emulators.check_images(value, variable, given.findings)
    emulators.check_combination(bool(value), variable, given.prefix, given.options, given.findings)
    if value and given.options.get("binfmt_archive"):
        message = f"cannot be combined with {given.prefix}binfmt_archive, which is an archive of one image"
        given.findings.problem(variable, None, message, "Remove one of them")
    return images


def _binfmt_canary(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    emulators.check_canary(value, variable, given.findings)
    emulators.check_combination(bool(value), variable, given.prefix, given.options, given.findings)
    return value


def _registries(value: list[registries.Registry], variable: str, given: Input) -> list[registries.Registry]:
    """The table with certificates as text, and with `hosts_toml` where dockerd needs one."""
    table = registries.normalise(
        value,
        variable=variable,
        read_file=given.read_file,
        fetch=given.fetch,
        now=given.now,
        warn_days=given.warn_days,
        findings=given.findings,
    )
    files = hosts_toml.render(_named(table))
    return [{**entry, "hosts_toml": files[entry["host"]]} if entry.get("host") in files else entry for entry in table]


def _buildkit_options(patch: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    """The patch, none if anything is wrong with it."""
    before = len(given.findings.problems)
    check_options(patch, variable, given.findings, [entry["host"] for entry in given.named_registries])
    return patch if len(given.findings.problems) == before else {}


def _instances(value: list[instances.Instance], variable: str, given: Input) -> list[instances.Instance]:
    """The builders with their buildkitd.toml, which is made from registries and BuildKit's options."""
    found = instances.normalise(
        value,
        rendering=_rendering(value, given),
        variable=variable,
        read_file=given.read_file,
        findings=given.findings,
        inventory=given.inventory,
        now=given.now,
        warn_days=given.warn_days,
    )
    check_loopback(found, given.named_registries, variable, given.findings)
    return found


def _rendering(builders: Sequence[instances.Instance], given: Input) -> instances.Rendering:
    """What makes buildkitd.toml for a version of BuildKit, checked for those that *builders* have."""
    patch, gc = given.options.get("buildkit_options", {}), gc_of(given.options)
    usable = [entry for entry in given.named_registries if ("client_cert" in entry) == ("client_key" in entry)]
    dns = [each for each in given.options.get("dns", []) if each]
    made = [each for each in builders if "config" not in each and each.get("driver") != "remote"]
    for version in sorted({buildkit_version(each.get("image", "")) for each in made}):
        check_versions(patch, version, f"{given.prefix}buildkit_options", given.findings)
        check_gc_version(gc, version, f"{given.prefix}gc", given.findings)

    def rendering(version: Version) -> Rendered:
        return render(usable, patch, dns, worker_keys(gc, version))

    return rendering


# In this order: a check may use the options before it, which are already checked.
CHECKS: dict[str, Check] = {
    "platforms": _normalises(normalise_platforms),
    "users": _users,
    "ca_warn_days": _at_least(0, "must be 0 or greater", "Write whole days, or 0 for no warnings"),
    "binfmt_image": _notes(check_image),
    "binfmt_archive": _absolute("/var/tmp/binfmt.tar"),
    "binfmt_images": _binfmt_images,
    "binfmt_canary": _binfmt_canary,
    "environment_file": _absolute("/etc/environment"),
    "drain_timeout": _at_least(
        1, "must be greater than 0", "Write seconds above 0, or set `disruption: now` to not wait at all"
    ),
    "verify_timeout": _at_least(1, "must be greater than 0", "Write seconds above 0, such as 1800"),
    "trace_max_age": _at_least(0, "must be 0 or greater", "Write seconds, or 0 for a full plan in each run"),
    "lock_timeout": _at_least(0, "must be 0 or greater", "Write seconds, or 0 to not wait"),
    "daemon_options": _notes(check_daemon_options),
    "client_options": _notes(check_client_options),
    "environment": _environment,
    "proxy": _notes(check_proxy),
    "dns": _notes(check_dns),
    "gc": _normalises(check_gc),
    "buildx_plugin": _buildx_plugin,
    "registries": _registries,
    "buildkit_options": _buildkit_options,
    "instances": _instances,
}

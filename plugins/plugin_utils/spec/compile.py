# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spec step: what the inventory says becomes what a host shall be, or the list of everything wrong with it."""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import is_network
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import hosts_toml
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import Rendered, render
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.rules import check_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import instances, registries
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.buildx_plugin import Locate, check_buildx_plugin
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.client_options import check_client_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.convert import convert
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
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.plain_values import check_plain
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import harbor
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import ReadFile


@dataclass(frozen=True)
class CompiledSpec:
    """*options* in the shape of `module_utils.options.OPTIONS`, checked and complete; *warnings* are for people."""

    options: dict[str, t.Any]
    warnings: tuple[str, ...]


def compile_spec(
    variables: Mapping[str, object],
    *,
    names: Sequence[str],
    read_file: ReadFile,
    prefix: str = "builder_",
    now: datetime.datetime | None = None,
    fetch: harbor.Fetch = harbor.fetch,
    inventory: Inventory = instances.NOBODY,
    locate: Locate = Path,
) -> CompiledSpec:
    """Check, normalise and complete the options *names*, as far as *variables* has them, else with their defaults.

    *variables* holds plain data, its keys without *prefix*, which messages put before them. *now* is aware of its
    time zone, by default the present. *inventory* has the hosts that nodes may be, *locate* finds large files.
    Raises SpecError with every problem at once.
    """
    findings = Findings()
    for name, value in variables.items():
        check_plain(value, f"{prefix}{name}", findings)
    findings.raise_if_any()
    for name in variables:
        if name not in names:
            findings.problem(f"{prefix}{name}", None, "is no known option here", suggest(name, names))
    options = {name: convert(f"{prefix}{name}", variables.get(name), OPTIONS[name], findings) for name in names}
    moment = now or datetime.datetime.now(datetime.UTC)
    _check_simple(options, prefix, findings)
    _check_settings(options, prefix, findings)
    if "buildx_plugin" in options:
        plugin = options["buildx_plugin"]
        options["buildx_plugin"] = check_buildx_plugin(plugin, f"{prefix}buildx_plugin", locate, findings)
    _check_tables(options, prefix, read_file, fetch, inventory, moment, findings)
    findings.raise_if_any()
    return CompiledSpec(options, tuple(findings.warnings))


def _check_simple(options: dict[str, t.Any], prefix: str, findings: Findings) -> None:
    """The options that stand alone; normalised in place."""
    if "platforms" in options:
        options["platforms"] = normalise_platforms(options["platforms"], f"{prefix}platforms", findings)
    if "users" in options:
        needed = bool(options.get("instances")) and "buildx" in options.get("concerns", ["buildx"])
        options["users"] = _users(options["users"], f"{prefix}users", needed, findings)
    if options.get("ca_warn_days", 0) < 0:
        remedy = "Write whole days, or 0 for no warnings"
        findings.problem(f"{prefix}ca_warn_days", options["ca_warn_days"], "is less than no time", remedy)
    if "binfmt_image" in options:
        check_image(options["binfmt_image"], f"{prefix}binfmt_image", findings)
    for name, example in (("binfmt_archive", "/var/tmp/binfmt.tar"), ("environment_file", "/etc/environment")):
        path = options.get(name)
        if path is not None and not path.startswith("/"):
            remedy = f"Write where it lies on the host, such as {example}"
            findings.problem(f"{prefix}{name}", path, "is no absolute path", remedy)
    if "drain_timeout" in options and options["drain_timeout"] <= 0:
        remedy = "Write seconds above 0, or `disruption: now` for no waiting at all"
        findings.problem(f"{prefix}drain_timeout", options["drain_timeout"], "is no time to wait", remedy)
    if options.get("lock_timeout", 0) < 0:
        remedy = "Write seconds, or 0 to wait for nobody"
        findings.problem(f"{prefix}lock_timeout", options["lock_timeout"], "is less than no time", remedy)


def _check_settings(options: dict[str, t.Any], prefix: str, findings: Findings) -> None:
    """What Docker and its client are set to; normalised in place."""
    if "daemon_options" in options:
        check_daemon_options(options["daemon_options"], f"{prefix}daemon_options", findings)
    if "client_options" in options:
        check_client_options(options["client_options"], f"{prefix}client_options", findings)
    if "environment" in options:
        missing = f"{prefix}environment_file" if options.get("environment_file", "-") is None else ""
        options["environment"] = check_environment(
            options["environment"], f"{prefix}environment", findings, missing=missing
        )
    check_proxy(options.get("proxy", {}), f"{prefix}proxy", findings)
    check_dns(options.get("dns", []), f"{prefix}dns", findings)
    if "gc" in options:
        options["gc"] = check_gc(options["gc"], f"{prefix}gc", findings)


def _check_tables(
    options: dict[str, t.Any],
    prefix: str,
    read_file: ReadFile,
    fetch: harbor.Fetch,
    inventory: Inventory,
    now: datetime.datetime,
    findings: Findings,
) -> None:
    """Registries, BuildKit's options and the instances that are made from both; normalised in place."""
    table = registries.normalise(
        options.get("registries", []),
        variable=f"{prefix}registries",
        read_file=read_file,
        fetch=fetch,
        now=now,
        warn_days=max(0, options.get("ca_warn_days", 0)),
        findings=findings,
    )
    named = [entry for entry in table if entry.get("host") and not is_network(entry["host"])]
    if "registries" in options:
        rendered_hosts = hosts_toml.render(named)
        options["registries"] = [
            {**entry, "hosts_toml": rendered_hosts[entry["host"]]} if entry.get("host") in rendered_hosts else entry
            for entry in table
        ]
    rendering = _rendering(options, named, prefix, findings)
    if "instances" in options:
        options["instances"] = instances.normalise(
            options["instances"],
            rendering=rendering,
            variable=f"{prefix}instances",
            read_file=read_file,
            findings=findings,
            inventory=inventory,
            now=now,
            warn_days=max(0, options.get("ca_warn_days", 0)),
        )
        check_loopback(options["instances"], named, f"{prefix}instances", findings)


def _rendering(
    options: Mapping[str, t.Any], table: Sequence[registries.Registry], prefix: str, findings: Findings
) -> instances.Rendering:
    """What makes buildkitd.toml for a version of BuildKit, checked for those that the instances have."""
    patch, gc = options.get("buildkit_options", {}), gc_of(options)
    before = len(findings.problems)
    check_options(patch, f"{prefix}buildkit_options", findings, [entry["host"] for entry in table])
    patch = patch if len(findings.problems) == before else {}
    usable = [entry for entry in table if ("client_cert" in entry) == ("client_key" in entry)]
    dns = [each for each in options.get("dns", []) if each]
    made = [each for each in options.get("instances", []) if "config" not in each and each.get("driver") != "remote"]
    for version in sorted({buildkit_version(each.get("image", "")) for each in made}):
        check_versions(patch, version, f"{prefix}buildkit_options", findings)
        check_gc_version(gc, version, f"{prefix}gc", findings)

    def rendering(version: Version) -> Rendered:
        return render(usable, patch, dns, worker_keys(gc, version))

    return rendering


def _users(values: Sequence[str | None], variable: str, needed: bool, findings: Findings) -> list[str]:
    """Names of users in their order, each once."""
    for index, name in enumerate(values):
        if name is not None and not re.fullmatch(r"[^\s:/\x00-\x1f\x7f-][^\s:/\x00-\x1f\x7f]*", name):
            remedy = "Write the login name, such as root or gitlab-runner"
            findings.problem(f"{variable}[{index}]", name, "is no name of a user", remedy)
    if needed and not values:
        findings.problem(variable, None, "is empty, but builders live in a user's store", "Name a user, such as root")
    return list(dict.fromkeys(name for name in values if name is not None))

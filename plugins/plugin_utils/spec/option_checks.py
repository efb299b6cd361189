# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of options beyond their rows in model/options.py."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import hosts_toml
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import Rendered, render
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.rules import check_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import (
    contexts,
    emulators,
    instances,
    program,
    registries,
    served,
    ssh_access,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.buildx_plugin import check_buildx_plugin
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.checking import (
    Check,
    Input,
    absolute,
    at_least,
    normalises,
    notes,
    without_networks,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.client_options import check_client_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.daemon_options import check_daemon_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.data_roots import check_data_roots
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.engine import check_repository, check_version
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.environment import check_environment
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.garbage_collection import (
    check_gc,
    check_gc_version,
    worker_keys,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.guard import check_guard, completed
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import (
    buildkit_version,
    check_image,
    check_proof_repository,
    check_reference,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.network import check_dns, check_proxy
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.own_network import check_loopback
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.platforms import normalise_platforms
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.registry_table import Registry
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.serve import check_serve
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.tls_files import Sources
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import suggest


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


def _data_roots(value: dict[str, str | None], variable: str, given: Input) -> dict[str, str]:
    if value.get("docker") and "data-root" in given.options.get("daemon_options", {}):
        message = f"cannot be combined with data-root in {given.prefix}daemon_options"
        given.findings.problem(f"{variable}.docker", value["docker"], message, "Remove one of them")
    return check_data_roots(value, variable, given.findings)


def _buildx_plugin(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    return check_buildx_plugin(value, variable, given.locate, given.findings)


def _engine_repository(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    needed = given.options.get("engine") == "docker"
    return check_repository(value, variable, given.read_file, given.findings, needed=needed)


def _engine_version(value: str, variable: str, given: Input) -> str:
    check_version(value, variable, given.options.get("engine", "present"), given.findings)
    return value


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


def _registries(value: list[Registry], variable: str, given: Input) -> list[Registry]:
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
    files = hosts_toml.render(without_networks(table))
    return [{**entry, "hosts_toml": files[entry["host"]]} if entry.get("host") in files else entry for entry in table]


def _buildkit_options(patch: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    """The patch, none if anything is wrong with it."""
    before = len(given.findings.problems)
    check_options(patch, variable, given.findings, [entry["host"] for entry in given.named_registries])
    return patch if len(given.findings.problems) == before else {}


def _contexts(value: list[contexts.Context], variable: str, given: Input) -> list[contexts.Context]:
    sources = Sources(given.read_file, given.now, given.warn_days)
    return contexts.normalise(value, variable, _context_users(given), sources, given.findings)


def _context_users(given: Input) -> contexts.Users:
    return contexts.Users(given.options.get("users", []), f"{given.prefix}users", f"{given.prefix}contexts")


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
        source=given.source,
        keys=bool(given.options.get("ssh_keys")),
    )
    table = given.options.get("contexts", [])
    contexts.check_builders(value, table, _context_users(given), variable, given.findings)
    check_loopback(found, given.named_registries, variable, given.findings)
    return found


def _serve(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    """With its defaults, certificates and program; {} for a host that serves nothing."""
    found = check_serve(value, variable, given.options.get("instances", []), given.findings)
    if not found:
        return {}
    host = served.Host(given.inventory.this, given.read_file, given.now, given.warn_days)
    found = served.completed(found, variable, host, given.source, given.findings)
    return {**found, "program": program.digest(program.SERVE)}


def _ssh_options(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    return ssh_access.check_options(value, variable, given.findings, given.now)


def _guard_options(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    """With what the controller adds if the guard is on."""
    check_guard(value, variable, given.findings)
    if not given.options.get("guard") or given.findings.problems:
        return value
    return completed(value, variable, given.options, given.inventory, given.findings)


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


def _inherit(value: dict[str, t.Any], variable: str, given: Input) -> dict[str, t.Any]:
    """The entry with buildkitd.toml for a version of BuildKit that jobs choose, so with the keys of all."""
    for name in ("config", "registry_files"):
        if name in value:
            given.findings.problem(f"{variable}.{name}", None, "is generated from the registries", "Remove it")
    known = given.options.get("users", [])
    users = {"users": list(dict.fromkeys(value["users"]))} if "users" in value else {}
    for index, name in enumerate(value.get("users", [])):
        if name is not None and name not in known:
            message = f"is not one of {given.prefix}users"
            given.findings.problem(f"{variable}.users[{index}]", name, message, suggest(name, known))
    if not value.get("enabled"):
        return value
    rendered = _rendering([], given)(())
    return {**value, **users, "config": rendered.text, "registry_files": dict(rendered.files)}


# In this order: a check may use the options before it, which are already checked.
CHECKS: dict[str, Check] = {
    "platforms": normalises(normalise_platforms),
    "users": _users,
    "ca_warn_days": at_least(0, "must be 0 or greater", "Write whole days, or 0 for no warnings"),
    "binfmt_image": notes(check_image),
    "binfmt_archive": absolute("/var/tmp/binfmt.tar"),
    "binfmt_images": _binfmt_images,
    "binfmt_canary": _binfmt_canary,
    "environment_file": absolute("/etc/environment"),
    "drain_timeout": at_least(
        1, "must be greater than 0", "Write seconds above 0, or set `disruption: now` to not wait at all"
    ),
    "verify_timeout": at_least(1, "must be greater than 0", "Write seconds above 0, such as 1800"),
    "verify_repository": notes(check_proof_repository),
    "verify_base": notes(check_reference),
    "trace_max_age": at_least(0, "must be 0 or greater", "Write seconds, or 0 for a full plan in each run"),
    "lock_timeout": at_least(0, "must be 0 or greater", "Write seconds, or 0 to not wait"),
    "daemon_options": notes(check_daemon_options),
    "data_roots": _data_roots,
    "client_options": notes(check_client_options),
    "environment": _environment,
    "proxy": notes(check_proxy),
    "dns": notes(check_dns),
    "gc": normalises(check_gc),
    "engine_repository": _engine_repository,
    "engine_version": _engine_version,
    "buildx_plugin": _buildx_plugin,
    "registries": _registries,
    "buildkit_options": _buildkit_options,
    "contexts": _contexts,
    "instances": _instances,
    "ssh_options": _ssh_options,
    "inherit": _inherit,
    "serve": _serve,
    "guard_options": _guard_options,
}

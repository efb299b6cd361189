# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keys and types of buildkitd.toml do not say: hosts, certificates, entitlements."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd_check import check_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd_toml import (
    CERTIFICATES,
    named_files,
    parse,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.host_names import (
    HostNameError,
    check_host,
    check_mirror,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings

_FILE_KEYS = ("ca", "keypair", "tlsconfigdir")


def check_options(options: Mapping[str, t.Any], variable: str, findings: Findings) -> None:
    """Check `buildkit_options`, which are merged over the registries: null removes a key, so it is allowed."""
    before = len(findings.problems)
    check_keys(options, variable, findings, removals=True)
    if len(findings.problems) > before:
        return  # the rules below need keys of the right types
    for host, section in (options.get("registry") or {}).items():
        name = f'{variable}.registry."{host}"'
        _check_names(host, section or {}, name, findings)
        for key in _FILE_KEYS:
            if (section or {}).get(key) is not None:
                message = "names files, which have to get into the container"
                findings.problem(f"{name}.{key}", None, message, "Give `ca` or `client_cert` in builder_registries")
    _check_entitlements(options, variable, findings)


def check_config(text: str, certificates: Collection[str], variable: str, findings: Findings) -> None:
    """Check the text of a whole buildkitd.toml. *certificates* are the files that will be there, `REGISTRY/ca.crt`."""
    try:
        config = parse(text)
    except ValueError as exc:
        findings.problem(variable, None, str(exc), "Write TOML, or leave it out: it is made from builder_registries")
        return
    before = len(findings.problems)
    check_keys(config, variable, findings)
    if len(findings.problems) > before:
        return
    for host, section in config.get("registry", {}).items():
        _check_names(host, section, f'{variable}.registry."{host}"', findings)
    for path in sorted(named_files(config) - {f"{CERTIFICATES}/{name}" for name in certificates}):
        message = "names a certificate file that will not be in the container"
        remedy = f"Put it into `certificates` and name it {CERTIFICATES}/REGISTRY/FILE, or use builder_registries"
        findings.problem(f"{variable}.registry", path, message, remedy)
    _check_entitlements(config, variable, findings)


def _check_names(host: str, section: Mapping[str, t.Any], variable: str, findings: Findings) -> None:
    try:
        if check_host(host) != host:
            findings.problem(variable, host, "is not in lower case", f"Write {check_host(host)}")
    except HostNameError as exc:
        findings.problem(variable, host, str(exc), exc.remedy)
    for index, mirror in enumerate(section.get("mirrors") or []):
        try:
            check_mirror(mirror)
        except HostNameError as exc:
            findings.problem(f"{variable}.mirrors[{index}]", mirror, str(exc), exc.remedy)


def _check_entitlements(config: Mapping[str, object], variable: str, findings: Findings) -> None:
    """Refuse a list without network.host.

    buildx then starts buildkitd with ``--allow-insecure-entitlement=network.host``, and the flag replaces the list
    (docker/buildx#2683; builder/builder.go, parseBuildkitdFlags).
    """
    wanted = config.get("insecure-entitlements")
    if isinstance(wanted, list) and wanted and "network.host" not in wanted:
        message = "would be ignored: without network.host in it, buildx passes a flag that replaces the list"
        remedy = "Add network.host, which buildx allows by default anyway, or use `flags` of the instance"
        findings.problem(f"{variable}.insecure-entitlements", None, message, remedy)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for buildkitd.toml beyond keys and types: hosts, certificates, entitlements."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import check_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import (
    CERTIFICATES,
    files_of,
    named_files,
    parse,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import (
    HostNameError,
    certificate_folder,
    check_host,
    check_mirror,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

_FILE_KEYS = ("ca", "keypair", "tlsconfigdir")
_TLS_KEYS = ("http", "insecure", "ca", "keypair")
_ENTITLEMENT_FLAG = re.compile(r"--?allow-insecure-entitlement=(.*)")


def check_options(options: Mapping[str, t.Any], variable: str, findings: Findings, hosts: Collection[str] = ()) -> None:
    """Check `buildkit_options`, which are merged over the registries, *hosts*: null removes a key, so it is allowed."""
    before = len(findings.problems)
    check_keys(options, variable, findings, removals=True)
    if len(findings.problems) > before:
        return  # the rules below need keys of the right types
    sections = options.get("registry") or {}
    for host, section in sections.items():
        name = f'{variable}.registry."{host}"'
        _check_names(host, section or {}, name, findings)
        for key in _FILE_KEYS:
            if (section or {}).get(key) is not None:
                message = "names files, which would not be in the container"
                findings.problem(f"{name}.{key}", None, message, "Give `ca` or `client_cert` in builder_registries")
    _check_mirrors(sections, hosts, variable, findings)
    _check_entitlements(options, variable, findings)


def check_config(
    text: str, certificates: Collection[str], variable: str, findings: Findings, version: Version = ()
) -> None:
    """Check the text of a whole buildkitd.toml for BuildKit *version*, () if that is unknown.

    *certificates* are the files that will be there, `REGISTRY/ca.crt`.
    """
    try:
        config = parse(text)
    except ValueError as exc:
        findings.problem(variable, None, str(exc), "Write TOML, or omit it to use the generated one")
        return
    before = len(findings.problems)
    check_keys(config, variable, findings)
    if len(findings.problems) > before:
        return
    check_versions(config, version, variable, findings)
    sections = config.get("registry", {})
    for host, section in sections.items():
        _check_names(host, section, f'{variable}.registry."{host}"', findings)
        _check_folder(host, section, f'{variable}.registry."{host}"', findings)
    _check_mirrors(sections, (), variable, findings)
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


def _check_folder(host: str, section: Mapping[str, t.Any], variable: str, findings: Findings) -> None:
    """buildx copies a registry's files into one directory: of two with the same basename, one is lost."""
    folder = f"{CERTIFICATES}/{certificate_folder(host)}"
    for path in sorted(files_of(section)):
        if path.startswith(f"{CERTIFICATES}/") and path.rpartition("/")[0] != folder:
            name = path.rpartition("/")[2]
            message = f"belongs to another registry: buildx would overwrite {folder}/{name} with it"
            remedy = f"Put the file into `certificates`, as {certificate_folder(host)}/FILE with a unique name"
            findings.problem(variable, path, message, remedy)


def _check_mirrors(sections: Mapping[str, t.Any], others: Collection[str], variable: str, findings: Findings) -> None:
    """TLS of a mirror is looked up under its own name (moby/buildkit, util/resolver/resolver.go)."""
    hosts = {*others, *(host for host, section in sections.items() if section is not None)}
    for host, section in sections.items():
        given = [key for key in _TLS_KEYS if (section or {}).get(key)]
        for mirror in (section or {}).get("mirrors") or () if given else ():
            name = mirror.partition("/")[0].lower()
            if name not in hosts:
                message = f"`{'`, `'.join(given)}` applies to {host} itself, not to its mirror {name}"
                findings.warn(f'{variable}.registry."{host}"', f'{message}: add [registry."{name}"] for that')


def check_flags(flags: Sequence[str | None], config: str, variable: str, findings: Findings) -> None:
    """Report what *config* would lose: flags replace the list of entitlements (main.go, applyMainFlags)."""
    given = {found[1] for flag in flags if flag and (found := _ENTITLEMENT_FLAG.fullmatch(flag))}
    try:
        listed = parse(config).get("insecure-entitlements") if given else None
    except ValueError:  # already reported
        return
    lost = [str(each) for each in listed if each not in given] if isinstance(listed, list) else []
    if lost:
        message = f"replaces insecure-entitlements of buildkitd.toml: {', '.join(lost)} is lost"
        findings.problem(variable, None, message, "Set all of them as flags, or all in buildkitd.toml")


def _check_entitlements(config: Mapping[str, object], variable: str, findings: Findings) -> None:
    """Reject a list without network.host.

    buildx then starts buildkitd with ``--allow-insecure-entitlement=network.host``, and the flag replaces the list
    (docker/buildx#2683; builder/builder.go, parseBuildkitdFlags).
    """
    wanted = config.get("insecure-entitlements")
    if isinstance(wanted, list) and wanted and "network.host" not in wanted:
        message = "would be ignored: as network.host is not in it, buildx passes a flag that replaces the list"
        remedy = "Add network.host, which buildx allows by default, or use `flags` of the instance"
        findings.problem(f"{variable}.insecure-entitlements", None, message, remedy)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""buildkitd.toml as it is inside the builder's container, with the certificates that it names.

docker/buildx, util/confutil/container.go: the files named by ``ca`` and ``keypair`` go into the container as
``/etc/buildkit/certs/REGISTRY/BASENAME``, REGISTRY with each run of characters outside ``[a-zA-Z0-9.-]`` replaced
by ``_``, and the paths in the text are rewritten to that. The text here uses these paths from the start, so that
it can be compared with the running one.

TLS of a mirror is looked up under the mirror's own host (moby/buildkit, util/resolver/resolver.go), never under the
registry that it mirrors. So a mirror with a private CA needs its own entry in the table.

BuildKit uses HTTP for registries and mirrors with a loopback name, unless `http = false` is set (the same file,
PlainHTTP). In the table TLS is the default.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import tomlkit
from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import takes_http
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import merge
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import certificate_folder
from tomlkit.exceptions import ParseError, TOMLKitError

CERTIFICATES = "/etc/buildkit/certs"
_HEADER = (
    "Managed by Ansible, collection multiarch.builders.",
    "Made from builder_registries and builder_buildkit_options: change it there.",
)


@dataclass(frozen=True)
class Rendered:
    """*text* is the file; *files* are those that it names, relative to ``/etc/buildkit/certs``: {"REGISTRY/ca.crt":
    (host of an entry, the entry's key)}, as the text of a certificate goes to a host once, with its registry."""

    text: str
    files: dict[str, tuple[str, str]]


def render(
    registries: Sequence[Mapping[str, t.Any]],
    options: Mapping[str, t.Any],
    dns: Sequence[str] = (),
    worker: Mapping[str, t.Any] | None = None,
) -> Rendered:
    """buildkitd.toml from the normalised table of registries and the name servers, *options* merged over it.

    The merge is that of RFC 7396: null removes. *worker* are keys of ``[worker.oci]``.

    Both have been checked before (`registries.normalise`, `rules.check_options`). The same input gives the
    same text, whatever the order of keys and entries.
    """
    mirrors = {mirror.partition("/")[0] for registry in registries for mirror in registry.get("mirrors") or ()}
    sections: dict[str, t.Any] = {mirror: {"http": False} for mirror in mirrors if takes_http(mirror)}
    files: dict[str, tuple[str, str]] = {}
    for registry in registries:
        section, section_files = _section(registry)
        if section:
            sections[registry["host"]] = section
            files.update(section_files)
    implied = {
        "registry": sections,
        "dns": {"nameservers": list(dns)} if dns else {},
        "worker": {"oci": dict(worker)} if worker else {},
    }
    config = merge({key: value for key, value in implied.items() if value}, options)
    named = named_files(config)
    return Rendered(
        to_toml(config), {name: origin for name, origin in files.items() if f"{CERTIFICATES}/{name}" in named}
    )


def _section(registry: Mapping[str, t.Any]) -> tuple[dict[str, t.Any], dict[str, tuple[str, str]]]:
    """(the table [registry."HOST"], its files); an empty table if BuildKit needs no settings for it."""
    host = registry["host"]
    folder = certificate_folder(host)
    section: dict[str, t.Any] = {key: True for key in ("http", "insecure") if registry.get(key)}
    if takes_http(host) and "http" not in section:
        section["http"] = False
    files: dict[str, tuple[str, str]] = {}
    if registry.get("mirrors"):
        section["mirrors"] = list(registry["mirrors"])
    if registry.get("ca"):
        section["ca"] = [f"{CERTIFICATES}/{folder}/ca.crt"]
        files[f"{folder}/ca.crt"] = (host, "ca")
    if registry.get("client_cert"):
        pair = {"cert": f"{folder}/client.cert", "key": f"{folder}/client.key"}
        section["keypair"] = [{key: f"{CERTIFICATES}/{name}" for key, name in pair.items()}]
        files.update({pair["cert"]: (host, "client_cert"), pair["key"]: (host, "client_key")})
    return section, files


def named_files(config: Mapping[str, t.Any]) -> set[str]:
    """Every path of a CA or client file that *config* names for a registry."""
    return {path for section in config.get("registry", {}).values() for path in files_of(section)}


def files_of(section: Mapping[str, t.Any]) -> set[str]:
    """The same of one registry's table."""
    return {*section.get("ca", []), *(path for pair in section.get("keypair", []) for path in pair.values())}


def parse(text: str) -> dict[str, t.Any]:
    """*text* as plain data. Raises ValueError if it is not TOML; the message says where, and quotes nothing."""
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError as exc:
        place = f"error in line {exc.line}" if isinstance(exc, ParseError) else type(exc).__name__
        raise ValueError(f"is not TOML: {place}") from exc


def to_toml(config: Mapping[str, t.Any]) -> str:
    """*config* as TOML: keys sorted, plain values before tables, an empty line before each table."""
    document = tomlkit.document()
    for line in _HEADER:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    _fill(document, config)
    return tomlkit.dumps(document)


def _fill(container: t.Any, values: Mapping[str, t.Any]) -> None:
    """Add *values* to the tomlkit document or table *container*."""
    tables = {key: value for key, value in values.items() if _is_table(value)}
    for key in sorted(values.keys() - tables.keys()):
        container.add(key, values[key])
    for key, value in sorted(tables.items()):
        if isinstance(value, Mapping):
            only_tables = bool(value) and all(_is_table(each) for each in value.values())
            container.add(key, _filled(value, only_tables=only_tables))
        else:
            array = tomlkit.aot()
            for each in value:
                array.append(_filled(each))
            container.add(key, array)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
    )


def _filled(values: Mapping[str, t.Any], *, only_tables: bool = False) -> t.Any:
    table = tomlkit.table(is_super_table=only_tables)
    _fill(table, values)
    return table

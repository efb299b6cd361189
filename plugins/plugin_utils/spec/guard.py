# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the guard: what users set, and what only the controller knows."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleError
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import KINDS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.garbage_collection import (
    in_bytes,
    in_seconds,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory, name_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.authorities import authorities, served
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import fingerprint, subject

Options = Mapping[str, t.Any]

_METRICS = re.compile(r"(/[\w.-]+){2,}\.prom")  # as in a unit of systemd, without quotes
_AMOUNTS = {"duration": "duration", "disk": "size or share of the disk"}
_MOST = 2**63
_INTERNAL = ("program", "src", "certificates", "nodes")


def check_guard(value: Options, variable: str, findings: Findings) -> None:
    """Report what cannot be used."""
    metrics, heals = value.get("metrics"), value.get("heals_per_hour", 1)
    if metrics and not _METRICS.fullmatch(metrics):
        remedy = "Write an absolute path of letters, digits, _ . and -, such as /var/lib/node_exporter/builders.prom"
        findings.problem(f"{variable}.metrics", metrics, "is not the path of a .prom file in a folder", remedy)
    if heals < 1:
        findings.problem(f"{variable}.heals_per_hour", heals, "must be greater than 0", "Write a number such as 12")
    if "sweep" in value:
        _check_sweep(value["sweep"], f"{variable}.sweep", findings)
    for name in _INTERNAL:
        if name in value:
            findings.problem(f"{variable}.{name}", None, "is internal", "Remove it")


def _check_sweep(value: Options, variable: str, findings: Findings) -> None:
    _check_amount(value["after"], "duration", in_seconds, f"{variable}.after", findings)
    if "free" in value:
        _check_amount(value["free"], "disk", in_bytes, f"{variable}.free", findings)
    for key in ("patterns", "keep"):
        for index, each in enumerate(value[key]):
            if each is not None and not each.strip():
                findings.problem(f"{variable}.{key}[{index}]", each, "is empty", "Write a name such as builder-*")


def _check_amount(value: object, kind: str, number: Callable[[str], int], variable: str, findings: Findings) -> None:
    fits, remedy = KINDS[kind]
    if not fits(value):
        findings.problem(variable, value, f"is {type_name(value)} that is not a {_AMOUNTS[kind]}", remedy)
    elif not 0 < number(str(value)) < _MOST:
        findings.problem(variable, value, "is zero or too large", f"Write a {_AMOUNTS[kind]} above 0")
    elif kind == "disk" and str(value).endswith("%") and number(str(value)) > 100:
        findings.problem(variable, value, "is more than the whole disk", "Write 1% to 100%")


def _end(client: Options) -> dict[str, t.Any]:
    return {"fingerprint": client["fingerprint"], "ends": int(client.get("ends") or 0)}


def completed(
    value: Options, variable: str, options: Options, inventory: Inventory, findings: Findings
) -> dict[str, t.Any]:
    """*value* with the digest of the program, and the certificates of the compiled *options*.

    What is swept is in numbers then; it needs the nodes that hosts of the *inventory* may have here.
    """
    found = {(owner, kind, fingerprint(each)): each for owner, kind, each in authorities(options)}
    rows = [
        {
            "registry": owner,
            "kind": kind,
            "subject": subject(each),
            "fingerprint": digest,
            "ends": int(each.not_valid_after_utc.timestamp()),
        }
        for (owner, kind, digest), each in found.items()
    ]
    serve = options.get("serve") or {}
    rows += [
        {"registry": served(serve), "kind": "client", "subject": each["name"], **_end(each)}
        for each in serve.get("allowed", ())
    ]
    given = {**value, "program": program.digest(program.GUARD), "certificates": rows}
    if "sweep" in value:
        given |= {"sweep": _in_numbers(value["sweep"]), "nodes": nodes_of(inventory, f"{variable}.sweep", findings)}
    return given


def _in_numbers(sweep: Options) -> dict[str, t.Any]:
    """*sweep* with seconds, and with bytes or a share such as 20%."""
    free = str(sweep["free"]) if "free" in sweep else ""
    size = {"free": free if free.endswith("%") else str(in_bytes(free))} if free else {}
    patterns = {key: [each.strip() for each in sweep[key] if each] for key in ("patterns", "keep")}
    return {**sweep, "after": in_seconds(str(sweep["after"])), **size, **patterns}


def nodes_of(inventory: Inventory, variable: str, findings: Findings) -> list[str]:
    """The names of all nodes of builders that hosts of the *inventory* describe: each may have its container anywhere.

    What is not of the right type is a problem of the host that it describes.
    """
    found: set[str] = set()
    for host in inventory.hosts:
        try:
            variables = inventory.find(host)
            builders = _rows(None if variables is None else variables.get("builder_instances"))
        except AnsibleError:
            why = f"as builder_instances of {host} cannot be templated"
            findings.warn(variable, f"may remove nodes of {host} here, {why}: name them in `keep`")
            continue
        for builder in builders:
            named = str(builder.get("name") or "")
            found |= {name_of(node, named, host) for node in _rows(builder.get("nodes"))}
    return sorted(found - {""})


def _rows(value: object) -> list[Options]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as a whole: totals, registries, certificates. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import (
    VERSION,
    Certificate,
    Ends,
    Host,
    Native,
    Registry,
    Report,
    SharedCertificate,
    Totals,
)


def report_on(hosts: Sequence[Host], now: datetime.datetime, limit: str = "") -> Report:
    """The report of *hosts* at the time *now*, which is aware of its time zone; *limit* is that of the command."""
    certificates = _certificates(hosts)
    return Report(
        version=VERSION,
        generated=now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        totals=_totals(hosts, certificates),
        platforms=_platforms(hosts),
        hosts=tuple(hosts),
        registries=_registries(hosts),
        certificates=certificates,
        native_elsewhere=_native_elsewhere(hosts),
        limit=limit or None,
    )


def cache_of(host: Host) -> int | None:
    """Bytes of build cache on a host, of dockerd and its builders as far as known; None if unknown."""
    own = host.engine.cache if host.engine else None
    caches = [builder.cache for builder in host.builders if builder.cache is not None]
    known = caches or not host.builders
    return sum(caches) + (own or 0) if known and (caches or own is not None) else None


def is_never_proven(host: Host) -> bool:
    """Whether a host has builders that never built for a proof."""
    return "buildx" in host.concerns and host.build_proof is None


def _platforms(hosts: Iterable[Host]) -> tuple[str, ...]:
    """All platforms, those that most hosts have first."""
    found = Counter(each.platform for host in hosts for each in host.platforms)
    return tuple(sorted(found, key=lambda name: (-found[name], name)))


def _native_elsewhere(hosts: Sequence[Host]) -> tuple[Native, ...]:
    """The platforms that a host emulates although another one runs them natively."""
    found: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        for each in host.platforms:
            found.setdefault((each.platform, each.how), []).append(host.name)
    both = ((name, found.get((name, "native")), found.get((name, "emulated"))) for name in _platforms(hosts))
    return tuple(Native(name, tuple(native), tuple(emulated)) for name, native, emulated in both if native and emulated)


def _totals(hosts: Sequence[Host], certificates: Sequence[SharedCertificate]) -> Totals:
    states = Counter(host.state for host in hosts)
    proofs = [host.build_proof.time for host in hosts if host.build_proof]
    return Totals(
        hosts=len(hosts),
        ok=states["ok"],
        drift=states["drift"],
        failed=states["failed"],
        unreachable=states["unreachable"],
        restart=sum(bool(host.restart) for host in hosts),
        never_proven=sum(map(is_never_proven, hosts)),
        certificates=sum(each.certificate.ends != "fine" for each in certificates),
        oldest_proof=min(proofs, default=None),
        cache=sum(cache_of(host) or 0 for host in hosts),
    )


def _registries(hosts: Iterable[Host]) -> tuple[Registry, ...]:
    """Each registry once. It is optional if it is so on all its hosts."""
    outcomes: dict[str, dict[str, list[str]]] = {}
    needed = set()
    for host in hosts:
        for each in host.registries:
            outcomes.setdefault(each.registry, {}).setdefault(each.outcome, []).append(host.name)
            if not each.optional:
                needed.add(each.registry)
    return tuple(
        Registry(name, name not in needed, {outcome: tuple(names) for outcome, names in sorted(found.items())})
        for name, found in sorted(outcomes.items())
    )


def _certificates(hosts: Iterable[Host]) -> tuple[SharedCertificate, ...]:
    """Each certificate once per purpose, those that expire first at the top."""
    found: dict[tuple[str, str, str], list[tuple[Certificate, str]]] = {}
    for host in hosts:
        for each in host.certificates:
            found.setdefault((each.registry, each.kind, each.fingerprint), []).append((each, host.name))
    shared = [
        SharedCertificate(_gravest([each for each, _host in rows]), tuple(dict.fromkeys(host for _each, host in rows)))
        for rows in found.values()
    ]
    return tuple(sorted(shared, key=lambda each: (each.certificate.days_left, each.certificate.registry)))


def _gravest(same: Sequence[Certificate]) -> Certificate:
    """One certificate, which hosts with different `builder_ca_warn_days` may rate differently."""
    ends = {each.ends for each in same}
    gravest: Ends = "ended" if "ended" in ends else "soon" if "soon" in ends else "fine"
    return replace(same[0], ends=gravest)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs attention, most severe first. Pure."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.report import cells
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import Certificate, Report

_MOST = 3  # of a kind


@dataclass(frozen=True)
class Item:
    """A line; *grave* or a warning, and the link to where it is shown."""

    words: str
    link: str
    grave: bool


def attention(report: Report) -> list[Item]:
    """All lines."""
    found = [*_failed(report), *_certificates(report), *_hosts(report)]
    return sorted(found, key=lambda item: not item.grave)


def _failed(report: Report) -> Iterator[Item]:
    failed = [host for host in cells.ordered(report.hosts) if host.state == "failed"]
    for host in failed[:_MOST]:
        link = f"#open={_quoted(_quoted(host.name))}&q={_quoted(cells.whole(host.name))}"
        yield Item(f"{host.name}: {cells.summary(host)}", link, True)
    if failed[_MOST:]:
        yield Item(f"and {len(failed) - _MOST} more failed", "#state=failed", True)
    yield from _item(report.totals.unreachable, "{} cannot be reached", "state:unreachable", grave=True)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _certificates(report: Report) -> Iterator[Item]:
    ending = [each.certificate for each in report.certificates if each.certificate.ends != "fine"]
    for each in ending[:_MOST]:
        yield Item(f"{each.registry}: {each.kind} certificate {when(each)}", "#certificates", each.ends == "ended")
    if ending[_MOST:]:
        yield Item(f"and {len(ending) - _MOST} more expire soon", "#certificates", False)


def when(certificate: Certificate) -> str:
    """When it ends: `ends in 12 days`."""
    days = abs(certificate.days_left)
    unit = "day" if days == 1 else "days"
    return f"expired {days} {unit} ago" if certificate.days_left < 0 else f"expires in {days} {unit}"


def _hosts(report: Report) -> Iterator[Item]:
    for name, count in cells.coverage(report):
        yield from _item(count["missing"], f"{name} is missing on {{}}", f"missing:{name}", grave=True)
    idle = sum(cells.running(host) < len(cells.nodes(host)) for host in report.hosts)
    yield from _item(idle, "nodes are not running on {}", "node:idle", grave=True)
    failed = sum(cells.proof(host) == "failed" for host in report.hosts)
    yield from _item(failed, "the last proof failed on {}", "proof:failed", grave=True)
    other = sum(cells.runs_other_emulators(host) for host in report.hosts)
    yield from _item(other, "other emulators than the configured ones run on {}", "emulator:other", grave=False)
    swept = sum(bool(host.guard and host.guard.sweep_failure) for host in report.hosts)
    yield from _item(swept, "the guard could not remove what jobs left on {}", "guard:unswept", grave=False)
    limited = sum(bool(host.guard and (host.guard.limited or host.guard.failure)) for host in report.hosts)
    yield from _item(limited, "the guard cannot keep the handlers on {}", "guard:limited", grave=False)
    broken = sum(bool(host.serve and (host.serve.error or not host.serve.running)) for host in report.hosts)
    yield from _item(broken, "clients elsewhere cannot rely on the served builder of {}", "serve:broken", grave=True)
    yield from _item(report.totals.restart, "a docker restart is pending on {}", "restart:due", grave=False)
    yield from _item(report.totals.never_proven, "no proof was ever run on {}", "proof:never", grave=False)


def _item(count: int, words: str, query: str, *, grave: bool) -> Iterator[Item]:
    if count:
        hosts = f"{count} host{'s' if count != 1 else ''}"
        yield Item(words.format(hosts), f"#q={_quoted(cells.whole(query))}", grave)

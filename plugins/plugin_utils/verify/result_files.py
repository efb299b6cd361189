# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks as files for CI: JUnit XML, which GitLab, Jenkins and others show, and JSON for everything else."""

from __future__ import annotations

import datetime
import json
import re
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.checks import FAILED, REACHABLE, SKIPPED, Check

JSON_FILE, JUNIT_FILE = "verification.json", "verification.xml"
FORMAT = 1
# What XML 1.0 cannot have, not even escaped.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Checks = Mapping[str, Sequence[Check]]


def write(folder: str, checks: Checks, command: str, now: datetime.datetime) -> list[str]:
    """Write both files of {host: checks} into *folder*, each whole or not at all; their paths. Raises OSError."""
    target = Path(folder).expanduser()
    texts = {JSON_FILE: as_json(checks, command, now), JUNIT_FILE: as_junit(checks, command, now)}
    for name, text in texts.items():
        write_whole(target / name, text)
    return [str(target / name) for name in texts]


def as_json(checks: Checks, command: str, now: datetime.datetime) -> str:
    """The document of docs/verification.md; *now* is aware of its time zone."""
    everything = [each for found in checks.values() for each in found]
    document = {
        "format": FORMAT,
        "command": command,
        "time": _time(now),
        "passed": not any(map(_has_failed, checks.values())),
        "counts": {
            "hosts": len(checks),
            "hosts_failed": sum(map(_has_failed, checks.values())),
            "checks": len(everything),
            "failed": _count(everything, FAILED),
            "skipped": _count(everything, SKIPPED),
        },
        "hosts": {
            host: {"passed": not _has_failed(found), "checks": [_plain(each) for each in found]}
            for host, found in checks.items()
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_junit(checks: Checks, command: str, now: datetime.datetime) -> str:
    """JUnit XML: a suite per host, a case per check."""
    everything = [each for found in checks.values() for each in found]
    top = ET.Element("testsuites", {"name": _clean(command), **_counts(everything)})
    for host, found in checks.items():
        more = {"name": _clean(host), "hostname": _clean(host), "timestamp": _time(now).removesuffix("Z")}
        suite = ET.SubElement(top, "testsuite", {**more, **_counts(found)})
        for each in found:
            told = {"classname": _clean(host), "name": _clean(each.name), "time": f"{each.seconds:.3f}"}
            case = ET.SubElement(suite, "testcase", told)
            if each.outcome == FAILED:
                kind = "unreachable" if each.name == REACHABLE else "failed"
                failure = ET.SubElement(case, "failure", {"message": _clean(_first_line(each.message)), "type": kind})
                failure.text = _clean(_text(each))
            elif each.outcome == SKIPPED:
                ET.SubElement(case, "skipped", {"message": _clean(each.message)})
    ET.indent(top)
    return ET.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def from_json(text: str) -> dict[str, list[Check]]:
    """{host: checks} of as_json()."""
    return {
        host: [Check(host=host, **{**each, "evidence": tuple(each["evidence"])}) for each in found["checks"]]
        for host, found in json.loads(text)["hosts"].items()
    }


def _plain(check: Check) -> dict[str, t.Any]:
    return {
        "name": check.name,
        "outcome": check.outcome,
        "message": shown(check.message),
        "evidence": [shown(each) for each in check.evidence],
        "remedy": check.remedy,
        "seconds": round(check.seconds, 3),
    }


def _text(check: Check) -> str:
    remedy = f"What to do: {check.remedy}." if check.remedy else ""
    return "\n\n".join(filter(None, (check.message, *check.evidence, remedy)))


def _counts(checks: Sequence[Check]) -> dict[str, str]:
    return {
        "tests": str(len(checks)),
        "failures": str(_count(checks, FAILED)),
        "errors": "0",
        "skipped": str(_count(checks, SKIPPED)),
        "time": f"{sum(each.seconds for each in checks):.3f}",
    }


def _count(checks: Sequence[Check], outcome: str) -> int:
    return sum(each.outcome == outcome for each in checks)


def _has_failed(checks: Sequence[Check]) -> bool:
    return any(each.outcome == FAILED for each in checks)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", shown(text))


def _time(now: datetime.datetime) -> str:
    return now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ca`, `client_cert` and `client_key` of an entry, paths or PEM, as clean PEM text."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import certificates, private_key
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, ReadFile, read

KEYS = ("ca", "client_cert", "client_key")


@dataclass(frozen=True)
class Sources:
    """How files are read, and dates judged; *now* is aware of its time zone."""

    read_file: ReadFile
    now: datetime.datetime
    warn_days: int


def read_tls_files(entry: Mapping[str, t.Any], variable: str, sources: Sources, findings: Findings) -> dict[str, str]:
    """Those that *entry* has, up to the first that is not usable; of the pair it has both or neither."""
    checks = {"ca": certificates.authorities, "client_cert": certificates.client_certificate}
    found: dict[str, str] = {}
    try:
        for key, check in checks.items():
            if key in entry:
                text = check(read(entry[key], sources.read_file), now=sources.now, warn_days=sources.warn_days)
                found[key] = text.pem
                for warning in text.warnings:
                    findings.warn(f"{variable}.{key}", warning)
        if "client_key" in entry:
            found["client_key"] = private_key.client_key(
                read(entry["client_key"], sources.read_file), found["client_cert"]
            )
    except CertificateError as exc:
        at_fault = next(key for key in KEYS if key in entry and key not in found)
        findings.problem(f"{variable}.{at_fault}", None, str(exc), exc.remedy)
    return found

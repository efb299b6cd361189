# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a URL from which hosts download."""

from __future__ import annotations

import re
import urllib.parse

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def check_url(url: str, variable: str, findings: Findings, *, what: str, instead: str, excluded: str = "") -> None:
    """*what* it has to be, *instead* of credentials in it; *excluded* are characters of its syntax not to be used."""
    try:
        parts = urllib.parse.urlsplit(url)
        known = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid address or port
        known = False
    if not known or re.search(r"[\s\x00-\x1f\x7f]", url) or set(url) & set(excluded):
        findings.problem(variable, url, f"is not {what}", "Write https://HOST/PATH")
    elif "@" in parts.netloc:
        findings.problem(variable, url, "contains credentials", f"Remove them, and {instead}")

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx plugin to install: its source, and its mandatory checksum."""

from __future__ import annotations

import errno
import hashlib
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import BUILDX_FOR_BUILDERS
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.urls import check_url
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

LARGEST = 1024**3
"""Bytes: ten times a buildx."""

Locate = Callable[[str], Path]
"""The file of the controller that a path means. Raises OSError."""


def check_buildx_plugin(given: dict[str, Any], variable: str, locate: Locate, findings: Findings) -> dict[str, Any]:
    """*given* with the path of its file made absolute and its checksum in lower case; problems are reported."""
    if not given:
        return {}
    found = dict(given)
    if ("src" in given) == ("url" in given):
        message = "has both src and url" if "src" in given else "has neither src nor url"
        findings.problem(variable, None, message, "Set exactly one of them")
    digest = str(given.get("sha256", "")).lower().removeprefix("sha256:")
    found["sha256"] = digest
    if "sha256" not in given:
        remedy = "Use the checksum published with the plugin, or run `sha256sum FILE` on a copy that you trust"
        findings.problem(f"{variable}.sha256", None, "is missing, and nothing else verifies what is installed", remedy)
    elif not re.fullmatch(r"[0-9a-f]{64}", digest):
        findings.problem(f"{variable}.sha256", given["sha256"], "is not a SHA-256", "Write its 64 hexadecimal digits")
    if "version" in given:
        _check_version(given["version"], f"{variable}.version", findings)
    if "url" in given:
        check_url(
            given["url"],
            f"{variable}.url",
            findings,
            what="a URL that a host can fetch",
            instead="serve the file without authentication: the checksum verifies it",
        )
    if "src" in given:
        found["src"] = _checked_file(given["src"], digest, variable, locate, findings)
    return found


def _check_version(text: str, variable: str, findings: Findings) -> None:
    if not re.fullmatch(r"v?\d+\.\d+(\.\d+)?([-+].*)?", text):
        findings.problem(
            variable, text, "is not a version", "Write it as `docker buildx version` prints it, such as 0.29.1"
        )
    elif version_of(text) < BUILDX_FOR_BUILDERS:
        findings.problem(variable, text, "is too old: builders need 0.13 or newer", "Use a newer buildx")


def _checked_file(path: str, digest: str, variable: str, locate: Locate, findings: Findings) -> str:
    """The absolute path; reports a file with another digest than *digest*."""
    try:
        file = locate(path)
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):  # devices and pipes never end
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        if state.st_size > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST} bytes", path)
        with file.open("rb") as content:
            actual = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as exc:
        remedy = "Use a path on the controller, such as files/docker-buildx next to the playbook"
        findings.problem(f"{variable}.src", path, f"cannot be read: {exc.strerror or exc}", remedy)
        return path
    if digest and actual != digest:
        remedy = "Correct the checksum if this is the right file, otherwise the file"
        findings.problem(f"{variable}.sha256", digest, f"does not match {path}, which has {actual}", remedy)
    return str(file)

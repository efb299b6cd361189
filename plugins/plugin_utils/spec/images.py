# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of images: ``[host[:port]/]path[:tag][@sha256:digest]``."""

from __future__ import annotations

import re

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import BUILDKIT_IMAGE
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import split_repository
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import HostNameError, check_host
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

# Docker's grammar of image names (github.com/distribution/reference): upper case in the host only
_NAME = re.compile(
    r"(?:(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])"
    r"(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# the tags of moby/buildkit: v0.13.2, v0.13.2-rootless, v0.17.0-rc1
_RELEASE = re.compile(r"v?\d+\.\d+(?:\.\d+)?(?:-.*)?", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def check_image(text: str, variable: str, findings: Findings) -> None:
    """Report problems of the image reference *text*, and warn if the image can change under that name."""
    before = len(findings.problems)
    check_reference(text, variable, findings)
    if len(findings.problems) == before and "@" not in text and _split_tag(text)[1] in ("", "latest"):
        findings.warn(variable, f"{text!r} can change from one run to the next: pin it by tag or by digest")


def check_proof_repository(text: str, variable: str, findings: Findings) -> None:
    """Report problems of *text*, the repository of a registry that images are pushed to; "" is none.

    Docker looks up logins and certificates by the registry's name as it is written here.
    """
    remedy = "Write HOST[:PORT]/PATH in lower case, without scheme, tag and digest, such as harbor.example.com/ci/proof"
    if not text:
        return
    if "/" not in text or not _NAME.fullmatch(text) or text != text.lower():
        findings.problem(variable, text, "is not a repository", remedy)
        return
    host, _name = split_repository(text)
    try:
        check_host(host)
    except HostNameError as exc:
        findings.problem(variable, text, f"names a registry ({host}) that {exc}", exc.remedy)


def check_reference(text: str, variable: str, findings: Findings) -> None:
    """Report problems of the image reference *text*."""
    name, at_sign, digest = text.partition("@")
    if at_sign and not _DIGEST.fullmatch(digest):
        remedy = "Write @sha256: and the 64 hexadecimal digits of the image's index, or remove it"
        findings.problem(variable, text, "has no valid digest after the @", remedy)
        return
    path, tag = _split_tag(name)
    if name != path and not _TAG.fullmatch(tag):
        findings.problem(variable, text, f"has no valid tag after the colon ({tag!r})", "Write image:tag")
    elif not _NAME.fullmatch(path):
        example = BUILDKIT_IMAGE.partition("@")[0]
        remedy = f"Write host/path:tag in lower case, without scheme and spaces, such as {example}"
        findings.problem(variable, text, "is not an image reference", remedy)


def buildkit_version(text: str) -> Version:
    """The version that the tag of BuildKit's image *text* names, () if it names none.

    It is () for ``buildx-stable-1``, for a digest alone, and for images with another name, which have their own
    versions.
    """
    path, tag = _split_tag(text.partition("@")[0])
    return version_of(tag) if path.endswith("/buildkit") and _RELEASE.fullmatch(tag) else ()


def _split_tag(name: str) -> tuple[str, str]:
    path, colon, tag = name.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (name, "")  # else it is the colon of host:port

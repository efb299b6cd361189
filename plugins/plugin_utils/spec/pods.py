# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pods of the driver kubernetes silently have in place of what was asked for.

Read in docker/buildx, driver/kubernetes/manifest/manifest.go, at v0.14.0, v0.20.0, v0.33.0, v0.34.1, v0.36.1 and in its
master of 2026-08-20; seen in the objects that 0.36.1 requests. For rootless BuildKit: moby/buildkit,
cmd/buildkitd/main.go (defaultConfigPath) and util/appdefaults/appdefaults_unix.go (UserConfigDir), v0.32.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

CLAIM = "persistent-volume-claim.requests.storage"
EPHEMERAL = "requests.ephemeral-storage"
ROOTLESS = "rootless"
SPECIAL = frozenset({CLAIM, EPHEMERAL, ROOTLESS})
_FLAG = "--config=/etc/buildkit/buildkitd.toml"


def check(
    options: Mapping[str, str], flags: Sequence[str], variable: str, findings: Findings, *, config: str, image: str
) -> None:
    """Warn of what does not reach the pods. *options* are those of one node, *config* is buildkitd.toml."""
    rootless = options.get(ROOTLESS) == "true"
    if rootless and not _may_be_rootless(image):
        # buildx has a rootless image of its own, but not where one is named (driver/kubernetes/factory.go)
        message = f"{image.partition('@')[0]} is no rootless image, by its name, and starts as root only"
        findings.warn(f"{variable}.{ROOTLESS}", f"{message}: set `image` to one such as moby/buildkit:TAG-rootless")
    if config and rootless and not any(each.lstrip("-").partition("=")[0] == "config" for each in flags):
        message = "BuildKit reads ~/.config/buildkit/buildkitd.toml then, and not the file that buildx brings"
        findings.warn(f"{variable}.{ROOTLESS}", f"{message}: set `flags: [{_FLAG}]`")
    if config and CLAIM in options and not rootless:
        message = "buildx from 0.34 to 0.36 brings neither buildkitd.toml nor certificates into the pods then"
        remedy = f"remove it, or use a rootless image with `rootless: true` and `flags: [{_FLAG}]`"
        findings.warn(f"{variable}.{CLAIM}", f"{message}, so registries and builder_gc have no effect: {remedy}")
    if EPHEMERAL in options:
        message = "buildx from 0.34 to 0.36 makes it the limit, over which Kubernetes evicts the pod"
        findings.warn(f"{variable}.{EPHEMERAL}", f"{message}: use limits.ephemeral-storage instead")


def _may_be_rootless(image: str) -> bool:
    """By the name and the tag; a digest alone tells nothing."""
    name, _at, digest = image.partition("@")
    return not image or "rootless" in name or bool(digest and ":" not in name.rpartition("/")[2])

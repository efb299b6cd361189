# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which buildx knows which driver option; an older one refuses to create the builder. Pure.

Source: docker/buildx, driver/*/factory.go of every tag up to v0.36.1, and master of 2026-08-20, which has no others.
Options of 0.12, the oldest supported, are omitted.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of

# The newest minor version that these tables and those of spec/driver_tables.py were read from.
NEWEST: Version = (0, 36)
ENVIRONMENT = "env."
SINCE: t.Dict[str, t.Dict[str, Version]] = {
    "docker-container": {
        "restart-policy": (0, 13),
        "default-load": (0, 14),
        "provenance-add-gha": (0, 30),
        "allow-untrusted-image": (0, 36),
    },
    "remote": {"default-load": (0, 14)},
    "kubernetes": {
        "requests.ephemeral-storage": (0, 14),
        "limits.ephemeral-storage": (0, 14),
        "schedulername": (0, 14),
        "default-load": (0, 14),
        "timeout": (0, 15),
        "buildkit-root-volume-memory": (0, 26),
        ENVIRONMENT: (0, 28),
        "persistent-volume-claim.requests.storage": (0, 34),
    },
}
# Pods of an older buildx have one of the folders with files, buildkitd.toml's or a registry's (docker/buildx#2454).
CERTIFICATES_IN_PODS: Version = (0, 15)


def since(driver: str, option: str) -> Version:
    """The first buildx whose *driver* supports *option*; () if every supported one does."""
    return SINCE[driver].get(ENVIRONMENT if option.startswith(ENVIRONMENT) else option, ())


def too_new(driver: str, options: t.Iterable[str], buildx: str) -> t.Tuple[str, ...]:
    """Messages about *options* that buildx of version *buildx* would refuse."""
    version = version_of(buildx)
    return tuple(
        f"buildx {buildx} does not support `{option}` of the {driver} driver, "
        f"which requires {'.'.join(map(str, since(driver, option)))}"
        for option in options
        if () != version < since(driver, option)
    )

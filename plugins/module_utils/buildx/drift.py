# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a builder as it is wanted and as it is, in words. Pure.

buildx compares nothing itself, and its own store may differ from the container that runs.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.buildx.store import CERTIFICATES, TOML, StoredBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance

try:  # Python 3.11
    import tomllib  # novm
except ImportError:  # older hosts compare what was rendered with what was stored, see Remembered
    tomllib = None  # type: ignore[assignment]

# buildx adds it by itself (driver/docker-container/factory.go, since 0.13), once or never.
_ADDED_FLAG = "--allow-insecure-entitlement=network.host"


@dataclass(frozen=True)
class Container:
    """A builder's container as dockerd shows it; *files* are those of /etc/buildkit, named as in the store."""

    running: bool
    image: str
    files: t.Mapping[str, bytes]


@dataclass(frozen=True)
class Remembered:
    """SHA-256 of the text that was rendered and of the TOML that buildx made of it, for hosts without tomllib."""

    rendered: str
    stored: str


def store_drift(wanted: Instance, stored: StoredBuilder, memory: t.Optional[Remembered]) -> t.Tuple[str, ...]:
    """Differences in a user's store that need another entry."""
    if stored.driver != wanted.driver:
        return (f"driver {stored.driver} → {wanted.driver}",)
    if len(stored.nodes) != 1:
        return (f"{len(stored.nodes)} nodes → 1",)
    node = stored.nodes[0]
    found = []
    opts = {"image": wanted.image, **wanted.driver_opts}
    for name in sorted({*opts, *node.driver_opts}):
        if opts.get(name) != node.driver_opts.get(name):
            found.append(f"{name} {node.driver_opts.get(name, 'absent')} → {opts.get(name, 'absent')}")
    if _flags(node.flags) != _flags(wanted.flags):
        found.append(f"flags {' '.join(node.flags) or 'none'} → {' '.join(wanted.flags) or 'none'}")
    return (*found, *_toml_drift(wanted, node.files, memory, "in the store"))


def container_drift(wanted: Instance, container: Container, memory: t.Optional[Remembered]) -> t.Tuple[str, ...]:
    """Differences in the container that exists which need another one."""
    found = []
    if not _same_image(container.image, wanted.image):
        found.append(f"the container's image {container.image} → {wanted.image}")
    return (*found, *_toml_drift(wanted, container.files, memory, "in the container"))


def _same_image(actual: str, wanted: str) -> bool:
    """Whether both name the same image; buildx (0.36) adds the digest of what it verified to a tag."""
    found, asked = plain_image(actual), plain_image(wanted)
    return found == asked or ("@" not in asked and found.partition("@")[0] == asked)


def _toml_drift(
    wanted: Instance, files: t.Mapping[str, bytes], memory: t.Optional[Remembered], where: str
) -> t.Tuple[str, ...]:
    return () if same_toml(wanted.config, files.get(TOML), memory) else (f"{TOML} {where} differs",)


def certificate_drift(wanted: Instance, files: t.Mapping[str, bytes], where: str) -> t.Tuple[str, ...]:
    """Differences in the certificates and keys, which BuildKit reads at every connection.

    A file more than asked for is none: without its name in buildkitd.toml nobody reads it.
    """
    found = []
    for name, pem in sorted(wanted.certificates.items()):
        actual = files.get(CERTIFICATES + name)
        if actual != pem.encode():
            found.append(f"{CERTIFICATES}{name} {where} {'is missing' if actual is None else 'differs'}")
    return tuple(found)


def same_toml(wanted: str, actual: t.Optional[bytes], memory: t.Optional[Remembered]) -> bool:
    """Whether both say the same; buildx writes TOML anew, so the text proves nothing."""
    if actual is None:
        return not wanted.strip()
    if memory == Remembered(digest(wanted.encode()), digest(actual)):
        return True
    if tomllib is None:
        return False
    try:
        return json.dumps(tomllib.loads(wanted), sort_keys=True, default=str) == json.dumps(
            tomllib.loads(actual.decode()), sort_keys=True, default=str
        )
    except ValueError:
        return False


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def plain_image(reference: str) -> str:
    """A reference without what Docker fills in or leaves out by itself."""
    for prefix in ("docker.io/", "library/"):
        if reference.startswith(prefix):
            reference = reference[len(prefix) :]
    return reference


def _flags(flags: t.Sequence[str]) -> t.Set[str]:
    return {flag for flag in flags if flag != _ADDED_FLAG}

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences between a builder and its desired state, as messages. Pure.

buildx compares nothing itself, and its store may differ from the running container.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import (
    COMPARED,
    Container,
    in_one_form,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import (
    CERTIFICATES,
    TOML,
    StoredBuilder,
    StoredNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import STARTED_WITHOUT
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effects, NodeDeparture

try:  # Python 3.11
    import tomllib  # novm
except ImportError:  # older hosts compare digests, see Remembered
    tomllib = None  # type: ignore[assignment]

# buildx adds them itself, if at all: the first in builder/builder.go (since 0.13), the others only for the container
# (driver/docker-container/driver.go, getBuildkitFlags).
_ADDED_FLAGS = ("--allow-insecure-entitlement=network.host", "--config", f"/etc/buildkit/{TOML}")
# This host's dockerd, as buildx stores it (docker/cli, opts/hosts_unix.go).
LOCAL = "unix:///var/run/docker.sock"
# Options that name files which we write for each user.
PLACED = ("cacert", "cert", "key")


@dataclass(frozen=True)
class Remembered:
    """SHA-256 of the rendered text, and of the TOML that buildx stored for it, for hosts without tomllib."""

    rendered: str
    stored: str


def store_drift(wanted: Instance, stored: StoredBuilder, memory: t.Optional[Remembered]) -> t.Tuple[str, ...]:
    """Differences in a user's store that require a new entry."""
    if stored.driver != wanted.driver:
        return (f"driver {stored.driver} → {wanted.driver}",)
    present = {node.name.lower(): node for node in stored.nodes}
    found: t.List[str] = []
    for node in wanted.nodes:
        there = present.pop(node.name.lower(), None)
        if there is None:
            found.append(f"node {node.name} is not in the store")
        else:
            found += [_of_node(wanted, node, words) for words in _node_drift(wanted, node, there, memory)]
    return (*found, *(f"node {each.name} is not asked for" for each in present.values()))


def _node_drift(wanted: Instance, node: Node, stored: StoredNode, memory: t.Optional[Remembered]) -> t.Tuple[str, ...]:
    found = []
    # that of kubernetes has random letters, and cannot be specified (docker/buildx, builder/builder.go)
    if wanted.driver != "kubernetes" and endpoint_of(stored.endpoint) != endpoint_of(node.endpoint):
        found.append(f"endpoint {stored.endpoint} → {endpoint_of(node.endpoint)}")
    if node.platforms and set(stored.platforms) != set(node.platforms):
        found.append(f"platforms {', '.join(stored.platforms) or 'any'} → {', '.join(node.platforms)}")
    opts = options_of(wanted, node)
    for name in sorted({*opts, *stored.driver_opts} - set(PLACED)):
        if opts.get(name) != stored.driver_opts.get(name):
            found.append(f"{name} {stored.driver_opts.get(name, 'absent')} → {opts.get(name, 'absent')}")
    placed = sorted({*PLACED} & {*stored.driver_opts})
    if placed != sorted(placed_names(node)):
        found.append(f"certificates {', '.join(placed) or 'none'} → {', '.join(sorted(placed_names(node))) or 'none'}")
    if _flags(stored.flags) != _flags(wanted.flags):
        found.append(f"flags {' '.join(stored.flags) or 'none'} → {' '.join(wanted.flags) or 'none'}")
    return (*found, *(_toml_drift(wanted, stored.files, memory, "in the store") if wanted.driver != "remote" else ()))


def placed_names(node: Node) -> t.Set[str]:
    """The driver options that name certificates of a node."""
    contents = {"cacert": node.ca, "cert": node.client_cert, "key": node.client_key}
    return {name for name, content in contents.items() if content}


def options_of(wanted: Instance, node: Node) -> t.Dict[str, str]:
    """All driver options of a node, as the store has them."""
    options = {**wanted.driver_opts, **node.driver_opts}
    if wanted.driver == "remote":  # which rejects the proxy's variables: its buildkitd runs already
        return {name: value for name, value in options.items() if not name.startswith("env.")}
    return {"image": wanted.image, **options}


def endpoint_of(text: str) -> str:
    """An endpoint as buildx stores it; this host's has several names."""
    return LOCAL if text in ("", "default") else text


def departures(
    wanted: Instance, users: t.Sequence[str], entries: t.Mapping[str, t.Union[StoredBuilder, str, None]]
) -> Effects:
    """The effect of making the *entries* of *users* as specified: nodes that they no longer have."""
    asked = {endpoint_of(node.endpoint) for node in wanted.nodes}
    return frozenset(
        NodeDeparture(user, entry.name, node.endpoint)
        for user, entry in entries.items()
        if user in users and isinstance(entry, StoredBuilder)
        for node in entry.nodes
        if endpoint_of(node.endpoint) not in asked
    )


def _of_node(wanted: Instance, node: Node, words: str) -> str:
    """A message about a node, which is named if there are several."""
    return words if len(wanted.nodes) == 1 else f"node {node.name}: {words}"


def container_drift(
    wanted: Instance, node: Node, container: Container, memory: t.Optional[Remembered]
) -> t.Tuple[str, ...]:
    """Differences in the existing container that require a new one."""
    found = [f"the container {container.ailing}"] if container.ailing else []
    found += [f"the container {STARTED_WITHOUT}"] if container.severed else []
    if not same_image(container.image, wanted.image):
        found.append(f"the container's image {container.image} → {wanted.image}")
    found += _option_drift(options_of(wanted, node), container)
    if _flags(container.flags) != _flags(wanted.flags):
        found.append(
            f"the container's flags {' '.join(container.flags) or 'none'} → {' '.join(wanted.flags) or 'none'}"
        )
    found += _toml_drift(wanted, container.files, memory, "in the container")
    return tuple(_of_node(wanted, node, words) for words in found)


# The driver's defaults (docker/buildx, driver/docker-container/factory.go).
_DEFAULTS = {"network": "bridge", "restart-policy": "unless-stopped", "cgroup-parent": "/docker/buildx"}


def _option_drift(wanted: t.Mapping[str, str], container: Container) -> t.List[str]:
    """Limits, network, restart policy and specified environment; the image has an environment of its own."""
    asked = in_one_form({**_DEFAULTS, **wanted})
    compared = ({*COMPARED} | {name for name in asked if name.startswith("env.")}) - container.unlimited
    if not {"memory", "memory-swap"} <= asked.keys():  # Docker's default follows the memory, and it has no effect alone
        compared -= {"memory-swap"}
    return [
        f"the container's {name} {container.options.get(name, 'absent')} → {asked.get(name, 'absent')}"
        for name in sorted(compared)
        if asked.get(name) != container.options.get(name) and (name in asked or name in container.options)
    ]


def same_image(actual: str, wanted: str) -> bool:
    """Whether both name the same image; buildx (0.36) adds the verified digest to a tag."""
    found, asked = plain_image(actual), plain_image(wanted)
    return found == asked or ("@" not in asked and found.partition("@")[0] == asked)


def _toml_drift(
    wanted: Instance, files: t.Mapping[str, bytes], memory: t.Optional[Remembered], where: str
) -> t.Tuple[str, ...]:
    return () if same_toml(wanted.config, files.get(TOML), memory) else (f"{TOML} {where} differs",)


def certificate_drift(wanted: Instance, files: t.Mapping[str, bytes], where: str) -> t.Tuple[str, ...]:
    """Differences in the certificates and keys, which BuildKit reads at every connection.

    An extra file is not a difference: without its name in buildkitd.toml it is not read.
    """
    found = []
    for name, pem in sorted(wanted.certificates.items()):
        actual = files.get(CERTIFICATES + name)
        if actual != pem.encode():
            found.append(f"{CERTIFICATES}{name} {where} {'is missing' if actual is None else 'differs'}")
    return tuple(found)


def same_toml(wanted: str, actual: t.Optional[bytes], memory: t.Optional[Remembered]) -> bool:
    """Whether both are equivalent; buildx rewrites TOML, so the text proves nothing."""
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
    """A reference without the parts that Docker adds or omits itself."""
    for prefix in ("docker.io/", "library/"):
        if reference.startswith(prefix):
            reference = reference[len(prefix) :]
    return reference


def _flags(flags: t.Sequence[str]) -> t.Set[str]:
    return {flag for flag in flags if flag not in _ADDED_FLAGS}

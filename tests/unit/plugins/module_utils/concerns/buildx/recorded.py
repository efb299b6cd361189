# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder as buildx recorded it, and what was asked of it: both say the same."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance

DATA = Path(__file__).parent / "data"
ENTRY = (DATA / "instance.json").read_text()
STORED = store.parse(ENTRY)
# What buildx asked of dockerd for driver options: [{"stored": entry of the node, "asked": settings of the container}].
CREATED: list[dict[str, t.Any]] = json.loads((DATA / "created.json").read_text())
NODE = STORED.nodes[0]
# as container.parse() makes it of what the driver makes without options
CONTAINER = Container(
    running=True,
    image=NODE.driver_opts["image"],
    files=NODE.files,
    flags=("--config", "/etc/buildkit/buildkitd.toml", *NODE.flags),
    options={"network": "bridge", "restart-policy": "unless-stopped"},
    unlimited=frozenset({"cgroup-parent"}),
)
CA = NODE.files["certs/harbor.lab.test/ca.crt"].decode()
WANTED = Instance(
    name="multiarch",
    driver="docker-container",
    image=NODE.driver_opts["image"],
    driver_opts={},
    flags=(),
    default=True,
    # other groups, another order and comments, where buildx sorted and indented
    config="""\
# made by hand
registry."mirror.lab.test:5000".ca = ["/etc/buildkit/certs/mirror.lab.test_5000/ca.crt"]

[registry."harbor.lab.test"]
ca = [
  "/etc/buildkit/certs/harbor.lab.test/ca.crt",
]

[registry."docker.io"]
mirrors = ["mirror.lab.test:5000"]
""",
    certificates={"harbor.lab.test/ca.crt": CA, "mirror.lab.test_5000/ca.crt": CA},
)


def with_node(**changes: object) -> store.StoredBuilder:
    """The recorded builder with another node."""
    return replace(STORED, nodes=(replace(NODE, **changes),))  # type: ignore[arg-type]


def with_file(name: str, content: bytes | None) -> dict[str, bytes]:
    """The recorded files with one changed, or without it."""
    files = {**NODE.files, name: content or b""}
    return {key: value for key, value in files.items() if key != name or content is not None}


def entry(**changes: object) -> str:
    """The recorded entry's text with other keys of its node."""
    found = json.loads(ENTRY)
    found["Nodes"][0].update(changes)
    return json.dumps(found)


def shown_by(
    version: str, host: dict[str, t.Any] | None = None, config: dict[str, t.Any] | None = None
) -> dict[str, t.Any]:
    """`docker inspect` of a node's container, recorded from an engine, with changes in HostConfig and Config."""
    found: dict[str, t.Any] = json.loads((DATA / f"container-{version}.json").read_text())
    found["HostConfig"].update(host or {})
    found["Config"].update(config or {})
    return found


def made(created: dict[str, t.Any], version: str) -> dict[str, t.Any]:
    """The container that an engine shows after buildx asked for one of CREATED; the image adds its environment."""
    asked = created["asked"]
    config = {"Image": asked["Image"], "Cmd": asked["Cmd"], **({"Env": asked["Env"]} if asked["Env"] else {})}
    return shown_by(version, asked["HostConfig"], config)

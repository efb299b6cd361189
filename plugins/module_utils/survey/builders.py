# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builders as buildx itself shows them: each node's state and BuildKit version, and the size of the cache.

Both commands are read-only: neither starts a node nor a dockerd.
"""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import explanation, store
from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_inspect
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

RUNNING, MISSING, UNKNOWN, ERROR = "running", "missing", "unknown", "error"
Row = t.Dict[str, t.Any]

_TIMEOUT = 60
_AT_ONCE = 4


def survey(instances: t.Sequence[Instance], users: t.Sequence[str], docker: Docker) -> t.List[Row]:
    """A row for each of *instances*, with its nodes, as seen by the first of *users* who has it."""
    there = [user for user in users if is_user(user)]
    owners = {each.name: [user for user in there if _entry(user, each.name)] for each in instances}
    if not docker.answers():  # a request would start it by systemd's socket activation
        return [_row(each, owners[each.name], UNKNOWN, "docker does not run") for each in instances]
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda each: _look(each, owners[each.name]), instances))


def _entry(user: str, name: str) -> t.Optional[store.StoredBuilder]:
    try:
        found = store.entry(user, name)
    except HostError:
        return None
    return found if isinstance(found, store.StoredBuilder) else None


def _look(wanted: Instance, users: t.Sequence[str]) -> Row:
    if not users:
        return _row(wanted, users, MISSING, "no user has it")
    try:
        shown = run(["docker", "buildx", "inspect", wanted.name], user=users[0], timeout=_TIMEOUT)
    except HostError as exc:
        return _row(wanted, users, UNKNOWN, str(exc))
    nodes = buildx_inspect.parse(shown.stdout).nodes
    if not nodes:
        return _row(wanted, users, UNKNOWN, shown.cause)
    entry = _entry(users[0], wanted.name)
    images = {each.name: each.driver_opts.get("image") for each in entry.nodes} if entry else {}
    shown_nodes = [_node(each, images.get(each.name), users[0]) for each in nodes]
    row = {**_row(wanted, users, UNKNOWN, ""), "nodes": shown_nodes}
    if all(each["state"] == RUNNING for each in row["nodes"]):
        row["cache"] = _cache(wanted, users[0])
    return row


def _cache(wanted: Instance, user: str) -> t.Optional[int]:
    try:
        return human_size.total_in(
            run(["docker", "buildx", "du", "--builder", wanted.name], user=user, timeout=_TIMEOUT).stdout
        )
    except HostError:
        return None


def _row(wanted: Instance, users: t.Sequence[str], state: str, why: str) -> Row:
    """A builder whose nodes are only known by *state*."""
    image = None if wanted.driver == "remote" else wanted.image  # of a remote one nothing is known
    node = {"state": state, "why": why or None, "buildkit": None, "image": image}
    return {
        "name": wanted.name,
        "driver": wanted.driver,
        "default": wanted.default,
        "users": list(users),
        "cache": None,
        "nodes": [{"name": each.name, "endpoint": each.endpoint, **node} for each in wanted.nodes],
    }


def _node(found: buildx_inspect.InspectedNode, image: t.Optional[str], user: str) -> Row:
    why = explanation.of_node(found, user).cause or found.error if found.error else ""
    return {
        "name": found.name,
        "endpoint": found.endpoint,
        "state": ERROR if found.error else found.status or UNKNOWN,
        "why": why or None,
        "buildkit": found.buildkit,
        "image": image,
    }

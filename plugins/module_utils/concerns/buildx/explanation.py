# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a builder does not run: the error of buildx or, if that is only a symptom, of its container."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes import buildkit
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import nodes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import LOCAL
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_inspect import Inspected, InspectedNode
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, run
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_LINES = 200  # of a log that are read
_SECONDS = 15


@dataclass(frozen=True)
class Why:
    """*cause* in one line, and *said*, the output in whole lines; both may be empty."""

    cause: str = ""
    said: str = ""


def of_builder(found: Inspected, user: str, former: Outcome) -> Why:
    """Why not all nodes of a builder run; *former* is the outcome of the attempt to start them."""
    own = former.cause if former.status != 0 else ""
    if own and not buildkit.is_symptom(own):
        return Why(own, former.said)
    down = [node for node in found.nodes if node.status != "running"]
    whys = {node.name: of_node(node, user) for node in down}
    causes = {name: why.cause for name, why in whys.items() if why.cause}
    words = [cause if len(found.nodes) == 1 else f"node {name}: {cause}" for name, cause in causes.items()]
    statuses = [f"{node.name} is {node.status}" for node in down if node.status]
    fallback = [*found.errors, *([own] if own else []), *statuses, "it has no node"]
    said = [why.said for why in whys.values() if why.said] or [former.said]
    return Why("; ".join(words) or fallback[0], "\n".join(filter(None, said)))


def of_node(node: InspectedNode, user: str) -> Why:
    """The error of a node's container, or of the connection to it."""
    found = of_container(node.name, node.endpoint, user)
    if found.cause or not node.error:
        return found
    cause = buildkit.of_error(node.error)
    if buildkit.is_symptom(cause):
        cause = (nodes.silence(Node(node.name, node.endpoint), user) if "://" in node.endpoint else "") or ""
    return Why(cause, found.said)


def of_container(node: str, endpoint: str, user: str) -> Why:
    """Why the BuildKit in a node's container exited; empty if it runs, or does not exist."""
    name, docker = container_name(node), _client(endpoint)
    as_user = user if len(docker) > 1 else None
    try:
        logs = run([*docker, "logs", f"--tail={_LINES}", name], user=as_user, timeout=_SECONDS)
        state = run(
            [*docker, "inspect", "--type=container", "--format={{json .State}}", name], user=as_user, timeout=_SECONDS
        )
    except HostError:  # its Docker does not answer
        return Why()
    if logs.status != 0 or state.status != 0:
        return Why()
    log = f"{logs.stdout}\n{logs.stderr}"
    return Why(cause_of(state.stdout, log), told(f"`docker logs --tail={_LINES} {name}` shows", log))


def cause_of(state: str, log: str) -> str:
    """Why a container exited, by its State (JSON) and its log; empty if it runs. Pure."""
    try:
        found = json.loads(state)
    except ValueError:
        return ""
    if not isinstance(found, dict) or (found.get("Running") and not found.get("Restarting")):
        return ""
    if found.get("OOMKilled"):
        return "the kernel ended it, as it needed more memory than it may have"
    return str(found.get("Error") or "") or buildkit.of_daemon(log)


def of_missing_node(node: Node, user: str, created: Outcome) -> str:
    """Why buildx did not add a node to its store; if its error is not specific, the node is tried directly."""
    cause = created.cause
    if buildkit.is_symptom(cause) and "://" in node.endpoint:
        return nodes.silence(node, user) or cause
    return cause


def _client(endpoint: str) -> t.Tuple[str, ...]:
    if endpoint in ("", "default", LOCAL):
        return ("docker",)
    return ("docker", "--host" if "://" in endpoint else "--context", endpoint)

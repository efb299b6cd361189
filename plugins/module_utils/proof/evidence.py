# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host shows about something that failed: files, logs, output of commands. Never raises; changes nothing."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.handler_file import CONTROL_FILES
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.kernel import REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

_LINES = 15  # of a log


def of_handler(platform: str) -> t.Tuple[str, ...]:
    """The kernel's handler of *platform*, the file that brings it back, and what systemd-binfmt said."""
    name = format_for(platform).binary
    try:
        others = sorted(path.name for path in REGISTRY.iterdir() if path.name not in CONTROL_FILES)
    except OSError:
        others = []
    return (
        _file(REGISTRY / name) + f"\nhandlers there: {', '.join(others) or 'none'}",
        _file(pathlib.Path(f"/etc/binfmt.d/{name}.conf")),
        _output("journalctl", "--no-pager", "--lines=5", "--unit=systemd-binfmt"),
    )


def of_builder(builder: str, user: str) -> t.Tuple[str, ...]:
    """What buildx shows of a builder, and the logs of its containers on this host."""
    found = [_output("docker", "buildx", "inspect", builder, user=user)]
    try:
        entry = store.entry(user, builder)
    except HostError as exc:
        return (*found, str(exc))
    if isinstance(entry, store.StoredBuilder):
        local = [node for node in entry.nodes if "://" not in node.endpoint or node.endpoint.startswith("unix:")]
        containers = [f"buildx_buildkit_{node.name.lower()}" for node in local if entry.driver == "docker-container"]
        found += [_output("docker", "logs", f"--tail={_LINES}", container) for container in containers]
    return tuple(found)


def _file(path: pathlib.Path) -> str:
    try:
        return f"{path}:\n{path.read_text(encoding='utf-8', errors='replace').strip()}"
    except FileNotFoundError:
        return f"{path}: not there"
    except OSError as exc:
        return f"{path}: {exc.strerror}"


def _output(*argv: str, user: t.Optional[str] = None) -> str:
    try:
        outcome = run(argv, user=user, timeout=30)
    except HostError as exc:
        return str(exc)
    said = "\n".join(part.strip() for part in (outcome.stdout, outcome.stderr) if part.strip())
    return f"`{' '.join(argv)}` ended with {outcome.status}:\n" + "\n".join(said.splitlines()[-2 * _LINES :])

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: one build for all platforms whose RUN step executes a program of each, pushed and read back."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import tempfile
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.probe import expected_machine, probe
from ansible_collections.multiarch.builders.plugins.module_utils.command import run, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.platform import (
    architecture_of,
    canonical,
    native_platforms,
)

_TAG = "proof"
_DOCKERFILE = """\
ARG BASE
FROM ${BASE}
ARG TARGETARCH
ARG TARGETVARIANT
COPY probe-${TARGETARCH}${TARGETVARIANT} /probe
RUN ["/probe"]
"""
_STEP = re.compile(r"^#(\d+) \[(?:(linux/\S+) )?[^\]]*\] RUN ")
_OUTPUT = re.compile(r"^#(\d+) [\d.]+ (\S+)\s*$")


@dataclass(frozen=True)
class Proof:
    """One platform on one host: what a program told in the build, and whether the registry's index has it."""

    platform: str
    how: str  # native or emulated
    machine: str
    pushed: bool


def prove(builder: str, user: str, platforms: t.Sequence[str], base: str, repository: str) -> t.Tuple[Proof, ...]:
    """Build for all *platforms* as *user*. Raises HostError naming what failed; nothing is left on the host."""
    for platform in platforms:
        kernel.prove(platform)
    with tempfile.TemporaryDirectory(prefix="multiarch-builders-", dir="/var/tmp") as folder:
        _context(pathlib.Path(folder), platforms, user)
        log = _build(builder, user, platforms, base, repository, folder)
    machines = machines_in(log, platforms)
    pushed = _pushed(user, repository) if repository else frozenset()
    native = {architecture_of(each) for each in native_platforms(os.uname().machine)}
    for platform in platforms:
        if machines.get(platform) not in expected_machine(platform):
            raise HostError(f"builder {builder}: the RUN step of {platform} told {machines.get(platform) or 'nothing'}")
        if repository and platform not in pushed:
            raise HostError(f"{repository}:{_TAG} was pushed, but its index lacks {platform}")
    return tuple(
        Proof(each, "native" if architecture_of(each) in native else "emulated", machines[each], each in pushed)
        for each in platforms
    )


def _context(folder: pathlib.Path, platforms: t.Sequence[str], user: str) -> None:
    (folder / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
    for platform in platforms:
        path = folder / f"probe-{''.join(platform.split('/')[1:])}"
        path.write_bytes(probe(platform))
        path.chmod(0o755)
    entry = user_entry(user)
    for path in (folder, *folder.iterdir()):
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _build(builder: str, user: str, platforms: t.Sequence[str], base: str, repository: str, folder: str) -> str:
    arguments = ["--builder", builder, "--platform", ",".join(platforms), "--build-arg", f"BASE={base}"]
    arguments += ["--no-cache", "--progress", "plain"]
    arguments += ["--tag", f"{repository}:{_TAG}", "--push"] if repository else ["--output", "type=cacheonly"]
    outcome = run(["docker", "buildx", "build", *arguments, folder], user=user, timeout=1800)
    if outcome.status != 0:
        raise HostError(f"builder {builder}, user {user}: the build for {', '.join(platforms)} failed: {outcome.words}")
    return outcome.stderr + outcome.stdout


def machines_in(log: str, platforms: t.Sequence[str]) -> t.Dict[str, str]:
    """{platform: what its RUN step told} of a build's plain log.

    Steps of images FROM scratch, and those of a build for one platform, do not name theirs (moby/buildkit,
    dockerfile2llb, prefixCommand): there each platform gets what fits it, the pickiest first, and then what is left.
    """
    steps: t.Dict[str, str] = {}
    told: t.Dict[str, str] = {}
    for line in log.splitlines():
        step, output = _STEP.match(line), _OUTPUT.match(line)
        if step:
            steps[step.group(1)] = step.group(2) or ""
        elif output and output.group(1) in steps:
            told.setdefault(output.group(1), output.group(2))
    found = {steps[number]: machine for number, machine in told.items() if steps[number]}
    nameless = [machine for number, machine in told.items() if not steps[number]]
    for platform in sorted(set(platforms) - set(found), key=lambda each: len(expected_machine(each))):
        fitting = [machine for machine in nameless if machine in expected_machine(platform)]
        if fitting:
            found[platform] = fitting[0]
            nameless.remove(fitting[0])
    return {**dict(zip((each for each in platforms if each not in found), nameless)), **found}


def _pushed(user: str, repository: str) -> t.FrozenSet[str]:
    """The platforms of the index that the registry has now."""
    reference = f"{repository}:{_TAG}"
    outcome = run(["docker", "buildx", "imagetools", "inspect", "--raw", reference], user=user)
    try:
        manifests = json.loads(outcome.stdout)["manifests"]
    except (ValueError, KeyError, TypeError):
        raise HostError(f"{reference} was pushed, but no index can be read back: {outcome.words}") from None
    return index_platforms(manifests)


def index_platforms(manifests: t.Iterable[t.Mapping[str, t.Any]]) -> t.FrozenSet[str]:
    """Canonical names of the platforms in an index; attestations are of platform unknown/unknown and are left out."""
    found = set()
    for each in manifests:
        platform = each.get("platform") or {}
        if platform.get("os") == "linux":
            parts = ["linux", platform.get("architecture", ""), platform.get("variant", "")]
            with contextlib.suppress(ValueError):  # one that nobody can have asked for
                found.add(canonical("/".join(part for part in parts if part)))
    return frozenset(found)

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
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt import execution
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.probe import expected_machine, probe
from ansible_collections.multiarch.builders.plugins.module_utils.command import run, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.platform import (
    architecture_of,
    canonical,
    native_platforms,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proof import evidence, push, rights
from ansible_collections.multiarch.builders.plugins.module_utils.proof.answers import last_words
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import of_settings, remedy_of
from ansible_collections.multiarch.builders.plugins.module_utils.scratch import scratch

_TAG = "proof"
_LINES = 20  # of a build's log, as evidence
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


def image_of(repository: str) -> str:
    """What a proof is pushed as."""
    return f"{repository}:{_TAG}"


@dataclass(frozen=True)
class Proof:
    """One platform on one host: what a program told in the build, and whether the registry's index has it."""

    platform: str
    how: str  # native or emulated
    machine: str
    pushed: bool


class _BuildError(HostError):
    """A build failed; *said* is the end of its log."""

    def __init__(self, words: str, said: str) -> None:
        super().__init__(words)
        self.said = said


@dataclass(frozen=True)
class Failure:
    """What is not proven of *platforms*, with what the host shows about it (*evidence*) and what to do."""

    platforms: t.Tuple[str, ...]
    words: str
    evidence: t.Tuple[str, ...]
    remedy: str


def running(platforms: t.Sequence[str]) -> t.Tuple[t.Tuple[str, ...], t.Tuple[Failure, ...]]:
    """(platforms whose programs run on this host, a failure for each other)."""
    failures = []
    for platform in platforms:
        try:
            execution.prove(platform)
        except HostError as exc:
            failures.append(Failure((platform,), str(exc), evidence.of_handler(platform), remedy_of(str(exc))))
    failed = {platform for each in failures for platform in each.platforms}
    return tuple(each for each in platforms if each not in failed), tuple(failures)


def prove(
    builder: str,
    user: str,
    platforms: t.Sequence[str],
    base: str,
    repository: str,
    environment: t.Optional[t.Mapping[str, str]] = None,
) -> t.Tuple[t.Tuple[Proof, ...], t.Tuple[Failure, ...]]:
    """Build for all *platforms* as *user*, with the settings in *environment*: (what is proven, what is not).

    Nothing is left on the host.
    """
    try:
        with scratch() as folder:
            _context(folder, platforms, user)
            log = _build(builder, user, platforms, base, repository, str(folder), environment or {})
        pushed = _pushed(builder, user, repository) if repository else frozenset()
    except HostError as exc:
        said = (exc.said,) if isinstance(exc, _BuildError) else ()
        shows = (*said, *evidence.of_builder(builder, user))
        return (), (Failure(tuple(platforms), str(exc), shows, _remedy(str(exc), user, repository, environment)),)
    machines = machines_in(log, platforms)
    native = {architecture_of(each) for each in native_platforms(os.uname().machine)}
    proofs, failures = [], []
    for platform in platforms:
        words = ""
        if machines.get(platform) not in expected_machine(platform):
            words = f"builder {builder}: the RUN step of {platform} told {machines.get(platform) or 'nothing'}"
        elif repository and platform not in pushed:
            words = f"{repository}:{_TAG} was pushed, but its index lacks {platform}"
        if words:
            failures.append(Failure((platform,), words, (_end_of(log),), remedy_of(words)))
            continue
        how = "native" if architecture_of(platform) in native else "emulated"
        proofs.append(Proof(platform, how, machines[platform], platform in pushed))
    return tuple(proofs), tuple(failures)


def _remedy(words: str, user: str, repository: str, environment: t.Optional[t.Mapping[str, str]]) -> str:
    setting = of_settings(words, environment or {})
    if setting:  # "denied" is not always about rights
        return setting
    found = push.look(repository, user) if repository and rights.was_refused(words) else None
    return (rights.remedy(found) if found else "") or remedy_of(words)


def _context(folder: pathlib.Path, platforms: t.Sequence[str], user: str) -> None:
    (folder / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
    for platform in platforms:
        path = folder / f"probe-{''.join(platform.split('/')[1:])}"
        path.write_bytes(probe(platform))
        path.chmod(0o755)
    entry = user_entry(user)
    for path in (folder, *folder.iterdir()):
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _build(
    builder: str,
    user: str,
    platforms: t.Sequence[str],
    base: str,
    repository: str,
    folder: str,
    environment: t.Mapping[str, str],
) -> str:
    arguments = ["--builder", builder, "--platform", ",".join(platforms), "--build-arg", f"BASE={base}"]
    arguments += ["--no-cache", "--progress", "plain"]
    if repository:  # an index also of one platform without attestations, so that its platform can be read back
        arguments += ["--build-arg", "BUILDKIT_MULTI_PLATFORM=1", "--tag", f"{repository}:{_TAG}", "--push"]
    else:
        arguments += ["--output", "type=cacheonly"]
    outcome = run(["docker", "buildx", "build", *arguments, folder], user=user, env=environment, timeout=1800)
    if outcome.status != 0:
        words = f"builder {builder}, user {user}: the build for {', '.join(platforms)} failed: "
        raise _BuildError(words + last_words(outcome.words), _end_of(outcome.stderr))
    return outcome.stderr + outcome.stdout


def _end_of(log: str) -> str:
    return "the build said:\n" + "\n".join(log.splitlines()[-_LINES:])


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


def _pushed(builder: str, user: str, repository: str) -> t.FrozenSet[str]:
    """The platforms of the index that the registry has now, asked with or without TLS as the *builder* does it."""
    reference = f"{repository}:{_TAG}"
    outcome = run(["docker", "buildx", "imagetools", "inspect", "--builder", builder, "--raw", reference], user=user)
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

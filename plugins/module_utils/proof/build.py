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
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.causes.buildkit import Failed, of_build
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import execution, native
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import expected_machine, probe
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.proof import diagnostics, push, rights
from ansible_collections.multiarch.builders.plugins.module_utils.proof import remedy as remedies

_TAG = "proof"
_LINES = 20  # of a build's log, as evidence
_NOTHING = ("--output", "type=cacheonly")
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
    """The image reference of a proof."""
    return f"{repository}:{_TAG}"


@dataclass(frozen=True)
class Proof:
    """One platform on one host: what a program reported in the build, and whether the registry's index has it."""

    platform: str
    how: str  # native or emulated
    machine: str
    pushed: bool


class _BuildError(HostError):
    """A failed build; *failed* is the reason, *log* its progress."""

    def __init__(self, what: str, failed: Failed, log: str, remedy: str = "") -> None:
        super().__init__(what, failed.cause, remedy, told("the build said", log, _LINES))
        self.failed, self.log = failed, log


@dataclass(frozen=True)
class Failure:
    """What is not proven of *platforms*, with *evidence* from the host and the remedy."""

    platforms: t.Tuple[str, ...]
    message: str
    evidence: t.Tuple[str, ...]
    remedy: str
    cause: str = ""


def running(platforms: t.Sequence[str]) -> t.Tuple[t.Tuple[str, ...], t.Tuple[Failure, ...]]:
    """(platforms whose programs run on this host, a failure for each other)."""
    failures = []
    for platform in platforms:
        try:
            execution.prove(platform)
        except HostError as exc:
            shows = diagnostics.of_handler(platform)
            failures.append(Failure((platform,), exc.short, shows, remedies.HANDLERS, exc.cause or exc.what))
    failed = {platform for each in failures for platform in each.platforms}
    return tuple(each for each in platforms if each not in failed), tuple(failures)


Result = t.Tuple[t.Tuple[Proof, ...], t.Tuple[Failure, ...]]
"""(proven, not proven)."""


def prove(
    builder: str,
    user: str,
    platforms: t.Sequence[str],
    base: str,
    repository: str,
    environment: t.Optional[t.Mapping[str, str]] = None,
    timeout: int = 1800,
) -> Result:
    """Build for all *platforms* as *user*, with the settings in *environment*; each platform has its own result.

    A build is stopped after *timeout* seconds. Nothing remains on the host.
    """
    build = _Build(builder, user, base, repository, environment or {}, timeout)
    try:
        with scratch() as folder:
            _context(folder, platforms, user)
            return replace(build, folder=str(folder)).prove(tuple(platforms))
    except HostError as exc:
        return (), (build.failure(platforms, exc),)


@dataclass(frozen=True)
class _Build:
    """One builder of one user; *folder* is the build context."""

    builder: str
    user: str
    base: str
    repository: str
    environment: t.Mapping[str, str]
    timeout: int
    folder: str = ""

    def failure(self, platforms: t.Sequence[str], exc: HostError, what: str = "") -> Failure:
        """A failure with all the host's evidence; *what* replaces the message of *exc* for a single platform."""
        shows = diagnostics.of_builder(self.builder, self.user)
        said = (exc.said,) if exc.said else ()
        remedy = exc.remedy or self._remedy(exc.short)
        message = f"{what}: {exc.cause}" if what else exc.short
        return Failure(tuple(platforms), message, (*said, *shows), remedy, exc.cause or exc.what)

    def _remedy(self, words: str) -> str:
        setting = remedies.of_settings(words, self.environment)
        if setting:  # "denied" is not always about permissions
            return setting
        refused = self.repository and rights.was_refused(words)
        found = push.look(self.repository, self.user) if refused else None
        return (rights.remedy(found) if found else "") or remedies.remedy_of(words)

    def prove(self, platforms: t.Tuple[str, ...]) -> Result:
        """One build for all; if some fail, one build for the others. Raises HostError for a common cause."""
        try:
            log = self._run(platforms, self._output())
        except _BuildError as exc:
            broken = self._broken(platforms, exc)
            if not broken:
                raise
            alike = _alike({each: exc.failed.cause for each, exc in broken.items()})
            failures = tuple(self.failure(group, broken[group[0]], self._what(group)) for group in alike)
            left = tuple(each for each in platforms if each not in broken)
            proofs, more = self._others(left) if left else ((), ())
            return proofs, (*failures, *more)
        return self._judge(platforms, log)

    def _others(self, platforms: t.Tuple[str, ...]) -> Result:
        """The platforms that build on their own, in one build."""
        try:
            return self._judge(platforms, self._run(platforms, self._output()))
        except HostError as exc:
            return (), (self.failure(platforms, exc),)

    def _broken(self, platforms: t.Sequence[str], whole: _BuildError) -> t.Dict[str, _BuildError]:
        """{platform: why it does not build on its own}; empty if the build for all failed for a common cause.

        The cause is common if all steps ran before it, or if two platforms on their own fail with the same cause, which
        names neither a step nor a platform.
        """
        if len(platforms) == 1 or set(machines_in(whole.log, platforms)) == set(platforms):
            return {}
        broken: t.Dict[str, _BuildError] = {}
        for platform in platforms:
            try:
                self._run((platform,), _NOTHING)
            except _BuildError as exc:
                broken[platform] = exc
            same = [each for each in broken.values() if each.failed == whole.failed and not each.failed.alone]
            if len(same) > 1:
                return {}
        return broken

    def _output(self) -> t.Sequence[str]:
        if not self.repository:
            return _NOTHING
        # Force an index for a single platform without attestations, too, so that its platform can be read back.
        return ["--build-arg", "BUILDKIT_MULTI_PLATFORM=1", "--tag", f"{self.repository}:{_TAG}", "--push"]

    def _run(self, platforms: t.Sequence[str], output: t.Sequence[str]) -> str:
        """The log of a build. Raises _BuildError."""
        arguments = ["--builder", self.builder, "--platform", ",".join(platforms), "--build-arg", f"BASE={self.base}"]
        command = ["docker", "buildx", "build", *arguments, "--no-cache", "--progress", "plain", *output, self.folder]
        outcome = run(command, user=self.user, env=self.environment, timeout=self.timeout, remedy=remedies.TOO_SLOW)
        if outcome.status == 0:
            return outcome.stderr + outcome.stdout
        failed = of_build(outcome.words)
        own, remedy = diagnostics.behind(failed.cause, self.builder, self.user)
        failed = replace(failed, cause=f"{failed.cause} ({own})") if own else failed
        raise _BuildError(self._what(platforms), failed, outcome.stderr, remedy)

    def _what(self, platforms: t.Sequence[str]) -> str:
        return f"builder {self.builder}, user {self.user}: the build for {', '.join(platforms)} failed"

    def _judge(self, platforms: t.Sequence[str], log: str) -> Result:
        """What a successful build proves for each platform."""
        pushed = _pushed(self.builder, self.user, self.repository) if self.repository else frozenset()
        machines = machines_in(log, platforms)
        ways = native.ways(platforms)
        proofs, failures = [], []
        for platform in platforms:
            words, remedy = "", remedies.HANDLERS
            if machines.get(platform) not in expected_machine(platform):
                words = (
                    f"builder {self.builder}: the RUN step of {platform} reported {machines.get(platform) or 'nothing'}"
                )
            elif self.repository and platform not in pushed:
                words = f"{self.repository}:{_TAG} was pushed, but its index does not have {platform}"
                remedy = remedies.READ_BACK
            if words:
                failures.append(Failure((platform,), words, (told("the build said", log, _LINES),), remedy, words))
                continue
            proofs.append(Proof(platform, ways[platform], machines[platform], platform in pushed))
        return tuple(proofs), tuple(failures)


def _alike(causes: t.Mapping[str, str]) -> t.List[t.Tuple[str, ...]]:
    """The platforms, grouped by cause."""
    groups: t.Dict[str, t.List[str]] = {}
    for platform, cause in causes.items():
        groups.setdefault(cause, []).append(platform)
    return [tuple(each) for each in groups.values()]


def _context(folder: pathlib.Path, platforms: t.Sequence[str], user: str) -> None:
    (folder / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
    for platform in platforms:
        path = folder / f"probe-{''.join(platform.split('/')[1:])}"
        path.write_bytes(probe(platform))
        path.chmod(0o755)
    entry = user_entry(user)
    for path in (folder, *folder.iterdir()):
        os.chown(path, entry.pw_uid, entry.pw_gid)


def machines_in(log: str, platforms: t.Sequence[str]) -> t.Dict[str, str]:
    """{platform: the output of its RUN step} from a build's plain log.

    Steps of images FROM scratch, and those of a build for one platform, do not name theirs (moby/buildkit,
    dockerfile2llb, prefixCommand): platforms are then matched by output, those with the fewest matches first.
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
    """The platforms of the registry's current index, read with or without TLS as the *builder* does."""
    reference = f"{repository}:{_TAG}"
    outcome = run(["docker", "buildx", "imagetools", "inspect", "--builder", builder, "--raw", reference], user=user)
    try:
        manifests = json.loads(outcome.stdout)["manifests"]
    except (ValueError, KeyError, TypeError):
        what = f"{reference} was pushed, but its index cannot be read back"
        remedy = remedies.remedy_of(outcome.cause, remedies.READ_BACK)
        raise HostError(what, outcome.cause, remedy, outcome.said) from None
    return index_platforms(manifests)


def index_platforms(manifests: t.Iterable[t.Mapping[str, t.Any]]) -> t.FrozenSet[str]:
    """Canonical names of the platforms in an index; attestations (platform unknown/unknown) are omitted."""
    found = set()
    for each in manifests:
        platform = each.get("platform") or {}
        if platform.get("os") == "linux":
            parts = ["linux", platform.get("architecture", ""), platform.get("variant", "")]
            with contextlib.suppress(ValueError):  # not a platform that can be requested
                found.add(canonical("/".join(part for part in parts if part)))
    return frozenset(found)

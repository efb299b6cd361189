# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: one build for all platforms whose RUN step executes a program of each, pushed and read back."""

from __future__ import annotations

import os
import pathlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.causes.buildkit import Failed, of_build
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import execution, native
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import expected_machine, probe
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import TooSlowError, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import Place, place_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof import diagnostics, push, pushed, rights
from ansible_collections.multiarch.builders.plugins.module_utils.proof import remedy as remedies
from ansible_collections.multiarch.builders.plugins.module_utils.proof.build_log import in_common, machines_in
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import image_of

ELSEWHERE = "elsewhere"
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


@dataclass(frozen=True)
class Proof:
    """One platform on one host: what a program reported in the build, and whether the registry's index has it."""

    platform: str
    how: str  # native, emulated, or elsewhere: by a node on another machine
    machine: str
    pushed: bool


class _BuildError(HostError):
    """A failed build; *failed* is the reason, *log* its progress."""

    def __init__(self, what: str, failed: Failed, log: str, remedy: str = "") -> None:
        super().__init__(what, failed.cause, remedy, told("the build said", log, _LINES))
        self.failed, self.log = failed, log

    def is_like(self, other: t.Optional[HostError]) -> bool:
        """Whether *other* is the same failure, and not specific to one platform."""
        same = isinstance(other, _BuildError) and in_common(other.cause) == in_common(self.cause)
        return same and not self.failed.alone


@dataclass(frozen=True)
class Failure:
    """What is not proven of *platforms*, with *evidence* from the host and the remedy."""

    platforms: t.Tuple[str, ...]
    message: str
    evidence: t.Tuple[str, ...]
    remedy: str
    cause: str = ""


def not_running(platforms: t.Sequence[str]) -> t.Tuple[Failure, ...]:
    """A failure for each of *platforms* whose program does not run on this host."""
    failures = []
    for platform in platforms:
        try:
            execution.prove(platform)
        except HostError as exc:
            shows = diagnostics.of_handler(platform)
            failures.append(Failure((platform,), exc.short, shows, remedies.HANDLERS, exc.cause or exc.what))
    return tuple(failures)


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
        message = f"{what}: {exc.cause or exc.what}" if what else exc.short
        return Failure(tuple(platforms), message, (*said, *shows), remedy, exc.cause or exc.what)

    def _remedy(self, words: str) -> str:
        setting = remedies.of_settings(words, self.environment)
        if setting:  # "denied" is not always about permissions
            return setting
        refused = self.repository and rights.was_refused(words)
        found = push.look(self.repository, self.user) if refused else None
        return (rights.remedy(found) if found else "") or remedies.remedy_of(words)

    def prove(self, platforms: t.Tuple[str, ...], *, again: bool = True) -> Result:
        """One build for all; if it fails, what is at fault fails alone, and one build for the others follows.

        If each builds on its own, all are built once *again*.
        """
        try:
            log = self._run(platforms, self._output())
        except HostError as exc:
            broken = self._broken(platforms, exc) if again else dict.fromkeys(platforms, exc)
            alike = _alike({each: in_common(exc.cause or exc.what) for each, exc in broken.items()})
            failures = tuple(self.failure(group, broken[group[0]], self._what(group)) for group in alike)
            left = tuple(each for each in platforms if each not in broken)
            proofs, more = self.prove(left, again=bool(broken)) if left else ((), ())
            return proofs, (*failures, *more)
        try:
            return self._judge(platforms, log)
        except HostError as exc:
            return (), (self.failure(platforms, exc),)

    def _broken(self, platforms: t.Tuple[str, ...], whole: HostError) -> t.Mapping[str, HostError]:
        """{platform: why it does not build}, after the build for all has failed; empty if each builds on its own.

        They are built one by one: also pushed, if it was the push that failed. A cause is common if the first two
        and all others together fail with it, and it names neither a step nor a platform; but one node of several may
        fail for several platforms.
        """
        if isinstance(whole, TooSlowError):
            return self._slow(platforms, whole)
        if len(platforms) == 1 or not isinstance(whole, _BuildError):
            return dict.fromkeys(platforms, whole)
        built = set(machines_in(whole.log, platforms)) == set(platforms) and not whole.failed.alone
        output = self._output() if built else _NOTHING
        broken: t.Dict[str, HostError] = {}
        for index, platform in enumerate(platforms):
            if index == 2 and all(map(whole.is_like, map(broken.get, platforms[:2]))) and not self._has_nodes():
                others = self._error(platforms[2:], output)
                if others is None:
                    return broken
                if whole.is_like(others):
                    return dict.fromkeys(platforms, whole)
            error = self._error((platform,), output)
            if error is not None:
                broken[platform] = error
        return broken

    def _slow(self, platforms: t.Tuple[str, ...], whole: TooSlowError) -> t.Mapping[str, HostError]:
        """Those whose step did not end in time, if those of others did."""
        machines = machines_in(whole.printed, platforms)
        slow = [each for each in platforms if machines.get(each) not in expected_machine(each)]
        return dict.fromkeys(slow or platforms, whole)

    def _has_nodes(self) -> bool:
        """Whether there are several, one of which may fail alone."""
        return len(diagnostics.machines(self.builder, self.user)) > 1

    def _error(self, platforms: t.Sequence[str], output: t.Sequence[str]) -> t.Optional[HostError]:
        """Why a build fails, None if it does not."""
        try:
            self._run(platforms, output)
        except HostError as exc:
            return exc
        return None

    def _output(self) -> t.Sequence[str]:
        if not self.repository:
            return _NOTHING
        # Force an index for a single platform without attestations, too, so that its platform can be read back.
        single = ["--build-arg", "BUILDKIT_MULTI_PLATFORM=1"]
        return [*single, *pushed.written_to(self.folder), "--tag", image_of(self.repository), "--push"]

    def _run(self, platforms: t.Sequence[str], output: t.Sequence[str]) -> str:
        """The log of a build. Raises _BuildError, or TooSlowError."""
        arguments = ["--builder", self.builder, "--platform", ",".join(platforms), "--build-arg", f"BASE={self.base}"]
        command = ["docker", "buildx", "build", *arguments, "--no-cache", "--progress", "plain", *output, self.folder]
        try:
            outcome = run(command, user=self.user, env=self.environment, timeout=self.timeout)
        except TooSlowError as exc:
            cause = f"it did not finish within {self.timeout} s"
            raise TooSlowError(self._what(platforms), cause, remedies.TOO_SLOW, exc.printed) from None
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
        there: t.FrozenSet[str] = frozenset()
        if self.repository:
            there = pushed.platforms(self.builder, self.user, self.repository, self.folder)
        machines = machines_in(log, platforms)
        ways, nodes = native.ways(platforms), diagnostics.machines(self.builder, self.user)
        proofs, failures = [], []
        for platform in platforms:
            words, remedy = "", remedies.HANDLERS
            if machines.get(platform) not in expected_machine(platform):
                words = (
                    f"builder {self.builder}: the RUN step of {platform} reported {machines.get(platform) or 'nothing'}"
                )
            elif self.repository and platform not in there:
                words = f"{image_of(self.repository)} was pushed, but its index does not have {platform}"
                remedy = remedies.READ_BACK
            if words:
                failures.append(Failure((platform,), words, (told("the build said", log, _LINES),), remedy, words))
                continue
            how = ELSEWHERE if place_of(nodes, platform) is Place.ELSEWHERE else ways[platform]
            proofs.append(Proof(platform, how, machines[platform], platform in there))
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

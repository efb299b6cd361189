# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause in the output of docker buildx, and in the log of a BuildKit. Pure.

docker/buildx ends with `ERROR: …`, after BuildKit's progress (`#7 [linux/arm64 2/2] RUN …`, `#7 0.2 …`, `#7 ERROR: …`;
moby/buildkit, util/progress/progressui/printer.go). While it boots a container, that container's log is mixed in, with
the headers of Docker's stream shown as text: what buildkitd reports is read from `docker logs`.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes import ssh
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import lines_of, logged, of_logged

_ERROR = "ERROR: "
_AHEAD = re.compile("^(?:ERROR: |failed to build: |failed to solve: |Error response from daemon: )+")
_STEP = re.compile(r"^#(\d+) \[(?:(linux/\S+) )?")
_FAILED = re.compile(r"^#(\d+) ERROR: (.*)")
_OUTPUT = re.compile(r"^#(\d+) \d+\.\d+ (.*)")
_PROCESS = re.compile(r'process ".*" did not complete successfully: exit code: \d+$', re.DOTALL)
_ADVICE = re.compile("Learn more at |View build details: |Switch to a different driver|(?:See|Run) 'docker |Usage: ")
# of an image, or of the processor and its emulators (moby/buildkit, solver/llbsolver/ops/exec_binfmt.go)
_NO_PLATFORM = re.compile("no match for platform in manifest|no support for running processes with")
_TWICE = re.compile(r"^(\S+): (failed to resolve source metadata for \1: )(?:\1: )?")
# A client's symptoms of a container whose program does not run.
_SYMPTOMS = re.compile(
    "is restarting, wait until the container is running|unable to upgrade to tcp, received 409|is not running"
    "|context deadline exceeded|failed to list workers|error reading from server: EOF"
    "|Cannot connect to the Docker daemon at http://docker.example.com"  # by ssh
    r"|^exit code \d+$"  # of an exec in a container that has exited: its message precedes it
)
_CRASH = re.compile(r"^(?:panic: |fatal error: |exec /|runc: |Error: )")
_TINI = re.compile(r"^\[FATAL tini \(\d+\)\] ")


@dataclass(frozen=True)
class Failed:
    """Why a build failed: *cause* in one line; *platform* is that of the failed step, "" if it has no name.

    *alone*: it is specific to one platform, such as its RUN step, a missing base image, or what the host cannot run.
    """

    cause: str
    platform: str = ""
    alone: bool = False


def of_client(said: str) -> str:
    """Why docker buildx failed, with the platform of the failed step; empty if it printed nothing."""
    found = of_build(said)
    return f"{found.platform}: {found.cause}" if found.platform and found.alone else found.cause


def of_build(said: str) -> Failed:
    """The same for a build, in its parts."""
    lines = lines_of(said)
    cause = of_error("\n".join(last_error(said) or [each for each in lines if not _ADVICE.match(each.strip())][-1:]))
    number, platform = _failed_step(lines, cause)
    if _PROCESS.search(cause):
        words = [found.group(2) for found in map(_OUTPUT.match, lines) if found and found.group(1) == number]
        return Failed(": ".join([cause, *words[-1:]]), platform, alone=True)
    return Failed(cause, platform, alone=_NO_PLATFORM.search(cause) is not None)


def last_error(said: str) -> t.List[str]:
    """The lines of the last `ERROR: …`, up to an empty one: a registry's message may span several lines."""
    found: t.List[str] = []
    for block in re.split(r"\n\s*\n", said):
        lines = lines_of(block)
        starts = [index for index, line in enumerate(lines) if line.startswith(_ERROR)]
        found = [lines[starts[-1]][len(_ERROR) :], *lines[starts[-1] + 1 :]] if starts else found
    return found


def of_error(error: str) -> str:
    """An error in one line, without the prefix of every failure; if ssh reports a reason, only that."""
    if ssh.is_wrapped(error):
        return ssh.of_ssh(error)
    told = [line for line in map(str.strip, error.strip().splitlines()) if not _ADVICE.match(line)]
    return _TWICE.sub(r"\2", _AHEAD.sub("", ": ".join(told)))


def _failed_step(lines: t.Sequence[str], cause: str) -> t.Tuple[str, str]:
    """(number, platform) of the step that the *cause* is about, the first that failed; ("", "") for none."""
    failed = [(found.group(1), found.group(2)) for found in map(_FAILED.match, lines) if found]
    number = next((each for each, words in failed if cause.endswith(words)), failed[0][0] if failed else "")
    names = [found.group(2) or "" for found in map(_STEP.match, lines) if found and found.group(1) == number]
    return number, names[0] if names else ""


def is_symptom(cause: str) -> bool:
    """Whether the client only knows that the container's program does not answer: its log has the cause."""
    return not cause or _SYMPTOMS.search(cause) is not None


def of_daemon(log: str, program: str = "buildkitd") -> str:
    """Why a BuildKit exited, from its container's log of its last start; empty if that has no error.

    It prints `buildkitd: …` and a stack trace (moby/buildkit, cmd/buildkitd/main.go), as containerd does with its name.
    """
    fallback, own = "", f"{program}: "
    for line in reversed(lines_of(log)):
        if line.startswith(own):
            return line[len(own) :]
        if _TINI.match(line):
            return _TINI.sub("", line)
        fields = logged(line)
        if fields.get("level") in ("fatal", "panic"):
            return of_logged(fields)
        if not fallback and (_CRASH.match(line) or fields.get("level") == "error"):
            fallback = of_logged(fields) or line
    return fallback

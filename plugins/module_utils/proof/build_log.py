# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the progress of a build reports about its RUN steps. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import expected_machine

_STEP = re.compile(r"^#(\d+) \[(?:(linux/\S+) )?[^\]]*\] RUN ")
_OUTPUT = re.compile(r"^#(\d+) [\d.]+ (\S+)\s*$")
# What differs from build to build, and so from platform to platform, in messages of the same failure.
_OWN = re.compile(
    r"sha256[:-][0-9a-f]{8,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b_state=[^\s:&\"]+|\b[0-9a-f]{32,}\b"
)


def in_common(cause: str) -> str:
    """*cause* without digests and identifiers of uploads: equal for the same failure of different platforms."""
    return _OWN.sub("…", cause)


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

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause in what the docker client prints (docker/cli). Pure."""

from __future__ import annotations

import re

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import lines_of

_DAEMON = "Error response from daemon: "
_AHEAD = re.compile(r"^(?:(?:docker|ERROR|Error): |Error response from daemon: )+")
_NOISE = re.compile(r"(?i)^(?:warning|note|see 'docker|run 'docker|using default tag|the push refers to|usage: )")


def of_client(said: str) -> str:
    """Why the docker client failed: dockerd's answer, else the client's first line that is not advice."""
    lines = [line.strip() for line in lines_of(said)]
    answers = [line for line in lines if _DAEMON in line]
    own = [line for line in lines if not _NOISE.match(line)]
    found = answers[-1:] or own[:1] or lines[:1]
    return _AHEAD.sub("", found[0]).rstrip(": ") if found else ""

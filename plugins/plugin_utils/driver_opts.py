# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of buildx' docker-container driver.

Source: docker/buildx, driver/docker-container/factory.go; an unknown key is an error there, too, but on the host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings, suggest, type_name

_INT = (re.compile(r"-?\d+", re.ASCII), "Write a whole number")
_SIZE = (re.compile(r"-1|\d+(\.\d+)? ?([kmgtp](i?b)?|b)?", re.ASCII | re.IGNORECASE), "Write a size such as 4g")
_BOOL = (re.compile(r"true|false"), "Write true or false")
_TEXT = (re.compile(r".+"), "Write one line of text")
_CPUS = (re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*", re.ASCII), "Write numbers such as 0-3,6")
_RESTART = (
    re.compile(r"no|always|unless-stopped|on-failure(:\d+)?", re.ASCII),
    "Write no, always, unless-stopped or on-failure[:N]",
)
DRIVER_OPTS = {
    "network": _TEXT,
    "memory": _SIZE,
    "memory-swap": _SIZE,
    "cpu-period": _INT,
    "cpu-quota": _INT,
    "cpu-shares": _INT,
    "cpuset-cpus": _CPUS,
    "cpuset-mems": _CPUS,
    "cgroup-parent": _TEXT,
    "restart-policy": _RESTART,
    "default-load": _BOOL,
    "provenance-add-gha": _BOOL,
    "allow-untrusted-image": _BOOL,
}


def normalise(options: Mapping[object, object], variable: str, findings: Findings) -> dict[str, str]:
    """*options* with every value as the string that ``--driver-opt KEY=VALUE`` takes."""
    found: dict[str, str] = {}
    for key, value in options.items():
        name = f"{variable}.{key}"
        text = _to_text(value)
        if key == "image":
            findings.problem(name, value, "has an option of its own", "Use `image` of the instance")
        elif not isinstance(key, str) or not (key in DRIVER_OPTS or re.fullmatch(r"env\.[^=\s]+", key)):
            known = [*DRIVER_OPTS, "env.NAME"]
            findings.problem(name, None, "is no option of the docker-container driver", suggest(key, known))
        elif text is None or "\n" in text or "\x00" in text:
            message = f"is {type_name(value)}, not one line of text" if text is None else "has more than one line"
            findings.problem(name, None, message, "Write a string, a whole number, true or false")
        elif re.search(r"://[^/]*@", text):
            findings.problem(name, None, "holds a user name or password", "Use builder_proxy, which keeps them secret")
        elif key in DRIVER_OPTS and not DRIVER_OPTS[key][0].fullmatch(text):
            findings.problem(name, value, "is not what the driver takes", DRIVER_OPTS[key][1])
        else:
            found[key] = text
    return found


def _to_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int)) else None

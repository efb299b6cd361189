# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder's container: what dockerd shows of it, in the words of the driver's options. Pure.

docker/buildx, driver/docker-container/driver.go, create(): which option becomes which setting of the container.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

Shown = t.Mapping[str, t.Any]

# option: (key of HostConfig, key of `docker info` that says whether the kernel has such a limit)
_LIMITS = {
    "memory": ("Memory", "MemoryLimit"),
    "memory-swap": ("MemorySwap", "SwapLimit"),
    "cpu-quota": ("CpuQuota", "CpuCfsQuota"),
    "cpu-period": ("CpuPeriod", "CpuCfsPeriod"),
    "cpu-shares": ("CpuShares", "CPUShares"),
    "cpuset-cpus": ("CpusetCpus", "CPUSet"),
    "cpuset-mems": ("CpusetMems", "CPUSet"),
}
# The options that a container shows.
COMPARED = (*_LIMITS, "network", "restart-policy", "cgroup-parent")
_SIZES = ("memory", "memory-swap")
_NUMBERS = ("cpu-quota", "cpu-period", "cpu-shares")
_UNITS = "bkmgtp"


@dataclass(frozen=True)
class Container:
    """*files* are those of /etc/buildkit, named as in the store; *options* the driver's, in one form (see `plain`).

    *unlimited* names the limits that the host does not have: they are left out, with a warning at best. A *lost* one
    runs, and dockerd can do nothing with it.
    """

    running: bool
    image: str
    files: t.Mapping[str, bytes]
    flags: t.Tuple[str, ...] = ()
    options: t.Mapping[str, str] = field(default_factory=dict)
    unlimited: t.FrozenSet[str] = frozenset()
    lost: bool = False


def parse(shown: Shown, info: Shown, files: t.Mapping[str, bytes], *, listed: bool = True) -> Container:
    """The container of /containers/NAME/json, on the dockerd of /info; *listed*: it is in /containers/json, too."""
    host = shown["HostConfig"]
    options = {name: str(host.get(key) or "") for name, (key, _info) in _LIMITS.items()}
    if not host.get("Memory"):
        options["memory-swap"] = ""
    options["cgroup-parent"] = host.get("CgroupParent") or ""
    options["network"] = host.get("NetworkMode") or ""
    policy = host.get("RestartPolicy") or {}
    count = policy.get("MaximumRetryCount")
    options["restart-policy"] = f"{policy.get('Name') or 'no'}{f':{count}' if count else ''}"
    for line in shown["Config"].get("Env") or ():
        name, _equals, value = line.partition("=")
        options[f"env.{name}"] = value
    return Container(
        running=bool(shown["State"]["Running"]) and listed,
        image=shown["Config"]["Image"],
        files=files,
        flags=tuple(shown["Config"].get("Cmd") or ()),
        options=in_one_form(options),
        unlimited=frozenset(_unlimited(info)),
        lost=bool(shown["State"]["Running"]) and not listed,
    )


def _unlimited(info: Shown) -> t.Iterator[str]:
    yield from (name for name, (_key, known) in _LIMITS.items() if info.get(known) is False)
    if info.get("CgroupDriver") != "cgroupfs":  # the driver sets it with cgroupfs alone
        yield "cgroup-parent"


def in_one_form(options: t.Mapping[str, str]) -> t.Dict[str, str]:
    """*options* without those that are as good as none: a limit of 0. An empty variable is a variable."""
    found = {name: plain(name, value) for name, value in options.items()}
    return {name: value for name, value in found.items() if value or name.startswith("env.")}


def plain(name: str, value: str) -> str:
    """The value of an option in one form: sizes in bytes, no limit as "", a network that Docker picks as `bridge`."""
    if name in _SIZES:
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", value.lower())
        if found:
            value = str(int(float(found.group(1)) * 1024 ** max(_UNITS.find(found.group(2) or "b"), 0)))
    if name in (*_SIZES, *_NUMBERS) and re.fullmatch("0+", value):
        return ""
    if name == "network" and value in ("default", "bridge"):
        return "bridge"
    if name == "restart-policy":
        return re.sub(":0+$", "", value)
    return value

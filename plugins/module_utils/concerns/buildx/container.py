# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder's container as dockerd reports it, in terms of the driver's options. Pure.

docker/buildx, driver/docker-container/driver.go, create(): which option becomes which setting of the container.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.default_network import STARTED_WITHOUT

Shown = t.Mapping[str, t.Any]

# option: (key of HostConfig, key of `docker info` that says whether the kernel supports this limit)
_LIMITS = {
    "memory": ("Memory", "MemoryLimit"),
    "memory-swap": ("MemorySwap", "SwapLimit"),
    "cpu-quota": ("CpuQuota", "CpuCfsQuota"),
    "cpu-period": ("CpuPeriod", "CpuCfsPeriod"),
    "cpu-shares": ("CpuShares", "CPUShares"),
    "cpuset-cpus": ("CpusetCpus", "CPUSet"),
    "cpuset-mems": ("CpusetMems", "CPUSet"),
}
# The options that can be read from a container.
COMPARED = (*_LIMITS, "network", "restart-policy", "cgroup-parent")
_SIZES = ("memory", "memory-swap")
_NUMBERS = ("cpu-quota", "cpu-period", "cpu-shares")
_UNITS = "bkmgtp"
# As in docker, a container that ran this long is not in a loop (moby/moby, restartmanager/restartmanager.go).
_SETTLED = 10  # seconds
_LOOP = 3  # restarts since it was started


@dataclass(frozen=True)
class Condition:
    """Whether a container works: a *running* one can answer; a *lost* one is out of dockerd's control.

    *paused* keeps its builds, frozen. *stuck* says why it cannot start by itself, *ailing* what its own check finds,
    *unplugged* which network it was disconnected from. A *severed* one never gets a network.
    """

    running: bool
    lost: bool = False
    paused: bool = False
    stuck: str = ""
    ailing: str = ""
    unplugged: t.Optional[str] = None
    severed: bool = False

    @property
    def trouble(self) -> t.Tuple[str, ...]:
        """All its problems, worded to follow "its container"."""
        found = [self.stuck, self.ailing]
        found += ["is paused"] if self.paused else []
        found += ["runs, and docker has lost it"] if self.lost else []
        found += ["does not run"] if not (self.running or any(found)) else []
        found += [f"is not in its network, {self.unplugged}"] if self.unplugged else []
        found += [STARTED_WITHOUT] if self.severed else []
        return tuple(each for each in found if each)


@dataclass(frozen=True)
class Container(Condition):
    """*files* are those of /etc/buildkit, named as in the store; *options* the driver's, normalized (see `plain`).

    *unlimited* names the limits that the host does not support: docker drops them, with a warning at best.
    """

    image: str = ""
    files: t.Mapping[str, bytes] = field(default_factory=dict)
    flags: t.Tuple[str, ...] = ()
    options: t.Mapping[str, str] = field(default_factory=dict)
    unlimited: t.FrozenSet[str] = frozenset()


def parse(shown: Shown, info: Shown, files: t.Mapping[str, bytes], *, listed: bool = True) -> Container:
    """The container of /containers/NAME/json, on the dockerd of /info; *listed*: it is also in /containers/json."""
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
    now = str(info.get("SystemTime") or "") if restarts(shown) else ""
    return Container(
        **vars(condition(shown, listed=listed, now=now)),
        image=shown["Config"]["Image"],
        files=files,
        flags=tuple(shown["Config"].get("Cmd") or ()),
        options=in_one_form(options),
        unlimited=frozenset(_unlimited(info)),
    )


def condition(shown: Shown, *, listed: bool = True, now: str = "") -> Condition:
    """The condition of the container of /containers/NAME/json, *now* by dockerd's clock (`SystemTime` of /info).

    `Running` is also true while it is paused, or waits for its next start (moby/moby, container/state.go).
    """
    state = shown["State"]
    up, paused = bool(state["Running"]), bool(state.get("Paused"))
    stuck = ""
    if state.get("Restarting"):
        stuck = f"restarts again and again (exit status {state.get('ExitCode')})"
    elif up and restarts(shown) and _is_fresh(_time(state.get("StartedAt") or ""), _time(now)):
        stuck = "restarts again and again"  # running at the moment
    elif state.get("Dead"):
        stuck = "is dead, so docker cannot start it"
    ailing = "is unhealthy by its own check" if (state.get("Health") or {}).get("Status") == "unhealthy" else ""
    return Condition(
        running=up and listed and not paused and not stuck,
        lost=up and not listed,
        paused=paused and listed,
        stuck=stuck,
        ailing=ailing,
        unplugged=_unplugged(shown),
        severed=bool((shown.get("Config") or {}).get("NetworkDisabled")),
    )


def restarts(shown: Shown) -> bool:
    """Whether docker restarted it so often that it may be in a loop: then its uptime decides."""
    return int(shown.get("RestartCount") or 0) >= _LOOP


def _is_fresh(started: t.Optional[datetime.datetime], now: t.Optional[datetime.datetime]) -> bool:
    return started is not None and now is not None and (now - started).total_seconds() < _SETTLED


def _time(text: str) -> t.Optional[datetime.datetime]:
    """A time in dockerd's format, to the second: `2026-11-29T06:18:28.438973858Z`, or with an offset."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if not found:
        return None
    return datetime.datetime.fromisoformat(found.group(1) + found.group(2).replace("Z", "+00:00"))


def _unplugged(shown: Shown) -> t.Optional[str]:
    """The network of the container, if it was disconnected; None for one that shares another container's.

    The mode is a network's name or its id (moby/moby, api/types/container/hostconfig_unix.go).
    """
    if "NetworkSettings" not in shown:
        return None
    mode = plain("network", shown["HostConfig"].get("NetworkMode") or "default")
    networks: t.Mapping[str, t.Any] = shown["NetworkSettings"].get("Networks") or {}
    if mode in ("host", "none") or mode.startswith("container:") or mode in networks:
        return None
    ids = [str((each or {}).get("NetworkID") or "") for each in networks.values()]
    return None if any(each.startswith(mode) for each in ids) else mode


def _unlimited(info: Shown) -> t.Iterator[str]:
    yield from (name for name, (_key, known) in _LIMITS.items() if info.get(known) is False)
    if info.get("CgroupDriver") != "cgroupfs":  # the driver only sets it with cgroupfs
        yield "cgroup-parent"


def in_one_form(options: t.Mapping[str, str]) -> t.Dict[str, str]:
    """*options* normalized, without those that have no effect: a limit of 0. Empty variables are kept."""
    found = {name: plain(name, value) for name, value in options.items()}
    return {name: value for name, value in found.items() if value or name.startswith("env.")}


def plain(name: str, value: str) -> str:
    """The normalized value of an option: sizes in bytes, no limit as "", the network that Docker picks as `bridge`."""
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

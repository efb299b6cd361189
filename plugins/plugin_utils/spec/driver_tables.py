# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of the buildx drivers and its valid values, as data.

Source: docker/buildx, driver/*/factory.go, v0.36.1; their versions are in `module_utils.driver_versions`. Values
of the kubernetes driver are validated by the cluster, but only when the builder starts:
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ and …/names/,
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """The values of an option: text that matches *pattern* as a whole, and what to write instead of other text."""

    pattern: re.Pattern[str]
    remedy: str


def _kind(pattern: str, remedy: str) -> Kind:
    return Kind(re.compile(pattern, re.ASCII), remedy)


_INT = _kind(r"-?\d+", "Write a whole number")
_BYTES = _kind(r"-1|\d+(\.\d+)? ?(?i:[kmgtp](i?b)?|b)?", "Write a size such as 4g")
_BOOL = _kind(r"true|false", "Write true or false")
_TEXT = _kind(r".+", "Write one line of text")
_CPUS = _kind(r"\d+(-\d+)?(,\d+(-\d+)?)*", "Write numbers such as 0-3,6")
_RESTART = _kind(r"no|always|unless-stopped|on-failure(:\d+)?", "Write no, always, unless-stopped or on-failure[:N]")
IMAGE = _kind(r".+", "Write an image")  # `images.check_image` looks closer
DOCKER_CONTAINER: Mapping[str, Kind] = {
    "network": _TEXT,
    "memory": _BYTES,
    "memory-swap": _BYTES,
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

REMOTE: Mapping[str, Kind] = {
    "servername": _kind(
        r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*",
        "Write the name or the address in the server's certificate, without a port",
    ),
    "default-load": _BOOL,
}

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_DNS = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_KEY = rf"({_DNS}/)?{_LABEL}"
_NAME = _kind(_DNS, "Write a name in lower case")


def _pairs(key: str, value: str, remedy: str) -> Kind:
    pair = f"{key}={value}"
    return _kind(f"{pair}(,{pair})*", remedy)


# A subset of Kubernetes' grammar: 4g is not a valid quantity, and 400m of memory would be 0.4 bytes.
_CPU = _kind(r"\d+m|\d+(\.\d{1,3})?", 'Write CPUs such as "1.5", or thousandths such as 500m')
_QUANTITY = _kind(
    r"\d+(\.\d+)?([kMGTPE]|[KMGTPE]i|[eE]\d+)?", "Write a size such as 4Gi (1024 to the power of 3) or 4G, not 4g"
)
_COUNT = _kind(r"[1-9]\d{0,8}", "Write a whole number above 0")
_DURATION = _kind(r"((\d+(\.\d*)?|\.\d+)([num]s|[smh]))+", "Write a duration of h, m and s such as 120s")
# buildx passes silently over a part that is not NAME=VALUE.
_TOLERATION = "|".join(
    (
        f"key={_KEY}",
        "operator=(Exists|Equal)",
        f"value=({_LABEL})?",
        "effect=(NoSchedule|PreferNoSchedule|NoExecute)",
        r"tolerationSeconds=-?\d{1,18}",
    )
)
_TAINT = rf"(?=[^;]*(key=|operator=Exists))({_TOLERATION})(,({_TOLERATION}))*"
_TOLERATIONS = _kind(
    f"{_TAINT}(;{_TAINT})*",
    "Write key=KEY,operator=Exists or Equal,value=VALUE,effect=NoSchedule, PreferNoSchedule or NoExecute, "
    "tolerationSeconds=N as needed, and ; before the next one",
)
KUBERNETES: Mapping[str, Kind] = {
    "namespace": _kind(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "Write a name in lower case, without dots"),
    "replicas": _COUNT,
    "requests.cpu": _CPU,
    "requests.memory": _QUANTITY,
    "requests.ephemeral-storage": _QUANTITY,
    "limits.cpu": _CPU,
    "limits.memory": _QUANTITY,
    "limits.ephemeral-storage": _QUANTITY,
    "persistent-volume-claim.requests.storage": _QUANTITY,
    "buildkit-root-volume-memory": _QUANTITY,
    "nodeselector": _pairs(_KEY, f"({_LABEL})?", "Write labels such as kubernetes.io/arch=arm64,disk=ssd"),
    "annotations": _pairs(
        rf"(?!buildx\.docker\.com/platform=){_KEY}",
        '[^,="]*',
        "Write KEY=VALUE,KEY=VALUE without , and = in a value; buildx.docker.com/platform is reserved by buildx",
    ),
    "labels": _pairs(
        rf"(?!app=){_KEY}", f"({_LABEL})?", "Write KEY=VALUE,KEY=VALUE as Kubernetes labels; app is reserved by buildx"
    ),
    "tolerations": _TOLERATIONS,
    "serviceaccount": _NAME,
    "schedulername": _NAME,
    "rootless": _BOOL,
    "loadbalance": _kind(r"sticky|random", "Write sticky or random"),
    "qemu.install": _BOOL,
    "qemu.image": IMAGE,
    "timeout": _DURATION,
    "default-load": _BOOL,
}

DRIVERS: Mapping[str, Mapping[str, Kind]] = {
    "docker-container": DOCKER_CONTAINER,
    "remote": REMOTE,
    "kubernetes": KUBERNETES,
}

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forwarding between networks, which dockerd does not turn on with `firewall-backend: nftables`, but requires.

moby/moby, daemon/libnetwork/drivers/bridge/{bridge_linux,setup_ip_forwarding}.go, at docker-v29.0.0, v29.3.0 and
v29.7.2: where the kernel does not forward, the network `bridge` is not made and dockerd does not start. `ip-forward:
false` switches this off. A dockerd with iptables turned it on itself until the next reboot, so what works today may
fail then; sysctl.d(5) tells which files are read at boot.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.spot import Spot, dockerd, origin
from ansible_collections.multiarch.builders.plugins.module_utils.host import look

KEY = "firewall-backend"
_IPV4 = ("net.ipv4.ip_forward",)
_IPV6 = ("net.ipv6.conf.all.forwarding", "net.ipv6.conf.default.forwarding")
_FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
_FILE = "/etc/sysctl.d/99-docker.conf"


def refusals(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """Why dockerd would not start with *document* here; empty if it would."""
    missing = [name for name in _needed(document) if _running(name) == "0"]
    if not missing:
        return ()
    message = f"{dockerd(engine)} does not start, as it does not turn on {' and '.join(missing)} itself then"
    remedy = f"Set {_lines(missing)} in {_FILE} and run `sysctl --system`, or set ip-forward: false; {origin(KEY)}"
    return (str(Spot(KEY, '"nftables"', message, remedy)),)


def notes(document: Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    """What would keep dockerd from starting after the next reboot."""
    needed = _needed(document)
    missing = [name for name in needed if _running(name) != "0"]
    missing = [name for name in missing if not any(_sets(name, text) for text in _files())] if missing else []
    if not missing:
        return ()
    message = f"dockerd does not turn on {' and '.join(missing)} itself then, and no file of sysctl.d does"
    remedy = f"Set {_lines(missing)} in {_FILE}, or docker may not start after a reboot"
    return (str(Spot(KEY, '"nftables"', message, remedy)),)


def _needed(document: Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    wants = document.get(KEY) == "nftables" and document.get("ip-forward") is not False
    if not wants or document.get("bridge") == "none":
        return ()
    return (*_IPV4, *(_IPV6 if document.get("ipv6") is True else ()))


def _running(name: str) -> str:
    return (look.text(f"/proc/sys/{name.replace('.', '/')}") or "").strip()


def _lines(names: t.Sequence[str]) -> str:
    return ", ".join(f"{name}=1" for name in names)


def _files() -> t.Iterator[str]:
    for folder in _FOLDERS:
        for name in look.names(folder):
            if name.endswith(".conf"):
                yield look.text(f"{folder}/{name}") or ""


def _sets(name: str, text: str) -> bool:
    """Whether a file of sysctl.d sets it to 1, with dots or slashes in its name."""
    pattern = r"[./]".join(map(re.escape, name.split(".")))
    return re.search(rf"^\s*-?{pattern}\s*=\s*1\s*$", text, re.MULTILINE) is not None

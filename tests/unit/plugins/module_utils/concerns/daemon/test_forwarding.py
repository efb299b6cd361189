# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forwarding with nftables. Origin: moby/moby, libnetwork's bridge driver, docker-v29.7.2."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.forwarding import notes, refusals

NFTABLES = {"firewall-backend": "nftables"}
IPV4, ALL, DEFAULT = "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv6.conf.default.forwarding"
Document = dict[str, t.Any]


def kernel(root: Path, **values: str) -> None:
    """IPv4, and IPv6 in general and by default."""
    for name, value in {
        IPV4: values.get("v4", "1"),
        ALL: values.get("v6", "1"),
        DEFAULT: values.get("v6", "1"),
    }.items():
        path = root / "proc/sys" / name.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")


def at_boot(root: Path, text: str, name: str = "etc/sysctl.d/50-router.conf") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("document", "values", "missing"),
    [
        pytest.param(NFTABLES, {"v4": "0"}, [IPV4], id="IPv4"),
        pytest.param(NFTABLES | {"ip-forward": True}, {"v4": "0"}, [IPV4], id="asked for: not with nftables"),
        pytest.param(NFTABLES | {"ipv6": True}, {"v6": "0"}, [ALL, DEFAULT], id="IPv6"),
        pytest.param(NFTABLES | {"ipv6": True}, {"v4": "0", "v6": "0"}, [IPV4, ALL, DEFAULT], id="both"),
        pytest.param(NFTABLES, {"v6": "0"}, [], id="IPv6 that docker does not use"),
        pytest.param(NFTABLES, {}, [], id="the kernel forwards"),
        pytest.param({}, {"v4": "0"}, [], id="iptables: dockerd turns it on"),
        pytest.param({"firewall-backend": "iptables"}, {"v4": "0"}, [], id="iptables by name"),
        pytest.param(NFTABLES | {"ip-forward": False}, {"v4": "0"}, [], id="switched off"),
        pytest.param(NFTABLES | {"bridge": "none"}, {"v4": "0"}, [], id="no network bridge"),
    ],
)
def test_where_dockerd_does_not_start(
    document: Document, values: dict[str, str], missing: list[str], tmp_path: Path
) -> None:
    kernel(tmp_path, **values)
    lines = ", ".join(f"{each}=1" for each in missing)
    assert refusals(document, "29.7.2") == (
        (
            f'firewall-backend = "nftables": dockerd 29.7.2 does not start, as it does not turn on '
            f"{' and '.join(missing)} itself then. Set {lines} in /etc/sysctl.d/99-docker.conf and run "
            "`sysctl --system`, or set ip-forward: false; it is set by builder_daemon_options or in "
            "/etc/docker/daemon.json",
        )
        if missing
        else ()
    )


def test_a_kernel_that_does_not_say() -> None:
    assert refusals(NFTABLES, None) == ()


@pytest.mark.parametrize(
    ("text", "name", "is_set"),
    [
        pytest.param("net.ipv4.ip_forward = 1\n", "etc/sysctl.d/99-sysctl.conf", True, id="as Debian's example"),
        pytest.param("# x\n-net/ipv4/ip_forward=1", "usr/lib/sysctl.d/10.conf", True, id="slashes, ignored errors"),
        pytest.param("net.ipv4.ip_forward=0\n", "etc/sysctl.d/a.conf", False, id="off"),
        pytest.param("#net.ipv4.ip_forward=1\n", "etc/sysctl.d/a.conf", False, id="a comment"),
        pytest.param("net.ipv4.ip_forward=1\n", "etc/sysctl.d/README", False, id="no file that is read"),
        pytest.param("netxipv4.ip_forward=1\n", "etc/sysctl.d/a.conf", False, id="another name"),
    ],
)
def test_the_next_boot(text: str, name: str, is_set: bool, tmp_path: Path) -> None:
    kernel(tmp_path)
    at_boot(tmp_path, text, name)
    told = (
        'firewall-backend = "nftables": dockerd does not turn on net.ipv4.ip_forward itself then, and no file of '
        "sysctl.d does. Set net.ipv4.ip_forward=1 in /etc/sysctl.d/99-docker.conf, or docker may not start after a "
        "reboot"
    )
    assert notes(NFTABLES) == (() if is_set else (told,))
    assert notes({}) == ()


def test_what_is_refused_is_not_noted_too(tmp_path: Path) -> None:
    kernel(tmp_path, v4="0")
    assert notes(NFTABLES) == ()

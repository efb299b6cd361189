# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt-cache and apt-get say, recorded on Debian 12, 13 and testing."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import (
    Offer,
    candidates,
    is_locked,
    is_stale,
    known_parts,
    simulated,
    versions,
)

POLICY = """\
docker.io:
  Installed: (none)
  Candidate: 26.1.5+dfsg1-9+deb13u1
  Version table:
     26.1.5+dfsg1-9+deb13u1 500
        500 http://198.51.100.1:3142/debian trixie/main amd64 Packages
docker-cli:
  Installed: 26.1.5+dfsg1-9
  Candidate: 26.1.5+dfsg1-9+deb13u1
  Version table:
 *** 26.1.5+dfsg1-9 100
        100 /var/lib/dpkg/status
docker-engine:
  Installed: (none)
  Candidate: (none)
  Version table:
"""
SIMULATED = """\
Inst runc (1.1.15+ds1-2+b4 Debian:13.7/stable [amd64])
Inst libc6 [2.36-9+deb12u7] (2.36-9+deb12u13 Debian:12.12/oldstable, Debian-Security:12/oldstable [amd64]) []
Inst docker.io (2:26.1.5+dfsg1-9 Debian:13.7/stable [amd64])
Conf runc (1.1.15+ds1-2+b4 Debian:13.7/stable [amd64])
"""


def test_candidates() -> None:
    assert candidates(POLICY) == {"docker.io": "26.1.5+dfsg1-9+deb13u1", "docker-cli": "26.1.5+dfsg1-9+deb13u1"}
    assert candidates("") == {}


def test_what_would_be_installed_and_upgraded() -> None:
    new, upgraded = simulated(SIMULATED)
    assert new == {"runc": "1.1.15+ds1-2+b4", "docker.io": "2:26.1.5+dfsg1-9"}
    assert upgraded == {"libc6": ("2.36-9+deb12u7", "2.36-9+deb12u13")}
    offer = Offer(new=new, upgraded=upgraded)
    assert [offer.coming(name) for name in ("docker.io", "libc6", "docker-cli")] == [
        "26.1.5+dfsg1-9",
        "2.36-9+deb12u13",
        None,
    ]


MADISON = """\
 docker-ce | 5:29.7.2-1~debian.13~trixie | https://packages.example.com/debian trixie/stable amd64 Packages
 docker-ce | 5:28.5.2-1~debian.13~trixie | https://packages.example.com/debian trixie/stable amd64 Packages
 docker-ce | 5:28.5.2-1~debian.13~trixie | https://mirror.example.com/debian trixie/stable amd64 Packages
docker-ce-cli | 5:29.7.2-1~debian.13~trixie | https://packages.example.com/debian trixie/stable amd64 Packages
 docker.io | 26.1.5+dfsg1-9 | http://deb.example.com/debian trixie/main Sources
"""


def test_versions_in_repositories() -> None:
    newest, older = "5:29.7.2-1~debian.13~trixie", "5:28.5.2-1~debian.13~trixie"
    assert versions(MADISON) == {"docker-ce": (newest, older), "docker-ce-cli": (newest,)}
    assert versions("") == {}


ALL = ("docker.io", "docker-cli", "docker-buildx")


@pytest.mark.parametrize(
    ("asked", "known", "names", "unknown"),
    [
        pytest.param(ALL, ALL, ALL, (), id="Debian 13"),
        pytest.param(
            ALL, ("docker.io", "docker-buildx"), ("docker.io", "docker-buildx"), (), id="Ubuntu: no docker-cli"
        ),
        pytest.param(ALL, ("docker.io",), ("docker.io",), ("docker-buildx",), id="Debian 12"),
        pytest.param(ALL, (), (), ALL, id="no lists"),
        pytest.param(("docker-cli",), (), (), ("docker-cli",), id="docker.io is there, and the client is not"),
    ],
)
def test_what_apt_knows(
    asked: tuple[str, ...], known: tuple[str, ...], names: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    assert known_parts(asked, known) == (names, unknown)


@pytest.mark.parametrize(
    ("words", "stale", "locked"),
    [
        pytest.param(
            "E: Failed to fetch http://a.example/pool/docker.io_26.deb  404  Not Found [IP: 198.51.100.1 3142]\n"
            "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?",
            True,
            False,
            id="the mirror has another version",
        ),
        pytest.param(
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt-get)\n"
            "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
            False,
            True,
            id="the lock of dpkg",
        ),
        pytest.param(
            "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)",
            False,
            True,
            id="of apt",
        ),
        pytest.param("E: Sub-process /usr/bin/dpkg returned an error code (1)", False, False, id="anything else"),
    ],
)
def test_what_a_failure_is(words: str, stale: bool, locked: bool) -> None:
    assert (is_stale(words), is_locked(words)) == (stale, locked)

"""A registry whose CA no system knew is trusted everywhere, and its password is the users' own."""

from __future__ import annotations

import pytest
from testinfra.host import Host

FETCH = "import urllib.request as r; print(r.urlopen('https://mirror.lab.test:5000/v2/').status)"


@pytest.mark.parametrize("registry", ["mirror.lab.test:5000", "harbor.lab.test"])
def test_dockerd_has_the_ca(host: Host, registry: str) -> None:
    file = host.file(f"/etc/docker/certs.d/{registry}/ca.crt")
    assert file.mode == 0o644
    assert "BEGIN CERTIFICATE" in file.content_string


def test_the_operating_system_has_it(host: Host) -> None:
    assert host.check_output("python3 -c %s", FETCH) == "200"


@pytest.mark.parametrize(("user", "home"), [("root", "/root"), ("ci", "/home/ci")])
def test_the_login_is_the_users_own(host: Host, user: str, home: str) -> None:
    file = host.file(f"{home}/.docker/config.json")
    assert (file.user, file.mode) == (user, 0o600)
    assert '"harbor.lab.test"' in file.content_string

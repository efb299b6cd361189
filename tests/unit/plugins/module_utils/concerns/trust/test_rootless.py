# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same certificates for the rootless Docker of a user, as that user's own files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.rootless import rootless_files
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import differs, write
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, WriteFile

HARBOR = Registry("harbor.example.com:8443", ca="CA", client_cert="CERTIFICATE", client_key="KEY")
OPEN = Registry("quay.example")
ME = Owner(os.geteuid(), os.getegid())


def set_up(homes: Path, *users: str, unit: bytes = b"[Unit]\n") -> None:
    """What dockerd-rootless-setuptool.sh leaves."""
    for user in users:
        path = homes / user / ".config/systemd/user/docker.service"
        path.parent.mkdir(parents=True)
        path.write_bytes(unit)


def expected(homes: Path, user: str) -> list[WriteFile]:
    folder = f"{homes / user}/.config/docker/certs.d/harbor.example.com:8443"
    return [
        WriteFile(f"{folder}/ca.crt", "CA", 0o644, ME),
        WriteFile(f"{folder}/client.cert", "CERTIFICATE", 0o644, ME),
        WriteFile(f"{folder}/client.key", "KEY", 0o600, ME),
    ]


@pytest.mark.parametrize(
    ("have_one", "users", "get_files"),
    [
        pytest.param((), ("ci", "jane"), (), id="nobody has one"),
        pytest.param(("ci",), ("ci", "jane"), ("ci",), id="one of two"),
        pytest.param(("ci", "jane"), ("ci", "jane"), ("ci", "jane"), id="both"),
        pytest.param(("jane",), ("ci",), (), id="only one of builder_users counts"),
    ],
)
def test_who_gets_files(
    have_one: tuple[str, ...], users: tuple[str, ...], get_files: tuple[str, ...], homes: Path
) -> None:
    set_up(homes, *have_one)
    wanted = [step for user in get_files for step in expected(homes, user)]
    assert list(rootless_files((HARBOR, OPEN), users)) == wanted


def test_the_unit_may_hold_anything(homes: Path) -> None:
    set_up(homes, "ci", unit=b"\xff")
    assert len(rootless_files((HARBOR,), ("ci",))) == 3


@pytest.mark.usefixtures("homes")
def test_a_user_who_does_not_exist_is_named() -> None:
    with pytest.raises(HostError, match="'nobody-of-these-tests' is not a user of this host"):
        rootless_files((HARBOR,), ("nobody-of-these-tests",))


def test_folders_that_are_made_are_the_users_alone(homes: Path) -> None:
    set_up(homes, "ci")
    for step in rootless_files((HARBOR,), ("ci",)):
        assert differs(step)
        write(step)
        assert not differs(step)
    assert (homes / "ci/.config/docker").stat().st_mode & 0o777 == 0o700

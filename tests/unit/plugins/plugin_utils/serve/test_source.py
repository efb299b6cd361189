# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts get from the folder, and when keys are decrypted."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import Folder, FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Keys, Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import load_certificates, subject
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import (
    DAY,
    NOW,
    AVault,
    fleet,
    run,
)

HOSTS: dict[str, dict[str, t.Any]] = {
    "big": {"serve": {"address": "192.0.2.1", "clients": [{"name": "gitlab-ci"}]}},
    "ci-1": {"of": ["big"]},
}


def source(root: Path, vault: AVault, day: int = 0, *, keys: Keys = "read", stand_ins: bool = False) -> Source:
    hosts = fleet(root, **HOSTS)
    return Source(
        lambda: hosts, lambda path: Folder(Path(path), vault), NOW + day * DAY, keys=keys, stand_ins=stand_ins
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run(fleet(tmp_path, **HOSTS), Folder(tmp_path, AVault()))
    return tmp_path


def test_only_the_keys_that_a_host_needs_are_decrypted(root: Path) -> None:
    vault = AVault()
    found = source(root, vault)
    files = found.of_client(found.fleet.clients["ci-1"])
    assert vault.decrypted == ["ci-1.key"]
    assert "PRIVATE KEY" in files.key
    assert files.key not in repr(files)
    found.allowed(found.fleet.servers["big"])
    assert vault.decrypted == ["ci-1.key"]


def test_unchanged_hosts_decrypt_nothing(root: Path) -> None:
    vault = AVault()
    found = source(root, vault, keys="check")
    files = found.of_server(found.fleet.servers["big"])
    assert (files.key, vault.decrypted) == ("", [])
    assert files.certificate == source(root, vault).of_server(found.fleet.servers["big"]).certificate
    with pytest.raises(FolderError, match="no vault password"):
        source(root, AVault(has_password=False), keys="check").of_server(found.fleet.servers["big"])
    source(root, AVault(has_password=False), keys="ignore").of_server(found.fleet.servers["big"])


def test_the_table_of_a_server(root: Path) -> None:
    found = source(root, AVault())
    rows = found.allowed(found.fleet.servers["big"])
    assert [(row["name"], row["ends"]) for row in rows] == [
        ("ci-1", int((NOW + 365 * DAY).timestamp())),
        ("gitlab-ci", int((NOW + 90 * DAY).timestamp())),
    ]
    assert all(len(row["fingerprint"]) == 64 and row["fingerprint"].islower() for row in rows)
    late = source(root, AVault(), day=91)
    assert [row["name"] for row in late.allowed(late.fleet.servers["big"])] == ["ci-1"]


@pytest.mark.parametrize("day", [0, 400])
def test_a_plan_makes_up_what_is_missing_and_nothing_else_does(tmp_path: Path, day: int) -> None:
    if day:
        run(fleet(tmp_path, **HOSTS), Folder(tmp_path, AVault()))
    found = source(tmp_path, AVault(), day)
    client, server = found.fleet.clients["ci-1"], found.fleet.servers["big"]
    with pytest.raises(FolderError, match="has no certificate for client ci-1") as raised:
        found.of_client(client)
    assert "provision-builders.yml" in raised.value.remedy
    before = sorted(tmp_path.rglob("*"))
    planned = source(tmp_path, AVault(), day, stand_ins=True)
    for files, name in ((planned.of_client(client), "ci-1"), (planned.of_server(server), "big")):
        (certificate,) = load_certificates(files.certificate.encode())
        assert subject(certificate) == f"CN={name} (not issued yet)"
        assert load_certificates(files.ca.encode())
    assert sorted(tmp_path.rglob("*")) == before

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA is replaced: at no time does a server or client present a certificate that the other side does not accept."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import SERVERS, Folder, FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.rotation import rotate
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Files, Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import dump, load_certificates
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import (
    DAY,
    NOW,
    AVault,
    fleet,
    run,
)
from cryptography.x509 import Certificate

HOSTS: dict[str, dict[str, t.Any]] = {
    "big": {"serve": {"address": "192.0.2.1", "clients": [{"name": "gitlab-ci"}]}},
    "ci-1": {"of": ["big"]},
}


class Fleet:
    """A fleet whose hosts have what the run before gave them."""

    served: Files
    table: set[str]

    def __init__(self, root: Path) -> None:
        self.root, self.day = root, 0
        self.hosts = fleet(root, **HOSTS)
        self.provision()

    @property
    def folder(self) -> Folder:
        return Folder(self.root, AVault())

    def provision(self) -> list[str]:
        """A run: what it does, after which the hosts change, the client before its server."""
        self.day += 1
        told = run(self.hosts, self.folder, NOW + self.day * DAY)
        source = Source(lambda: self.hosts, lambda path: Folder(Path(path), AVault()), NOW + self.day * DAY)
        new = source.of_client(self.hosts.clients["ci-1"]), source.of_server(self.hosts.servers["big"])
        table = {row["fingerprint"] for row in source.allowed(self.hosts.servers["big"])}
        if self.day > 1:
            self.connect(new[0].certificate, new[0].ca, self.served.certificate, self.served.ca, self.table)
        self.served, self.table = new[1], table
        self.connect(new[0].certificate, new[0].ca, self.served.certificate, self.served.ca, self.table)
        return told

    @staticmethod
    def connect(client: str, trusted: str, server: str, authorities: str, table: set[str]) -> None:
        """Both sides accept each other."""
        (presented,), (serves,) = load_certificates(client.encode()), load_certificates(server.encode())
        assert any(signed(ca, presented) for ca in load_certificates(authorities.encode()))
        assert any(signed(ca, serves) for ca in load_certificates(trusted.encode()))
        assert presented.fingerprint(presented.signature_hash_algorithm).hex() in table  # type: ignore[arg-type]

    def step(self, name: str, *replaced: str) -> str:
        return rotate(name, self.hosts, self.folder, NOW + self.day * DAY, replaced)


def signed(authority: Certificate, certificate: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:
        return False
    return True


@pytest.fixture
def ours(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_a_rotation(ours: Fleet) -> None:
    (former,) = ours.folder.authorities
    assert "continue with -e step=issue" in ours.step("add")
    assert ours.provision() == [], "the former CA still issues"
    assert len(load_certificates(ours.served.ca.encode())) == 2
    assert "continue with -e step=serve" in ours.step("issue")
    following = ours.folder.authorities[0]
    why = "the former one is of a CA that no longer issues"
    assert ours.provision() == [
        f"issue a certificate for client ci-1: {why}",
        f"issue a certificate for client gitlab-ci: {why}",
    ]
    with pytest.raises(FolderError, match=r"are in use: clients ci-1; pipelines gitlab-ci$"):
        ours.step("serve", "ci-1")
    assert ours.provision() == ["use the renewed certificate of client ci-1, which its servers allow"]
    with pytest.raises(FolderError, match=r"are in use: pipelines gitlab-ci$"):
        ours.step("serve")
    with pytest.raises(FolderError, match=r"are in use: servers big$"):
        ours.step("drop", "gitlab-ci")
    trusted_by_former_bundles = ours.served.certificate
    assert signed(former, load_certificates(trusted_by_former_bundles.encode())[0])
    assert "continue with -e step=drop" in ours.step("serve", "gitlab-ci")
    with pytest.raises(FolderError, match=r"are in use: servers big$"):
        ours.step("drop", "gitlab-ci")
    assert ours.provision() == ["issue a certificate for server big"]
    assert "no longer trust it" in ours.step("drop", "gitlab-ci")
    assert ours.folder.authorities == (following,)
    assert former not in ours.folder.authorities
    assert ours.provision() == []
    assert ours.served.ca == dump([following])
    assert len(ours.table) == 2
    assert sorted(path.name for path in ours.root.glob("ca*")) == ["ca.key", "ca.pem"]
    assert "added CN=" in ours.step("add"), "and another one"


def test_a_server_waits_for_pipelines_with_its_renewal_too(ours: Fleet) -> None:
    (former,) = ours.folder.authorities
    ours.day = 230
    for step in ("add", "issue"):
        ours.provision()
        ours.step(step)
    ours.day = 290
    assert not [each for each in ours.provision() if "server" in each], "bundles have the former CA alone"
    assert signed(former, load_certificates(ours.served.certificate.encode())[0])
    ours.day = 310
    assert "issue a certificate for server big: the former one ends on 2027-06-02" in ours.provision()


def test_the_new_authority_is_encrypted_with_the_password_of_the_former(ours: Fleet) -> None:
    another = Folder(ours.root, AVault(password="another"))
    with pytest.raises(FolderError, match=r"ca\.key: cannot be decrypted"):
        rotate("add", ours.hosts, another, NOW)
    assert not another.rotates
    (ours.root / "ca.key").unlink()  # it is kept elsewhere
    rotate("add", ours.hosts, another, NOW)
    assert another.rotates


def test_a_server_that_no_run_reached_keeps_the_former_authority(ours: Fleet) -> None:
    ours.step("add")
    ours.provision()
    ours.step("issue")
    with pytest.raises(FolderError, match=r"are in use: clients ci-1; pipelines gitlab-ci; servers big"):
        ours.step("drop")


@pytest.mark.parametrize(
    ("before", "step", "message"),
    [
        pytest.param([], "issue", r"ca\.next\.key: is missing: there is no added CA", id="issue, without another"),
        pytest.param([], "drop", r"ca\.pem: has one CA only", id="drop, without another"),
        pytest.param(["add"], "add", r"ca\.pem: a rotation is under way: there are 2 CAs", id="added twice"),
        pytest.param(["add"], "serve", r"ca\.next\.key: the new CA does not issue yet", id="served too early"),
        pytest.param(["add"], "drop", r"ca\.next\.key: the new CA does not issue yet", id="dropped too early"),
        pytest.param(["add", "issue"], "issue", r"ca\.next\.key: is missing", id="issues already"),
        pytest.param(["add", "issue"], "add", r"ca\.pem: a rotation is under way", id="another in a rotation"),
    ],
)
def test_steps_have_an_order(ours: Fleet, before: list[str], step: str, message: str) -> None:
    for each in before:
        ours.step(each)
    with pytest.raises(FolderError, match=message):
        ours.step(step)


def test_there_is_nothing_to_rotate_without_an_authority(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there is no CA to replace"):
        rotate("add", fleet(tmp_path, **HOSTS), Folder(tmp_path, AVault()), NOW)


@pytest.mark.parametrize("steps", [["add"], ["add", "issue"]])
def test_check_mode_writes_nothing(ours: Fleet, steps: list[str]) -> None:
    for each in steps[:-1]:
        ours.step(each)
    before = {path: path.read_bytes() for path in ours.root.rglob("*") if path.is_file()}
    assert rotate(steps[-1], ours.hosts, ours.folder, NOW, write=False)
    assert {path: path.read_bytes() for path in ours.root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("lost", ["write_authorities", "remove_following_key"])
def test_a_rotation_that_was_killed_is_continued(ours: Fleet, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours.step("add")
    ours.provision()
    with monkeypatch.context() as patched:
        patched.setattr(Folder, lost, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ours.step("issue")
    ours.step("issue")
    assert len(ours.folder.authorities) == 2
    assert ours.provision()[0].startswith("issue a certificate for client ci-1")
    assert ours.folder.key(SERVERS, "big")

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs do in the folder of the CA, over the years."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Fleet
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import SERVERS, Folder, FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import names
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    fingerprint,
    load_certificates,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import (
    DAY,
    NOW,
    AVault,
    fleet,
    run,
)

Hosts = dict[str, dict[str, t.Any]]
PIPELINE = {"name": "gitlab-ci"}


def big(*clients: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"serve": {"address": "192.0.2.1", "clients": list(clients), **more}}


FLEET: Hosts = {"big": big(PIPELINE), "ci-1": {"of": ["big"]}}


def source(hosts: Fleet, now: datetime.datetime, **more: t.Any) -> Source:
    return Source(lambda: hosts, lambda path: Folder(Path(path), AVault()), now, **more)


class Runs:
    """Runs with *hosts*, at days after NOW."""

    def __init__(self, root: Path, hosts: Hosts) -> None:
        self.root, self.hosts = root, hosts

    def at(self, day: float, **more: t.Any) -> list[str]:
        return run(fleet(self.root, **self.hosts), Folder(self.root, AVault()), NOW + day * DAY, **more)

    def used(self, day: float, name: str = "ci-1") -> str:
        """The fingerprint of what a client presents."""
        found = source(fleet(self.root, **self.hosts), NOW + day * DAY)
        (certificate,) = load_certificates(found.of_client(found.fleet.clients[name]).certificate.encode())
        return fingerprint(certificate)

    def allowed(self, day: float, name: str = "ci-1", server: str = "big") -> list[str]:
        found = source(fleet(self.root, **self.hosts), NOW + day * DAY)
        rows = found.allowed(found.fleet.servers[server])
        return [row["fingerprint"] for row in rows if row["name"] == name]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """After the first run."""
    runs = Runs(tmp_path / "authority", FLEET)
    assert runs.at(0) == [
        "create a CA for the fleet's servers and clients",
        "issue a certificate for server big",
        "issue a certificate for client ci-1",
        "issue a certificate for client gitlab-ci",
    ]
    return runs


def test_the_next_run_has_nothing_to_do(runs: Runs) -> None:
    before = {path: path.stat().st_mtime_ns for path in runs.root.rglob("*")}
    assert runs.at(1) == []
    assert {path: path.stat().st_mtime_ns for path in runs.root.rglob("*")} == before


def test_a_pipeline_is_renewed_when_a_third_is_left_and_its_former_certificate_stays_until_it_ends(runs: Runs) -> None:
    (first,) = runs.allowed(0, "gitlab-ci")
    assert runs.at(59) == []
    end = f"{NOW + 90 * DAY:%Y-%m-%d}"
    assert runs.at(61) == [f"issue a certificate for client gitlab-ci: the former one ends on {end}"]
    assert runs.at(61) == []
    newest, former = runs.allowed(61, "gitlab-ci")
    assert former == first != newest
    assert runs.allowed(91, "gitlab-ci") == [newest]


def test_a_host_gets_its_renewed_certificate_one_run_after_its_servers_allow_it(runs: Runs) -> None:
    first = runs.used(0)
    end = f"{NOW + 365 * DAY:%Y-%m-%d}"
    told = runs.at(250)
    assert f"issue a certificate for client ci-1: the former one ends on {end}" in told
    assert runs.used(250) == first
    current, following = runs.allowed(250)
    assert current == first
    assert runs.at(251) == ["use the renewed certificate of client ci-1, which its servers allow"]
    assert runs.used(251) == following
    assert runs.allowed(251) == [following, first]
    assert runs.at(252) == []
    assert runs.allowed(366) == [following]


def test_a_host_is_not_renewed_by_a_run_without_its_servers(runs: Runs) -> None:
    first = runs.used(0)
    runs.hosts = {**FLEET, "other": big()}
    runs.at(0)
    assert not [each for each in runs.at(250, present=["other"]) if "ci-1" in each]
    assert [each for each in runs.at(320, present=["other"]) if "ci-1" in each] == [
        f"the certificate of client ci-1 ends on {NOW + 365 * DAY:%Y-%m-%d}: it is renewed by a run that includes all "
        "of its servers, and this one lacks big"
    ]
    assert runs.used(320) == first
    assert "issue a certificate for client ci-1: the former one ends on 2027-06-01" in runs.at(330)
    assert not [each for each in runs.at(331, present=["other"]) if "use the renewed" in each]
    told = runs.at(366, present=["other"])
    assert "use the renewed certificate of client ci-1, which its servers allow" in told, "it has no other"


def test_a_server_is_renewed_and_reissued_for_other_names_by_its_own_runs_alone(runs: Runs) -> None:
    renewed = f"issue a certificate for server big: the former one ends on {NOW + 365 * DAY:%Y-%m-%d}"
    assert renewed not in runs.at(250, present=["other"])
    assert renewed in runs.at(250)
    runs.hosts = FLEET | {"big": big(PIPELINE, names=["b.example.com", "2001:DB8::7"])}
    assert runs.at(251, present=["other"]) == []
    assert "issue a certificate for server big: its names are now b.example.com, 2001:DB8::7" in runs.at(251)
    (certificate,) = Folder(runs.root, AVault()).certificates(SERVERS, "big")
    assert names(certificate) == ["b.example.com", "2001:db8::7"]
    assert not [each for each in runs.at(252) if "server" in each]


def test_a_client_that_leaves_is_forgotten(runs: Runs) -> None:
    runs.hosts = {"big": big()}
    assert runs.allowed(1, "gitlab-ci") == []
    assert runs.at(1, present=["other"]) == [
        f"remove the certificates of client {name}, which is no longer a client: its servers refuse it from their next "
        "run on"
        for name in ("ci-1", "gitlab-ci")
    ]
    assert [path.name for path in (runs.root / "clients").iterdir()] == []
    runs.hosts = {"small": big(PIPELINE)}
    assert "remove the certificates of server big, which does not serve any more" in runs.at(2)


def test_a_client_that_leaves_one_of_two_servers(tmp_path: Path) -> None:
    runs = Runs(tmp_path, {"big": big(PIPELINE), "arm": big(PIPELINE)})
    runs.at(0)
    assert runs.allowed(0, "gitlab-ci", "big") == runs.allowed(0, "gitlab-ci", "arm")
    runs.hosts = {"big": big(PIPELINE), "arm": big()}
    assert runs.at(1) == []
    assert len(runs.allowed(1, "gitlab-ci", "big")) == 1
    assert runs.allowed(1, "gitlab-ci", "arm") == []


@pytest.mark.parametrize("name", ["gitlab-ci", "ci-1"])
def test_a_leaked_certificate_is_no_longer_allowed(runs: Runs, name: str) -> None:
    (leaked,) = runs.allowed(0, name)
    rows: list[dict[str, t.Any]] = [PIPELINE | ({"renew": "2026-06-11"} if name == "gitlab-ci" else {})]
    rows += [{"name": "ci-1", "days": 365, "renew": "2026-06-11"}] if name == "ci-1" else []
    runs.hosts = FLEET | {"big": big(*rows)}
    assert runs.allowed(10.1, name) == []
    since = "those from before 2026-06-11 00:00 are no longer allowed"
    assert runs.at(10.1, present=["other"]) == [
        f"issue a certificate for client {name}: {since}",
        f"the new certificate of client {name} is not allowed by big before a run that includes it",
    ]
    (newest,) = runs.allowed(10.1, name)
    assert newest != leaked
    assert runs.used(10.1, name) == newest
    assert runs.at(11) == []


def test_a_certificate_without_its_key_or_of_another_authority_is_issued_again(runs: Runs) -> None:
    (runs.root / "clients/ci-1.key").unlink()
    (runs.root / "servers/big.key").unlink()
    assert runs.at(1) == [
        "issue a certificate for server big: its key is missing",
        "issue a certificate for client ci-1: the former one cannot be used any more",
    ]
    (runs.root / "ca.pem").rename(runs.root / "lost.pem")
    with pytest.raises(FolderError, match=r"ca\.pem: is missing, and ca\.key is the key of that CA"):
        runs.at(2)
    (runs.root / "ca.key").unlink()
    assert len(runs.at(2)) == 4
    assert runs.at(3) == []


def test_an_authority_that_ends_is_a_warning_and_certificates_end_with_it(runs: Runs) -> None:
    end = f"{NOW + 3650 * DAY:%Y-%m-%d}"
    told = f"the CA of the fleet's servers and clients ends on {end}: see playbooks/rotate-serve-authority.yml"
    assert told not in runs.at(3284)
    assert told in runs.at(3300)
    assert runs.at(3301) == [told]
    runs.at(3640)
    runs.at(3641)
    assert runs.at(3642) == [told], "not again and again, for the same end"
    with pytest.raises(FolderError, match=rf"ca\.pem: the CA has ended on {end}$"):
        runs.at(3651)


def test_what_cannot_be_done_is_said_before_anything_is_written(tmp_path: Path, runs: Runs) -> None:
    with pytest.raises(FolderError, match="no vault password"):
        run(fleet(tmp_path / "new", **FLEET), Folder(tmp_path / "new", AVault(has_password=False)))
    assert not (tmp_path / "new").exists()
    assert run(fleet(runs.root, **FLEET), Folder(runs.root, AVault(has_password=False))) == [], "nothing is due"
    (runs.root / "ca.key").unlink()
    assert runs.at(1) == []
    runs.hosts = FLEET | {"ci-2": {"of": ["big"]}}
    before = sorted(runs.root.rglob("*"))
    with pytest.raises(FolderError, match=r"ca\.key: No such file"):
        runs.at(1)
    assert sorted(runs.root.rglob("*")) == before

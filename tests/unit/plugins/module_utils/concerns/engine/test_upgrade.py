# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade as it is observed: what apt has, and whether there is a way back; at stand-ins for apt and dpkg."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import upgrade
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    DISTRIBUTION,
    DOCKERS,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade import Change
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import (
    Upgrade,
    UpgradeEngine,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

Programs = Callable[[str, str], Path]
OLD, NEW = "5:26.1.5-1", "5:28.5.2-1"
POLICY = "".join(f"{name}:\n  Installed: {OLD}\n  Candidate: {NEW}\n" for name in ("docker-ce", "docker-ce-cli"))
MADISON = "".join(
    f" {name} | {version} | http://a.example trixie/stable amd64 Packages\n"
    for name in ("docker-ce", "docker-ce-cli")
    for version in (NEW, OLD)
)
SIMULATED = "".join(f"Inst {name} [{OLD}] ({NEW} x:1 [amd64])\n" for name in ("docker-ce", "docker-ce-cli"))


@pytest.fixture
def apt(programs: Programs, tmp_path: Path) -> Path:
    """A host with 26.1.5 of Docker's packages; (the calls of apt-get)."""
    for name, text in (("policy", POLICY), ("madison", MADISON), ("simulated", SIMULATED)):
        (tmp_path / name).write_text(text)
    programs("dpkg-query", f"printf 'docker-ce {OLD} installed\ndocker-ce-cli {OLD} installed\n'")
    programs("dpkg", f'case "$2" in {NEW}) exit 1 ;; esac')
    programs("apt-cache", f'case "$*" in *madison*) cat {tmp_path}/madison ;; *) cat {tmp_path}/policy ;; esac')
    return programs("apt-get", f"cat {tmp_path}/simulated")


def observed(version: str, docker: Docker) -> Upgrade | None:
    return upgrade.observe(Change(version, DOCKERS), docker, {}, waits=False)


@pytest.mark.usefixtures("apt")
@pytest.mark.parametrize("version", ["26", "26.1", "26.1.5", OLD])
def test_a_version_that_is_there_needs_nothing(version: str, no_docker: Docker) -> None:
    assert observed(version, no_docker) is None


def test_the_highest_version_that_is_meant_is_simulated(apt: Path, no_docker: Docker) -> None:
    found = observed("28", no_docker)
    assert found is not None
    assert found.offer.upgraded == {"docker-ce": (OLD, NEW), "docker-ce-cli": (OLD, NEW)}
    assert (found.down, found.lost, found.engine) == (False, (), "28.5.2")
    assert apt.read_text().endswith(f" --allow-downgrades docker-ce={NEW} docker-ce-cli={NEW}\n")


@pytest.mark.parametrize("apart", [True, False])
def test_a_client_that_becomes_a_package_of_its_own_comes_along(
    apart: bool, apt: Path, programs: Programs, no_docker: Docker, tmp_path: Path
) -> None:
    old, new = "20.10.24+dfsg1-1", "26.1.5+dfsg1-9"
    names = ("docker.io", "docker-cli") if apart else ("docker.io",)
    policy = f"docker.io:\n  Installed: {old}\n  Candidate: {new}\n"
    (tmp_path / "policy").write_text(
        policy + f"docker-cli:\n  Installed: (none)\n  Candidate: {new}\n" * apart,
    )
    rows = (f" {name} | {new} | http://a.example trixie/main amd64 Packages\n" for name in names)
    (tmp_path / "madison").write_text("".join(rows))
    programs("dpkg-query", f"echo 'docker.io {old} installed'")
    assert upgrade.observe(Change("26.1", DISTRIBUTION), no_docker, {}, waits=False) is not None
    assert apt.read_text().endswith(f" {' '.join(f'{name}={new}' for name in names)}\n")


@pytest.mark.usefixtures("apt", "var_tmp")
def test_a_version_that_no_repository_has(no_docker: Docker) -> None:
    found = observed("29", no_docker)
    assert found is not None
    assert found.offer.unknown == ("docker-ce", "docker-ce-cli")
    assert found.offer.known == (NEW, OLD)


@pytest.mark.usefixtures("apt")
def test_without_the_former_packages_there_is_no_way_back(no_docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "madison").write_text("".join(each for each in MADISON.splitlines(keepends=True) if OLD not in each))
    found = observed("28", no_docker)
    assert found is not None
    assert found.lost == (f"docker-ce {OLD}", f"docker-ce-cli {OLD}")
    cache = at("/var/cache/apt/archives")
    cache.mkdir(parents=True)
    (cache / "docker-ce_5%3a26.1.5-1_amd64.deb").touch()
    found = observed("28", no_docker)
    assert found is not None
    assert found.lost == (f"docker-ce-cli {OLD}",)


def test_an_engine_that_an_interrupted_upgrade_left_unconfigured(programs: Programs, no_docker: Docker) -> None:
    programs("dpkg-query", f"echo 'docker-ce {NEW} half-configured'")
    record.save("engine", {"upgrading": {"docker-ce": OLD}})
    with pytest.raises(HostError, match=r"was interrupted, and dpkg has not configured docker-ce\. Run `dpkg --conf"):
        observed("28", no_docker)


def test_an_engine_from_another_package(programs: Programs, no_docker: Docker) -> None:
    programs("dpkg-query", "exit 1")
    with pytest.raises(HostError, match="builder_engine_version = 28: Docker is not from the package docker-ce here"):
        observed("28", no_docker)


@pytest.mark.usefixtures("apt")
def test_the_floor_is_asked_where_it_rises(
    dockerd: DockerdStandIn, docker: Docker, programs: Programs, tmp_path: Path
) -> None:
    newest = "5:29.0.1-1"
    for name in ("policy", "madison", "simulated"):
        path = tmp_path / name
        path.write_text(path.read_text().replace(NEW, newest))
    programs("dpkg", "exit 1")
    programs("systemctl", "")
    programs("docker-compose", "echo 2.20.2")
    dockerd.answers["GET /version"] = as_json({"MinAPIVersion": "1.24"})
    dockerd.answers["GET /containers/json"] = as_json(
        [{"Names": ["/runner"], "Mounts": [{"Source": "/var/run/docker.sock"}]}]
    )
    found = observed("29", docker)
    assert found is not None
    assert (found.floor, found.unseen) == ("1.44", ("runner",))
    assert [each.partition(" (")[0] for each in found.low] == ["docker-compose 2.20.2"]
    dockerd.answers["GET /version"] = as_json({"MinAPIVersion": "1.44"})
    found = observed("29", docker)
    assert found is not None
    assert (found.floor, found.low) == ("", ())


@pytest.mark.usefixtures("apt")
def test_a_client_that_is_newer_than_the_engine_goes_down(
    no_docker: Docker, programs: Programs, tmp_path: Path
) -> None:
    programs("dpkg-query", f"printf 'docker-ce {OLD} installed\ndocker-ce-cli {NEW} installed\n'")
    programs("dpkg", f'test "$2 $4" = "{OLD} {NEW}"')
    (tmp_path / "simulated").write_text(f"Inst docker-ce-cli [{NEW}] ({OLD} x:1 [amd64])\n")
    found = observed("26.1", no_docker)
    assert found is not None
    assert (found.down, found.engine) == (True, ""), "apt replaces nothing by older packages unless it is told so"


@pytest.mark.usefixtures("apt")
def test_an_upgrade_that_does_not_begin_keeps_the_way_back_of_an_earlier_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record.save("engine", {"upgrading": {"docker-ce": OLD}})
    kept = at(f"{upgrade.FORMER}/docker-ce_{OLD.replace(':', '%3a')}_amd64.deb")
    kept.parent.mkdir(parents=True)
    kept.touch()
    monkeypatch.setattr(upgrade, "_former", lambda _offer: {})
    step = UpgradeEngine(Offer(("docker-ce", "docker-ce-cli"), names=DOCKERS, version="28"))
    with pytest.raises(HostError, match=r"^dockerd does not answer"):
        upgrade.upgrade(step, Disruption("now", 1), lambda _offer: None)
    assert kept.exists()
    assert record.load("engine") == {"upgrading": {"docker-ce": OLD}}


def test_what_was_kept_goes_with_the_end() -> None:
    record.save("engine", {"upgrading": {"docker-ce": OLD}, "packages": {"docker-ce": NEW}})
    at(upgrade.FORMER).mkdir()
    upgrade.settle()
    assert not at(upgrade.FORMER).exists()
    assert record.load("engine") == {"packages": {"docker-ce": NEW}}


def test_without_its_former_packages_docker_is_not_upgraded(apt: Path, programs: Programs, tmp_path: Path) -> None:
    refuses = "echo 'E: Failed to fetch http://a.example/docker-ce.deb  404  Not Found' >&2; exit 100"
    programs("apt-get", f'case "$*" in *download*) {refuses} ;; esac; cat {tmp_path}/simulated')
    left = at(f"{upgrade.FORMER}/docker-ce_5%3a20.10.1-1_amd64.deb")  # of a run that was killed
    left.parent.mkdir(parents=True)
    left.touch()
    step = UpgradeEngine(Offer(("docker-ce", "docker-ce-cli"), names=DOCKERS, version="28"))
    with pytest.raises(HostError) as caught:
        upgrade.upgrade(step, Disruption("now", 1), lambda _offer: None)
    assert str(caught.value).startswith("Docker is not upgraded, as the former packages are not at hand: docker-ce")
    assert "404" in str(caught.value)
    assert not left.parent.exists()
    assert record.load("engine") == {}
    installing = [line for line in apt.read_text().splitlines() if " install " in line and "--simulate" not in line]
    assert installing == []

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages: which are missing, what apt is asked, and what is remembered, at stand-ins for apt and dpkg."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import apt, install
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import packages as needed
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

pytestmark = pytest.mark.usefixtures("var_tmp")
Programs = Callable[[str, str], Path]

OFFER = Offer(("docker.io",), {"docker.io": "26.1.5", "runc": "1.1"})
POLICY = "docker.io:\n  Installed: (none)\n  Candidate: 26.1.5\n"
STALE = "E: Unable to fetch some archives, maybe run apt-get update"
LOCKED = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711"


@pytest.fixture
def bare(programs: Programs, tmp_path: Path) -> Iterator[Programs]:
    """A host with no programs but those that a test makes."""
    with standing_on(replace(here(), programs=str(tmp_path / "programs"))):
        yield programs


def confine(root: Path) -> None:
    """Its kernel has AppArmor."""
    path = root / "sys/module/apparmor/parameters/enabled"
    path.parent.mkdir(parents=True)
    path.write_text("Y\n")


@pytest.mark.usefixtures("bare")
def test_what_a_bare_host_lacks(tmp_path: Path) -> None:
    assert needed.missing(dockerd=False, buildx=False) == (
        *("docker.io", "docker-cli", "docker-buildx", "ca-certificates"),
    )
    confine(tmp_path)
    assert needed.missing(dockerd=False, buildx=True) == (*("docker.io", "docker-cli", "ca-certificates", "apparmor"),)


def test_what_is_there_is_not_missing(bare: Programs, tmp_path: Path) -> None:
    confine(tmp_path)
    for name in ("docker", "update-ca-certificates"):
        bare(name, "")
    assert needed.missing(dockerd=True, buildx=True) == ()
    assert needed.missing(dockerd=True, buildx=False) == ("docker-buildx",)


@pytest.mark.usefixtures("bare")
def test_a_host_without_apt_is_told_what_is_supported() -> None:
    with pytest.raises(HostError, match=r"installs with apt-get \(Debian, Ubuntu.*\(docker.io on Debian\)"):
        install.offer(("docker.io",))


def test_what_the_lists_know_is_simulated(programs: Programs) -> None:
    programs("apt-cache", f"printf '{POLICY}'")
    asked = programs("apt-get", "echo 'Inst docker.io (26.1.5 Debian:13 [amd64])'")
    assert apt.offer(("docker.io", "docker-cli")) == Offer(("docker.io",), {"docker.io": "26.1.5"})
    (line,) = asked.read_text().splitlines()
    assert " --simulate install --yes --no-install-recommends --no-remove " in line
    assert line.endswith(" docker.io")


def test_fresh_lists_are_looked_at_elsewhere_and_the_plan_says_so(programs: Programs) -> None:
    policy = programs("apt-cache", f"case $1 in --config*) printf '{POLICY}' ;; esac")
    asked = programs("apt-get", "echo 'Inst docker.io (26.1.5 Debian:13 [amd64])'")
    assert apt.offer(("docker.io",)) == Offer(("docker.io",), {"docker.io": "26.1.5"}, fresh=True)
    assert len(policy.read_text().splitlines()) == 2
    lines = asked.read_text().splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["update", "docker.io"]
    folder = lines[0].partition("Dir::State::Lists=")[2].partition("/lists")[0]
    assert all(f"--option=Dir::State::Lists={folder}/lists" in line for line in lines)
    assert not Path(folder).exists()


def test_a_package_that_nobody_has(programs: Programs) -> None:
    programs("apt-cache", "")
    programs("apt-get", "echo 'W: Failed to fetch http://a.example/  Could not connect' >&2")
    found = apt.offer(("docker.io",))
    assert found == Offer(
        ("docker.io",), unknown=("docker.io",), fresh=True, unfetched="http://a.example/: Could not connect"
    )


def test_sources_that_apt_cannot_read(programs: Programs) -> None:
    programs("apt-cache", "echo \"E: Type 'debb' is not known on line 1 in source list /etc/apt/x\" >&2; exit 100")
    assert apt.offer(("docker.io",)).refusal == "Type 'debb' is not known on line 1 in source list /etc/apt/x"


def test_a_simulation_that_fails_is_told_in_the_words_of_apt(programs: Programs) -> None:
    programs("apt-cache", f"printf '{POLICY}'")
    programs(
        "apt-get",
        "echo 'The following packages have unmet dependencies:'; echo ' docker.io : Depends: runc but it is not going "
        "to be installed'; echo 'E: broken' >&2; exit 100",
    )
    assert apt.offer(("docker.io",)).refusal == "docker.io: Depends: runc but it is not going to be installed"


def test_an_interrupted_dpkg_is_told_before_anything_is_asked(programs: Programs, tmp_path: Path) -> None:
    asked = programs("apt-cache", "")
    (tmp_path / "var/lib/dpkg/updates").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/updates/0001").touch()
    assert apt.offer(("docker.io",)).refusal == "dpkg was interrupted: run `dpkg --configure -a`"
    assert not asked.exists()


def no_check(_offer: Offer) -> None:
    """Everything serves."""


@pytest.fixture
def packages(programs: Programs) -> Path:
    """dpkg has docker.io and runc; the lists know docker.io."""
    programs("dpkg-query", "echo 'docker.io 26.1.5 installed'; echo 'runc 1.1 installed'; echo 'tini 0 not-installed'")
    return programs("apt-cache", f"printf '{POLICY}'")


def verbs(calls: Path) -> list[str]:
    """What apt-get was asked, in short."""
    names = ("--simulate", "update", "install")
    return [next(name for name in names if name in line.split()) for line in calls.read_text().splitlines()]


@pytest.mark.usefixtures("packages")
def test_what_is_installed_is_remembered_with_what_came_along(programs: Programs) -> None:
    record.save("engine", {"plugin": {"sha256": "a"}, "packages": {"apparmor": "4"}})
    calls = programs("apt-get", "")
    install.install(OFFER, no_check)
    assert verbs(calls) == ["install"]
    assert record.load("engine") == {
        "plugin": {"sha256": "a"},
        "packages": {"apparmor": "4", "docker.io": "26.1.5", "runc": "1.1"},
    }


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("fresh", "fails", "asked"),
    [
        pytest.param(True, "", ["update", "--simulate", "install"], id="the lists lack something"),
        pytest.param(False, STALE, ["install", "update", "--simulate", "install"], id="the lists are stale"),
        pytest.param(False, LOCKED, ["install", "install"], id="another process has the lock"),
    ],
)
def test_lists_are_refreshed_only_where_it_helps(
    fresh: bool, fails: str, asked: list[str], programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    once = (
        f'[ -z "{fails}" ] || [ -e {tmp_path}/failed ] || {{ touch {tmp_path}/failed; echo "{fails}" >&2; exit 100; }}'
    )
    calls = programs("apt-get", once)
    install.install(Offer(OFFER.asked, OFFER.new, fresh=fresh), no_check)
    assert verbs(calls) == asked


@pytest.mark.usefixtures("packages")
def test_what_fresh_lists_bring_has_to_serve_too(programs: Programs) -> None:
    calls = programs("apt-get", "echo 'Inst docker.io (20.10 Debian:12 [amd64])'")
    found: list[Offer] = []

    def check(offer: Offer) -> None:
        found.append(offer)
        raise HostError("too old")

    with pytest.raises(HostError, match="too old"):
        install.install(Offer(OFFER.asked, fresh=True), check)
    assert [offer.new for offer in found] == [{"docker.io": "20.10"}]
    assert verbs(calls) == ["update", "--simulate"]
    assert record.load("engine") == {}


@pytest.mark.usefixtures("packages")
def test_a_failure_is_told_in_the_words_of_apt(programs: Programs) -> None:
    programs(
        "apt-get", "echo 'Reading package lists...'; echo 'E: Sub-process returned an error code (1)' >&2; exit 100"
    )
    with pytest.raises(HostError) as caught:
        install.install(OFFER, no_check)
    assert str(caught.value) == "apt-get cannot install docker.io: Sub-process returned an error code (1)"
    assert caught.value.said.startswith("`apt-get --option=Acquire::Retries=2 ")

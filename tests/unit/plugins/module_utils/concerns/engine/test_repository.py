# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two files of Docker's repository: written, compared, removed, and used by a plan that changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import repository
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import (
    KEYRING,
    SOURCES,
    Repository,
    RepositoryState,
    Sources,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import remove_owned, write_owned
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n"
WANTED = Repository("https://packages.example.com/debian", KEY, "trixie")


@pytest.fixture(autouse=True)
def _release(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="Debian"\nVERSION_CODENAME=trixie\n')


def written() -> None:
    for each in repository.observe(WANTED).write:
        write_owned(RECORD, each)


def test_what_the_source_says() -> None:
    keyring, source = repository.files_of(WANTED, "")
    assert (keyring.path, keyring.content, keyring.mode) == (KEYRING, KEY, 0o644)
    assert source.content.splitlines()[1:] == [
        "Types: deb",
        "URIs: https://packages.example.com/debian",
        "Suites: trixie",
        "Components: stable",
        f"Signed-By: {KEYRING}",
    ]


@pytest.mark.parametrize(
    ("suite", "components", "lines"),
    [
        pytest.param(None, ("stable", "test"), ["Suites: forky", "Components: stable test"], id="the host's suite"),
        pytest.param("./", ("stable",), ["Suites: ./"], id="a repository without suites"),
    ],
)
def test_suites(suite: str | None, components: tuple[str, ...], lines: list[str]) -> None:
    source = repository.files_of(Repository("http://a.example", KEY, suite, components), "forky")[1]
    assert source.content.splitlines()[3:-1] == lines


def test_a_host_without_a_code_name() -> None:
    at("/etc/os-release").write_text("ID=custom\n")
    assert repository.code_name() == ""
    with pytest.raises(HostError, match=r"suite is not set, and /etc/os-release has no VERSION_CODENAME.*Set builder"):
        repository.observe(Repository("http://a.example", KEY))


def test_files_come_are_kept_as_they_are_and_go() -> None:
    assert [each.path for each in repository.observe(WANTED).write] == [KEYRING, SOURCES]
    written()
    assert repository.observe(WANTED) == RepositoryState()
    at(SOURCES).write_text("Enabled: no\n")
    state = repository.observe(WANTED)
    assert [each.path for each in state.write] == [SOURCES]
    assert state.before == {SOURCES: "Enabled: no\n"}
    written()
    gone = repository.observe(None)
    assert gone.remove == (RemoveFile(KEYRING), RemoveFile(SOURCES))
    for each in gone.remove:
        remove_owned(RECORD, each)
    assert not at("/etc/apt").exists(), "folders that came with us go too"
    assert record.load("engine") == {}


def test_what_someone_changed_is_kept_when_a_host_retires() -> None:
    written()
    at(SOURCES).write_text("# mine now\n")
    state = repository.observe(None, keep_changed=True)
    assert (state.remove, state.forget) == ((RemoveFile(KEYRING),), (SOURCES,))


def test_a_plan_uses_the_new_source_beside_those_of_the_host(tmp_path: Path) -> None:
    at(repository.PARTS).mkdir(parents=True)
    at(f"{repository.PARTS}/debian.sources").write_text("Types: deb\n")
    at(SOURCES).write_text("an older one\n")
    (option,) = Sources(repository.observe(WANTED).write, WANTED.url).beside(tmp_path / "parts")
    assert option == f"--option=Dir::Etc::SourceParts={tmp_path}/parts"
    there = {each.name: each.read_text() for each in (tmp_path / "parts").iterdir()}
    assert there["debian.sources"] == "Types: deb\n"
    assert there["keyring.asc"] == KEY
    assert f"Signed-By: {tmp_path}/parts/keyring.asc\n" in there["multiarch-builders-docker.sources"]
    assert Sources().beside(tmp_path / "none") == ()


POLICY = " 500 https://packages.example.com/debian trixie/stable amd64 Packages\n     origin packages.example.com\n"


@pytest.mark.parametrize(
    ("status", "out", "err", "lacking", "told"),
    [
        pytest.param(0, POLICY, "", "", "", id="it serves"),
        pytest.param(0, POLICY, "", "http://other.example: 404", "", id="another source does not: not our concern"),
        pytest.param(0, "", "", "The repository … is not signed.", "The repository … is not signed.", id="its key"),
        pytest.param(0, "", "", "", "https://packages.example.com/debian has no packages for", id="another processor"),
        pytest.param(
            100,
            "",
            "E: Conflicting values set for option Signed-By regarding source https://packages.example.com/debian/",
            "",
            "Conflicting values set for option Signed-By",
            id="another file of apt names it",
        ),
    ],
)
def test_what_apt_cannot_use(status: int, out: str, err: str, lacking: str, told: str) -> None:
    found = Sources((), WANTED.url).refusal(Outcome(("apt-cache",), status, out, err), lacking)
    assert found.startswith(told)
    assert bool(found) == bool(told)

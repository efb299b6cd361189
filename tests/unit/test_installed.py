"""The collection from its tarball: what is in it, and that all of it resolves in an empty environment."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.installed import ROOT, Installed, install

WHAT_RUNS = {"docs", "examples", "inventory", "meta", "playbooks", "plugins", "roles", "verification"}
WHAT_IS_READ = {"CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "SECURITY.md"}
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml") if "-" in path.stem)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("installed"))


def test_the_tarball_has_what_runs_and_nothing_else(installed: Installed) -> None:
    with tarfile.open(installed.tarball) as archive:
        names = [Path(name) for name in archive.getnames()]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    known = {Path(name).parts[0] for name in tracked} | WHAT_IS_READ
    assert {name.parts[0] for name in names if name.parts[0] in known} == WHAT_RUNS | WHAT_IS_READ
    assert Path("inventory/example/hosts.yml") in names
    assert not [name for name in names if str(name).startswith("inventory/lab") or "__pycache__" in name.parts]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_has_a_name_that_collections_may_have(playbook: str) -> None:
    """Ansible finds MULTIARCH.BUILDERS.NAME only if NAME is an identifier; the name with a hyphen is the contract."""
    alias = ROOT / "playbooks" / f"{playbook.replace('-', '_')}.yml"
    assert alias.exists(), f"make {alias.name}, as playbooks/verify_builders.yml is"
    assert alias.read_text().endswith(f"ansible.builtin.import_playbook: {playbook}.yml\n")


def test_playbooks_roles_and_modules_resolve(installed: Installed) -> None:
    names = [f"multiarch.builders.{playbook.replace('-', '_')}" for playbook in PLAYBOOKS]
    done = installed.run("ansible-playbook", "--syntax-check", "--inventory", "localhost,", *names)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"playbook: {installed.top}/playbooks/") == len(PLAYBOOKS)


def test_plugins_resolve_and_the_summary_is_told(installed: Installed) -> None:
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {"multiarch.builders.spec": {"platforms": ["aarch64"]}},
            {
                "ansible.builtin.debug": {
                    "msg": "{{ {'localhost': {}} | multiarch.builders.proof_table(['localhost']) }}"
                }
            },
        ],
    }
    (installed.empty / "play.yml").write_text(json.dumps([play]))
    done = installed.run(
        "ansible-playbook", "play.yml", "-i", "localhost,", ANSIBLE_CALLBACKS_ENABLED="multiarch.builders.summary"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "localhost  NOT PROVEN" in done.stdout
    assert done.stdout.rstrip().endswith("localhost: nothing to do")


def test_the_checks_find_themselves(installed: Installed) -> None:
    done = installed.run("pytest", str(installed.top / "verification"), "--ansible-inventory=localhost,")
    assert done.returncode == 4
    assert "No host of group builders matches 'builders': pass your inventory with --ansible-inventory" in done.stderr

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of hosts that serve, with ansible-playbook: vault, check mode, --limit, serial and the playbooks.

A program of the test stands in for the hosts' Python: it says that nothing has changed since a full plan.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay

ROOT = Path(__file__).parents[4]
PLAY = [
    {
        "hosts": "builders",
        "gather_facts": False,
        "serial": "{{ batch | default('100%') }}",
        "tasks": [{"import_role": {"name": "multiarch.builders.builder", "rolespec_validate": False}}],
    }
]
FLEET = {"name": "fleet", "driver": "remote", "nodes": [{"serve": "big"}]}
BUILDERS: dict[str, dict[str, t.Any]] = {
    "big": {"builder_serve": {"address": "192.0.2.1", "clients": [{"name": "gitlab-ci", "renew": "{{ leaked }}"}]}},
    "ci-1": {"builder_instances": [FLEET]},
    "ci-2": {"builder_instances": "{{ [fleet] }}"},
}
ALL = [
    "ca.key",
    "ca.pem",
    *(f"clients/{name}.{end}" for name in ("ci-1", "ci-2", "gitlab-ci") for end in ("key", "pem")),
]


class Controller:
    """A folder with an inventory, its vault password and a play."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.authority = folder, folder / "inventory/serve-authority"
        (folder / "inventory").mkdir()
        (folder / "play.yml").write_text(json.dumps(PLAY))
        (folder / "ansible.cfg").touch()
        (folder / "password").write_text("vault password\n")
        said = f"{replay.MARK}{json.dumps({'result': {'notes': []}, 'time': 1})}"
        python = folder / "python"
        python.write_text(f"#!/bin/sh\ncat >>$0.programs; echo '{said}'\n")
        python.chmod(0o755)
        self.hosts(BUILDERS)

    def hosts(self, builders: dict[str, dict[str, t.Any]]) -> None:
        everywhere = {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(self.folder / "python"),
            "fleet": FLEET,
            "leaked": "2026-01-01",
        }
        groups = {"builders": {"hosts": builders}}
        self.inventory({"all": {"vars": everywhere, "children": groups}})

    def inventory(self, content: dict[str, t.Any]) -> None:
        (self.folder / "inventory/hosts.json").write_text(json.dumps(content))

    def run(self, *more: str, play: str = "play.yml", vault: bool = True) -> tuple[int, str]:
        """(exit status, output)."""
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"),
            "ANSIBLE_NOCOLOR": "1",
        }
        password = ["--vault-password-file", str(self.folder / "password")] if vault else []
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory/hosts.json", *password]
        done = subprocess.run(
            [*command, *more, play], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        output = done.stdout + done.stderr
        assert "PRIVATE KEY" not in output
        return done.returncode, output

    def ok(self, *more: str, **how: t.Any) -> str:
        status, output = self.run(*more, **how)
        assert status == 0, output
        return output

    @property
    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.authority)) for path in self.authority.rglob("*") if path.is_file())

    def contents(self) -> dict[str, bytes]:
        return {name: (self.authority / name).read_bytes() for name in self.files}


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


def test_check_mode_and_runs_without_a_vault_password_issue_nothing(controller: Controller) -> None:
    output = controller.ok("--check")
    assert "builder_serve_authority: would create a CA for the fleet's servers and clients\n" in output
    assert "builder_serve_authority: would issue a certificate for client gitlab-ci\n" in output
    status, output = controller.run(vault=False)
    assert status == 2
    assert f"builder_serve_authority: {controller.authority}: keys are kept encrypted here" in output.replace("\n", " ")
    assert not controller.authority.exists()
    assert not (controller.folder / "python.programs").exists() or "--check", "no host was touched"


def test_runs_issue_once_and_encrypt_with_the_run_s_password(controller: Controller) -> None:
    output = controller.ok("-vvv")
    for name in ("server big", "client ci-1", "client ci-2", "client gitlab-ci"):
        assert f"builder_serve_authority: issue a certificate for {name}\n" in output
    assert controller.files == sorted([*ALL, "servers/big.key", "servers/big.pem"])
    vault = VaultLib([("default", VaultSecret(b"vault password"))])
    for name in controller.files:
        if name.endswith(".key"):
            assert b"PRIVATE KEY" in vault.decrypt((controller.authority / name).read_text())
    before = controller.contents()
    (controller.folder / "password").write_text("another password\n")
    assert "builder_serve_authority" not in controller.ok(), "nothing is decrypted for unchanged hosts"
    assert "builder_serve_authority" not in controller.ok("-e", "batch=1")
    assert controller.contents() == before


def test_limits_and_batches_issue_the_same(controller: Controller) -> None:
    controller.ok("--limit", "ci-1", "-e", "batch=1")
    assert controller.files == sorted([*ALL, "servers/big.key", "servers/big.pem"])
    before = controller.contents()
    assert "builder_serve_authority" not in controller.ok("-e", "batch=1")
    assert controller.contents() == before


def test_a_client_that_leaves_the_inventory_and_a_leaked_certificate(controller: Controller) -> None:
    controller.ok()
    before = controller.contents()
    controller.hosts({name: each for name, each in BUILDERS.items() if name != "ci-2"})
    assert "builder_serve_authority: remove the certificates of client ci-2" in controller.ok("--limit", "big")
    assert [name for name in before if name not in controller.files] == ["clients/ci-2.key", "clients/ci-2.pem"]
    output = controller.ok("-e", "leaked=2026-01-02")
    assert "builder_serve_authority" not in output, "it was issued later"


def test_problems_of_the_inventory_come_first(controller: Controller) -> None:
    wrong = {"builder_instances": [FLEET | {"nodes": [{"serve": "bg"}]}]}
    controller.hosts(BUILDERS | {"ci-3": wrong, "ci-4": {"builder_instances": "{{ undefined_name }}"}})
    status, output = controller.run()
    text = " ".join(output.split())
    assert status == 2
    assert "builder_instances[0].nodes[0].serve = 'bg': is not a host of the inventory" in text
    assert "builder_instances of ci-4: cannot be templated" in text
    assert not controller.authority.exists()


def test_the_playbooks(controller: Controller) -> None:
    playbooks = ROOT / "playbooks"
    bundle, rotate = str(playbooks / "serve-bundle.yml"), str(playbooks / "rotate-serve-authority.yml")
    given = ["-e", "client=gitlab-ci", "-e", f"dest={controller.folder / 'bundle'}"]
    status, output = controller.run(*given, play=bundle)
    assert status == 2
    assert "has no certificate for client gitlab-ci. Run playbooks/provision-builders.yml" in " ".join(output.split())
    controller.ok()
    controller.ok(*given, "-vvv", play=bundle)
    assert sorted(path.name for path in (controller.folder / "bundle").iterdir()) == [
        *("README.md", "ca.pem", "cert.pem", "key.pem"),
    ]
    assert (controller.folder / "bundle/key.pem").stat().st_mode & 0o777 == 0o600
    assert "changed=0" in controller.ok(*given, play=bundle)
    controller.ok("-e", "step=add", "--check", play=rotate)
    assert "ca.next.key" not in controller.files
    controller.ok("-e", "step=add", "-vvv", play=rotate)
    assert "ca.next.key" in controller.files
    status, output = controller.run("-e", "step=drop", play=rotate)
    assert status == 2
    assert "the new CA does not issue yet. Continue with -e step=issue" in " ".join(output.split())

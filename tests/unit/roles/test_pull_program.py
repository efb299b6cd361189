"""The program of pull mode: its command, what is success, and what it remembers, with a stand-in ansible-pull."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

PATH = Path(__file__).parents[3] / "roles/builder_pull/files/multiarch_builders_pull.py"
SPEC = importlib.util.spec_from_file_location("multiarch_builders_pull", PATH)
assert SPEC is not None
assert SPEC.loader is not None
program = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(program)

RECAP = "ci-1 : ok=4    changed={}    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   "


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the settings of a host, and an ansible-pull (a stand-in) that makes a checkout and says `said`."""
    configuration, state = tmp_path / "etc", tmp_path / "state"
    configuration.mkdir()
    (tmp_path / "ansible-pull").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environment\n'
        f"test -d {state}/pull || git init --quiet {state}/pull\n"
        f"git -C {state}/pull -c user.name=a -c user.email=a@b commit --quiet --allow-empty -m a\n"
        f"cat {tmp_path}/said\nexit $(cat {tmp_path}/status)\n"
    )
    (tmp_path / "ansible-pull").chmod(0o755)
    settings = {"program": str(tmp_path / "ansible-pull"), "repository": "git@h:fleet.git", "version": "main"}
    settings |= {"playbook": "site.yml", "inventory": "inventory/fleet", "limit": "ci-1"}
    (configuration / "pull.json").write_text(json.dumps({**settings, "verify_commit": False}))
    monkeypatch.setattr(program, "CONFIGURATION", configuration)
    monkeypatch.setattr(program, "STATE", state)
    return tmp_path


def pull(host: Path, said: str, status: int = 0) -> tuple[int, dict[str, dict[str, object]]]:
    (host / "said").write_text(said + "\n")
    (host / "status").write_text(str(status))
    ended = program.main()
    return ended, json.loads((host / "state/pull.json").read_text())


def head(host: Path) -> str:
    command = ["git", "-C", str(host / "state/pull"), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("said", "ended", "then", "words"),
    [
        pytest.param(RECAP.format(3), 0, 0, "converged, 3 tasks changed something", id="changed"),
        pytest.param(RECAP.format(0), 0, 0, "converged, nothing to do", id="nothing to do"),
        pytest.param(RECAP.format(0), 2, 2, "ansible-pull ended with status 2", id="failed"),
        pytest.param("skipping: no hosts matched", 0, 1, "no play was for this host: ci-1", id="nobody"),
    ],
)
def test_what_counts_as_success(host: Path, said: str, ended: int, then: int, words: str) -> None:
    status, record = pull(host, said, ended)
    assert status == then
    assert str(record["last"]["words"]).startswith(words)
    assert record["last"]["status"] == then
    assert record["last"]["commit"] == head(host)
    assert (record["converged"] is None) == (then != 0)


def test_the_last_good_commit_is_remembered_through_failures(host: Path) -> None:
    pull(host, RECAP.format(1))
    good = head(host)
    status, record = pull(host, "ERROR", 4)
    assert status == 4
    assert record["converged"]["commit"] == good
    assert record["last"]["commit"] == head(host) != good


def test_the_command_makes_the_host_itself_whatever_the_inventory_says(host: Path) -> None:
    pull(host, RECAP.format(0))
    assert (host / "arguments").read_text().split() == [
        *("--url", "git@h:fleet.git", "--checkout", "main", "--directory", str(host / "state/pull"), "--clean"),
        *("--inventory", "inventory/fleet", "--limit", "ci-1"),
        *("--extra-vars", "ansible_connection=local", "--extra-vars", "ansible_become=false", "site.yml"),
    ]


def test_keys_are_used_where_they_are_and_nobody_is_asked(host: Path) -> None:
    pull(host, RECAP.format(0))
    bare = (host / "environment").read_text()
    assert "deploy-key" not in bare
    assert "GIT_CONFIG_COUNT=0" in bare
    assert "StrictHostKeyChecking=yes" in bare
    assert "GIT_TERMINAL_PROMPT=0" in bare
    for name in ("deploy-key", "git-credentials", "vault-password", "allowed-signers"):
        (host / "etc" / name).write_text("secret\n")
    pull(host, RECAP.format(0))
    full = (host / "environment").read_text()
    assert f"-i {host}/etc/deploy-key" in full
    assert "GIT_CONFIG_COUNT=2" in full
    assert f"GIT_CONFIG_VALUE_1={host}/etc/allowed-signers" in full
    assert f"--vault-password-file {host}/etc/vault-password" in (host / "arguments").read_text()
    assert "secret" not in full + (host / "arguments").read_text()

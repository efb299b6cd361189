"""verify-builders.yml as CI runs it: exit status 0 only after a proof. Its hosts are out of reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
HOSTS = ("ci-1", "ci-2")


@pytest.mark.parametrize(
    ("arguments", "told", "tried", "results"),
    [
        pytest.param([], "the host is unreachable", True, True, id="a proof"),
        pytest.param(["--check"], "--check: nothing would be proven", False, False, id="check mode"),
        pytest.param(["--check", "--tags", "proof"], "--check: nothing would be", False, False, id="only some of it"),
        pytest.param(["--tags", "proof"], "nothing was checked: the run ended early", False, True, id="tags of none"),
    ],
)
def test_a_run_without_a_proof_fails(
    arguments: list[str], told: str, tried: bool, results: bool, tmp_path: Path
) -> None:
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"builders": {"hosts": dict.fromkeys(HOSTS)}}))
    (tmp_path / "ansible.cfg").touch()
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_EXECUTABLE": "/bin/false",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(ROOT / "playbooks/verify-builders.yml")]
    command += ["-i", "hosts.yml", "-e", f"builder_verify_results={tmp_path}", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    output = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, output
    assert told in output
    assert ("UNREACHABLE!" in output) == tried
    written = tmp_path / "verification.json"
    assert written.exists() == results
    if results:
        assert not any(each["passed"] for each in json.loads(written.read_text())["hosts"].values())

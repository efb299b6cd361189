"""The program of pull mode with the real git and ansible-pull, and a repository in a folder."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.roles.test_pull_program import program

ANSIBLE_PULL = Path(sys.executable).with_name("ansible-pull")
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {{content: "{word}", dest: "{dest}", mode: "0644"}}
"""


class Fleet:
    """A host in pull mode, and the checkout from which its repository is pushed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work, self.origin = folder, folder / "work", folder / "fleet.git"
        self.git("init", "--quiet", "--initial-branch=main", str(self.work), at=folder)
        self.git("clone", "--quiet", "--bare", str(self.work), str(self.origin), at=folder)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "signer")], check=True)
        (folder / "etc").mkdir()
        public = (folder / "signer.pub").read_text()
        (folder / "etc/allowed-signers").write_text(f"ops@example.com {public}")
        self.set(version="main")

    def git(self, *arguments: str, at: Path | None = None) -> str:
        identity = ["-c", "user.name=ops", "-c", "user.email=ops@example.com", "-c", "gpg.format=ssh"]
        identity += ["-c", f"user.signingkey={self.folder / 'signer'}"]
        command = ["git", "-C", str(at or self.work), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def set(self, **changed: object) -> None:
        """Write the settings of the host."""
        settings = {"program": str(ANSIBLE_PULL), "repository": str(self.origin), "verify_commit": False}
        settings |= {"playbook": "site.yml", "inventory": "hosts.yml", "limit": "ci-1", **changed}
        (self.folder / "etc/pull.json").write_text(json.dumps(settings))

    def push(self, word: str, *, signed: bool = False, cfg: str = "") -> str:
        """Push a commit whose playbook writes *word*; the commit."""
        (self.work / "site.yml").write_text(PLAY.format(word=word, dest=self.folder / "converged"))
        host = {"all": {"hosts": {"ci-1": {"ansible_python_interpreter": sys.executable}}}}
        (self.work / "hosts.yml").write_text(json.dumps(host))
        (self.work / "ansible.cfg").write_text(cfg)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", word, *(["-S"] if signed else []))
        self.git("push", "--quiet", "--force", str(self.origin), "HEAD:refs/heads/main")
        return self.git("rev-parse", "HEAD")

    def pull(self) -> tuple[int, str]:
        """(exit status of one run, what the host has then)."""
        status = program.main()
        converged = self.folder / "converged"
        return status, converged.read_text() if converged.exists() else ""


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The program's main() sets what SIGTERM does, here in the process of the tests."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    usual = program.environment
    monkeypatch.setattr(program, "environment", lambda folder: {**usual(folder), "HOME": str(tmp_path)})
    monkeypatch.setattr(program, "CONFIGURATION", tmp_path / "etc")
    monkeypatch.setattr(program, "STATE", tmp_path / "state")
    return Fleet(tmp_path)


def test_an_older_commit_can_follow_a_branch(fleet: Fleet) -> None:
    good = fleet.push("good")
    fleet.push("bad")
    assert fleet.pull() == (0, "bad")
    fleet.set(version=good)
    assert fleet.pull() == (0, "good")


def test_signatures_are_verified_in_a_new_clone(fleet: Fleet) -> None:
    fleet.set(version="main", verify_commit=True)
    fleet.push("signed", signed=True)
    assert fleet.pull() == (0, "signed")
    former = fleet.folder / "state/pull/.git/of-the-former-run"
    assert former.parent.is_dir()
    former.touch()
    fleet.push("signed later", signed=True)
    assert fleet.pull() == (0, "signed later")
    assert not former.exists()
    fleet.push("unsigned")
    status, converged = fleet.pull()
    assert status != 0
    assert converged == "signed later"


def test_the_output_is_read_whatever_the_repository_sets(fleet: Fleet) -> None:
    fleet.push("good", cfg="[defaults]\nstdout_callback = minimal\nforce_color = true\n")
    assert fleet.pull() == (0, "good")

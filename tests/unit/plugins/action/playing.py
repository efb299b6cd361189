"""Real plays on the controller, of actions that need no connection; what tasks registered are variables of hosts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[4]
Task = dict[str, Any]


def play(
    folder: Path, variables: dict[str, Task], *tasks: list[Task], arguments: tuple[str, ...] = (), **keywords: object
) -> tuple[int, str]:
    """(status, output) of a run on hosts with *variables*: one play after the other, each with *keywords*."""
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": variables}}))
    plays = [{"hosts": "all", "gather_facts": False, "tasks": each, **keywords} for each in tasks]
    (folder / "play.yml").write_text(yaml.safe_dump(plays))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml", *arguments]
    env = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def failing(host: str) -> Task:
    """A task that fails on one host."""
    return {"ansible.builtin.fail": {}, "when": f"inventory_hostname == '{host}'"}

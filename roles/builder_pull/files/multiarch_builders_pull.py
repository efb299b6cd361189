# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converges this host from its repository: one run of ansible-pull, and a record of how it ended.

Started by multiarch-builders-pull.service, which the role builder_pull writes. Python 3.9, standard library.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import typing as t
from pathlib import Path

CONFIGURATION = Path("/etc/multiarch-builders")
STATE = Path("/var/lib/multiarch-builders")

RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) ")
Settings = t.Mapping[str, t.Any]


def arguments(settings: Settings, configuration: Path, checkout: Path) -> list[str]:
    """The command; *settings* are those of the role. The connection is local, as root, whatever the inventory sets."""
    command = [settings["program"], "--url", settings["repository"], "--checkout", settings["version"]]
    command += ["--directory", str(checkout), "--clean"]
    command += ["--inventory", settings["inventory"], "--limit", settings["limit"]]
    command += ["--extra-vars", "ansible_connection=local", "--extra-vars", "ansible_become=false"]
    if settings["verify_commit"]:
        command.append("--verify-commit")
    if (configuration / "vault-password").exists():
        command += ["--vault-password-file", str(configuration / "vault-password")]
    return [*command, settings["playbook"]]


def environment(configuration: Path) -> dict[str, str]:
    """The environment by which git and Ansible find their files. A broken inventory is an error, not an empty one."""
    ssh = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    ssh += ["-o", f"UserKnownHostsFile={configuration / 'known_hosts'}"]
    if (configuration / "deploy-key").exists():
        ssh += ["-o", "IdentitiesOnly=yes", "-i", str(configuration / "deploy-key")]
    git = {}
    if (configuration / "git-credentials").exists():
        git["credential.helper"] = f"store --file {configuration / 'git-credentials'}"
    if (configuration / "allowed-signers").exists():
        git["gpg.ssh.allowedSignersFile"] = str(configuration / "allowed-signers")
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(git)}
    numbered.update({f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(git.values())})
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "GIT_SSH_COMMAND": " ".join(ssh),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(git)),
        **numbered,
    }


def run(command: t.Sequence[str], variables: t.Mapping[str, str]) -> tuple[int, list[int]]:
    """(exit status, changed tasks of each host in the recap); every line is passed to the journal as it arrives.

    It runs in /, so that the inventory is only found in the new checkout, and not in an earlier, broken one.
    """
    changed = []
    piped: dict[str, t.Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=variables, cwd="/", encoding="utf-8", errors="replace", **piped) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            found = RECAP.match(line)
            if found:
                changed.append(int(found.group(1)))
    return process.returncode, changed


def verdict(status: int, changed: t.Sequence[int], settings: Settings) -> tuple[int, str]:
    """(exit status, message): a playbook without hosts also ends with 0, but is a failure here."""
    if status != 0:
        return status, f"ansible-pull ended with status {status}: see its last lines above; the next run retries"
    if not changed:
        where = f"{settings['limit']} in {settings['inventory']}"
        return 1, f"no play was for this host: {where} is not among the playbook's hosts (the group builders)"
    return 0, f"converged, {sum(changed)} tasks changed something" if sum(changed) else "converged, nothing to do"


def commit_of(checkout: Path) -> str | None:
    """The commit that is checked out, None where there is none."""
    command = ["git", "-C", str(checkout), "rev-parse", "--verify", "HEAD"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip() or None


def remember(path: Path, state: t.Mapping[str, t.Any]) -> None:
    """Replace the record in one move."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    temporary.chmod(0o644)
    temporary.replace(path)


def main() -> int:
    """One pull."""
    os.umask(0o077)
    settings = json.loads((CONFIGURATION / "pull.json").read_text(encoding="utf-8"))
    STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    record, checkout = STATE / "pull.json", STATE / "pull"
    former = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    ended, changed = run(arguments(settings, CONFIGURATION, checkout), environment(CONFIGURATION))
    status, words = verdict(ended, changed, settings)
    now = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit_of(checkout)}
    last = {**now, "status": status, "words": words, "changed": sum(changed)}
    remember(record, {"last": last, "converged": now if status == 0 else former.get("converged")})
    print(f"multiarch-builders-pull: {words} (commit {now['commit']})", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())

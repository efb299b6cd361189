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
import shlex
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

CONFIGURATION = Path("/etc/multiarch-builders")
STATE = Path("/var/lib/multiarch-builders")

RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) ")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
Settings = t.Mapping[str, t.Any]


class StoppedError(Exception):
    """systemd ends this run: its time is over, somebody stopped it, or the host shuts down."""


def arguments(settings: Settings, configuration: Path, checkout: Path) -> list[str]:
    """The command; *settings* are those of the role. The connection is local, as root, whatever the inventory sets."""
    folder = settings["repository"].startswith("/")  # of a mere path git would clone all, not the newest commit alone
    url = f"file://{settings['repository']}" if folder else settings["repository"]
    command = [settings["program"], "--url", url, "--checkout", settings["version"]]
    command += ["--directory", str(checkout), "--clean"]
    command += ["--inventory", settings["inventory"], "--limit", settings["limit"]]
    command += ["--extra-vars", "ansible_connection=local", "--extra-vars", "ansible_become=false"]
    if settings["verify_commit"]:
        command.append("--verify-commit")
    if (configuration / "vault-password").exists():
        command += ["--vault-password-file", str(configuration / "vault-password")]
    return [*command, settings["playbook"]]


def environment(configuration: Path) -> dict[str, str]:
    """The environment by which git and Ansible find their files. A broken inventory is an error, not an empty one.

    The recap is read (RECAP), so the repository's ansible.cfg may neither colour it nor choose another output.
    """
    ssh = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    ssh += ["-o", f"UserKnownHostsFile={configuration / 'known_hosts'}"]
    if (configuration / "deploy-key").exists():
        ssh += ["-o", "IdentitiesOnly=yes", "-i", str(configuration / "deploy-key")]
    git = {}
    if (configuration / "git-credentials").exists():
        # `store` itself would drop the login as soon as a server refused it once (git-credential-store(1)).
        login = f"git credential-store --file {shlex.quote(str(configuration / 'git-credentials'))} get"
        git["credential.helper"] = f'!f() {{ test "$1" != get || {login}; }}; f'
    if (configuration / "allowed-signers").exists():
        git["gpg.ssh.allowedSignersFile"] = str(configuration / "allowed-signers")
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(git)}
    numbered.update({f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(git.values())})
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        **{name: os.environ[name] for name in PROXIES if name in os.environ},
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_STDOUT_CALLBACK": "default",
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "GIT_SSH_COMMAND": " ".join(ssh),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(git)),
        **numbered,
    }


def start_over(settings: Settings, checkout: Path, doubtful: bool) -> str:
    """Remove *checkout* where git could not go on from it; why, "" if it stays. *doubtful*: the last run failed.

    Runs never overlap, so a lock is what a killed one left. A shallow clone lacks older commits.
    """
    if not checkout.is_dir() or not any(checkout.iterdir()):
        return ""
    command = ["git", "-C", str(checkout), "fsck", "--connectivity-only", "--no-dangling"]
    if settings["verify_commit"]:
        why = "signatures are verified in a new clone"
    elif any(each.is_file() for each in (checkout / ".git").rglob("*.lock")):
        why = "an earlier run was killed in it"
    elif doubtful and subprocess.run(command, capture_output=True, check=False).returncode != 0:
        why = "it is damaged"
    elif re.fullmatch("[0-9a-f]{7,64}", settings["version"]) and (checkout / ".git/shallow").exists():
        why = "it is shallow, and builder_pull_version may be an older commit"
    else:
        return ""
    shutil.rmtree(checkout)
    return why


def run(command: t.Sequence[str], variables: t.Mapping[str, str], changed: list[int]) -> int:
    """The exit status; *changed* gets the changed tasks of each host in the recap. Every line goes to the journal.

    It runs in /, so that the inventory is only found in the new checkout, and not in an earlier, broken one.
    """
    piped: dict[str, t.Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=variables, cwd="/", encoding="utf-8", errors="replace", **piped) as process:
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                found = RECAP.match(line)
                if found:
                    changed.append(int(found.group(1)))
        except StoppedError:
            process.terminate()
            raise
    return process.returncode


def converge(settings: Settings, checkout: Path, doubtful: bool) -> tuple[int, str, int]:
    """(exit status, message, number of changed tasks) of one run, whatever ends it; *doubtful* as in start_over()."""
    changed: list[int] = []
    try:
        checkout.mkdir(exist_ok=True)
        checkout.chmod(0o700)  # the repository may hold more than the users of this host should read
        why = start_over(settings, checkout, doubtful)
        if why:
            print(f"multiarch-builders-pull: {checkout} is cloned anew: {why}", flush=True)
            checkout.mkdir(mode=0o700)
        ended = run(arguments(settings, CONFIGURATION, checkout), environment(CONFIGURATION), changed)
        return (*verdict(ended, changed, settings), sum(changed))
    except StoppedError:
        return 143, "was stopped before its end (systemctl stop, TimeoutStartSec=, or a reboot)", sum(changed)
    except OSError as exc:
        return 1, f"could not run: {exc}", sum(changed)


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


def former(record: Path) -> dict[str, t.Any]:
    """The record of the last run; empty if there is none, or a power failure damaged it."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(path: Path, state: t.Mapping[str, t.Any]) -> None:
    """Replace the record in one move, also if the power fails."""
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(state, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o644)
    temporary.replace(path)


def stopped(*_signal: object) -> None:
    """What SIGTERM does."""
    raise StoppedError


def main() -> int:
    """One pull."""
    settings = json.loads((CONFIGURATION / "pull.json").read_text(encoding="utf-8"))
    STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    record, checkout = STATE / "pull.json", STATE / "pull"
    signal.signal(signal.SIGTERM, stopped)
    before = former(record)
    status, words, changed = converge(settings, checkout, before.get("last", {}).get("status") != 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # systemd ends a run once more that takes long to stop
    if not (CONFIGURATION / "pull.json").exists():
        print("multiarch-builders-pull: pull mode was removed from this host by this run", flush=True)
        return status
    now = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit_of(checkout)}
    last = {**now, "status": status, "words": words, "changed": changed}
    remember(record, {"last": last, "converged": now if status == 0 else before.get("converged")})
    print(f"multiarch-builders-pull: {words} (commit {now['commit']})", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())

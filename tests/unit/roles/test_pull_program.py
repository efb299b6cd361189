"""The program of pull mode: its command, what is success, and what it remembers, with a stand-in ansible-pull."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATH = Path(__file__).parents[3] / "roles/builder_pull/files/multiarch_builders_pull.py"
SPEC = importlib.util.spec_from_file_location("multiarch_builders_pull", PATH)
assert SPEC is not None
assert SPEC.loader is not None
program = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(program)

RECAP = "ci-1 : ok=4    changed={}    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   "


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The program's main() sets what SIGTERM does, here in the process of the tests."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the settings of a host, and an ansible-pull (a stand-in) that makes a checkout and says `said`."""
    configuration, state = tmp_path / "etc", tmp_path / "state"
    configuration.mkdir()
    (tmp_path / "ansible-pull").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environment\n'
        f"test -d {state}/pull/.git || git init --quiet {state}/pull\n"
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


def ask_git(host: Path, action: str) -> str:
    """`git credential ACTION` with what runs of pull mode have, for the host of the repository."""
    asked = "protocol=https\nhost=git.example.com\n" + ("username=ci\npassword=token\n" if action == "reject" else "")
    done = subprocess.run(
        ["git", "credential", action],
        input=f"{asked}\n",
        env=program.environment(host / "etc"),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_login_that_a_server_refused_once_stays_on_the_host(host: Path) -> None:
    (host / "etc/git-credentials").write_text("https://ci:token@git.example.com\n")
    assert "password=token" in ask_git(host, "fill")
    ask_git(host, "reject")
    assert (host / "etc/git-credentials").read_text() == "https://ci:token@git.example.com\n"
    assert "password=token" in ask_git(host, "fill")


def test_the_recap_is_read_whatever_ansible_cfg_of_the_repository_sets(host: Path) -> None:
    pull(host, RECAP.format(0))
    given = (host / "environment").read_text().splitlines()
    assert {"ANSIBLE_STDOUT_CALLBACK=default", "ANSIBLE_FORCE_COLOR=0", "ANSIBLE_NOCOLOR=1"} <= set(given)


def test_a_proxy_of_the_unit_is_used(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("https_proxy", "http://proxy:3128"), ("NO_PROXY", ".example.com"), ("OTHER", "x")):
        monkeypatch.setenv(name, value)
    pull(host, RECAP.format(0))
    given = (host / "environment").read_text().splitlines()
    assert {"https_proxy=http://proxy:3128", "NO_PROXY=.example.com"} <= set(given)
    assert "OTHER=x" not in given


def test_what_runs_has_the_usual_umask_and_only_the_checkout_is_closed(host: Path) -> None:
    """What playbooks write without a mode would else be closed to the users of the host."""
    before = os.umask(0o022)
    try:
        (host / "ansible-pull").write_text(f"#!/bin/sh\numask > {host}/umask\necho '{RECAP.format(0)}'\n")
        assert program.main() == 0
    finally:
        os.umask(before)
    assert (host / "umask").read_text().strip() == "0022"
    modes = {name: stat.S_IMODE((host / "state" / name).stat().st_mode) for name in (".", "pull", "pull.json")}
    assert modes == {".": 0o755, "pull": 0o700, "pull.json": 0o644}


@pytest.mark.parametrize("record", ["", "{", "[]", "\0\0\0"])
def test_a_damaged_record_does_not_stop_pull_mode(record: str, host: Path) -> None:
    (host / "state").mkdir()
    (host / "state/pull.json").write_text(record)
    status, then = pull(host, RECAP.format(0))
    assert (status, then["last"]["status"]) == (0, 0)


def test_a_program_that_is_gone_is_in_the_record(host: Path) -> None:
    pull(host, RECAP.format(0))
    (host / "ansible-pull").unlink()
    assert program.main() == 1
    last = json.loads((host / "state/pull.json").read_text())["last"]
    assert last["status"] == 1
    assert str(host / "ansible-pull") in last["words"]


def test_a_run_that_systemd_ends_is_in_the_record(host: Path) -> None:
    pull(host, RECAP.format(0))
    converged = json.loads((host / "state/pull.json").read_text())["converged"]
    (host / "ansible-pull").write_text(f"#!/bin/sh\ntouch {host}/running\nexec sleep 600\n")
    code = f"import importlib.util, pathlib, sys; s = importlib.util.spec_from_file_location('p', {str(PATH)!r}); "
    code += "p = importlib.util.module_from_spec(s); s.loader.exec_module(p); "
    code += f"p.CONFIGURATION = pathlib.Path({str(host / 'etc')!r}); p.STATE = pathlib.Path({str(host / 'state')!r}); "
    with subprocess.Popen([sys.executable, "-c", f"{code}sys.exit(p.main())"]) as process:
        while not (host / "running").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 143
    record = json.loads((host / "state/pull.json").read_text())
    assert record["last"]["status"] == 143
    assert "was stopped before its end" in record["last"]["words"]
    assert record["converged"] == converged


def test_a_run_that_retired_the_host_ends_without_a_record(host: Path) -> None:
    retiring = f"rm -r {host}/state {host}/etc\necho '{RECAP.format(5)}'\n"
    (host / "ansible-pull").write_text(f"#!/bin/sh\n{retiring}")
    assert program.main() == 0
    assert not (host / "state").exists()


def break_git(checkout: Path, how: str) -> None:
    if how == "a lock":
        (checkout / ".git/index.lock").touch()
    elif how == "a lock of a ref":
        (checkout / ".git/refs/heads/main.lock").touch()
    elif how == "an empty object":
        for each in (checkout / ".git/objects").glob("??/*"):
            each.chmod(0o600)
            each.write_bytes(b"")
    elif how == "half a clone":
        (checkout / ".git/HEAD").unlink()


@pytest.mark.parametrize(
    ("how", "failed", "anew"),
    [
        pytest.param("nothing", True, False, id="as it should be"),
        pytest.param("a lock", False, True, id="a lock: the run before was killed"),
        pytest.param("a lock of a ref", False, True, id="a lock of a ref"),
        pytest.param("an empty object", True, True, id="a power failure"),
        pytest.param("half a clone", True, True, id="a clone that was killed"),
        pytest.param("an empty object", False, False, id="not looked at after a good run"),
    ],
)
def test_a_checkout_that_git_cannot_use_is_cloned_again(how: str, failed: bool, anew: bool, host: Path) -> None:
    pull(host, RECAP.format(0), 1 if failed else 0)
    checkout = host / "state/pull"
    (checkout / "mark").touch()
    break_git(checkout, how)
    pull(host, RECAP.format(0))
    assert (checkout / "mark").exists() is not anew


@pytest.mark.parametrize(
    ("changed", "anew"),
    [
        pytest.param({}, False, id="a branch"),
        pytest.param({"verify_commit": True}, True, id="signatures: old names could hide what was verified"),
        pytest.param({"version": "0123abc"}, True, id="a commit, and the clone is shallow"),
    ],
)
def test_a_clone_that_is_too_old_for_the_settings_is_made_again(
    changed: dict[str, object], anew: bool, host: Path
) -> None:
    pull(host, RECAP.format(0))
    checkout = host / "state/pull"
    (checkout / "mark").touch()
    (checkout / ".git/shallow").write_text(head(host) + "\n")
    settings = host / "etc/pull.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | changed))
    pull(host, RECAP.format(0))
    assert (checkout / "mark").exists() is not anew

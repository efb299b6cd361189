# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: what they are given, and what is told of them."""

from __future__ import annotations

import os
import pwd
import sys

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, environment, must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner

ME = pwd.getpwuid(os.geteuid())
NOBODY = pwd.getpwnam("nobody")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_callers_environment_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_HOST", "BUILDX_CONFIG", "BUILDX_DEFAULT_POLICY", "LC_MESSAGES", "HOME"):
        monkeypatch.setenv(name, "/of/the/caller")
    shown = dict(line.split("=", 1) for line in run(["env"], user=ME.pw_name).stdout.splitlines())
    assert shown == environment(ME.pw_name)
    assert shown["HOME"] == ME.pw_dir
    assert shown["LC_ALL"] == "C"


def test_what_is_given_is_added() -> None:
    assert run(["printenv", "X"], env={"X": "a b"}).stdout == "a b\n"


def test_the_input_is_empty_unless_given() -> None:
    assert run(["cat"]).stdout == ""
    assert run(["cat"], stdin="ä$(x)\n").stdout == "ä$(x)\n"


def test_arguments_are_no_shell() -> None:
    assert run(["printf", "%s|", "$HOME", "`id`", "a b"]).stdout == "$HOME|`id`|a b|"


def test_what_is_no_text_is_shown_all_the_same() -> None:
    assert run(["printf", r"\377\n"]).stdout == "\ufffd\n"


@root_only
def test_another_user_with_its_groups_and_home() -> None:
    code = "import os; print(os.getresuid(), os.getresgid(), sorted(os.getgroups()), os.environ['HOME'])"
    groups = sorted(os.getgrouplist(NOBODY.pw_name, NOBODY.pw_gid))
    outcome = run(["/usr/bin/env", "python3", "-c", code], user="nobody")
    assert outcome.stdout.strip() == f"{(NOBODY.pw_uid,) * 3} {(NOBODY.pw_gid,) * 3} {groups} {NOBODY.pw_dir}"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        pytest.param(Outcome((), 1, "out\n", "err\n"), "err", id="the errors first"),
        pytest.param(Outcome((), 1, "out\n", " \n"), "out", id="else the output"),
        pytest.param(Outcome((), 1, "", ""), "nothing said", id="neither"),
        pytest.param(Outcome((), 1, "", "x\n" * 3000 + "end"), "x\n" * 3000 + "end", id="all of much"),
    ],
)
def test_words(outcome: Outcome, words: str) -> None:
    assert outcome.words == words


def test_the_cause_and_what_was_said_are_whole_lines() -> None:
    outcome = Outcome(("docker", "buildx", "create", "x"), 1, "", "#1 booting\n" * 30 + "ERROR: failed to solve: no\n")
    assert outcome.cause == "no"
    head, *lines = outcome.said.splitlines()
    assert head == "`docker buildx create` said, the last 20 of 31 lines:"
    assert lines == ["#1 booting"] * 19 + ["ERROR: failed to solve: no"]
    assert Outcome((), 1, "", "").cause == "nothing said"
    assert Outcome((), 1, "", "").said == ""


def test_must() -> None:
    assert must(["true"], "why").status == 0
    with pytest.raises(
        HostError, match=r"^no certificates: `ls /of-these-tests` exited with status 2: ls: .*"
    ) as caught:
        must(["ls", "/of-these-tests"], "no certificates")
    assert caught.value.cause.startswith("ls: ")
    assert caught.value.said.startswith("`ls /of-these-tests` said:\nls: ")


@pytest.mark.parametrize("call", [run, lambda argv: must(argv, "why")], ids=["run", "must"])
def test_a_missing_program_is_named(call: object) -> None:
    with pytest.raises(HostError, match="of-these-tests is not on this host"):
        call(["of-these-tests"])  # type: ignore[operator]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        pytest.param(["/etc/passwd"], "'/etc/passwd' cannot be started: [Errno 13] Permission denied", id="no program"),
        pytest.param(["true", "a\0b"], "'true' cannot be started: embedded null byte", id="NUL"),
        pytest.param(["true", "a" * 2**20], "'true' cannot be started: [Errno 7] Argument list too long", id="long"),
    ],
)
def test_what_cannot_be_started_is_told(argv: list[str], told: str) -> None:
    with pytest.raises(HostError) as caught:
        run(argv)
    assert str(caught.value).startswith(told)


def test_a_program_that_does_not_end_is_ended() -> None:
    with pytest.raises(HostError, match=r"`sleep 60` did not finish within 0\.1 s"):
        run(["sleep", "60"], timeout=0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [user_entry, owner_of, environment], ids=["entry", "owner", "environment"])
def test_an_unknown_user_is_told_with_the_variable(call: object) -> None:
    with pytest.raises(HostError, match="builder_users: 'of-these-tests' is not a user of this host"):
        call("of-these-tests")  # type: ignore[operator]


def test_owner_of() -> None:
    assert owner_of("nobody") == Owner(NOBODY.pw_uid, NOBODY.pw_gid)

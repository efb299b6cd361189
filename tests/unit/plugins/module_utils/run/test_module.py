"""Secrets of a module's arguments do not reach the host's log."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
from ansible import release
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module

ROOT = Path(__file__).parents[5]
KEY = "-----BEGIN PRIVATE KEY-----\nZmlyc3QgbGluZQ\nc2Vjb25kIGxpbmU\n-----END PRIVATE KEY-----\n"
ARGUMENTS = {"registries": [{"host": "h.example", "client_key": KEY, "username": "ci", "password": "back\\slash"}]}


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What modules send to the host's log."""
    found: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, msg, **_more: found.append(msg))
    return found


def invoke(kind: type[t.Any], *, check: bool = False) -> None:
    with patch_module_args(json.loads(json.dumps({**ARGUMENTS, "_ansible_check_mode": check}))):
        kind(argument_spec("trust"), supports_check_mode=True)


@pytest.mark.parametrize("check", [False, True])
def test_what_a_killed_module_left_goes_with_the_next_but_not_with_a_check(
    check: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    left = tmp_path / "var/tmp" / "multiarch-builders-4194305.abcdefgh"  # no process has a number above 2**22
    left.mkdir(parents=True)
    invoke(Module, check=check)
    assert left.exists() is check


def test_secrets_in_tables_stay_out_of_the_log(logged: list[str]) -> None:
    invoke(Module)
    assert logged == ["Invoked"]


@pytest.mark.skipif(release.__version__ >= "2.22", reason="ansible-core 2.22 masks them itself")
def test_ansibles_own_would_tell_them(logged: list[str]) -> None:
    """Else Module is of no use any more."""
    invoke(basic.AnsibleModule)
    assert "c2Vjb25kIGxpbmU" in "".join(logged)


def test_every_module_is_one() -> None:
    made = [path for path in (ROOT / "plugins").rglob("*.py") if "= AnsibleModule(" in path.read_text()]
    assert made == []


def test_what_modules_make_is_for_others_to_read() -> None:
    before = os.umask(0o077)
    try:
        invoke(Module, check=True)
        assert os.umask(before) == 0o022
    finally:
        os.umask(before)

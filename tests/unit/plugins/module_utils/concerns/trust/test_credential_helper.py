# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credential helpers: what they are given and answer, by docker's protocol. A shell script stands in for one."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.credential_helper import (
    Credentials,
    SilentError,
    erase,
    get,
    store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

NAME = "of-these-tests"
SERVER = "harbor.example.com:8443"
CREDENTIALS = Credentials("robot$ci", "pä:ss$word")
ANSWER = json.dumps({"ServerURL": SERVER, "Username": "robot$ci", "Secret": "pä:ss$word"}, ensure_ascii=False)

pytestmark = pytest.mark.usefixtures("homes")
Programs = t.Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param(f"echo '{ANSWER}'", CREDENTIALS, id="there"),
        pytest.param("echo credentials not found in native keychain; exit 1", None, id="docker's words for none"),
        pytest.param("echo '{}'", None, id="neither name nor secret"),
        pytest.param("echo '[]'", None, id="no mapping"),
        pytest.param("echo welcome", None, id="no JSON"),
    ],
)
def test_get(script: str, found: Credentials | None, programs: Programs, tmp_path: Path) -> None:
    calls = programs(f"docker-credential-{NAME}", f"cat >{tmp_path}/given; {script}")
    assert get(NAME, "ci", SERVER) == found
    assert calls.read_text() == "get\n"
    assert (tmp_path / "given").read_text() == SERVER


def test_a_helper_that_does_not_tell_is_not_one_that_keeps_nothing(programs: Programs) -> None:
    programs(f"docker-credential-{NAME}", "cat >/dev/null; echo the keyring is locked; exit 1")
    with pytest.raises(SilentError, match=f"docker-credential-{NAME} of ci does not tell .*: the keyring is locked"):
        get(NAME, "ci", SERVER)


@pytest.mark.parametrize(
    ("action", "call", "given"),
    [
        pytest.param("store", lambda: store(NAME, "ci", SERVER, CREDENTIALS), json.loads(ANSWER), id="store"),
        pytest.param("erase", lambda: erase(NAME, "ci", SERVER), SERVER, id="erase"),
    ],
)
def test_all_is_given_on_stdin_and_refusals_are_told(
    action: str, call: t.Callable[[], None], given: t.Any, programs: Programs, tmp_path: Path
) -> None:
    calls = programs(f"docker-credential-{NAME}", f"cat >{tmp_path}/given; exit 0")
    call()
    assert calls.read_text() == f"{action}\n"
    text = (tmp_path / "given").read_text()
    assert (json.loads(text) if action == "store" else text) == given
    programs(f"docker-credential-{NAME}", "cat >/dev/null; echo not implemented; exit 1")
    with pytest.raises(HostError, match=f"docker-credential-{NAME} of ci .*{SERVER}: not implemented") as caught:
        call()
    assert CREDENTIALS.secret not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        pytest.param({"credsStore": NAME}, f'credsStore: "{NAME}"', id="for all registries"),
        pytest.param(
            {"credsStore": "other", "credHelpers": {SERVER: NAME}},
            f'credHelpers: {{"{SERVER}": "{NAME}"}}',
            id="for one",
        ),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: get(NAME, "ci", SERVER), id="get"),
        pytest.param(lambda: store(NAME, "ci", SERVER, CREDENTIALS), id="store"),
        pytest.param(lambda: erase(NAME, "ci", SERVER), id="erase"),
    ],
)
def test_a_helper_that_is_not_there_is_told_with_user_file_and_key(
    config: dict[str, t.Any], key: str, call: t.Callable[[], object], homes: Path
) -> None:
    path = homes / "ci/.docker/config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(config))
    with pytest.raises(HostError) as caught:
        call()
    assert str(caught.value) == (
        f"{path} has {key}, but docker-credential-{NAME} is not on this host, so ci cannot be logged in to {SERVER}: "
        f"install it, or take {key} out, and that file keeps the login"
    )

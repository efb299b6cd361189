# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's config.json: where it is, how it is read, and that nobody else can read what is written."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import write
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner
from ansible_collections.multiarch.builders.plugins.module_utils.state.config_json import (
    config_path,
    load,
    save,
    wanted_file,
)


@pytest.fixture
def config(homes: Path) -> Path:
    """Path of the user's config.json; nothing is there yet."""
    return homes / "ci/.docker/config.json"


def put(path: Path, text: str | None) -> None:
    if text is not None:
        path.parent.mkdir()
        path.write_text(text)


def test_it_is_in_the_users_home(config: Path) -> None:
    assert config_path("ci") == str(config)


@pytest.mark.usefixtures("home")
def test_a_user_without_a_home_is_told(homes: Path) -> None:
    (homes / "ci").rmdir()
    with pytest.raises(
        HostError, match=f"builder_users: 'ci' has no home folder, {homes}/ci does not exist: create it, or"
    ):
        save("ci", {"auths": {}})
    assert load("ci") == {}
    assert not (homes / "ci").exists()


@pytest.mark.usefixtures("homes")
def test_an_unknown_user_is_told() -> None:
    with pytest.raises(HostError, match="builder_users: 'nobody-of-these-tests' is not a user of this host"):
        load("nobody-of-these-tests")


@pytest.mark.parametrize(
    ("text", "content"),
    [
        pytest.param(None, {}, id="no file"),
        pytest.param("", {}, id="empty"),
        pytest.param("{}", {}, id="an empty mapping"),
        pytest.param('{"auths": {"a": {}}, "psFormat": "ä"}', {"auths": {"a": {}}, "psFormat": "ä"}, id="content"),
    ],
)
def test_load(text: str | None, content: dict[str, object], config: Path) -> None:
    put(config, text)
    assert load("ci") == content


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{", "is not valid JSON", id="cut"),
        pytest.param("[]", "holds list, not a mapping", id="list"),
        pytest.param(
            '{"auths": ["a"]}', "holds list under 'auths', not a mapping, which docker", id="a list of logins"
        ),
        pytest.param('{"credHelpers": "x"}', "holds str under 'credHelpers', not a mapping", id="one helper"),
        pytest.param('{"auths": {}, "auths": {}}', "has the duplicate key 'auths'", id="a key twice"),
    ],
)
def test_a_damaged_file_is_named_and_left_as_it_was(text: str, told: str, config: Path) -> None:
    put(config, text)
    with pytest.raises(HostError) as caught:
        load("ci")
    assert str(caught.value).startswith(f"{config} {told}")
    assert config.read_text() == text


@pytest.mark.parametrize(
    ("former", "text"),
    [
        pytest.param(None, '{\n\t"a": "ä"\n}\n', id="a first one: tabs, as docker writes it"),
        pytest.param('{\n  "b": 1\n}\n', '{\n  "a": "ä"\n}\n', id="indented as it was"),
    ],
)
def test_wanted_file(former: str | None, text: str, config: Path) -> None:
    put(config, former)
    wanted = wanted_file("ci", {"a": "ä"})
    assert (wanted.path, wanted.content) == (str(config), text)
    assert (wanted.mode, wanted.owner) == (0o600, Owner(os.geteuid(), os.getegid()))


def test_what_is_written_is_the_users_alone_and_is_read_again(config: Path) -> None:
    put(config, '{"auths": {}}')
    config.chmod(0o644)
    content = {"auths": {"a.example": {"auth": "eDp5"}}, "psFormat": "ä\t"}
    write(wanted_file("ci", content))
    assert load("ci") == json.loads(config.read_text()) == content
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_folder_that_is_made_is_the_users_alone(config: Path) -> None:
    write(wanted_file("ci", {}))
    assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("former", "stays"),
    [
        pytest.param(None, False, id="it came with us"),
        pytest.param("{}", True, id="it was there before us"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_file_that_came_with_us_goes_when_nothing_is_in_it_any_more(
    former: str | None, stays: bool, config: Path
) -> None:
    put(config, former)
    save("ci", {"psFormat": "x"})
    save("ci", {})
    assert config.exists() is stays

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins in config.json: ours are merged in, and the place is the one where docker looks for them."""

from __future__ import annotations

import base64
import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import (
    Login,
    Place,
    host_of,
    server,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.login import (
    helper_of,
    is_logged_in,
    kept,
    log_in,
    log_out,
    place_of,
    with_login,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

HARBOR = Registry("harbor.example.com:8443", username="robot$ci+builder", password="pä:ss$word")
HUB = Registry("docker.io", username="u", password="p")
HUB_KEY = "https://index.docker.io/v1/"
AUTH = base64.b64encode("robot$ci+builder:pä:ss$word".encode()).decode()
USER = "ci"

Config = dict[str, t.Any]
Programs = t.Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("registry", "key"),
    [
        pytest.param(HARBOR, "harbor.example.com:8443", id="host and port"),
        pytest.param(HUB, HUB_KEY, id="docker.io: docker's own name for it"),
        pytest.param(Registry("quay.example"), "quay.example", id="host"),
    ],
)
def test_server(registry: Registry, key: str) -> None:
    assert server(registry) == key
    assert host_of(key) == registry.host


@pytest.mark.parametrize(
    ("config", "helper"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"credsStore": ""}, None, id="an empty store is none"),
        pytest.param({"credsStore": "pass"}, "pass", id="one for all"),
        pytest.param({"credHelpers": {"a.example": "ecr-login"}}, "ecr-login", id="one for this registry"),
        pytest.param({"credHelpers": {"b.example": "ecr-login"}}, None, id="one for another registry"),
        pytest.param({"credHelpers": {"a.example": "gcr"}, "credsStore": "pass"}, "gcr", id="its own goes first"),
        pytest.param({"credHelpers": {"b.example": "gcr"}, "credsStore": "pass"}, "pass", id="the one for the rest"),
        # docker/cli, configfile: getConfiguredCredentialStore looks whether the key is there, not what it says
        pytest.param({"credHelpers": {"a.example": ""}, "credsStore": "pass"}, None, id="an exception from all"),
        pytest.param({"credHelpers": None, "credsStore": None}, None, id="null"),
    ],
)
def test_helper_of(config: Config, helper: str | None) -> None:
    assert helper_of(config, "a.example") == helper


FOREIGN = {"auths": {"other.example": {"auth": "eDp5"}}, "psFormat": "x", "proxies": {"default": {"noProxy": "a,b"}}}


@pytest.mark.parametrize(
    ("config", "then"),
    [
        pytest.param({}, {"auths": {HARBOR.host: {"auth": AUTH}}}, id="empty"),
        pytest.param(
            FOREIGN,
            {**FOREIGN, "auths": {"other.example": {"auth": "eDp5"}, HARBOR.host: {"auth": AUTH}}},
            id="everybody else's stay",
        ),
        pytest.param(
            {"auths": {HARBOR.host: {"auth": "b2xk", "identitytoken": "t"}}},
            {"auths": {HARBOR.host: {"auth": AUTH}}},
            id="a former login is replaced, its token too",
        ),
        pytest.param({"auths": None}, {"auths": {HARBOR.host: {"auth": AUTH}}}, id="null"),
    ],
)
def test_with_login(config: Config, then: Config) -> None:
    before = json.dumps(config)
    assert with_login(config, HARBOR) == then
    assert json.dumps(config) == before
    assert with_login(then, HARBOR) == then


def test_docker_reads_the_very_name_and_password() -> None:
    """docker/cli, configfile: decodeAuth splits at the first colon."""
    auth = with_login({}, HARBOR)["auths"][HARBOR.host]["auth"]
    name, _colon, password = base64.b64decode(auth).decode().partition(":")
    assert (name, password) == (HARBOR.username, HARBOR.password)


@pytest.fixture
def config(homes: Path) -> Path:
    """Path of the user's config.json; nothing is there yet."""
    return homes / USER / ".docker/config.json"


def test_a_first_login_makes_a_file_for_the_user_alone(config: Path) -> None:
    assert is_logged_in(USER, HARBOR) is False
    log_in(Login(USER, HARBOR))
    assert json.loads(config.read_text()) == {"auths": {HARBOR.host: {"auth": AUTH}}}
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700
    assert is_logged_in(USER, HARBOR) is True
    assert is_logged_in(USER, HUB) is False


@pytest.mark.parametrize(
    ("content", "helper"),
    [
        pytest.param({}, None, id="the file"),
        pytest.param({"credsStore": "pass"}, "pass", id="the helper for all"),
        pytest.param({"credHelpers": {HUB_KEY: "gcr"}, "credsStore": "pass"}, "pass", id="not another one's helper"),
    ],
)
def test_place_of(content: Config, helper: str | None, config: Path) -> None:
    config.parent.mkdir()
    config.write_text(json.dumps(content))
    assert place_of(USER, HARBOR) == Place(USER, HARBOR.host, helper)


def test_log_out_takes_one_login(config: Path) -> None:
    config.parent.mkdir()
    config.write_text(json.dumps(FOREIGN))
    place = place_of(USER, HARBOR)
    assert kept(place) is None
    log_in(Login(USER, HARBOR))
    assert kept(place) == AUTH
    log_out(place)
    assert json.loads(config.read_text()) == FOREIGN
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_two_logins_and_everybody_elses_are_side_by_side(config: Path) -> None:
    config.parent.mkdir()
    config.write_text(json.dumps(FOREIGN))
    for registry in (HARBOR, HUB):
        log_in(Login(USER, registry))
    written = json.loads(config.read_text())
    assert list(written["auths"]) == ["other.example", HARBOR.host, HUB_KEY]
    assert {key: value for key, value in written.items() if key != "auths"} == {
        key: value for key, value in FOREIGN.items() if key != "auths"
    }
    assert is_logged_in(USER, HARBOR)
    assert is_logged_in(USER, HUB)


@pytest.mark.parametrize(
    ("registry", "mode"),
    [
        pytest.param(Registry(HARBOR.host, username=HARBOR.username, password="new"), 0o600, id="another password"),
        pytest.param(Registry(HARBOR.host, username="robot$ci", password=HARBOR.password), 0o600, id="another name"),
        pytest.param(HARBOR, 0o644, id="a file that all may read"),
    ],
)
def test_what_differs_is_no_login(registry: Registry, mode: int, config: Path) -> None:
    log_in(Login(USER, HARBOR))
    config.chmod(mode)
    assert is_logged_in(USER, registry) is False
    log_in(Login(USER, registry))
    assert is_logged_in(USER, registry) is True


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("{", "is not valid JSON", id="no JSON"),
        pytest.param("[]", "holds list, not a mapping", id="list"),
    ],
)
def test_a_damaged_file_is_left_as_it_was(text: str, told: str, config: Path) -> None:
    config.parent.mkdir()
    config.write_text(text)
    for attempt in (lambda: is_logged_in(USER, HARBOR), lambda: log_in(Login(USER, HARBOR))):
        with pytest.raises(HostError, match=f"{told}.*It was not changed"):
            attempt()
    assert config.read_text() == text


@pytest.mark.parametrize("text", ["", " \n"], ids=["empty", "blank"])
def test_an_empty_file_is_a_first_one(text: str, config: Path) -> None:
    config.parent.mkdir()
    config.write_text(text)
    log_in(Login(USER, HARBOR))
    assert is_logged_in(USER, HARBOR) is True


def test_a_helper_keeps_the_login_in_place_of_the_file(config: Path, programs: Programs, tmp_path: Path) -> None:
    """A stand-in for one of docker's credential helpers: it keeps what it is given in a file."""
    kept = tmp_path / "kept"
    calls = programs(
        "docker-credential-of-these-tests",
        f"""case $1 in
store) cat >{kept};;
get) cat >/dev/null; [ -e {kept} ] || {{ echo credentials not found; exit 1; }}; cat {kept};;
esac""",
    )
    config.parent.mkdir()
    config.write_text('{"credsStore": "of-these-tests"}')
    assert is_logged_in(USER, HARBOR) is False
    log_in(Login(USER, HARBOR))
    assert json.loads(kept.read_text()) == {
        "ServerURL": HARBOR.host,
        "Username": HARBOR.username,
        "Secret": HARBOR.password,
    }
    assert is_logged_in(USER, HARBOR) is True
    assert is_logged_in(USER, Registry(HARBOR.host, username=HARBOR.username, password="new")) is False
    assert calls.read_text().split() == ["get", "store", "get", "get"], "a secret is given on stdin, never as argument"
    assert config.read_text() == '{"credsStore": "of-these-tests"}'


def test_a_helper_that_refuses_is_told_in_its_words(config: Path, programs: Programs) -> None:
    programs("docker-credential-of-these-tests", "cat >/dev/null; echo pass is not initialized; exit 1")
    config.parent.mkdir()
    config.write_text('{"credsStore": "of-these-tests"}')
    with pytest.raises(HostError, match=r"does not take the login of .*: pass is not initialized") as caught:
        log_in(Login(USER, HARBOR))
    assert str(HARBOR.password) not in str(caught.value)


def test_a_helper_that_does_not_tell_is_given_the_login(config: Path, programs: Programs) -> None:
    """What it says then is the better error."""
    programs("docker-credential-of-these-tests", "cat >/dev/null; echo locked; exit 1")
    config.parent.mkdir()
    config.write_text('{"credsStore": "of-these-tests"}')
    assert is_logged_in(USER, HARBOR) is False


def test_a_helper_that_is_missing_is_named_and_no_secret_is_written(config: Path) -> None:
    config.parent.mkdir()
    config.write_text('{"credsStore": "of-these-tests"}')
    for attempt in (lambda: is_logged_in(USER, HARBOR), lambda: log_in(Login(USER, HARBOR))):
        with pytest.raises(HostError, match="docker-credential-of-these-tests is not on this host") as caught:
            attempt()
        assert str(HARBOR.password) not in str(caught.value)
    assert config.read_text() == '{"credsStore": "of-these-tests"}'

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the docker client, merged into each user's config.json: ours come and go, everybody else's stay."""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import client_settings
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.client_settings import (
    Settings,
    WriteSettings,
    actions_for,
    observe,
    patch_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import (
    Owned,
    both,
    owned_after,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

Document = dict[str, t.Any]
KEYS = {"detachKeys": "ctrl-q"}
LOGINS = {"auths": {"a.example": {"auth": "bWU6czNjcmV0"}, "https://index.docker.io/v1/": {"auth": "dTpw"}}}


@pytest.fixture
def config(homes: Path) -> Path:
    """Path of config.json of the user `ci`; nothing is there yet."""
    return homes / "ci/.docker/config.json"


def put(path: Path, content: Document | None) -> None:
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))


def converge(patch: Document, *users: str) -> list[str]:
    """What is done, in words."""
    actions = [action for each in observe(users or ("ci",), patch) for action in actions_for(each, patch)]
    for action in actions:
        assert isinstance(action.step, WriteSettings)
        client_settings.apply(action.step)
    return [action.summary for action in actions]


def of(values: Document) -> Owned:
    """What is ours after we set *values* where nothing was."""
    return owned_after({}, {}, values)


def owned(user: str = "ci") -> Owned:
    """What of the user's config.json is remembered as ours."""
    return RECORD.read().client.get(user, {})


def step_for(patch: Document) -> WriteSettings:
    """What is to do for `ci`."""
    (found,) = observe(("ci",), patch)
    (action,) = actions_for(found, patch)
    assert isinstance(action.step, WriteSettings)
    return action.step


@pytest.mark.parametrize(
    ("proxy", "options", "patch"),
    [
        pytest.param(Proxy(), {}, {}, id="nothing"),
        pytest.param(Proxy(), {"a": "x", "b": None}, {"a": "x", "b": None}, id="options, with their nulls"),
        pytest.param(
            Proxy(https="http://proxy:3128", no_proxy=("a", "b")),
            {"psFormat": "x"},
            {"proxies": {"default": {"httpsProxy": "http://proxy:3128", "noProxy": "a,b"}}, "psFormat": "x"},
            id="a proxy beside options",
        ),
        pytest.param(
            Proxy(https="http://proxy:3128"), {"proxies": None}, {"proxies": None}, id="the user has the last word"
        ),
    ],
)
def test_patch_of(proxy: Proxy, options: Document, patch: Document) -> None:
    assert patch_of(proxy, options) == patch


@pytest.mark.parametrize(
    ("before", "patch", "after", "ours"),
    [
        pytest.param(None, KEYS, KEYS, KEYS, id="a first file"),
        pytest.param(
            {**LOGINS, "credHelpers": {"b.example": "gcr"}, "psFormat": "x"},
            {"credHelpers": {"a.example": "ecr-login"}},
            {**LOGINS, "credHelpers": {"b.example": "gcr", "a.example": "ecr-login"}, "psFormat": "x"},
            {"credHelpers": {"a.example": "ecr-login"}},
            id="logins and the user's own keys stay",
        ),
        pytest.param({"detachKeys": "ctrl-p"}, KEYS, KEYS, KEYS, id="another value"),
        pytest.param(
            {"psFormat": "x", "detachKeys": "ctrl-q"},
            {"detachKeys": "ctrl-q", "credHelpers": {"a.example": "gcr"}},
            {"psFormat": "x", "detachKeys": "ctrl-q", "credHelpers": {"a.example": "gcr"}},
            {"credHelpers": {"a.example": "gcr"}},
            id="what the user has already is the user's",
        ),
        pytest.param({"psFormat": "x"}, {"psFormat": None}, {}, {}, id="a null removes the user's"),
    ],
)
def test_merged(before: Document | None, patch: Document, after: Document, ours: Document, config: Path) -> None:
    put(config, before)
    assert len(converge(patch)) == 1
    assert json.loads(config.read_text()) == after
    assert owned() == of(ours)
    assert converge(patch) == [], "the next run finds nothing to do"


@pytest.mark.parametrize(
    ("before", "first", "then", "after", "ours"),
    [
        pytest.param(LOGINS, KEYS, {}, LOGINS, {}, id="ours goes"),
        pytest.param(
            {"credHelpers": {"b.example": "gcr"}},
            {"credHelpers": {"a.example": "gcr"}},
            {},
            {"credHelpers": {"b.example": "gcr"}},
            {},
            id="ours goes, the user's neighbour stays",
        ),
        pytest.param(
            None,
            {"detachKeys": "ctrl-q", "credHelpers": {"a.example": "gcr"}},
            {"detachKeys": "ctrl-p"},
            {"detachKeys": "ctrl-p"},
            {"detachKeys": "ctrl-p"},
            id="one goes, one changes",
        ),
        pytest.param(
            {"detachKeys": "ctrl-q"},
            {"detachKeys": "ctrl-q", "psFormat": "x"},
            {},
            {"detachKeys": "ctrl-q"},
            {},
            id="the user's, which was asked for too, stays",
        ),
        pytest.param(
            {"proxies": {"tcp://h": {"httpProxy": "http://p"}}},
            patch_of(Proxy(https="http://proxy:3128"), {}),
            {},
            {"proxies": {"tcp://h": {"httpProxy": "http://p"}}},
            {},
            id="the proxy of another host stays",
        ),
    ],
)
def test_what_is_no_longer_asked_for_goes(
    before: Document | None, first: Document, then: Document, after: Document, ours: Document, config: Path
) -> None:
    put(config, before)
    converge(first)
    assert len(converge(then)) == 1
    assert json.loads(config.read_text()) == after
    assert owned() == of(ours)


@pytest.mark.parametrize(
    ("then", "after"),
    [
        pytest.param({}, {"detachKeys": "ctrl-p"}, id="no longer asked for: it stays"),
        pytest.param({"detachKeys": "ctrl-p"}, {"detachKeys": "ctrl-p"}, id="asked for: it stays the user's"),
        pytest.param(KEYS, {"detachKeys": "ctrl-p"}, id="our value is asked for again: ours, until it is not"),
    ],
)
def test_what_the_user_changed_since_is_the_users(then: Document, after: Document, config: Path) -> None:
    converge(KEYS)
    put(config, {"detachKeys": "ctrl-p"})
    converge(then)
    converge({})
    assert json.loads(config.read_text()) == after


@pytest.mark.parametrize(
    ("patch", "ours", "reads"),
    [
        pytest.param({}, {}, False, id="nothing is asked, nothing is ours"),
        pytest.param(KEYS, {}, True, id="something is asked"),
        pytest.param({"detachKeys": None}, {}, True, id="something shall go"),
        pytest.param({}, KEYS, True, id="something is ours"),
    ],
)
@pytest.mark.parametrize("damage", ["{", "[]", '{"a": 1, "a": 2}'], ids=["cut", "a list", "a key twice"])
def test_a_damaged_file_stops_nobody_who_wants_nothing_of_it(
    patch: Document, ours: Document, reads: bool, damage: str, config: Path
) -> None:
    converge(ours)
    put(config, {})
    config.write_text(damage)
    if reads:
        with pytest.raises(HostError, match=r"config\.json"):
            observe(("ci",), patch)
    else:
        assert observe(("ci",), patch) == ()
    assert config.read_text() == damage


def test_nothing_asked_is_no_reason_to_read_the_file_of_another_user(config: Path) -> None:
    converge(KEYS, "jane")
    put(config, {})
    config.write_text("{")
    assert [each.user for each in observe(("ci", "jane"), {})] == ["jane"]


@pytest.mark.parametrize(
    ("before", "patch"),
    [
        pytest.param(None, {}, id="no file, nothing asked"),
        pytest.param(LOGINS, {}, id="nothing asked"),
        pytest.param(KEYS, KEYS, id="as asked"),
        pytest.param(LOGINS, {"detachKeys": None}, id="a null for what is not there"),
    ],
)
def test_nothing_to_do_touches_nothing(before: Document | None, patch: Document, config: Path, home: Path) -> None:
    put(config, before)
    assert converge(patch) == []
    assert (json.loads(config.read_text()) if config.exists() else None) == before
    assert not home.exists()


def test_each_user_has_its_own(config: Path, homes: Path) -> None:
    put(config, {"detachKeys": "ctrl-q"})
    jane = homes / "jane/.docker/config.json"
    converge({"detachKeys": "ctrl-q", "psFormat": "x"}, "ci", "jane")
    assert json.loads(config.read_text()) == json.loads(jane.read_text()) == {"detachKeys": "ctrl-q", "psFormat": "x"}
    assert (owned("ci"), owned("jane")) == (of({"psFormat": "x"}), of({**KEYS, "psFormat": "x"}))
    converge({}, "jane")
    assert not jane.exists(), "it was not there before us"
    assert (owned("ci"), owned("jane")) == (of({"psFormat": "x"}), {})
    assert list(record.load("buildx")) == ["client"]


def test_what_else_the_concern_remembers_stays(config: Path) -> None:
    builders = {"multiarch": {"rendered": "a", "stored": "b"}}
    record.save("buildx", {"configurations": builders})
    converge({"detachKeys": "ctrl-q"})
    assert config.exists()
    assert record.load("buildx")["configurations"] == builders
    assert owned() == of(KEYS)


def test_the_file_stays_the_users_alone_and_no_copy_of_it_is_kept(config: Path, home: Path) -> None:
    put(config, LOGINS)
    config.chmod(0o644)
    converge({"detachKeys": "ctrl-q"})
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert [each.name for each in config.parent.iterdir()] == ["config.json"]
    assert sorted(each.name for each in home.iterdir()) == ["buildx.json", "homes.json"]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param({**LOGINS, "psFormat": "x"}, id="a login came"),
        pytest.param({}, id="all went"),
        pytest.param(None, id="the file went"),
    ],
)
def test_a_file_that_somebody_changed_meanwhile_is_left_alone(now: Document | None, config: Path, home: Path) -> None:
    put(config, {"psFormat": "x"})
    step = step_for(KEYS)
    put(config, now)
    if now is None:
        config.unlink()
    with pytest.raises(HostError) as caught:
        client_settings.apply(step)
    assert (
        str(caught.value) == f"{config} was changed by someone else during the run, and was not overwritten: run again"
    )
    assert (json.loads(config.read_text()) if config.exists() else None) == now
    assert not home.exists()


def test_another_order_and_other_spaces_are_no_change_by_somebody_else(config: Path) -> None:
    put(config, {"a": 1, "b": 2})
    step = step_for(KEYS)
    config.write_text('{\n  "b": 2,\n  "a": 1\n}\n')
    client_settings.apply(step)
    assert config.read_text() == '{\n  "a": 1,\n  "b": 2,\n  "detachKeys": "ctrl-q"\n}\n'


def test_a_crash_in_between_leaves_nothing_unowned(config: Path) -> None:
    """The folder is a file here, so that nothing can be written into it."""
    config.parent.write_text("")
    former = of({"detachKeys": "ctrl-p", "psFormat": "x"})
    with pytest.raises(HostError, match="cannot be written"):
        client_settings.apply(WriteSettings("ci", {}, KEYS, of(KEYS), former))
    assert owned() == both(of(KEYS), former)


@pytest.mark.parametrize(
    ("before", "patch", "told"),
    [
        pytest.param({}, {"detachKeys": "ctrl-q"}, ['detachKeys: absent → "ctrl-q"'], id="a key"),
        pytest.param(
            {"psFormat": "x"},
            {"credHelpers": {"a.example": "gcr"}, "psFormat": None},
            ['credHelpers.a.example: absent → "gcr"', 'psFormat: "x" → absent'],
            id="keys",
        ),
        pytest.param(LOGINS, {"psFormat": "x"}, ['psFormat: absent → "x"'], id="logins that stay are not told"),
        pytest.param(
            LOGINS,
            {"auths": None},
            ["auths.a.example.auth: changes", "auths.https://index.docker.io/v1/.auth: changes"],
            id="logins that go are secret",
        ),
        pytest.param(
            {"HttpHeaders": {"Authorization": "Bearer s3cret"}},
            {"HttpHeaders": {"Authorization": None, "X-Token": "s3cret"}},
            ["HttpHeaders.Authorization: changes", "HttpHeaders.X-Token: changes"],
            id="headers are secret",
        ),
    ],
)
def test_what_is_told(before: Document, patch: Document, told: list[str], config: Path) -> None:
    (action,) = actions_for(Settings("ci", before, {}, path=str(config)), patch)
    assert action.summary == f"write {config}: {'; '.join(told)}"
    assert action.difference is None
    assert action.effects == frozenset()

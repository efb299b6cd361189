# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that are ours: remembered without their secret, removed when nobody asks for them, left alone if changed."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import owned_logins
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import Login, Logout, Place
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.login import (
    credentials_of,
    is_logged_in,
    log_in,
    token_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.owned_logins import (
    digest_of,
    is_of,
    log_in_owned,
    log_out_owned,
    remembered,
    replaced,
    replaced_by,
    retired,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

HARBOR = Registry("harbor.example.com", username="robot$ci", password="of-this-login")
RENEWED = Registry("harbor.example.com", username="robot$ci", password="renewed")
QUAY = Registry("quay.example", username="u", password="p")
TOKEN = token_of(credentials_of(HARBOR))
PLAIN, HELPED = Place("ci", HARBOR.host, None), Place("ci", HARBOR.host, "of-these-tests")
THEIRS = {"auths": {"other.example": {"auth": "eDp5"}}, "psFormat": "x"}

# Keeps the last login that it is given.
HELPER = """case $1 in
store) cat >{kept};;
get) cat >/dev/null; cat {kept} 2>/dev/null || {{ echo credentials not found in native keychain; exit 1; }};;
erase) cat >/dev/null; rm {kept};;
esac"""

Programs = t.Callable[[str, str], Path]
Change = t.Callable[[Path], object]


@pytest.fixture
def config(homes: Path) -> Path:
    """config.json of ci, with what others put there."""
    path = homes / "ci/.docker/config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(THEIRS))
    return path


@pytest.fixture
def helped(config: Path, programs: Programs, tmp_path: Path) -> Path:
    """A helper that config.json names: the file in which it keeps a login."""
    programs("docker-credential-of-these-tests", HELPER.format(kept=tmp_path / "kept"))
    config.write_text(json.dumps({"credHelpers": {HARBOR.host: "of-these-tests"}}))
    return tmp_path / "kept"


def written(path: Path) -> t.Any:
    return json.loads(path.read_text())


def with_auths(**auths: t.Any) -> dict[str, t.Any]:
    return {**THEIRS, "auths": {"other.example": {"auth": "eDp5"}, **auths}}


def test_a_digest_is_of_one_token_and_has_a_salt_of_its_own() -> None:
    first, second = digest_of(TOKEN), digest_of(TOKEN)
    assert first != second
    assert is_of(first, TOKEN)
    assert is_of(second, TOKEN)
    assert not is_of(first, TOKEN + "=")


def test_no_secret_is_remembered(config: Path, home: Path) -> None:
    log_in_owned(Login("ci", HARBOR))
    assert list(remembered()) == [PLAIN]
    assert written(config)["auths"][HARBOR.host] == {"auth": TOKEN}
    text = (home / "trust.json").read_text()
    assert [secret for secret in (TOKEN, str(HARBOR.password)) if secret in text] == []


def test_a_login_in_the_file_is_removed_and_all_else_stays(config: Path) -> None:
    for registry in (HARBOR, QUAY):
        log_in_owned(Login("ci", registry))
    steps, notes = retired(remembered(), {Place("ci", "quay.example", None)})
    assert (steps, notes) == ((Logout(PLAIN, ours=True),), ())
    log_out_owned(steps[0])
    assert written(config) == with_auths(**{"quay.example": {"auth": token_of(credentials_of(QUAY))}})
    assert list(remembered()) == [Place("ci", "quay.example", None)]
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_login_in_a_helper_is_erased_there(config: Path, helped: Path) -> None:
    before = config.read_text()
    log_in_owned(Login("ci", HARBOR))
    assert list(remembered()) == [HELPED]
    assert retired(remembered(), {HELPED}) == ((), ())
    (step,), _notes = retired(remembered(), ())
    log_out_owned(step)
    assert not helped.exists()
    assert config.read_text() == before
    assert remembered() == {}


def relogin(auth: dict[str, str]) -> Change:
    return lambda path: path.write_text(json.dumps({"auths": {HARBOR.host: auth}}))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(relogin({"auth": "eDp5"}), id="another login"),
        pytest.param(relogin({"auth": TOKEN, "identitytoken": "x"}), id="a token was added"),
        pytest.param(relogin({}), id="the secret is elsewhere, as docker writes it with a helper"),
        pytest.param(lambda path: path.write_text(json.dumps(THEIRS)), id="logged out by hand"),
        pytest.param(lambda path: path.unlink(), id="the file is gone"),
    ],
)
def test_what_somebody_else_changed_is_left_alone_and_forgotten(change: Change, config: Path) -> None:
    log_in_owned(Login("ci", HARBOR))
    change(config)
    before = config.read_text() if config.exists() else None
    left = record.left_of(config)
    (step,), _notes = retired(remembered(), ())
    assert step == Logout(PLAIN, ours=False)
    log_out_owned(step)
    assert not left.exists(), "of a run that was killed: it has the login"
    assert (config.read_text() if config.exists() else None) == before
    assert remembered() == {}


def test_what_docker_could_not_read_is_told_and_nothing_is_forgotten(config: Path) -> None:
    log_in_owned(Login("ci", HARBOR))
    config.write_text('{"auths": []}')
    steps, notes = retired(remembered(), ())
    assert steps == ()
    assert notes == (
        f"ci is not logged out of {HARBOR.host} yet: {config} holds list under 'auths', not a mapping, which docker "
        "does not read. It was not changed: fix or remove it, then run again",
    )
    assert PLAIN in remembered()


@pytest.mark.parametrize(
    ("username", "secret"),
    [
        pytest.param("jane", HARBOR.password, id="another name"),
        pytest.param(HARBOR.username, "changed", id="another secret"),
    ],
)
def test_what_somebody_else_gave_the_helper_is_left_alone(username: str, secret: str, helped: Path) -> None:
    log_in_owned(Login("ci", HARBOR))
    text = json.dumps({"ServerURL": HARBOR.host, "Username": username, "Secret": secret})
    helped.write_text(text)
    (step,), _notes = retired(remembered(), ())
    assert step == Logout(HELPED, ours=False)
    log_out_owned(step)
    assert helped.read_text() == text
    assert remembered() == {}


def test_what_is_changed_between_plan_and_run_is_left_alone_too(config: Path) -> None:
    log_in_owned(Login("ci", HARBOR))
    (step,), _notes = retired(remembered(), ())
    relogin({"auth": "eDp5"})(config)
    log_out_owned(step)
    assert written(config) == {"auths": {HARBOR.host: {"auth": "eDp5"}}}


def test_a_login_of_an_earlier_version_or_by_hand_is_not_ours(config: Path) -> None:
    log_in(Login("ci", HARBOR))
    assert retired(remembered(), ()) == ((), ())
    config.chmod(0o644)
    assert not is_logged_in("ci", HARBOR)
    log_in_owned(Login("ci", HARBOR))  # for the mode alone
    assert config.stat().st_mode & 0o777 == 0o600
    assert remembered() == {}


def test_a_user_who_is_gone_is_forgotten(homes: Path) -> None:
    log_in_owned(Login("jane", HARBOR))
    with standing_on(replace(here(), users=TheseUsers({}))):
        (step,), notes = retired(remembered(), ())
        assert (step, notes) == (Logout(Place("jane", HARBOR.host, None), ours=False), ())
        log_out_owned(step)
    assert remembered() == {}
    assert HARBOR.host in (homes / "jane/.docker/config.json").read_text()


def test_what_cannot_be_told_is_noted_and_asked_again(config: Path) -> None:
    log_in_owned(Login("ci", HARBOR))
    log_in_owned(Login("jane", HARBOR))
    config.write_text("{")
    steps, (note,) = retired(remembered(), ())
    assert [step.place.user for step in steps] == ["jane"]
    assert note.startswith(f"ci is not logged out of {HARBOR.host} yet: {config} is not valid JSON")
    assert PLAIN in remembered()


def test_a_locked_helper_is_noted(helped: Path, programs: Programs) -> None:
    log_in_owned(Login("ci", HARBOR))
    programs("docker-credential-of-these-tests", "cat >/dev/null; echo locked; exit 1")
    steps, (note,) = retired(remembered(), ())
    assert steps == ()
    assert note.endswith(": locked")
    assert helped.exists()


def test_observing_starts_no_program_for_logins_in_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in_owned(Login("ci", HARBOR))
    monkeypatch.setattr("subprocess.run", lambda *_arguments, **_options: pytest.fail("a program was started"))
    assert len(retired(remembered(), ())[0]) == 1
    assert config.exists()


def test_another_place_in_config_json_makes_the_former_one_a_leftover(config: Path, helped: Path) -> None:
    """The secret leaves the file when somebody sets up a helper."""
    config.write_text("{}")
    log_in_owned(Login("ci", HARBOR))
    config.write_text(json.dumps({**written(config), "credsStore": "of-these-tests"}))
    log_in_owned(Login("ci", HARBOR))
    (step,), _notes = retired(remembered(), {HELPED})
    log_out_owned(step)
    assert written(config) == {"credsStore": "of-these-tests"}
    assert helped.exists()
    assert list(remembered()) == [HELPED]


@pytest.mark.parametrize("made", [False, True], ids=["before it is made", "after it is made"])
def test_killed_while_a_password_is_renewed_either_login_is_ours(
    made: bool, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(step: Login) -> None:
        if made:
            log_in(step)
        raise KeyboardInterrupt

    log_in_owned(Login("ci", HARBOR))
    with monkeypatch.context() as patch:
        patch.setattr(owned_logins, "log_in", killed)
        with pytest.raises(KeyboardInterrupt):
            log_in_owned(Login("ci", RENEWED))
    assert is_logged_in("ci", RENEWED) is made
    (step,), _notes = retired(remembered(), ())
    assert step.ours
    log_out_owned(step)
    assert written(config) == THEIRS


def interrupted(*_arguments: object) -> None:
    """In place of a step: Ctrl-C."""
    raise KeyboardInterrupt


def test_killed_between_removing_and_forgetting_the_next_run_forgets(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in_owned(Login("ci", HARBOR))
    with monkeypatch.context() as patch:
        patch.setattr(owned_logins, "_remember", interrupted)
        with pytest.raises(KeyboardInterrupt):
            log_out_owned(Logout(PLAIN, ours=True))
    assert written(config) == THEIRS
    assert retired(remembered(), ())[0] == (Logout(PLAIN, ours=False),)


def test_a_refusal_to_erase_is_an_error_and_stays_remembered(helped: Path, programs: Programs) -> None:
    log_in_owned(Login("ci", HARBOR))
    script = HELPER.format(kept=helped).replace(f"rm {helped}", "echo read-only; exit 1")
    programs("docker-credential-of-these-tests", script)
    with pytest.raises(HostError, match=r"keeps the login of harbor\.example\.com: read-only"):
        log_out_owned(Logout(HELPED, ours=True))
    assert list(remembered()) == [HELPED]


def test_what_else_is_remembered_stays(config: Path) -> None:
    record.save("trust", {"files": {"/x": "y"}, "stale": True})
    log_in_owned(Login("ci", HARBOR))
    log_out_owned(Logout(PLAIN, ours=True))
    assert record.load("trust") == {"files": {"/x": "y"}, "stale": True}
    assert written(config) == THEIRS


@pytest.mark.parametrize(
    ("auth", "name"),
    [
        pytest.param(None, None, id="nobody was logged in"),
        pytest.param({"auth": "YWxpY2U6cw=="}, "alice", id="somebody else"),
        pytest.param({"auth": "no base64"}, None, id="no login that has a name"),
        pytest.param({}, None, id="as docker writes it with a helper"),
        pytest.param({"auth": "YWxpY2U6", "identitytoken": "x"}, "alice", id="an identity token"),
        pytest.param({"identitytoken": "x"}, "someone", id="an identity token without a name"),
        pytest.param({"auth": TOKEN, "identitytoken": "x"}, HARBOR.username, id="ours, with an identity token"),
    ],
)
def test_the_name_in_a_login_that_ours_takes_the_place_of_is_remembered(
    auth: dict[str, str] | None, name: str | None, config: Path
) -> None:
    if auth is not None:
        config.write_text(json.dumps(with_auths(**{HARBOR.host: auth})))
    login, logout = Login("ci", HARBOR), Logout(PLAIN, ours=True)
    assert replaced_by(login) == name
    for each in (HARBOR, RENEWED):
        log_in_owned(Login("ci", each))
        assert replaced_by(login) is None, "that is ours by now"
    assert replaced(logout) == name
    log_out_owned(logout)
    assert replaced(logout) is None
    assert "replaced" not in record.load("trust")

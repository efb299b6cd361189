# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is a node: lines of authorized_keys, sshd's settings, and what other hosts get to know of it."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import exchange, sshd
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.authorised import (
    line_of,
    ours,
    with_lines,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.plan import (
    DropLimits,
    ForgetLogin,
    ReloadSshd,
    SetLimits,
    SetLines,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import RECORD, Client
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.resource import RetiredSsh, Ssh
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.state import Login, SshState, SshWanted
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.records import save

KEY, NEWER, FOREIGN = "ssh-ed25519 AAAAone", "ssh-ed25519 AAAAtwo", "ssh-ed25519 AAAAforeign jane@laptop"
CI = Client("ci-1", "runner", "ci", KEY)
OTHER = Client("ci-2", "root", "ci", NEWER)
LINE = line_of(CI)
T = 'restrict,command="docker system dial-stdio" ssh-ed25519 AAAAone multiarch-builders:runner@ci-1'


def test_a_line_allows_dockers_connections_alone() -> None:
    assert LINE == T


@pytest.mark.parametrize(
    ("text", "known", "wanted", "after"),
    [
        pytest.param("", [], [CI], f"{LINE}\n", id="new file"),
        pytest.param(f"{FOREIGN}\n", [], [CI], f"{FOREIGN}\n{LINE}\n", id="beside others"),
        pytest.param(FOREIGN, [], [CI], f"{FOREIGN}\n{LINE}\n", id="without an end of line"),
        pytest.param(f"# x\r\n{FOREIGN}\r\n", [], [CI], f"# x\r\n{FOREIGN}\r\n{LINE}\n", id="of another system"),
        pytest.param(f"{LINE}\n{FOREIGN}\n", [CI], [CI], f"{LINE}\n{FOREIGN}\n", id="there already, anywhere"),
        pytest.param(
            f"{KEY} mine\n{FOREIGN}\n", [CI], [CI], f"{FOREIGN}\n{LINE}\n", id="its restrictions were removed"
        ),
        pytest.param(f"{LINE}\n{LINE}\n", [CI], [CI], f"{LINE}\n", id="twice"),
        pytest.param(f"{LINE}\n{FOREIGN}\n", [CI], [], f"{FOREIGN}\n", id="goes"),
        pytest.param(
            f"{LINE}\n", [CI], [replace(CI, key=NEWER)], f"{line_of(replace(CI, key=NEWER))}\n", id="another key"
        ),
        pytest.param(f"# {LINE}\n", [CI], [], f"# {LINE}\n", id="a comment is nobody's"),
        pytest.param(f"{FOREIGN}\n", [CI], [], f"{FOREIGN}\n", id="gone already"),
    ],
)
def test_lines_of_others_stay(text: str, known: list[Client], wanted: list[Client], after: str) -> None:
    assert with_lines(text, known, wanted) == after
    assert with_lines(after, wanted, wanted) == after


def test_a_diff_shows_our_lines_alone() -> None:
    assert ours(f"{FOREIGN}\n{LINE}\n", [CI]) == f"{LINE}\n"


ROOM = {"maxstartups": "10:30:100", "maxsessions": "10"}
AT_HOME = Login("/home/ci", f"{LINE}\n", ROOM)
STATE = SshState((CI,), {"ci": AT_HOME}, "Include /etc/ssh/sshd_config.d/*.conf\n")
NAMED = replace(CI, key="")
ASKED = SshWanted((NAMED,), frozenset({"ci-1"}))
TIGHT = {"ci": replace(AT_HOME, settings={"maxstartups": "3:30:100", "maxsessions": "2"})}


@pytest.mark.parametrize(
    ("wanted", "state", "steps"),
    [
        pytest.param(ASKED, STATE, [], id="as recorded"),
        pytest.param(ASKED, replace(STATE, clients=()), [], id="its key is not known: the scheduler's task brings it"),
        pytest.param(SshWanted((CI,), frozenset({"ci-1"})), replace(STATE, clients=()), [SetLines], id="new"),
        pytest.param(ASKED, replace(STATE, logins={"ci": replace(AT_HOME, text="")}), [SetLines], id="line lost"),
        pytest.param(SshWanted((), frozenset({"ci-1"})), STATE, [SetLines], id="asked for by nobody"),
        pytest.param(SshWanted(), STATE, [], id="nothing is known of its scheduler: it stays"),
        pytest.param(SshWanted((), frozenset({"ci-2"})), STATE, [], id="another scheduler has left"),
        pytest.param(SshWanted(retired=True), STATE, [SetLines], id="retired"),
        pytest.param(
            SshWanted((), frozenset({"ci-1"})),
            replace(STATE, logins={"ci": Login(None)}),
            [ForgetLogin],
            id="user gone",
        ),
        pytest.param(ASKED, replace(STATE, logins=TIGHT), [], id="limits are told"),
        pytest.param(replace(ASKED, limits=True), replace(STATE, logins=TIGHT), [SetLimits], id="limits are raised"),
        pytest.param(replace(ASKED, limits=True), STATE, [], id="limits are large enough"),
        pytest.param(
            replace(ASKED, limits=True), replace(STATE, logins=TIGHT, main=""), [], id="drop-ins are not read"
        ),
        pytest.param(
            replace(ASKED, limits=True),
            replace(STATE, logins=TIGHT, ours=True, drop_in=sshd.drop_in(sshd.Limits(3, 2), 1)),
            [],
            id="another file has the smaller limit",
        ),
        pytest.param(replace(ASKED, limits=True), replace(STATE, ours=True, drop_in="ours"), [], id="raised before"),
        pytest.param(ASKED, replace(STATE, ours=True, drop_in="ours"), [DropLimits], id="limits not asked for"),
        pytest.param(
            SshWanted(retired=True), replace(STATE, ours=True, drop_in="x"), [SetLines, DropLimits], id="all retired"
        ),
        pytest.param(ASKED, replace(STATE, unread=True), [ReloadSshd], id="not reloaded"),
    ],
)
def test_what_is_planned(wanted: SshWanted, state: SshState, steps: list[type]) -> None:
    assert [type(action.step) for action in planned(wanted, state).actions] == steps


@pytest.mark.parametrize(
    ("wanted", "state", "unsure"),
    [
        pytest.param(ASKED, STATE, None, id="known"),
        pytest.param(SshWanted(), STATE, ["ci-1"], id="unknown"),
        pytest.param(ASKED, replace(STATE, clients=(CI, OTHER)), ["ci-2"], id="one of two"),
        pytest.param(SshWanted(retired=True), STATE, None, id="of no matter"),
    ],
)
def test_the_controller_is_asked_about_schedulers(wanted: SshWanted, state: SshState, unsure: list[str] | None) -> None:
    assert planned(wanted, state).facts.get("unsure") == unsure


def test_a_login_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(HostError, match="ci-1 logs in as 'ci', who is not a user of this host"):
        planned(ASKED, replace(STATE, clients=(), logins={"ci": Login(None)}))


@pytest.mark.parametrize(
    ("settings", "login", "told"),
    [
        pytest.param({}, "ci", [], id="unknown"),
        pytest.param({"authorizedkeysfile": ".ssh/authorized_keys .ssh/authorized_keys2"}, "ci", [], id="default"),
        pytest.param({"authorizedkeysfile": "%h/.ssh/authorized_keys"}, "ci", [], id="in the home"),
        pytest.param({"authorizedkeysfile": "/home/%u/.ssh/authorized_keys"}, "ci", [], id="by the user's name"),
        pytest.param(
            {"authorizedkeysfile": "/etc/ssh/keys/%u", "authorizedkeyscommand": "/usr/bin/sss"},
            "ci",
            ["sshd reads the keys of ci from /etc/ssh/keys/%u, and asks /usr/bin/sss, not from ~/.ssh/authorized_keys"],
            id="elsewhere",
        ),
        pytest.param({"pubkeyauthentication": "no"}, "ci", ["sshd accepts no keys from ci"], id="no keys"),
        pytest.param({"forcecommand": "/bin/menu"}, "ci", ["sshd starts '/bin/menu' for ci"], id="forced"),
        pytest.param({"permitrootlogin": "no"}, "root", ["sshd lets nobody log in as root"], id="root"),
        pytest.param({"permitrootlogin": "no"}, "ci", [], id="not root"),
        pytest.param({"permitrootlogin": "forced-commands-only"}, "root", [], id="root with a command"),
    ],
)
def test_what_sshd_does_not_allow_is_told(settings: dict[str, str], login: str, told: list[str]) -> None:
    found = sshd.objections(settings, login, "/home/ci")
    assert [each[: len(words)] for each, words in zip(found, told)] == told
    assert len(found) == len(told)


def test_the_line_is_told_where_it_must_be_added_by_hand() -> None:
    elsewhere = {"ci": replace(AT_HOME, settings={"authorizedkeysfile": "/etc/keys"})}
    (note,) = planned(ASKED, replace(STATE, logins=elsewhere)).notes
    assert LINE in note.text


@pytest.mark.parametrize(
    ("shown", "clients", "told"),
    [
        pytest.param("maxstartups 10:30:100\nmaxsessions 10", 1, [], id="default, one user"),
        pytest.param("maxstartups 10:30:100\nmaxsessions 10", 2, ["MaxStartups is 10, and 12 is needed"], id="two"),
        pytest.param("maxstartups 100\nmaxsessions 1", 2, ["MaxSessions is 1, and 6 is needed"], id="one session"),
        pytest.param("", 9, [], id="unknown"),
        pytest.param("maxstartups 3:30:60\nmaxsessions 10", 0, [], id="nobody logs in"),
    ],
)
def test_limits_are_compared(shown: str, clients: int, told: list[str]) -> None:
    assert sshd.too_small(sshd.limits_of(sshd.parsed(shown)), clients) == told


def test_raised_limits_are_large_enough_and_lower_none() -> None:
    text = sshd.drop_in(sshd.Limits(3, 50), 4)
    assert "MaxStartups 24:30:240\nMaxSessions 50\n" in text
    found = sshd.limits_of(sshd.parsed(text.lower()))
    assert sshd.too_small(found, 4) == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Include /etc/ssh/sshd_config.d/*.conf\n", True),
        ("# x\n  include sshd_config.d/*\n", True),
        ('Include "/etc/ssh/sshd_config.d/*.conf"\n', True),
        ("#Include /etc/ssh/sshd_config.d/*.conf\n", False),
        ("Include /etc/crypto-policies/x.config\n", False),
        ("", False),
    ],
)
def test_whether_drop_ins_are_read(text: str, read: bool) -> None:
    assert sshd.includes_drop_ins(text) is read


@pytest.fixture
def host(homes: Path, programs: Callable[[str, str], Path], tmp_path: Path) -> Path:
    """A host whose sshd allows little unless our drop-in says otherwise; the home of `ci`."""
    at("/etc/ssh").mkdir(parents=True)
    at(sshd.MAIN).write_text("Include /etc/ssh/sshd_config.d/*.conf\n")
    told = f"cat {tmp_path}{sshd.DROP_IN} 2>/dev/null | tr A-Z a-z; echo maxstartups 3:30:60; echo maxsessions 10"
    programs("sshd", f'case "$1" in -T) {told};; esac')
    programs("systemctl", "")
    return homes / "ci"


def applied(concern: Ssh) -> list[str]:
    plan = concern.plan(concern.observe(), NO_EFFECTS)
    concern.apply(plan.actions)
    assert concern.plan(concern.observe(), NO_EFFECTS).actions == ()
    return [action.summary for action in plan.actions]


def node(*clients: Client, settled: t.Iterable[str] = ("ci-1", "ci-2"), limits: bool = False) -> Ssh:
    return Ssh(SshWanted(clients, frozenset(settled), limits))


def test_whoever_comes_and_goes_leaves_nothing(host: Path, tmp_path: Path) -> None:
    before = {*tmp_path.rglob("*")}
    told = applied(node(CI, limits=True))
    assert told[0].startswith("authorise runner of ci-1, for docker's connections alone (root-equivalent on this host)")
    assert told[1].startswith(
        f"raise sshd's limits in {sshd.DROP_IN}, and reload sshd: MaxStartups is 3, and 6 is needed"
    )
    assert "reload ssh.service" in (tmp_path / "systemctl.calls").read_text()
    assert (host / ".ssh/authorized_keys").read_text() == f"{LINE}\n"
    assert applied(node(NAMED, limits=True)) == []  # its own run says who, not with which key
    assert applied(node(replace(CI, key=NEWER), limits=True)) == [
        "replace the key of runner of ci-1: ~ci/.ssh/authorized_keys"
    ]
    assert len(applied(RetiredSsh.from_params({}, t.cast("t.Any", None)))) == 2
    left = {each for each in tmp_path.rglob("*") if each not in before and each.suffix != ".calls"}
    assert {each for each in left if "var/lib" not in str(each)} == {tmp_path / "var"}
    assert RECORD.read().clients == ()


def test_a_users_own_lines_and_rights_stay(host: Path) -> None:
    path = host / ".ssh/authorized_keys"
    path.parent.mkdir()
    path.write_text(FOREIGN)
    path.chmod(0o644)
    applied(node(CI))
    path.write_text(path.read_text().replace("restrict,", ""))
    assert applied(node(NAMED)) == ["restore our lines: ~ci/.ssh/authorized_keys"]
    assert path.read_text() == f"{FOREIGN}\n{LINE}\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert applied(node()) == ["no longer authorise runner of ci-1: ~ci/.ssh/authorized_keys"]
    assert path.read_text() == f"{FOREIGN}\n"


@pytest.mark.parametrize("end", [b"\n", b""], ids=["whole lines", "without its end"])
def test_lines_of_others_may_be_in_any_encoding(end: bytes, host: Path) -> None:
    path, theirs = host / ".ssh/authorized_keys", b"ssh-ed25519 AAAAmine M\xfcller" + end
    path.parent.mkdir()
    path.write_bytes(theirs)
    applied(node(CI))
    assert path.read_bytes() == b"ssh-ed25519 AAAAmine M\xfcller\n" + f"{LINE}\n".encode()
    applied(RetiredSsh.from_params({}, t.cast("t.Any", None)))
    assert path.read_bytes() == b"ssh-ed25519 AAAAmine M\xfcller\n"


@pytest.mark.usefixtures("host")
def test_a_drop_in_that_sshd_refuses_is_removed_again(programs: Callable[[str, str], Path]) -> None:
    programs("sshd", 'case "$1" in -T) echo maxstartups 3; echo maxsessions 3;; -t) echo bad line >&2; exit 255;; esac')
    with pytest.raises(HostError, match="sshd refuses"):
        applied(node(CI, limits=True))
    assert not at(sshd.DROP_IN).exists()
    assert (RECORD.read().files, RECORD.read().reload) == ({}, False)


def test_options_ask_for_it() -> None:
    rows = [{"scheduler": "ci-1", "user": "runner", "login": "ci", "key": f"{KEY} comment"}]
    given = {"clients": rows, "settled": ["ci-1"], "sshd_limits": True}
    assert Ssh.from_params({"ssh_options": given}, t.cast("t.Any", None)).wanted == SshWanted(
        (CI,), frozenset({"ci-1"}), True
    )
    none = {"clients": None, "settled": None}
    assert Ssh.from_params({"ssh_options": none}, t.cast("t.Any", None)).wanted == SshWanted()


def test_other_hosts_see_public_keys_and_what_is_really_authorised(tmp_path: Path) -> None:
    (tmp_path / "etc/ssh").mkdir(parents=True)
    (tmp_path / "etc/ssh/ssh_host_ed25519_key.pub").write_text(f"{KEY} root@node\n")
    (tmp_path / "etc/ssh/ssh_host_ed25519_key").write_text("secret")
    (tmp_path / "etc/ssh/ssh_host_rsa_key.pub").write_text("-----BEGIN PRIVATE KEY-----\n")
    clients = [{"scheduler": f"ci-{n}", "user": "u", "login": "root", "key": key} for n, key in ((1, KEY), (2, NEWER))]
    save("ssh", {"clients": clients})
    save("ssh_keys", {"keys": {"ci": {"public": KEY}}, "nodes": {"a.multiarch-builders": {"host": "a"}}})
    (tmp_path / "root/.ssh").mkdir(parents=True)
    (tmp_path / "root/.ssh/authorized_keys").write_text(f"{exchange.line(KEY, 'u', 'ci-1')}\n{NEWER} unrestricted\n")
    found = exchange.seen(str(tmp_path))
    assert found == {"host_keys": [KEY], "authorised": {"root": [KEY]}, "keys": {"ci": KEY}, "nodes": ["a"]}
    json.dumps(found)


def test_a_host_without_anything_shows_nothing(tmp_path: Path) -> None:
    assert exchange.seen(str(tmp_path)) == {"host_keys": [], "authorised": {}, "keys": {}, "nodes": []}

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ssh keys of a scheduler: what is planned, and what the real ssh-keygen and ssh make of it."""

from __future__ import annotations

import base64
import shutil
import stat
import subprocess
import typing as t
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import ssh_keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import Builder, BuildxState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.silence import Silence
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_config import (
    CONFIG,
    FORMER,
    KEY,
    KNOWN_HOSTS,
    config,
    known_hosts,
    overridden,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_keys import SshKeys, wanted_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_plan import (
    Authorise,
    CloseKey,
    DropFormer,
    ForgetNodes,
    MakeKey,
    RemoveKey,
    Seen,
    SetFile,
    SshState,
    SshWanted,
    UserKey,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_record import (
    RECORD,
    KnownNode,
    OwnKey,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Action, Plan, perform
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import (
    SshNode,
    alias_of,
    fingerprint,
    public_key,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    WANTED as WANTED_BUILDER,
)

ARM, BIG = SshNode("arm-1", "198.51.100.31", "ci"), SshNode("big", "198.51.100.32", "ci", 2222)
HOST_KEY, OTHER_KEY = "ssh-ed25519 AAAAhost", "ssh-ed25519 AAAAother"
NEW, OLD = "ssh-ed25519 AAAAnew", "ssh-ed25519 AAAAold"
MADE = "2026-11-01T08:00:00Z"
OWN = OwnKey(NEW, MADE)
NODES = {ARM.alias: KnownNode("arm-1", ARM.address, 22, (HOST_KEY,))}
BOTH = {**NODES, BIG.alias: KnownNode("big", BIG.address, 2222, (OTHER_KEY,))}
FILES = {CONFIG: config(NODES), KNOWN_HOSTS: known_hosts(NODES)}
SEEN = {"arm-1": Seen((HOST_KEY,), {"ci": (NEW,)})}
WANTED = SshWanted((ARM,), ("ci",), seen=SEEN)
FINE = SshState((UserKey("ci", True, NEW, own=OWN),), FILES, NODES)


def with_key(**more: t.Any) -> SshState:
    return replace(FINE, keys=(replace(FINE.keys[0], **more),))


@pytest.mark.parametrize(
    ("wanted", "state", "before", "after"),
    [
        pytest.param(WANTED, FINE, [], [], id="all is there"),
        pytest.param(replace(WANTED, seen={}), FINE, [], [], id="the node is not in this run"),
        pytest.param(
            replace(WANTED, seen={"arm-1": Seen((HOST_KEY,))}, coming=frozenset({"arm-1"})),
            SshState((UserKey("ci"),)),
            [MakeKey, SetFile, SetFile, Authorise],
            [],
            id="new",
        ),
        pytest.param(WANTED, with_key(exists=False, public=""), [MakeKey], [], id="lost"),
        pytest.param(WANTED, with_key(public=OLD), [MakeKey], [], id="replaced by someone"),
        pytest.param(WANTED, with_key(closed=False), [CloseKey], [], id="others may read it"),
        pytest.param(replace(WANTED, renew_before="2026-11-02T00:00:00Z"), FINE, [MakeKey], [], id="old"),
        pytest.param(replace(WANTED, renew_before="2026-10-02T00:00:00Z"), FINE, [], [], id="young enough"),
        pytest.param(WANTED, with_key(former=True), [], [DropFormer], id="renewed everywhere"),
        pytest.param(
            replace(WANTED, seen={"arm-1": Seen((HOST_KEY,), {"ci": (OLD,)})}),
            with_key(former=True),
            [],
            [],
            id="the node has the former key",
        ),
        pytest.param(
            replace(WANTED, seen={}), with_key(former=True), [], [], id="nobody knows whether it has the new one"
        ),
        pytest.param(
            replace(WANTED, seen={"arm-1": Seen((HOST_KEY,), {"other": (NEW,)})}, coming=frozenset({"arm-1"})),
            FINE,
            [Authorise],
            [],
            id="authorised for another login",
        ),
        pytest.param(WANTED, replace(FINE, files={**FILES, CONFIG: "changed"}), [SetFile], [], id="changed settings"),
        pytest.param(
            replace(WANTED, seen={"arm-1": Seen((OTHER_KEY,), {"ci": (NEW,)})}),
            FINE,
            [SetFile],
            [],
            id="other host key",
        ),
        pytest.param(
            WANTED,
            replace(FINE, nodes=BOTH, files={CONFIG: config(BOTH), KNOWN_HOSTS: known_hosts(BOTH)}),
            [],
            [SetFile, SetFile],
            id="a node leaves: its builder reaches it before",
        ),
        pytest.param(
            SshWanted(),
            replace(FINE, keys=(), leaving=("ci",)),
            [],
            [ForgetNodes, RemoveKey],
            id="not asked for any more",
        ),
        pytest.param(WANTED, replace(FINE, leaving=("jane",)), [], [RemoveKey], id="a user leaves"),
        pytest.param(SshWanted(), SshState(), [], [], id="never asked for"),
    ],
)
def test_what_is_planned(wanted: SshWanted, state: SshState, before: list[type], after: list[type]) -> None:
    found = planned(wanted, state)
    assert [type(action.step) for action in found.before] == before
    assert [type(action.step) for action in found.after] == after


@pytest.mark.parametrize(
    ("wanted", "state", "words"),
    [
        pytest.param(
            replace(WANTED, seen={"arm-1": Seen((HOST_KEY,), {})}),
            FINE,
            "arm-1 does not know the key of ci: run the playbook for this host and arm-1 together",
            id="not authorised",
        ),
        pytest.param(
            replace(WANTED, nodes=(ARM, BIG)),
            replace(FINE, nodes=NODES),
            "host keys of big are not known here: run the playbook for this host and big together",
            id="never seen",
        ),
        pytest.param(WANTED, replace(FINE, overridden=("ssh does otherwise",)), "ssh does otherwise", id="overridden"),
    ],
)
def test_what_is_noted(wanted: SshWanted, state: SshState, words: str) -> None:
    assert words in [note.text for note in planned(wanted, state).notes]


def test_another_host_key_is_told_by_its_fingerprints() -> None:
    former, present = ("ssh-ed25519 " + base64.b64encode(each).decode() for each in (b"one", b"two"))
    state = replace(FINE, nodes={ARM.alias: replace(NODES[ARM.alias], keys=(former,))})
    (action,) = planned(replace(WANTED, seen={"arm-1": Seen((present,), {"ci": (NEW,)})}), state).before
    told = f"arm-1 has other host keys than before: {fingerprint(former)} is now {fingerprint(present)}"
    assert action.summary == f"{told}: write {KNOWN_HOSTS}"
    assert fingerprint(former).startswith("ssh-ed25519 SHA256:")


def test_a_foreign_key_of_that_name_is_never_replaced() -> None:
    with pytest.raises(HostError, match="was not made here: move it away"):
        planned(WANTED, SshState((UserKey("ci", True, OLD),)))


def test_without_ssh_nothing_is_begun() -> None:
    with pytest.raises(HostError, match="docker reaches nodes by ssh, which is not on this host"):
        planned(WANTED, replace(FINE, client=False))
    assert planned(SshWanted(), replace(FINE, keys=(), client=False)).after != ()


@pytest.mark.parametrize(
    ("host", "alias"),
    [
        ("arm-1", "arm-1.multiarch-builders"),
        ("Arm_1.Example", "arm_1.example.multiarch-builders"),
        ("a b", "a-b.multiarch-builders"),
    ],
)
def test_the_name_of_a_node_for_ssh(host: str, alias: str) -> None:
    assert alias_of(host) == alias


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ssh-ed25519 AAAA root@host\n", "ssh-ed25519 AAAA"),
        ("ecdsa-sha2-nistp256 AAAA=", "ecdsa-sha2-nistp256 AAAA="),
        ("# ssh-ed25519 AAAA", ""),
        ("restrict ssh-ed25519 AAAA", ""),
        ("ssh-ed25519 AAAA\nssh-ed25519 BBBB", ""),
        ("", ""),
    ],
)
def test_public_keys(text: str, key: str) -> None:
    assert public_key(text) == key


@pytest.fixture
def host(homes: Path, tmp_path: Path) -> Path:
    """A host with ssh, and the home of `ci`."""
    (tmp_path / "etc/ssh/ssh_config.d").mkdir(parents=True)
    return homes / "ci"


def applied(wanted: SshWanted) -> list[str]:
    """Apply the keys' part of builders, which then has nothing left to do."""
    found = planned(wanted, ssh_keys.observe(wanted))
    actions = (*found.before, *found.after)
    perform(actions, ssh_keys.doers())
    left = planned(wanted, ssh_keys.observe(wanted))
    assert (left.before, left.after) == ((), ())
    return [action.summary for action in actions]


def ssh_keygen(*arguments: str) -> str:
    return subprocess.run(["ssh-keygen", *arguments], capture_output=True, text=True, check=True).stdout


pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh")
ALONE = replace(WANTED, seen={})


def test_a_key_is_made_used_and_removed(host: Path, tmp_path: Path) -> None:
    before = {*tmp_path.rglob("*")}
    applied(replace(ALONE, seen={"arm-1": Seen((HOST_KEY,), {})}, coming=frozenset()))
    path = host / KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert public_key(ssh_keygen("-y", "-f", str(path))) == RECORD.read().keys["ci"].public
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert at(KNOWN_HOSTS).read_text().endswith(f"\n{ARM.alias} {HOST_KEY}\n")
    for record in at("/var/lib/multiarch-builders").rglob("*.json"):
        assert "PRIVATE" not in record.read_text()
    applied(SshWanted())
    left = {*tmp_path.rglob("*")} - before
    assert {each for each in left if "multiarch-builders" not in str(each)} == {tmp_path / "var/lib"}
    assert (RECORD.read().keys, RECORD.read().nodes) == ({}, {})


def test_a_users_own_keys_and_folder_stay(host: Path) -> None:
    (host / ".ssh").mkdir()
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-f", str(host / ".ssh/id_ed25519"))
    own = {each.name: each.read_bytes() for each in (host / ".ssh").iterdir()}
    applied(ALONE)
    applied(SshWanted())
    assert {each.name: each.read_bytes() for each in (host / ".ssh").iterdir()} == own


def test_a_renewed_key_stays_beside_the_new_one_until_nodes_have_that(host: Path) -> None:
    applied(ALONE)
    former = (host / KEY).read_bytes()
    RECORD.update(lambda found: replace(found, keys={"ci": replace(found.keys["ci"], made=MADE)}))
    late = replace(ALONE, renew_before="2026-11-02T00:00:00Z")
    assert applied(late)[0].startswith(f"renew the ssh key of ci (~ci/{KEY}): it was made {MADE}")
    assert (host / FORMER).read_bytes() == former
    assert (host / KEY).read_bytes() != former
    key = RECORD.read().keys["ci"].public
    assert applied(replace(late, seen={"arm-1": Seen((HOST_KEY,), {"ci": (key,)})}))[-1].startswith("remove ~ci/")
    assert not (host / FORMER).exists()


def test_drift_is_mended(host: Path) -> None:
    applied(ALONE)
    (host / KEY).chmod(0o644)
    assert applied(ALONE) == [f"make ~ci/{KEY} readable by ci alone: ssh uses no other"]
    (host / KEY).write_text("no key")
    assert applied(ALONE) == [f"make an ssh key for ci anew: ~ci/{KEY} is not the one that was made"]
    (host / KEY).unlink()
    assert applied(ALONE) == [f"make an ssh key for ci anew: ~ci/{KEY} is missing"]
    at(CONFIG).unlink()
    assert applied(ALONE) == [f"write {CONFIG}, for docker's connections to arm-1"]


def test_a_key_that_cannot_be_made_is_told(host: Path, programs: Callable[[str, str], Path]) -> None:
    programs("ssh-keygen", "echo 'Saving key failed: No space left on device' >&2; exit 1")
    with pytest.raises(HostError, match=r"the ssh key of ci cannot be made.*No space left on device"):
        applied(ALONE)
    assert not (host / KEY).exists()
    applied(SshWanted())
    assert not (host / ".ssh").exists()


def test_a_run_that_is_killed_once_there_is_a_key_leaves_none_behind(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_text: str) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ssh_keys, "public_key", killed)
        with pytest.raises(KeyboardInterrupt):
            applied(ALONE)
    assert "PRIVATE" in (host / f"{KEY}.new").read_text()
    applied(SshWanted())
    assert not (host / ".ssh").exists()


SHOWN = f"hostname 198.51.100.31\nstricthostkeychecking true\nuserknownhostsfile {KNOWN_HOSTS}\n"


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        pytest.param(SHOWN, [], id="as asked for"),
        pytest.param(
            SHOWN.replace("198.51.100.31", ARM.alias), ["add `Include /etc/ssh/ssh_config.d/*.conf`"], id="unread"
        ),
        pytest.param(
            SHOWN.replace("true", "false"),
            ["ssh of ci has stricthostkeychecking false for every host"],
            id="not strict",
        ),
        pytest.param(
            SHOWN.replace(KNOWN_HOSTS, "/dev/null"),
            ["ssh of ci has userknownhostsfile /dev/null for every host"],
            id="other known hosts",
        ),
    ],
)
def test_what_keeps_ssh_from_our_settings_is_told(shown: str, told: list[str]) -> None:
    found = overridden(shown, NODES[ARM.alias], "ci")
    assert len(found) == len(told)
    assert all(words in each for words, each in zip(told, found))


@pytest.mark.parametrize(
    ("own", "notes"),
    [("", 0), ("Host *\n  StrictHostKeyChecking no\n", 1), ("Host mine\n  StrictHostKeyChecking no\n", 0)],
)
def test_ssh_itself_reads_the_settings(tmp_path: Path, own: str, notes: int) -> None:
    """The order in which ssh reads its files: the user's own, then those of the system."""
    file = tmp_path / "config"
    file.write_text(f"{own}\nHost *\nInclude {tmp_path}/ours\n")
    (tmp_path / "ours").write_text(config(NODES))
    shown = subprocess.run(["ssh", "-G", "-F", str(file), "--", ARM.alias], capture_output=True, text=True, check=True)
    assert len(overridden(shown.stdout, NODES[ARM.alias], "ci")) == notes
    other = subprocess.run(
        ["ssh", "-G", "-F", str(file), "--", ARM.address], capture_output=True, text=True, check=True
    )
    assert KEY not in other.stdout  # connections of the user's own are not changed


def test_ssh_reads_an_address_with_a_zone(tmp_path: Path) -> None:
    node = KnownNode("arm-1", "fe80::7%eth0", 22, (HOST_KEY,))
    (tmp_path / "config").write_text(config({ARM.alias: node}))
    command = ["ssh", "-G", "-F", str(tmp_path / "config"), "--", ARM.alias]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert overridden(shown.stdout, node, "ci") == ()


PARAMS = {
    "users": ["ci"],
    "instances": [
        {
            "name": "multiarch",
            "driver": "docker-container",
            "image": "i",
            "nodes": [
                {
                    "name": "multiarch-arm-1",
                    "endpoint": f"ssh://ci@{ARM.alias}",
                    "ssh": {"host": "arm-1", "address": "198.51.100.31", "login": "ci", "port": 22},
                },
                {"name": "multiarch-local", "endpoint": ""},
            ],
        }
    ],
    "ssh_options": {
        "renew_before": None,
        "nodes": {"arm-1": {"host_keys": [f"{HOST_KEY} root@arm-1", "garbage"], "authorised": {"ci": [NEW]}}},
        "coming": ["arm-1"],
    },
}


def test_options_ask_for_it() -> None:
    assert wanted_of(PARAMS) == replace(WANTED, coming=frozenset({"arm-1"}))
    assert wanted_of({**PARAMS, "instances": [], "ssh_options": {}}) == SshWanted()


def test_the_keys_alone_are_a_part_of_the_module(host: Path) -> None:
    params = {**PARAMS, "ssh_options": {**PARAMS["ssh_options"], "keys_only": True, "coming": []}}  # type: ignore[dict-item]
    resource = Buildx.from_params(params, t.cast("t.Any", None))
    assert isinstance(resource, SshKeys)
    plan = resource.plan(resource.observe(), NO_EFFECTS)
    resource.apply(plan.actions)
    assert [type(action.step) for action in plan.actions] == [MakeKey, SetFile, SetFile]
    assert resource.plan(resource.observe(), NO_EFFECTS).actions == ()
    assert (host / KEY).exists()


@pytest.mark.parametrize(
    ("state", "known"),
    [
        pytest.param(FINE, True, id="all is there"),
        pytest.param(replace(FINE, nodes={}), False, id="a new node"),
        pytest.param(replace(FINE, files={}), False, id="no settings"),
    ],
)
def test_a_node_is_not_called_by_a_name_that_ssh_does_not_know(state: SshState, known: bool) -> None:
    assert ssh_keys.is_known(state, ARM) is known
    assert ssh_keys.is_known(state, None)  # a node with users' own keys


@pytest.mark.usefixtures("host")
def test_nothing_is_looked_for_where_nothing_is_asked_for() -> None:
    at(CONFIG).write_text("foreign")
    assert ssh_keys.observe(SshWanted()) == SshState()


def test_what_the_controller_did_is_no_step_here() -> None:
    perform([Action("", Authorise("arm-1"))], ssh_keys.doers())


def builders_plan(ssh: SshState, wanted: SshWanted) -> Plan:
    """The plan of a builder with a node that does not answer."""
    silent = Silence("far", "ssh://ci@far", "ci", "node far does not answer")
    builder = Builder({}, {"ci": None}, {}, None, silent=(silent,))
    buildx = Buildx((WANTED_BUILDER,), ("ci",), {}, Disruption("wait", 1), t.cast("t.Any", None), ssh=wanted)
    return buildx.plan(BuildxState({WANTED_BUILDER.name: builder}, (), ssh=ssh), NO_EFFECTS)


def test_a_node_need_not_answer_before_keys_are_in_place() -> None:
    plan = builders_plan(SshState((UserKey("ci"),)), replace(WANTED, seen={}))
    assert isinstance(plan.actions[0].step, MakeKey)
    told = [note.text for note in plan.notes]
    assert "as keys and host keys are not in place yet: node far does not answer" in told


def test_a_node_has_to_answer_once_they_are() -> None:
    with pytest.raises(HostError, match="node far does not answer; arm-1 does not know the key of ci"):
        builders_plan(FINE, replace(WANTED, seen={"arm-1": Seen((HOST_KEY,))}))

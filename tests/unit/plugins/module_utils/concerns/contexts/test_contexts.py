# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contexts of users, as docker has them, in homes on a temporary root: made, changed, left alone, given back."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import typing as t
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts import resource
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.decide import RemoveContext
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.record import RECORD, ContextsRecord
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.resource import Contexts
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.retired import RetiredContexts
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import fingerprints
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Context
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    ContextWrite,
    Effect,
    NodeDeparture,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

NO_DOCKER = t.cast("t.Any", None)


def pem(name: str) -> str:
    """What looks like a certificate to a host."""
    return f"-----BEGIN CERTIFICATE-----\n{name * 4}\n-----END CERTIFICATE-----\n"


SSH = Context("arm", "ssh://ci@arm-1", ("ci",), description="builds arm64")
TLS = Context("arm", "tcp://arm-1:2376", ("ci",), ca=pem("CAAA"), client_cert=pem("CERT"), client_key="secret key\n")
PLAIN = Context("arm", "tcp://arm-1:2375", ("ci",))
ID = hashlib.sha256(b"arm").hexdigest()
META, CA, CERT, KEY = f"meta/{ID}/meta.json", *(f"tls/{ID}/docker/{name}.pem" for name in ("ca", "cert", "key"))
# As `docker context create arm --description "builds arm64" --docker host=ssh://ci@arm-1` of Docker 28.2 writes it.
BY_DOCKER = (
    '{"Name":"arm","Metadata":{"Description":"builds arm64"},'
    '"Endpoints":{"docker":{"Host":"ssh://ci@arm-1","SkipTLSVerify":false}}}'
)
THEIRS = (
    '{"Name":"arm","Metadata":{"GODEBUG":"x509negativeserial=1","Description":"mine"},'
    '"Endpoints":{"docker":{"Host":"tcp://other:2376","SkipTLSVerify":true},"kubernetes":{"Host":"https://k8s"}}}'
)


def plan_of(*contexts: Context) -> Plan:
    concern = Contexts(contexts) if contexts else RetiredContexts(())
    return concern.plan(concern.observe(), NO_EFFECTS)


def run(*contexts: Context) -> tuple[list[str], list[str]]:
    """(what is done, notes) with these contexts, without any when a host is retired; then nothing is left to do."""
    plan = plan_of(*contexts)
    Contexts(contexts).apply(plan.actions)
    again = plan_of(*contexts)
    assert again.actions == ()
    assert [each for each in again.notes if each not in plan.notes] == []
    shown = [each.summary for each in plan.actions] + [f"{each.difference}" for each in plan.actions]
    assert "secret" not in "".join([*shown, *(each.text for each in plan.notes)])
    return [each.summary for each in plan.actions], [each.text for each in plan.notes]


@pytest.fixture
def store(homes: Path) -> Path:
    """The contexts of ci, which are not there yet."""
    return homes / "ci/.docker/contexts"


def shown(store: Path) -> dict[str, str]:
    return {str(each.relative_to(store)): each.read_text() for each in sorted(store.rglob("*")) if each.is_file()}


def make(store: Path, files: dict[str, str], mode: int = 0o644) -> None:
    for name, text in files.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(text)
        (store / name).chmod(0o600 if name.endswith(".pem") else mode)


def builder(homes: Path, endpoint: str) -> Path:
    """A builder of ci with a node there."""
    path = homes / "ci/.docker/buildx/instances/multiarch"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"Name": "multiarch", "Nodes": [{"Endpoint": "x"}, {"Endpoint": endpoint}]}))
    return path


def test_one_by_ssh_is_as_docker_writes_it(store: Path) -> None:
    assert run(SSH) == (["create context arm of ci: ssh://ci@arm-1"], [])
    assert shown(store) == {META: BY_DOCKER}
    assert stat.S_IMODE((store / META).stat().st_mode) == 0o644


def test_one_with_tls_has_its_certificates_beside_it(store: Path) -> None:
    plan = plan_of(TLS)
    assert plan.effects == {ContextWrite("ci", "arm")}
    (action,) = plan.actions
    assert action.difference is not None
    assert action.difference.before == ""
    assert action.difference.after == (
        f"host: tcp://arm-1:2376\nca.pem: {fingerprints(TLS.ca or '')}cert.pem: {fingerprints(TLS.client_cert or '')}"
        "key.pem: present\n"
    )
    run(TLS)
    document = json.loads(shown(store).pop(META))
    assert document["Endpoints"]["docker"] == {"Host": "tcp://arm-1:2376", "SkipTLSVerify": False}
    assert document["Metadata"] == {}
    assert shown(store) == {META: shown(store)[META], CA: TLS.ca, CERT: TLS.client_cert, KEY: TLS.client_key}
    assert {stat.S_IMODE((store / name).stat().st_mode) for name in (CA, CERT, KEY)} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in (store, store / f"tls/{ID}/docker")} == {0o700}


def test_each_user_has_what_the_table_says(homes: Path, store: Path) -> None:
    of_jane = replace(SSH, host="ssh://jane@arm-2", users=("jane",))
    assert len(run(SSH, of_jane, Context("all", "unix:///run/a.sock", ("ci", "jane")))[0]) == 4
    assert "arm-1" in shown(store)[META]
    assert "arm-2" in shown(homes / "jane/.docker/contexts")[META]


CHANGES = [
    pytest.param(
        *(SSH, replace(SSH, host="ssh://ci@arm-2"), "update context arm of ci: host ssh://ci@arm-1 → ssh://ci@arm-2"),
        {META},
        id="another host",
    ),
    pytest.param(SSH, replace(SSH, description=""), "update context arm of ci: meta.json", {META}, id="no description"),
    pytest.param(
        *(TLS, replace(TLS, client_cert=pem("NEW!"), client_key="new secret\n")),
        *("update context arm of ci: cert.pem; key.pem", {META, CA, CERT, KEY}),
        id="the client's pair rotates",
    ),
    pytest.param(
        *(TLS, replace(TLS, client_cert=None, client_key=None), "update context arm of ci: no cert.pem; no key.pem"),
        {META, CA},
        id="a server that wants no client certificate",
    ),
    pytest.param(
        *(TLS, SSH, "update context arm of ci: host tcp://arm-1:2376 → ssh://ci@arm-1; no ca.pem; no cert.pem;"),
        {META},
        id="ssh in place of TLS",
    ),
    pytest.param(
        *(TLS, PLAIN, "update context arm of ci: host tcp://arm-1:2376 → tcp://arm-1:2375; no ca.pem; no cert.pem;"),
        {META},
        id="no TLS any more",
    ),
    pytest.param(
        *(SSH, TLS, "update context arm of ci: host ssh://ci@arm-1 → tcp://arm-1:2376; ca.pem; cert.pem; key.pem"),
        {META, CA, CERT, KEY},
        id="TLS in place of ssh",
    ),
]


@pytest.mark.parametrize(("before", "after", "told", "files"), CHANGES)
def test_a_change_is_made_and_all_of_it_goes_again(
    before: Context, after: Context, told: str, files: set[str], store: Path, homes: Path
) -> None:
    run(before)
    (done,), notes = run(after)
    assert done.startswith(told)
    assert notes == []
    assert set(shown(store)) == files
    assert after.client_key is None or shown(store)[KEY] == after.client_key
    assert (store / f"tls/{ID}/docker").exists() == (KEY in files or CA in files), "an empty one means TLS to docker"
    assert run() == (["remove context arm of ci"], [])
    assert not store.exists()
    assert RECORD.read() == ContextsRecord()
    config_dir.tidy("ci")
    assert list((homes / "ci").iterdir()) == []


DRIFT = [
    pytest.param(META, lambda path: path.unlink(), "create context arm of ci, which was removed", id="removed"),
    pytest.param(META, lambda path: path.write_text("{"), "update context arm of ci: host unreadable →", id="broken"),
    pytest.param(
        META,
        lambda path: path.write_text(path.read_text().replace("arm-1", "elsewhere")),
        "update context arm of ci, which someone else changed: host tcp://elsewhere:2376 → tcp://arm-1:2376",
        id="it leads elsewhere",
    ),
    pytest.param(META, lambda path: path.chmod(0o666), "update context arm of ci: meta.json", id="anybody may write"),
    pytest.param(CA, lambda path: path.unlink(), "update context arm of ci: ca.pem", id="a file is gone"),
    pytest.param(
        KEY,
        lambda path: path.write_text("other secret\n"),
        "update context arm of ci, which someone else changed: key.pem",
        id="another key",
    ),
    pytest.param(KEY, lambda path: path.chmod(0o644), "update context arm of ci: key.pem", id="anybody may read a key"),
]


@pytest.mark.parametrize(("name", "damage", "told"), DRIFT)
def test_drift_is_repaired_and_what_was_changed_is_backed_up(
    name: str, damage: Callable[[Path], object], told: str, store: Path, home: Path
) -> None:
    run(TLS)
    before = shown(store)
    if told.startswith("create"):
        shutil.rmtree(store / "tls")  # as `docker context rm` does
    damage(store / name)
    text = (store / name).read_text() if (store / name).exists() else None
    (done,), _notes = run(TLS)
    assert done.startswith(told)
    assert shown(store) == before
    copies = [each.read_text() for each in home.glob("backups/*")]
    assert copies == ([text] if "someone else" in told else [])
    run()
    assert not store.exists()


@pytest.mark.parametrize("wanted", [SSH, replace(TLS, client_cert=None, client_key=None)])
def test_what_someone_adds_to_ours_is_no_part_of_what_comes_back(wanted: Context, store: Path, home: Path) -> None:
    run(wanted)
    make(store, {KEY: "a secret of theirs\n"})
    (done,), _notes = run(wanted)
    assert done == "update context arm of ci, which someone else changed: no key.pem"
    assert KEY not in shown(store)
    assert [each.read_text() for each in home.glob("backups/*")] == ["a secret of theirs\n"]
    run()
    assert {each.name for each in store.rglob("*")} <= {"tls"}  # which someone else may have made


def test_an_empty_folder_of_certificates_would_mean_tls(store: Path) -> None:
    run(PLAIN)
    (store / f"tls/{ID}/docker").mkdir(parents=True)
    assert run(PLAIN)[0] == ["update context arm of ci: no empty folder of certificates"]
    assert not (store / f"tls/{ID}/docker").exists()


def test_keys_that_we_do_not_know_are_kept(store: Path) -> None:
    run(SSH)
    document = json.loads(BY_DOCKER)
    document["Metadata"]["GODEBUG"] = "x509negativeserial=1"
    document["Endpoints"]["kubernetes"] = {"Host": "https://k8s"}
    document["Other"] = [1]
    make(store, {META: json.dumps(document, indent=2)})
    before = shown(store)
    assert run(SSH) == ([], [])
    assert shown(store) == before
    (done,), _notes = run(replace(SSH, host="ssh://ci@arm-2"))
    assert done == "update context arm of ci: host ssh://ci@arm-1 → ssh://ci@arm-2"
    assert shown(store)[META] == before[META].replace("arm-1", "arm-2")
    assert run() == (["remove context arm of ci"], [])
    assert not store.exists()


def test_other_contexts_are_not_touched(store: Path) -> None:
    other = {f"meta/{hashlib.sha256(b'other').hexdigest()}/meta.json": THEIRS.replace("arm", "other")}
    make(store, other)
    run(TLS)
    run()
    assert shown(store) == other
    assert sorted(each.name for each in store.iterdir()) == ["meta"]


FOREIGN = {META: THEIRS, CA: "their CA\n", KEY: "their secret\n"}


def test_someone_elses_is_kept_and_told(store: Path) -> None:
    make(store, FOREIGN)
    note = (
        "context arm of ci is someone else's, leads to tcp://other:2376, and is kept: remove it with `docker context "
        "rm arm` as ci, use another name, or set `takeover: true` for it"
    )
    assert run(SSH) == ([], [note])
    assert shown(store) == FOREIGN
    assert run() == ([], [])
    assert shown(store) == FOREIGN


def test_someone_elses_that_is_as_asked_stays_theirs(store: Path) -> None:
    make(store, {META: BY_DOCKER})
    assert run(SSH) == ([], [])
    assert run() == ([], [])
    assert shown(store) == {META: BY_DOCKER}


@pytest.mark.parametrize("wanted", [SSH, TLS, PLAIN], ids=["ssh", "tls", "plain"])
def test_what_is_taken_over_comes_back(wanted: Context, store: Path) -> None:
    make(store, FOREIGN, mode=0o640)
    (done,), _notes = run(replace(wanted, takeover=True))
    assert done.startswith(
        "replace context arm of ci, which is someone else's and is kept to be restored: host tcp://other:2376 → "
    )
    ours = json.loads(shown(store)[META])
    assert (ours["Endpoints"]["kubernetes"], ours["Metadata"]["GODEBUG"]) == (
        {"Host": "https://k8s"},
        "x509negativeserial=1",
    )
    assert shown(store).get(KEY) == wanted.client_key
    for other in (TLS, SSH, replace(TLS, client_cert=None, client_key=None)):  # what was first comes back, not these
        run(replace(other, takeover=True))
    assert run() == (["restore context arm of ci as it was before"], [])
    assert shown(store) == FOREIGN
    assert stat.S_IMODE((store / META).stat().st_mode) == 0o640
    assert RECORD.read() == ContextsRecord()


def test_a_return_that_was_interrupted_is_completed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(store, FOREIGN)
    run(replace(SSH, takeover=True))

    def killed(_meta: str) -> None:
        raise KeyboardInterrupt

    for name in (KEY, META):  # as far as it came
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            (action,) = plan_of().actions
            step = t.cast("RemoveContext", action.step)
            patch.setattr(resource, "_drop", killed)
            Contexts(()).apply([replace(action, step=replace(step, paths=(str(store / name),)))])
    run()
    assert shown(store) == FOREIGN
    assert RECORD.read() == ContextsRecord()


LEAVING = [
    pytest.param({META: BY_DOCKER.replace("arm-1", "elsewhere")}, id="it leads elsewhere"),
    pytest.param({META: BY_DOCKER.replace("false", "true")}, id="it verifies nothing"),
    pytest.param({META: BY_DOCKER, CA: "their CA\n"}, id="it has a certificate"),
]


@pytest.mark.parametrize("files", LEAVING)
def test_what_someone_else_changed_is_theirs_when_ours_goes(files: dict[str, str], store: Path) -> None:
    run(SSH)
    make(store, files)
    assert run() == (["forget context arm of ci: it was changed by someone else, and is kept"], [])
    assert shown(store) == files
    assert RECORD.read() == replace(ContextsRecord(), folders=RECORD.read().folders)


def test_one_that_is_gone_is_dropped(store: Path) -> None:
    run(SSH)
    (store / META).unlink()
    assert run() == (["drop context arm of ci from the record: it was removed by someone else"], [])
    assert not store.exists()


def test_one_whose_user_is_gone_is_forgotten(store: Path, homes: Path) -> None:
    run(SSH)
    users = t.cast("TheseUsers", here().users)
    with standing_on(replace(here(), users=TheseUsers({"jane": users.named("jane")}))):
        assert run() == (["forget context arm of ci: its user does not exist on this host"], [])
    assert META in shown(store)
    assert homes.exists()


def test_the_current_context_is_kept_until_another_one_is(store: Path, homes: Path) -> None:
    run(SSH)
    config = homes / "ci/.docker/config.json"
    config.write_text('{"currentContext": "arm"}')
    note = (
        "context arm of ci is kept, as it is the current context, without which each docker command of ci fails: run "
        "`docker context use default` as ci, then run again"
    )
    assert run() == ([], [note])
    assert plan_of().effects == {Effect.REMAINS}, "so the record stays, too"
    config.write_text("{}")
    assert run() == (["remove context arm of ci"], [])
    assert not store.exists()


def test_the_current_context_may_go_if_another_one_of_its_name_comes_back(store: Path, homes: Path) -> None:
    make(store, FOREIGN)
    run(replace(SSH, takeover=True))
    (homes / "ci/.docker/config.json").write_text('{"currentContext": "arm"}')
    assert run() == (["restore context arm of ci as it was before"], [])


def test_one_that_a_builder_uses_is_kept_and_one_that_leads_elsewhere_is_told(store: Path, homes: Path) -> None:
    run(SSH)
    entry = builder(homes, "arm")
    note = "context arm of ci is kept, as long as builder multiarch has a node there"
    assert run() == ([], [note])
    assert META in shown(store)
    retired = RetiredContexts(())
    for leaves, count in ((("ci", "multiarch", "arm"), 1), (("jane", "multiarch", "arm"), 0), (("ci", "x", "arm"), 0)):
        effects = frozenset({NodeDeparture(*leaves)})
        assert len(retired.plan(retired.observe(), effects).actions) == count
    plan = plan_of(replace(SSH, host="ssh://ci@arm-2"))
    assert [each.text for each in plan.notes] == [
        "context arm of ci leads to ssh://ci@arm-2 now, and what builder multiarch has at ssh://ci@arm-1 stays there: "
        "`docker --host ssh://ci@arm-1 ps --all` shows it"
    ]
    entry.unlink()
    assert run() == (["remove context arm of ci"], [])


def test_why_it_goes_is_told_where_the_host_stays(store: Path) -> None:
    run(SSH)
    (action,) = Contexts(()).plan(Contexts(()).observe(), NO_EFFECTS).actions
    assert action.summary == "remove context arm of ci, no longer asked for"
    assert META in shown(store)


def test_a_user_without_a_home_is_told_before_anything_is_done(homes: Path) -> None:
    (homes / "ci").rmdir()
    with pytest.raises(HostError, match="has no home folder"):
        plan_of(SSH)


def test_from_params() -> None:
    row = {"name": "arm", "host": "ssh://arm", "takeover": False, "skip_tls_verify": False, "description": None}
    given = {"users": ["root", "ci"], "contexts": [row, {**row, "users": ["ci"], "ca": "CA\n"}]}
    assert Contexts.from_params(given, NO_DOCKER).contexts == (
        Context("arm", "ssh://arm", ("root", "ci")),
        Context("arm", "ssh://arm", ("ci",), ca="CA\n"),
    )
    assert RetiredContexts.from_params(given, NO_DOCKER).contexts == ()


def test_the_facts_for_a_report(store: Path) -> None:
    fact = {"user": "ci", "name": "arm", "host": None, "managed": False}
    assert plan_of(SSH).facts == {"contexts": [fact]}
    run(SSH)
    fact |= {"host": "ssh://ci@arm-1", "managed": True}
    assert plan_of(SSH).facts == {"contexts": [fact]}
    assert plan_of(replace(SSH, host="ssh://ci@arm-2")).facts == {"contexts": [fact]}, "as it is"
    assert plan_of().facts == {"contexts": [fact]}, "it is still there"
    shutil.rmtree(store)
    assert plan_of().facts == {"contexts": [{**fact, "host": None}]}
    run()
    make(store, FOREIGN)
    assert plan_of(SSH).facts == {"contexts": [{**fact, "host": "tcp://other:2376", "managed": False}]}
    assert plan_of().facts == {}

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A served builder on a host: what is planned, installed and removed; scripts stand in for systemd."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import stat
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve import units
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    AUTHORITIES,
    BUILDKIT_SERVICE,
    BUILDKIT_SOCKET,
    CLIENTS,
    FILES,
    FOLDER,
    LOADED,
    PROGRAM,
    PYTHON,
    RUN,
    SERVER,
    SERVICE,
    SOCKET,
    STARTED,
    USER,
    Client,
    Served,
    digest,
    table,
    unit_path,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.plan import (
    CreateUser,
    InstallProgram,
    Loaded,
    PlaceFile,
    PrepareFolder,
    Reload,
    ServeState,
    Start,
    holder_of,
    planned,
    restarts,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.record import RECORD, ServeRecord
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.resource import Serve
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.retired import (
    RetiredServe,
    RetiredState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import BUILDKIT_IMAGE
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Action, Kind, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CONTENT = b"of this test"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CA, PAIR = make("CA"), make("builds.example.com", ca=False)
CI, JANE = Client("ci", "a" * 64, 2 * 10**9), Client("jane", "b" * 64)
SERVED = Served(
    "multiarch", "buildx_buildkit_multiarch0", "0.0.0.0", 1234, CA.pem, PAIR.pem, PAIR.key_pem, (CI,), DIGEST
)
INSTALLED = ServeState(
    user=True,
    program=DIGEST,
    units=SERVED.units(),
    files=SERVED.files(),
    fitting=frozenset((FOLDER, *FILES)),
    loaded=Loaded(DIGEST, digest(SERVED.files())),
    runs=True,
)
NEW = ServeState()
BUSY = replace(INSTALLED, loaded=Loaded("former", digest(SERVED.files())), program="former", connections=2)
RESTART, FRESH, MOVED = Start(restarts=True), Start(listens=True), Start(restarts=True, listens=True)


def other_unit(name: str) -> ServeState:
    return replace(INSTALLED, units={**SERVED.units(), unit_path(name): "former"})


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        pytest.param(INSTALLED, [], id="served"),
        pytest.param(
            NEW,
            [CreateUser, PrepareFolder, *[PlaceFile] * 3, InstallProgram, *[WriteFile] * 4, Start(listens=True)],
            id="new",
        ),
        pytest.param(replace(INSTALLED, runs=False), [Start()], id="not enabled"),
        pytest.param(replace(INSTALLED, loaded=None), [Start()], id="stopped"),
        pytest.param(
            replace(INSTALLED, files={**SERVED.files(), SERVER: "former"}, loaded=Loaded(DIGEST, "former")),
            [PlaceFile, Reload],
            id="another certificate",
        ),
        pytest.param(replace(INSTALLED, loaded=Loaded(DIGEST, "former")), [Reload], id="killed before the reload"),
        pytest.param(replace(INSTALLED, fitting=frozenset(FILES)), [PrepareFolder], id="the folder is open"),
        pytest.param(replace(INSTALLED, fitting=frozenset((FOLDER, *FILES[1:]))), [PlaceFile], id="the key is open"),
        pytest.param(replace(INSTALLED, program="changed"), [InstallProgram], id="the program was changed on disk"),
        pytest.param(BUSY, [InstallProgram, RESTART], id="another version"),
        pytest.param(
            replace(BUSY, files={**SERVED.files(), CLIENTS: table((CI, JANE))}, loaded=Loaded("former", "former")),
            [PlaceFile, Reload, InstallProgram, RESTART],
            id="another version, and a client that goes, which waits for nobody",
        ),
        pytest.param(other_unit(SERVICE), [WriteFile, RESTART], id="another sandbox"),
        pytest.param(other_unit(SOCKET), [WriteFile, MOVED], id="another port"),
        pytest.param(other_unit(BUILDKIT_SERVICE), [WriteFile, Start()], id="another builder"),
        pytest.param(replace(INSTALLED, unread=frozenset({SERVICE})), [RESTART], id="killed before a sandbox is used"),
        pytest.param(replace(INSTALLED, unread=frozenset({SOCKET})), [MOVED], id="killed before the port is changed"),
        pytest.param(replace(INSTALLED, unread=frozenset({BUILDKIT_SOCKET})), [Start()], id="killed before a reload"),
    ],
)
def test_what_is_planned(state: ServeState, steps: list[t.Any]) -> None:
    actions = planned(SERVED, state, "wait").actions
    found = [action.step if isinstance(action.step, Start) else type(action.step) for action in actions]
    assert found == steps
    shown = "".join(f"{action}" for action in actions)
    assert PAIR.key_pem.splitlines()[1] not in shown, "neither summary, difference nor step show the key"


@pytest.mark.parametrize(
    ("mode", "state", "words", "notes"),
    [
        pytest.param("wait", BUSY, f"restart {SERVICE}, on 0.0.0.0:1234, once no client is connected", 0, id="wait"),
        pytest.param("now", BUSY, "on 0.0.0.0:1234, which ends 2 connections of clients", 0, id="now"),
        pytest.param("now", replace(BUSY, connections=0), f"restart {SERVICE}, on 0.0.0.0:1234", 0, id="idle"),
        pytest.param("never", replace(BUSY, connections=0), f"restart {SERVICE}, on 0.0.0.0:1234", 0, id="never, idle"),
        pytest.param("never", BUSY, "", 1, id="never"),
    ],
)
def test_a_restart_by_the_disruption(mode: str, state: ServeState, words: str, notes: int) -> None:
    plan = planned(SERVED, state, mode)
    assert (plan.actions[-1].summary if plan.actions else "").endswith(words)
    assert [each.kind for each in plan.notes] == [Kind.WAITS] * notes
    assert all("2 connections of clients" in each.text for each in plan.notes)


def test_a_restart_that_is_held_back_holds_back_no_revocation() -> None:
    state = replace(BUSY, files={**SERVED.files(), CLIENTS: table((CI, JANE))}, loaded=Loaded("former", "former"))
    plan = planned(SERVED, state, "never")
    assert [type(action.step) for action in plan.actions] == [PlaceFile, Reload]
    assert plan.actions[0].summary == (f"write {CLIENTS}: jane may no longer connect, and its connections are closed")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((), (CI, JANE), "ci may connect; jane may connect"),
        ((CI,), (CI, replace(CI, fingerprint="c" * 64)), "other certificates of the same clients"),
        ((CI,), (replace(CI, ends=5),), "the same clients"),
    ],
)
def test_changed_clients(before: tuple[Client, ...], after: tuple[Client, ...], words: str) -> None:
    served = replace(SERVED, allowed=after)
    state = replace(INSTALLED, files={**SERVED.files(), CLIENTS: table(before)})
    action = planned(served, state, "wait").actions[0]
    assert action.summary == f"write {CLIENTS}: {words}"
    assert action.difference
    assert len(action.difference.after.splitlines()) == len(after)


def test_certificates_are_shown_by_fingerprint() -> None:
    state = replace(
        INSTALLED, files={SERVER: PAIR.pem, AUTHORITIES: "-----BEGIN CERTIFICATE-----!A\n-----END CERTIFICATE-----"}
    )
    first, second, _table = planned(SERVED, state, "wait").actions[:3]
    assert first.difference and second.difference
    assert (first.difference.before, first.difference.after) == (f"sha256:{PAIR.fingerprint}\n",) * 2
    assert (second.difference.before, second.difference.after) == (
        "a damaged certificate\n",
        f"sha256:{CA.fingerprint}\n",
    )


NGINX = 'LISTEN 0 511 {}:1234 0.0.0.0:* users:(("nginx",pid=812,fd=6),("nginx",pid=813,fd=6))\n'
SYSTEMD = 'LISTEN 0 128 0.0.0.0:1234 0.0.0.0:* users:(("systemd",pid=1,fd=40))\n'


@pytest.mark.parametrize(
    ("shown", "address", "ours", "holder"),
    [
        ("", "0.0.0.0", False, ""),
        (NGINX.format("0.0.0.0"), "0.0.0.0", False, "nginx (process 812)"),
        (NGINX.format("127.0.0.1"), "0.0.0.0", False, "nginx (process 812)"),
        (NGINX.format("*"), "192.0.2.1", False, "nginx (process 812)"),
        (NGINX.format("192.0.2.7"), "192.0.2.1", False, ""),
        (NGINX.format("[::]"), "::1", False, "nginx (process 812)"),
        (NGINX.format("[::1]%lo"), "::1", False, ""),
        (NGINX.format("0.0.0.0").replace("1234", "12345"), "0.0.0.0", False, ""),
        (SYSTEMD, "0.0.0.0", True, ""),
        (SYSTEMD, "0.0.0.0", False, "systemd (process 1)"),
        (SYSTEMD.partition(" users")[0], "0.0.0.0", True, "another program"),
    ],
)
def test_who_has_the_port(shown: str, address: str, ours: bool, holder: str) -> None:
    assert holder_of(shown, replace(SERVED, address=address), ours=ours) == holder


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(NEW, python=False), "needs /usr/bin/python3, which is not on this host: install python3"),
        (replace(NEW, holder="nginx (process 812)"), "0.0.0.0:1234 is taken by nginx (process 812). Stop that, or set"),
    ],
)
def test_what_prevents_it(state: ServeState, words: str) -> None:
    with pytest.raises(HostError) as raised:
        planned(SERVED, state, "wait")
    assert words in str(raised.value)


def test_an_address_of_another_host_is_noted() -> None:
    (note,) = planned(SERVED, replace(NEW, elsewhere=True), "wait").notes
    assert (note.kind, note.text[:48]) == (Kind.LIMIT, "0.0.0.0 is not an address of this host now: nobo")


@pytest.mark.usefixtures("host")
def test_addresses_of_this_host(programs: Callable[[str, str], Path]) -> None:
    programs("ip", 'test "$5" != 192.0.2.10 || echo "2: eth0 inet 192.0.2.10/24"')
    found = {each: serve(replace(SERVED, address=each)).observe() for each in ("0.0.0.0", "192.0.2.10", "192.0.2.11")}
    assert [each.elsewhere for each in t.cast("dict[str, ServeState]", found).values()] == [False, False, True]


def test_the_facts_for_a_report() -> None:
    assert planned(SERVED, INSTALLED, "wait").facts == {
        "builder": "multiarch",
        "address": "0.0.0.0",
        "port": 1234,
        "running": True,
        "error": None,
        "clients": [{"name": "ci", "fingerprint": "a" * 64, "ends": 2 * 10**9}],
    }
    assert not planned(SERVED, replace(INSTALLED, runs=False), "wait").facts["running"]


def test_the_units() -> None:
    assert "ListenStream=[fe80::1%%bond0]:1234\n" in replace(SERVED, address="fe80::1%bond0").units()[unit_path(SOCKET)]
    texts = replace(SERVED, address="2001:db8::1").units()
    assert "ListenStream=[2001:db8::1]:1234\n" in texts[unit_path(SOCKET)]
    assert "exec --interactive buildx_buildkit_multiarch0 buildctl dial-stdio\n" in texts[unit_path(BUILDKIT_SERVICE)]
    assert all("{" not in text for text in texts.values())
    assert "multiarch-serve" not in texts[unit_path(BUILDKIT_SERVICE)], "it is root's"


# A program that loads what is on disk when systemd has it started or reloaded.
SYSTEMCTL = """
case "$*" in
  *NConnections*) cat {root}/connections;;
  show*) echo ActiveState=active; echo UnitFileState=enabled; echo; echo ActiveState=active; echo UnitFileState=enabled;
    echo; cat {root}/service;;
  "start {service}"|"restart {service}"|"reload {service}")
    mkdir -p {root}/{run}; cp {root}/would-load {root}/{loaded};;
  disable*) rm -rf {root}/{run};;
esac
"""


@pytest.fixture
def host(programs: Callable[[str, str], Path], tmp_path: Path) -> Iterator[Path]:
    """A host with Python and systemd, whose users are those of this machine; the file of calls of systemctl."""
    for path in (PYTHON, "/run/uploaded", FOLDER):
        at(path).parent.mkdir(parents=True, exist_ok=True)
    at(PYTHON).touch()
    at("/run/uploaded").write_bytes(CONTENT)
    (tmp_path / "service").write_text("ActiveState=active\nUnitFileState=enabled\n")
    (tmp_path / "connections").write_text("0\n")
    would_load(tmp_path)
    programs("ss", "")
    programs("journalctl", "echo it said why.")
    programs("useradd", "")
    programs("userdel", "")
    script = SYSTEMCTL.format(root=tmp_path, service=SERVICE, loaded=LOADED.lstrip("/"), run=RUN.lstrip("/"))
    calls = programs("systemctl", script)
    with standing_on(replace(here(), users=TheseUsers({"root": entry(), USER: entry()}))):
        yield calls


def entry() -> pwd.struct_passwd:
    return pwd.struct_passwd((USER, "x", os.geteuid(), os.getegid(), "", "/nonexistent", "/usr/sbin/nologin"))


def would_load(root: Path, served: Served = SERVED, error: str = "") -> None:
    files = "" if error else digest(served.files())
    (root / "would-load").write_text(json.dumps({"program": served.program, "files": files, "error": error}))


def serve(served: Served | None = SERVED, mode: str = "wait") -> Serve:
    return Serve(served, "/run/uploaded", Disruption(mode, 1))


def applied(concern: t.Any) -> list[str]:
    plan = concern.plan(concern.observe(), NO_EFFECTS)
    concern.apply(plan.actions)
    assert concern.plan(concern.observe(), NO_EFFECTS).actions == ()
    return [action.summary for action in plan.actions]


def calls_of(host: Path) -> list[str]:
    found = [line for line in host.read_text().splitlines() if not line.startswith(("show", "is-active"))]
    host.write_text("")
    return found


def test_it_is_installed_changed_and_leaves_nothing(host: Path, tmp_path: Path) -> None:
    before = {each for each in tmp_path.rglob("*") if not each.name.endswith(".calls")}
    assert len(applied(serve())) == 10, "the user is there"
    assert calls_of(host) == [f"stop {SERVICE} {SOCKET}", "daemon-reload", f"enable {' '.join(STARTED)}"] + [
        f"start {name}" for name in STARTED
    ]
    modes = {path: stat.S_IMODE(at(path).stat().st_mode) for path in (FOLDER, *FILES, PROGRAM, unit_path(SERVICE))}
    assert modes == {FOLDER: 0o750, **dict.fromkeys(FILES, 0o640), PROGRAM: 0o644, unit_path(SERVICE): 0o644}
    assert at(SERVER).read_text() == PAIR.key_pem + PAIR.pem

    changed = replace(SERVED, allowed=(JANE,))
    would_load(tmp_path, changed)
    told = applied(serve(changed))
    assert told[0].endswith("jane may connect; ci may no longer connect, and its connections are closed")
    assert calls_of(host) == [f"reload {SERVICE}"]

    (gone,) = applied(serve(None))
    assert gone.startswith(f"stop {SERVICE}, and remove {unit_path(SERVICE)}")
    assert calls_of(host)[0] == f"disable --now {' '.join(reversed(STARTED))}"
    left = {each for each in tmp_path.rglob("*") if each.is_file() and not each.name.endswith(".calls")}
    assert left - before == set()
    assert not at(FOLDER).exists()
    assert RetiredServe().plan(RetiredServe().observe(), NO_EFFECTS) == Plan()


def test_a_service_whose_unit_someone_removed_is_stopped_too(host: Path) -> None:
    applied(serve())
    at(unit_path(SERVICE)).unlink()
    calls_of(host)
    applied(serve(None))
    assert calls_of(host)[:2] == [f"stop {SERVICE}", f"disable --now {' '.join(reversed(STARTED[:-1]))}"]


def test_what_is_not_asked_for_and_not_there_is_nothing_to_do(host: Path) -> None:
    assert serve(None).plan(serve(None).observe(), NO_EFFECTS) == Plan()
    assert not host.exists(), "systemctl is not started for that"


@pytest.mark.usefixtures("host")
def test_our_user_comes_and_goes(tmp_path: Path) -> None:
    users = tmp_path / "useradd.calls"
    with standing_on(replace(here(), users=TheseUsers({"root": entry()}))):
        plan = serve().plan(serve().observe(), NO_EFFECTS)
    assert isinstance(plan.actions[0].step, CreateUser)
    serve().apply(plan.actions)
    assert users.read_text().startswith("--system --user-group --no-create-home --home-dir /nonexistent")
    assert RECORD.read() == ServeRecord(user=True)
    (told,) = applied(serve(None))
    assert told.endswith(f", and user {USER}")
    assert (tmp_path / "userdel.calls").read_text() == f"{USER}\n"
    assert RECORD.find() is None


def test_a_program_that_refuses_its_files_is_told(
    host: Path, tmp_path: Path, programs: Callable[[str, str], Path]
) -> None:
    applied(serve())
    would_load(tmp_path, error="server.pem is not a certificate with its key")
    changed = replace(SERVED, allowed=(JANE,))
    with pytest.raises(HostError, match=r"goes on with its former files: server\.pem is not a certificate"):
        serve(changed).apply(serve(changed).plan(serve(changed).observe(), NO_EFFECTS).actions)
    assert host.read_text().endswith(f"reload {SERVICE}\n")
    would_load(tmp_path, changed)
    (host.parent / "programs/systemctl").unlink()
    programs("systemctl", f"test $1 = reload && (sleep 0.3; cp {tmp_path}/would-load {at(LOADED)}) >/dev/null 2>&1 &")
    serve(changed).apply([Action("reload", Reload())])  # the error of before is still there for a moment


def test_units_that_systemd_has_not_read_and_a_socket_that_stays_open(
    host: Path, tmp_path: Path, programs: Callable[[str, str], Path]
) -> None:
    applied(serve())
    with (tmp_path / "service").open("a") as file:
        file.write("NeedDaemonReload=yes\n")
    plan = serve().plan(serve().observe(), NO_EFFECTS)
    assert [action.step for action in plan.actions] == [RESTART]
    (host.parent / "programs/systemctl").unlink()
    programs("systemctl", 'case "$1" in is-active) echo active;; esac')
    with pytest.raises(HostError, match=f"{SOCKET} cannot be stopped"):
        units.start(MOVED)
    assert "daemon-reload" not in calls_of(host)[-1]


@pytest.mark.usefixtures("host")
def test_a_program_that_loads_nothing_is_told_with_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_PATIENCE", 0.2)
    would_load(tmp_path, replace(SERVED, program="another"))
    with pytest.raises(HostError, match="did not load its files within 0 s: it said why"):
        serve().apply(serve().plan(serve().observe(), NO_EFFECTS).actions)


def test_a_unit_that_cannot_start_is_told_with_its_journal(host: Path, programs: Callable[[str, str], Path]) -> None:
    (host.parent / "programs/systemctl").unlink()
    programs("systemctl", f'test "$*" != "start {SOCKET}"')
    with pytest.raises(HostError, match=f"{SOCKET} cannot be started: it said why"):
        serve().apply(serve().plan(serve().observe(), NO_EFFECTS).actions)


def test_a_restart_waits_for_clients_but_a_revocation_does_not(host: Path, tmp_path: Path) -> None:
    applied(serve())
    (tmp_path / "connections").write_text("3\n")
    other = replace(SERVED, program=hashlib.sha256(b"next").hexdigest(), allowed=(JANE,))
    at("/run/uploaded").write_bytes(b"next")
    concern = serve(other)
    plan = concern.plan(concern.observe(), NO_EFFECTS)
    assert restarts(other, t.cast("ServeState", concern.observe()))
    would_load(tmp_path, replace(other, program=DIGEST))
    calls_of(host)
    with pytest.raises(HostError, match=f"restarting {SERVICE} would end 3 connections of clients"):
        concern.apply(plan.actions)
    assert calls_of(host) == [f"reload {SERVICE}"]
    assert "jane" in at(CLIENTS).read_text()
    assert at(PROGRAM).read_bytes() == CONTENT
    (tmp_path / "connections").write_text("0\n")
    would_load(tmp_path, other)
    assert [each.partition(" ")[0] for each in applied(concern)] == ["update", "restart"]
    assert calls_of(host)[-1] == f"restart {SERVICE}"


@pytest.mark.parametrize(
    ("alone", "mode", "connections", "actions", "holds"),
    [
        pytest.param(True, "wait", 2, 1, False, id="it waits when it is applied"),
        pytest.param(True, "never", 0, 1, False, id="idle"),
        pytest.param(True, "never", 2, 0, False, id="served on"),
        pytest.param(False, "never", 2, 0, True, id="nothing of the host is retired"),
    ],
)
def test_retiring_with_clients(alone: bool, mode: str, connections: int, actions: int, holds: bool) -> None:
    plan = RetiredServe(Disruption(mode, 1), alone=alone).plan(RetiredState((PROGRAM,), False, connections), NO_EFFECTS)
    assert (len(plan.actions), plan.holds) == (actions, holds)
    assert [each.kind for each in plan.notes] == ([] if actions else [Kind.WAITS])


def test_the_options_of_the_module() -> None:
    rows = [{"name": "ci", "fingerprint": "a" * 64, "ends": 2 * 10**9}]
    given = {"builder": "multiarch", "address": "0.0.0.0", "port": 1234, "ca": CA.pem, "certificate": PAIR.pem}
    given |= {"key": PAIR.key_pem, "allowed": rows, "program": DIGEST, "src": "/run/uploaded"}
    builder = {"name": "multiarch", "driver": "docker-container", "image": BUILDKIT_IMAGE, "nodes": []}
    params: dict[str, t.Any] = {"serve": given, "instances": [builder], "disruption": "wait", "drain_timeout": 1}
    found = Serve.from_params(params, t.cast("t.Any", None))
    assert (found.served and replace(found.served, docker=SERVED.docker), found.source) == (SERVED, "/run/uploaded")
    for empty in ({}, {"address": None, "port": None}, None):
        assert Serve.from_params({**params, "serve": empty}, t.cast("t.Any", None)).served is None
    elsewhere = {**builder, "nodes": [{"name": "far", "endpoint": "ssh://far"}]}
    with pytest.raises(HostError, match="'multiarch' has no node on this host"):
        Serve.from_params({**params, "instances": [elsewhere]}, t.cast("t.Any", None))

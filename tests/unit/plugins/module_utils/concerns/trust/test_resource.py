# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of trust, from states made by hand: in words without secrets, and with the effect on dockerd."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import Login, Logout, Place
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.plan import (
    ForgetFile,
    RefreshStore,
    TrustState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.retired import RetiredTrust
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import DEBIAN, RED_HAT, Store
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Arrival,
    Kind,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA, CLIENT = make("CA"), make("client", ca=False)
FOLDER = "/etc/docker/certs.d/of-these-tests.example"
CA_FILE = WriteFile(f"{FOLDER}/ca.crt", CA.pem)
KEY_FILE = WriteFile(f"{FOLDER}/client.key", CLIENT.key_pem, 0o600)
ANCHOR = WriteFile(f"{DEBIAN.anchors}/multiarch-builders-of-these-tests.example.crt", CA.pem)
HARBOR = Registry("harbor.example.com", username="robot$ci", password="of-this-login")
NOTHING = TrustState(DEBIAN)


def planned(state: TrustState) -> Plan:
    return Trust((), ()).plan(state, NO_EFFECTS)


def test_nothing_differs() -> None:
    assert planned(NOTHING) == Plan()


@pytest.mark.parametrize(
    ("state", "steps", "refreshes"),
    [
        pytest.param(TrustState(DEBIAN, (CA_FILE,)), [CA_FILE], False, id="certs.d is read at every connection"),
        pytest.param(TrustState(DEBIAN, (CA_FILE, ANCHOR)), [CA_FILE, ANCHOR], True, id="a new anchor"),
        pytest.param(
            TrustState(DEBIAN, remove=(RemoveFile(ANCHOR.path),)),
            [RemoveFile(ANCHOR.path)],
            True,
            id="an anchor that goes is forgotten by the bundle too",
        ),
        pytest.param(
            TrustState(DEBIAN, remove=(RemoveFile(CA_FILE.path, folder=True),)),
            [RemoveFile(CA_FILE.path, folder=True)],
            False,
            id="a file of certs.d goes",
        ),
        pytest.param(TrustState(DEBIAN, stale=True), [], True, id="the bundle was never made"),
        pytest.param(
            TrustState(DEBIAN, logins=(Login("ci", HARBOR),)), [Login("ci", HARBOR)], False, id="a login is no trust"
        ),
    ],
)
def test_steps(state: TrustState, steps: list[object], refreshes: bool) -> None:
    plan = planned(state)
    expected = [*steps, RefreshStore(DEBIAN)] if refreshes else steps
    assert [action.step for action in plan.actions] == expected
    assert plan.effects == NO_EFFECTS


LOGOUT = Logout(Place("ci", "quay.example", None), ours=True)
NOTE = Note(Kind.LIMIT, "a note")


def test_the_order_is_files_then_the_store_then_logins() -> None:
    """A helper or a token's server may need the CA."""
    state = TrustState(
        DEBIAN,
        (ANCHOR,),
        (RemoveFile(CA_FILE.path),),
        logins=(Login("ci", HARBOR),),
        logouts=(LOGOUT,),
        forget=(ForgetFile("/x"),),
        notes=(NOTE,),
    )
    steps = [type(action.step) for action in planned(state).actions]
    assert steps == [WriteFile, RemoveFile, ForgetFile, RefreshStore, Login, Logout]
    assert planned(state).notes == (NOTE,)


@pytest.mark.parametrize(
    ("store", "command"),
    [
        pytest.param(DEBIAN, "update-ca-certificates", id="Debian"),
        pytest.param(RED_HAT, "update-ca-trust extract", id="Red Hat"),
    ],
)
def test_the_store_is_that_of_the_host(store: Store, command: str) -> None:
    anchor = WriteFile(f"{store.anchors}/x{store.suffix}", CA.pem)
    plan = planned(TrustState(store, (anchor,)))
    assert plan.actions[-1].summary == f"refresh the operating system's trust store ({command})"


def test_no_secret_is_told() -> None:
    plan = planned(TrustState(DEBIAN, (CA_FILE, KEY_FILE), logins=(Login("ci", HARBOR),)))
    summaries = [action.summary for action in plan.actions]
    assert summaries[1:] == [f"write {KEY_FILE.path} (client key)", "log ci in to harbor.example.com as robot$ci"]
    assert summaries[0].startswith(f"write {CA_FILE.path} (certificate sha256:")
    told = "".join(summaries) + "".join(
        each.difference.before + each.difference.after for each in plan.actions if each.difference
    )
    assert "PRIVATE KEY" not in told
    assert "of-this-login" not in told
    assert plan.actions[1].difference is None


def test_the_difference_of_a_certificate_is_its_fingerprint() -> None:
    before = "certificate sha256:of the former\n"
    (action,) = planned(TrustState(DEBIAN, (CA_FILE,), before={CA_FILE.path: before})).actions
    assert action.difference is not None
    assert (action.difference.name, action.difference.before) == (CA_FILE.path, before)
    assert action.difference.after.startswith("certificate sha256:")


REFRESHED = Store("", "", ("refresh-of-these-tests",), "/bundle")


@pytest.mark.parametrize(
    ("status", "stale"),
    [
        pytest.param(0, False, id="refreshed"),
        pytest.param(1, True, id="failed: the next run tries again"),
    ],
)
def test_a_removal_is_remembered_until_the_store_is_refreshed(
    status: int, stale: bool, programs: t.Callable[[str, str], Path]
) -> None:
    programs("refresh-of-these-tests", f"exit {status}")
    anchor = WriteFile("/anchor.crt", CA.pem)
    trust = Trust((), ())
    trust.apply([Action("", anchor)])
    assert list(record.load("trust")["files"]) == [anchor.path]
    trust.apply([Action("", RemoveFile(anchor.path))])
    assert record.load("trust") == {"stale": True}
    refresh = [Action("", RefreshStore(REFRESHED))]
    if stale:
        with pytest.raises(HostError, match="the operating system's trust store cannot be refreshed"):
            trust.apply(refresh)
    else:
        trust.apply(refresh)
    assert record.load("trust") == ({"stale": True} if stale else {})
    assert record.load("authorities") == {}, "nothing came"


def test_the_store_knows_nothing_of_what_leaves_certs_d(tmp_path: Path) -> None:
    path = "/docker/certs.d/a.example/client.key"
    trust = Trust((), ())
    trust.apply([Action("", WriteFile(path, "x"))])
    trust.apply([Action("", RemoveFile(path, folder=True))])
    assert record.load("trust") == {}
    assert not (tmp_path / "docker").exists(), "its folders were not there before"


ROW = Registry(HARBOR.host, ca=CA.pem, username=HARBOR.username, password=HARBOR.password)


REFRESH = "cat {root}{anchors}/*.crt >{root}{bundle} 2>/dev/null; true"


@pytest.fixture
def root(tmp_path: Path, programs: t.Callable[[str, str], Path]) -> Path:
    """The folder of a host's files, with Debian's store, whose program makes a bundle of the anchors."""
    for path in ("usr/sbin", DEBIAN.anchors[1:], Path(DEBIAN.bundle).parent.relative_to("/")):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "usr/sbin" / DEBIAN.refresh[0]).touch()
    programs(DEBIAN.refresh[0], REFRESH.format(root=tmp_path, anchors=DEBIAN.anchors, bundle=DEBIAN.bundle))
    return tmp_path


@pytest.fixture
def rootless(homes: Path) -> Path:
    """A user's folder for a rootless Docker."""
    unit = homes / "ci/.config/systemd/user/docker.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    return homes / "ci/.config/docker/certs.d"


def converged(trust: Trust) -> list[str]:
    """Plan, apply, and look again as the module does; what was done to the user."""
    plan = trust.plan(trust.observe(), NO_EFFECTS)
    trust.apply(plan.actions)
    assert trust.plan(trust.observe(), NO_EFFECTS) == Plan()
    summaries = [action.summary for action in plan.actions if not isinstance(action.step, RefreshStore)]
    return [each for each in summaries if not any(path in each for path in (" /etc/docker/", DEBIAN.anchors))]


def told(trust: Trust) -> list[str]:
    return [each.summary.partition(" (")[0] for each in trust.plan(trust.observe(), NO_EFFECTS).actions]


@pytest.mark.usefixtures("root")
def test_a_host_trusts_what_the_table_says_and_forgets_what_it_says_no_more() -> None:
    pair = Registry("a.example", ca=CA.pem, client_cert=CLIENT.pem, client_key=CLIENT.key_pem)
    folder, anchor = "/etc/docker/certs.d/a.example", f"{DEBIAN.anchors}/multiarch-builders-a.example.crt"
    refresh = "refresh the operating system's trust store"
    paths = [f"{folder}/{name}" for name in ("ca.crt", "client.cert", "client.key")]
    assert told(Trust((pair,), ())) == [*(f"write {path}" for path in (*paths, anchor)), refresh]
    converged(Trust((pair,), ()))
    assert CA.pem in at(DEBIAN.bundle).read_text()
    assert at(f"{folder}/client.key").stat().st_mode & 0o777 == 0o600
    at(f"{folder}/ca.crt").write_text("another")
    at(f"{folder}/client.key").chmod(0o644)
    at(DEBIAN.bundle).write_text("")
    assert told(Trust((pair,), ())) == [f"write {paths[0]}", f"write {paths[2]}", refresh]
    converged(Trust((), ()))
    assert not at(folder).exists()
    assert not at(anchor).exists()


@pytest.mark.usefixtures("root")
def test_a_link_to_the_systems_bundle_is_replaced_and_the_bundle_stays() -> None:
    """Guides say `ln -s /etc/ssl/certs/ca-certificates.crt /etc/docker/certs.d/HOST/ca.crt`."""
    of_others = make("of the system").pem
    at(f"{DEBIAN.anchors}/theirs.crt").write_text(of_others)
    at(DEBIAN.bundle).write_text(of_others)
    link = at("/etc/docker/certs.d/a.example/ca.crt")
    link.parent.mkdir(parents=True)
    link.symlink_to(at(DEBIAN.bundle))
    trust = Trust((Registry("a.example", ca=CA.pem),), ())
    plan = trust.plan(trust.observe(), NO_EFFECTS)
    assert plan.actions[0].summary.endswith(f", in place of the link to {at(DEBIAN.bundle)}")
    converged(trust)
    assert link.read_text() == CA.pem
    assert all(each in at(DEBIAN.bundle).read_text() for each in (CA.pem, of_others))
    converged(Trust((), ()))
    assert link.readlink() == at(DEBIAN.bundle)


@pytest.mark.usefixtures("root")
def test_a_foreign_ca_in_der_is_replaced_and_put_back() -> None:
    path = at("/etc/docker/certs.d/a.example/ca.crt")
    path.parent.mkdir(parents=True)
    path.write_bytes(CA.der)
    converged(Trust((Registry("a.example", ca=CA.pem),), ()))
    assert path.read_text() == CA.pem
    converged(Trust((), ()))
    assert path.read_bytes() == CA.der


@pytest.mark.usefixtures("root")
def test_of_two_entries_with_one_folder_one_may_go() -> None:
    folder = "/etc/docker/certs.d/a.example"
    at(folder).mkdir(parents=True)
    at(f"{folder}:443").symlink_to("a.example")
    both = Registry("a.example", ca=CA.pem), Registry("a.example:443", ca=CA.pem)
    converged(Trust(both, ()))
    at(f"{folder}/ca.crt").write_text("another")
    converged(Trust(both, ()))
    for each in both:
        assert f"{folder}{each.host[9:]}/ca.crt" in record.load("trust")["files"]
    trust = Trust(both[:1], ())
    assert f"forget {folder}:443/ca.crt: it is the same file as {folder}/ca.crt" in told(trust)
    converged(trust)
    assert at(f"{folder}/ca.crt").read_text() == CA.pem
    converged(Trust(both, ()))
    converged(Trust((), ()))
    assert not at(f"{folder}/ca.crt").exists()


def test_a_host_without_a_store_is_told(root: Path) -> None:
    (root / "usr/sbin" / DEBIAN.refresh[0]).unlink()
    (root / "etc/debian_version").touch()
    with pytest.raises(HostError, match=r"^update-ca-certificates is not on this host"):
        told(Trust((), ()))
    trust = Trust((), ())
    assert trust.plan(trust.observe(), frozenset({Arrival(trust_store=True)})) == Plan()


@pytest.mark.usefixtures("root")
def test_what_a_user_got_goes_with_the_user(rootless: Path) -> None:
    file = rootless / ROW.host / "ca.crt"
    written, logged_in = converged(Trust((ROW,), ("ci",)))
    assert written.startswith(f"write {file} (certificate sha256:")
    assert logged_in == f"log ci in to {ROW.host} as {ROW.username}"
    assert file.read_text() == CA.pem
    assert converged(Trust((ROW,), ())) == [
        f"remove {file}, no longer wanted for a rootless Docker",
        f"log ci out of {ROW.host}, no longer in builder_users",
    ]
    assert not rootless.exists(), "its folder was not there before"


@pytest.mark.usefixtures("root")
def test_of_a_user_who_is_gone_all_is_forgotten_and_nothing_touched(rootless: Path) -> None:
    file = rootless / ROW.host / "ca.crt"
    root, ci = map(here().users.named, ("root", "ci"))
    with standing_on(replace(here(), users=TheseUsers({"ci": ci, "root": root}))):  # the ids are of the first
        converged(Trust((ROW,), ("ci",)))
    with standing_on(replace(here(), users=TheseUsers({"root": root}))):
        assert converged(Trust((), ())) == [
            f"forget {file}: its user does not exist on this host",
            f"drop the login of ci to {ROW.host} from the record: it was removed or changed by someone else",
        ]
    assert file.read_text() == CA.pem


MIRROR, HUB_FILE = "/etc/docker/certs.d/m.example", "/etc/docker/certs.d/docker.io/hosts.toml"
OF_DAEMON = f"""[host."https://m.example/v2/hub"]
  ca = ["{MIRROR}/ca.crt"]
  client = [["{MIRROR}/client.cert", "{MIRROR}/client.key"]]
"""
OF_CA_ALONE = f'[host."https://m.example/v2/hub"]\n  ca = ["{MIRROR}/ca.crt"]\n'


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("file", "text", "kept"),
    [
        pytest.param(HUB_FILE, OF_DAEMON, ["ca.crt", "client.cert", "client.key"], id="of the registry it mirrors"),
        pytest.param(HUB_FILE, OF_CA_ALONE, ["ca.crt"], id="only the CA"),
        pytest.param(f"{MIRROR}/hosts.toml", OF_CA_ALONE, ["ca.crt"], id="its own"),
        pytest.param(f"{MIRROR}/hosts.toml", "ca = 'ca.crt'", ["ca.crt"], id="its own, with a relative path"),
        pytest.param(HUB_FILE, "ca = 'ca.crt'", [], id="a file beside another one"),
        pytest.param(HUB_FILE, f'ca = "{MIRROR}/ca.crt.old"', [], id="another file"),
        pytest.param(None, "", [], id="there is none"),
    ],
)
def test_a_file_that_hosts_toml_names_is_kept_until_the_daemon_runs(
    file: str | None, text: str, kept: list[str]
) -> None:
    """dockerd would pull nothing of the registry, until the concern daemon writes the file anew."""
    converged(Trust((Registry("m.example", ca=CA.pem, client_cert=CLIENT.pem, client_key=CLIENT.key_pem),), ()))
    if file is not None:
        at(file).parent.mkdir(parents=True, exist_ok=True)
        at(file).write_text(text)
    given: dict[str, t.Any] = {"registries": [], "users": []}
    trust = Trust.from_params(given, Docker())
    plan = trust.plan(trust.observe(), NO_EFFECTS)
    told = [f"{MIRROR}/{name} is kept, as {file} names it: run with the concern daemon" for name in kept]
    assert [(each.kind, each.text.partition(", which")[0]) for each in plan.notes] == [
        (Kind.WAITS, each) for each in told
    ]
    trust.apply(plan.actions)
    assert sorted(each.name for each in at(MIRROR).glob("c*")) == kept
    assert trust.plan(trust.observe(), NO_EFFECTS).actions == ()
    converged(Trust.from_params({**given, "concerns": ["trust", "daemon"]}, Docker()))
    assert [each.name for each in at(MIRROR).glob("c*")] == [], "which writes the file in the same run"


@pytest.mark.usefixtures("root")
def test_a_host_that_retires_keeps_no_file_for_hosts_toml() -> None:
    converged(Trust((Registry("m.example", ca=CA.pem),), ()))
    at(HUB_FILE).parent.mkdir(parents=True)
    at(HUB_FILE).write_text(OF_CA_ALONE)
    retired = RetiredTrust.from_params({}, Docker())
    assert retired.plan(retired.observe(), NO_EFFECTS).notes == ()

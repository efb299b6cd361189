# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that buildx gives to builders which users make: in homes on a temporary root."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import inherit
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.inherit import (
    ForgetDefaults,
    SetDefaults,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Inherited
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Doers, perform
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.blind import blind

CONFIG = """\
[registry."harbor.lab.test"]
ca = ["/etc/buildkit/certs/harbor.lab.test/ca.crt"]
"""
WANTED = Inherited(("ci", "jane"), CONFIG, {"harbor.lab.test/ca.crt": "CA\n", "a_5000/client.key": "key\n"})
ROTATED = replace(WANTED, certificates={"harbor.lab.test/ca.crt": "new CA\n", "a_5000/client.key": "key\n"})
NOBODY = Inherited()
OWNER = "root"  # who has the ids of all users here
TOML = "buildkitd.default.toml"
CA, KEY = "multiarch-builders/harbor.lab.test/ca.crt", "multiarch-builders/a_5000/client.key"
DOERS: Doers = {SetDefaults: inherit.set_defaults, ForgetDefaults: inherit.forget_defaults}
REMOTE = json.dumps({"Name": "Far", "Driver": "remote", "Nodes": [{"Name": "far0", "Endpoint": "tcp://a:1"}]})


def run(wanted: Inherited, *managed: str) -> tuple[list[str], list[str]]:
    """(what was done, notes); a second look has to find nothing to do."""
    found = inherit.observe(wanted, managed)
    with blind():
        actions, notes = inherit.actions_for(found, wanted), inherit.notes(found, wanted)
    perform(actions, DOERS)
    assert inherit.actions_for(inherit.observe(wanted, managed), wanted) == []
    return [each.summary for each in actions], [each.text for each in notes]


@pytest.fixture
def store(homes: Path) -> Path:
    """The store of ci, which is not there yet."""
    return homes / "ci/.docker/buildx"


def shown(store: Path) -> dict[str, str]:
    return {str(each.relative_to(store)): each.read_text() for each in sorted(store.rglob("*")) if each.is_file()}


def test_each_user_has_files_that_name_each_other(store: Path, homes: Path) -> None:
    done, notes = run(WANTED)
    assert done == [
        f"write {homes}/{user}/.docker/buildx/{TOML} and certificates (a_5000/client.key, harbor.lab.test/ca.crt), for"
        f" builders that {user} makes"
        for user in WANTED.users
    ]
    assert notes == [
        f"beside {homes}/{user}/.docker/buildx/{TOML}, `docker buildx create --driver remote` needs another"
        " BUILDX_CONFIG (docs/builders.md)"
        for user in WANTED.users
    ]
    config = CONFIG.replace("/etc/buildkit/certs", f"{store}/multiarch-builders")
    assert shown(store) == {TOML: config, CA: "CA\n", KEY: "key\n"}
    assert Path(config.split('"')[3]).read_text() == "CA\n", "it is there under this name"
    assert {stat.S_IMODE(each.stat().st_mode) for each in store.rglob("*") if each.is_file()} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in (store, store / "multiarch-builders")} == {0o700}


@pytest.mark.usefixtures("homes")
def test_a_home_of_any_name_is_quoted() -> None:
    files = inherit.files(WANTED, "ci")
    assert files[-1].path.endswith(TOML), "the one that names the others is written last"
    assert all(each.owner == owner_of("ci") for each in files)
    quoted = inherit._quoted('/home/ci"\\ö')
    assert json.loads(f'"{quoted}"') == '/home/ci"\\ö'


def damage(name: str, text: str | None) -> Callable[[Path], object]:
    return lambda store: (store / name).unlink() if text is None else (store / name).write_text(text)


DRIFT = [
    pytest.param(damage(TOML, "mine\n"), TOML, "mine\n", id="another text"),
    pytest.param(damage(TOML, None), TOML, None, id="removed"),
    pytest.param(lambda store: (store / TOML).chmod(0o644), TOML, None, id="another mode"),
    pytest.param(damage(CA, "theirs\n"), CA, "theirs\n", id="another CA"),
    pytest.param(damage(KEY, None), KEY, None, id="a missing key"),
]


@pytest.mark.parametrize(("change", "name", "lost"), DRIFT)
def test_drift_is_seen_and_what_was_changed_is_backed_up(
    change: Callable[[Path], object], name: str, lost: str | None, store: Path, home: Path
) -> None:
    run(WANTED)
    before = shown(store)
    change(store)
    (told,), notes = run(WANTED)
    what = str(store / name) if name == TOML else f"certificates ({name.partition('/')[2]})"
    assert told.partition(", for builders")[0] == f"write {what}"
    assert (f"someone else changed {store / name}" in told) == (lost is not None)
    assert (shown(store), notes) == (before, [])
    copies = [each.read_text() for each in (home / "backups").glob("*")]
    assert copies == ([lost] if lost else [])


def test_the_difference_is_that_of_the_file_and_never_of_a_key(store: Path) -> None:
    def differences(wanted: Inherited) -> list[tuple[str, str, str]]:
        actions = inherit.actions_for(inherit.observe(wanted), wanted)
        found = [each.difference for each in actions if each.difference]
        return [(each.name, each.before, each.after) for each in found]

    wanted = replace(WANTED, users=("ci",))
    ((name, before, after),) = differences(wanted)
    assert (name, before, after) == (str(store / TOML), "", inherit.files(wanted, "ci")[-1].content)
    run(wanted)
    assert differences(replace(ROTATED, users=("ci",))) == []
    ((_name, before, after),) = differences(replace(wanted, config="debug = true\n"))
    assert (before, after) == (shown(store)[TOML], "debug = true\n")


def test_a_rotation_writes_certificates_alone_and_remembers_the_former(store: Path) -> None:
    run(WANTED)
    text = store / TOML
    written = text.stat().st_mtime_ns
    done, notes = run(ROTATED)
    assert [each.partition(",")[0] for each in done] == ["write certificates (harbor.lab.test/ca.crt)"] * 2
    assert notes == []
    assert (shown(store)[CA], text.stat().st_mtime_ns) == ("new CA\n", written)
    known = records.load("buildx")["inherited"]
    assert [len(each) for each in (known["harbor.lab.test/ca.crt"], known["a_5000/client.key"])] == [2, 1]
    run(WANTED)
    assert records.load("buildx")["inherited"]["harbor.lab.test/ca.crt"] == known["harbor.lab.test/ca.crt"][::-1]


def test_only_the_last_contents_are_remembered() -> None:
    for number in range(inherit._REMEMBERED + 5):
        inherit.remember({"a/ca.crt": str(number)})
    known = records.load("buildx")["inherited"]["a/ca.crt"]
    assert len(known) == inherit._REMEMBERED
    assert known[-1] == digest(str(inherit._REMEMBERED + 4).encode())


@pytest.mark.parametrize("there", [False, True], ids=["a new home", "with a store"])
def test_it_leaves_with_the_variable(there: bool, store: Path, homes: Path) -> None:
    if there:
        store.mkdir(parents=True)
    before = sorted(homes.rglob("*"))
    run(WANTED)
    done, _notes = run(replace(WANTED, users=("jane",)))
    assert done == [f"remove {store / TOML} and 2 certificates, for builders that {OWNER} makes: no longer asked for"]
    assert (homes / "jane/.docker/buildx" / TOML).exists()
    run(NOBODY)
    assert sorted(homes.rglob("*")) == before
    assert not {"files", "owners", "folders"} & records.load("buildx").keys()


def test_a_registry_that_goes_takes_its_files(store: Path) -> None:
    run(WANTED)
    done, _notes = run(replace(WANTED, config="", certificates={"a_5000/client.key": "key\n"}))
    what = f"write {store / TOML}, remove harbor.lab.test/ca.crt, for builders that ci makes"
    assert [done[0], len(done)] == [what, 2]
    assert shown(store) == {TOML: "", KEY: "key\n"}
    assert not (store / CA).parent.exists()


def foreign(store: Path) -> None:
    store.mkdir(parents=True)
    (store / TOML).write_text("theirs\n")
    (store / TOML).chmod(0o640)


def test_a_foreign_file_is_kept_and_told(store: Path) -> None:
    foreign(store)
    done, notes = run(replace(WANTED, users=("ci",)))
    assert (done, shown(store)) == ([], {TOML: "theirs\n"})
    assert notes == [
        f"{store / TOML} is someone else's, and is kept: builders that ci makes do not get this host's registries."
        " Remove it, or set builder_inherit.takeover=true"
    ]


def test_a_foreign_file_is_taken_over_where_allowed_and_comes_back(store: Path) -> None:
    foreign(store)
    wanted = replace(WANTED, users=("ci",), takeover=True)
    (told,), _notes = run(wanted)
    assert told.endswith(": it replaces a foreign file, which is kept to be restored")
    assert shown(store)[TOML] != "theirs\n"
    (told,), _notes = run(NOBODY)
    assert told.endswith(": no longer asked for; the file from before comes back")
    assert shown(store) == {TOML: "theirs\n"}
    assert stat.S_IMODE((store / TOML).stat().st_mode) == 0o640


def test_a_foreign_file_in_another_encoding_comes_back_byte_by_byte(store: Path) -> None:
    foreign(store)
    (store / TOML).write_bytes(b"# f\xfcr alle\n")
    run(replace(WANTED, users=("ci",), takeover=True))
    run(NOBODY)
    assert (store / TOML).read_bytes() == b"# f\xfcr alle\n"


@pytest.mark.parametrize(
    ("managed", "takeover", "written"),
    [
        pytest.param((), False, False, id="the user's own: it keeps working"),
        pytest.param((), True, True, id="as was said"),
        pytest.param(("far",), False, True, id="ours: made in another store"),
    ],
)
def test_users_with_remote_builders_of_their_own(
    managed: tuple[str, ...], takeover: bool, written: bool, store: Path
) -> None:
    (store / "instances").mkdir(parents=True)
    (store / "instances/far").write_text(REMOTE)
    _done, notes = run(replace(WANTED, users=("ci",), takeover=takeover), *managed)
    assert (store / TOML).exists() == written
    if not written:
        assert notes == [
            f"{store / TOML} is not written, as beside it buildx creates no builders with the driver remote, as Far"
            " is; builders that ci makes do not get this host's registries: leave ci out of builder_inherit.users, or"
            " set builder_inherit.takeover=true"
        ]
    if written and not takeover:  # one that comes later was made in another store, too
        assert run(replace(WANTED, users=("ci",))) == ([], [])


def test_a_link_of_the_user_is_followed_with_the_users_rights(store: Path, tmp_path: Path) -> None:
    """As root would not: the rights are those of the file's owner (tests/hosts/test_links.py)."""
    elsewhere = tmp_path / "elsewhere.toml"
    store.mkdir(parents=True)
    (store / TOML).symlink_to(elsewhere)
    run(replace(WANTED, users=("ci",)))
    assert all(each.owner == owner_of("ci") for each in inherit.files(WANTED, "ci"))
    assert elsewhere.exists()
    assert (store / TOML).is_symlink()


@pytest.mark.parametrize(
    ("name", "stay"),
    [
        pytest.param(TOML, {TOML, CA, KEY}, id="the file, with what it names"),
        pytest.param(CA, {CA}, id="a certificate"),
    ],
)
def test_what_someone_else_changed_stays(name: str, stay: set[str], store: Path) -> None:
    run(replace(WANTED, users=("ci",)))
    (store / name).write_text("mine\n")
    done, _notes = run(NOBODY)
    why = f"{store / name} was changed by someone else, and is kept"
    assert done[-1] == f"forget what builders that {OWNER} makes get: {why}"
    assert set(shown(store)) == stay
    assert not {"files", "owners"} & records.load("buildx").keys()


def test_a_user_who_is_gone_is_forgotten(homes: Path) -> None:
    run(replace(WANTED, users=("ci",)))
    record = records.load("buildx")
    records.save("buildx", {**record, "owners": dict.fromkeys(record["owners"], "joe")})
    done, _notes = run(NOBODY)
    assert done == ["forget what builders that joe makes get: joe does not exist on this host"]
    assert (homes / "ci/.docker/buildx" / TOML).exists()


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        pytest.param(replace(WANTED, proxied=True), True, id="a proxy"),
        pytest.param(WANTED, False, id="none"),
        pytest.param(replace(NOBODY, proxied=True), False, id="nobody inherits"),
    ],
)
@pytest.mark.usefixtures("homes")
def test_what_buildx_cannot_inherit_is_told(wanted: Inherited, told: bool) -> None:
    run(wanted)
    _done, notes = run(wanted)
    words = "does not use builder_proxy: buildx takes it from --driver-opt alone, such as env.HTTPS_PROXY=URL"
    assert notes == [f"BuildKit in builders that users make {words}"] * told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_store_that_cannot_be_read_is_told(store: Path) -> None:
    store.mkdir(parents=True)
    store.chmod(0)
    try:
        with pytest.raises(HostError, match="cannot be read"):
            inherit.observe(WANTED)
    finally:
        store.chmod(0o700)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml of a registry: which is written, which is removed, which is left alone, and how that is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import FilesState, Seen
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hosts_files import (
    actions_for,
    files_of,
    hides,
    look,
    notes_on,
    observe,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Action, Difference
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

HOSTS_TOML = "/etc/docker/certs.d/quay.example/hosts.toml"
QUAY = Registry("quay.example", mirrors=("a.example/quay",), hosts_toml="# ours\n")
# What dockerd does with hosts.toml: 28 reads it, 26 does not.
READS, IGNORES = "28.5.2+dfsg4", "26.1.5+dfsg1"


@pytest.fixture
def hosts_toml(tmp_path: Path) -> Path:
    """Where hosts.toml of quay.example is, which is not there yet."""
    return tmp_path / HOSTS_TOML[1:]


def put(path: Path, text: str | None, mode: int = 0o644) -> None:
    if text is not None:
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(mode)


NOTHING, WRITES, REMOVES, LEAVES = "nothing", "writes", "removes", "leaves"


@pytest.mark.parametrize(
    ("engine", "now", "registries", "ours", "does"),
    [
        pytest.param(READS, None, (QUAY,), False, WRITES, id="a first one"),
        pytest.param(READS, None, (QUAY,), True, WRITES, id="ours, gone by another hand"),
        pytest.param(READS, "# ours\n", (QUAY,), True, NOTHING, id="as asked"),
        pytest.param(READS, "# old\n", (QUAY,), True, WRITES, id="ours, changed"),
        pytest.param(READS, "# theirs\n", (QUAY,), False, LEAVES, id="somebody else's stays"),
        pytest.param(READS, "# ours\n", (QUAY,), False, NOTHING, id="theirs says the same"),
        pytest.param(READS, "# ours\n", (), True, REMOVES, id="ours, no longer asked for"),
        pytest.param(READS, "# theirs\n", (), False, NOTHING, id="theirs, never asked for"),
        pytest.param(READS, None, (Registry("quay.example"),), False, NOTHING, id="a registry without mirrors"),
        pytest.param(IGNORES, None, (QUAY,), False, NOTHING, id="this dockerd does not read it"),
        pytest.param(IGNORES, "# ours\n", (QUAY,), True, REMOVES, id="nor any more"),
        pytest.param(IGNORES, "# theirs\n", (QUAY,), False, NOTHING, id="nor theirs"),
        pytest.param(None, None, (QUAY,), False, NOTHING, id="dockerd is down: not written yet"),
        pytest.param(None, "# ours\n", (QUAY,), True, NOTHING, id="dockerd is down: not removed either"),
    ],
)
def test_what_differs(
    engine: str | None,
    now: str | None,
    registries: tuple[Registry, ...],
    ours: bool,
    does: str,
    hosts_toml: Path,
) -> None:
    put(hosts_toml, now)
    record.save("daemon", {"files": {HOSTS_TOML: "digest"} if ours else {}})
    found = observe(registries, engine)
    assert set(found.reasons) == {each.path for each in found.remove}
    assert replace(found, reasons={}, seen=Seen()) == FilesState(
        write=(WriteFile(HOSTS_TOML, "# ours\n"),) if does == WRITES else (),
        remove=(RemoveFile(HOSTS_TOML, folder=True),) if does == REMOVES else (),
        theirs=(HOSTS_TOML,) if does == LEAVES else (),
    )


@pytest.mark.parametrize(
    ("registries", "engine", "reason"),
    [
        pytest.param(
            (QUAY,),
            IGNORES,
            "which Docker 26.1.5+dfsg1 does not read: it only supports mirrors in daemon.json (28.0 and newer do)",
            id="the engine is older now",
        ),
        pytest.param(
            (Registry("quay.example"),),
            READS,
            "as quay.example no longer has mirrors in builder_registries",
            id="its mirrors are gone",
        ),
        pytest.param((), READS, "no longer in builder_registries", id="the registry is gone"),
    ],
)
def test_the_true_reason_of_a_removal_is_told(
    registries: tuple[Registry, ...], engine: str, reason: str, hosts_toml: Path
) -> None:
    put(hosts_toml, "# ours\n")
    record.save("daemon", {"files": {HOSTS_TOML: "digest"}})
    (action,) = actions_for(observe(registries, engine))
    assert action.summary == f"remove {HOSTS_TOML}, {reason}"


def test_one_look_serves_for_every_version() -> None:
    """What is installed in the same run is planned for without another look."""
    seen = look((QUAY,))
    assert [each.path for each in files_of((QUAY,), READS, seen).write] == [HOSTS_TOML]
    assert files_of((QUAY,), IGNORES, seen).write == files_of((QUAY,), None, seen).write == ()


def test_a_file_that_others_may_not_read_differs(hosts_toml: Path) -> None:
    put(hosts_toml, "# ours\n", 0o600)
    record.save("daemon", {"files": {HOSTS_TOML: "digest"}})
    assert [each.path for each in observe((QUAY,), READS).write] == [HOSTS_TOML]


CA, OTHER = make("CA").pem, make("other").pem
HARBOR = Registry("harbor.example:8443", ca=CA)
BESIDE = "/etc/docker/certs.d/harbor.example:8443/hosts.toml"
FOLDER = "/etc/docker/certs.d/harbor.example_8443_"
NAMED = 'server = "https://harbor.example:8443"\nca = ["ca.crt"]\n'
READ_INSTEAD = f"{BESIDE} is unmanaged, and docker reads it in place of the certificates beside it: add "
KEY_OF_CA = '`ca = ["/etc/docker/certs.d/harbor.example:8443/ca.crt"]`'
KEY_OF_PAIR = (
    '`client = [["/etc/docker/certs.d/harbor.example:8443/client.cert", '
    '"/etc/docker/certs.d/harbor.example:8443/client.key"]]`'
)


@pytest.mark.parametrize(
    ("registry", "engine", "path", "text", "told"),
    [
        pytest.param(HARBOR, READS, BESIDE, "# theirs\n", f"{READ_INSTEAD}{KEY_OF_CA}, or remove it", id="hosts.toml"),
        pytest.param(
            replace(HARBOR, client_cert="CERT", client_key="KEY"),
            READS,
            BESIDE,
            "# not ca.crt\n",
            f"{READ_INSTEAD}{KEY_OF_CA} and {KEY_OF_PAIR}, or remove it",
            id="with a client's pair",
        ),
        pytest.param(
            replace(HARBOR, client_cert="CERT", client_key="KEY"),
            READS,
            BESIDE,
            NAMED,
            f"{READ_INSTEAD}{KEY_OF_PAIR}, or remove it",
            id="it names the CA alone",
        ),
        pytest.param(
            HARBOR,
            READS,
            f"{FOLDER}/x.crt",
            "",
            f"{FOLDER} is unmanaged, and docker reads it in place of /etc/docker/certs.d/harbor.example:8443/: move "
            "what it holds there",
            id="containerd's folder",
        ),
        pytest.param(HARBOR, READS, BESIDE, NAMED, "", id="it names the CA"),
        pytest.param(HARBOR, READS, BESIDE, NAMED.replace('"ca', "'/x/ca").replace('t"', "t'"), "", id="by its path"),
        pytest.param(HARBOR, READS, BESIDE, "", "", id="an empty one, which containerd ignores"),
        pytest.param(HARBOR, READS, "/etc/docker/certs.d/x/hosts.toml", "# theirs\n", "", id="another registry's"),
        pytest.param(HARBOR, IGNORES, BESIDE, "# theirs\n", "", id="this dockerd does not read it"),
        pytest.param(HARBOR, IGNORES, f"{FOLDER}/x.crt", "", "", id="nor such a folder"),
        pytest.param(replace(HARBOR, ca=None), READS, BESIDE, "# theirs\n", "", id="no certificates of ours"),
    ],
)
def test_what_docker_reads_in_place_of_our_certificates(
    registry: Registry, engine: str, path: str, text: str, told: str, tmp_path: Path
) -> None:
    put(tmp_path / path[1:], text)
    found = observe((registry,), engine)
    assert (found.write, found.remove, found.theirs) == ((), (), ())
    assert notes_on(found, (registry,)) == ([told] if told else [])
    assert hides((registry,), found, {CA}) is bool(told)
    assert hides((registry,), found, {OTHER}) is False, "dockerd has read this CA"


def test_a_foreign_file_in_place_of_a_generated_one_is_told_once(hosts_toml: Path) -> None:
    put(hosts_toml, "# theirs\n")
    registry = replace(QUAY, ca=CA)
    found = observe((registry,), READS)
    assert notes_on(found, (registry,)) == [
        f"{HOSTS_TOML} is unmanaged and was not changed: remove it to have it created from mirrors"
    ]
    assert hides((registry,), found, {CA})


def test_what_is_to_do_is_told_with_its_difference() -> None:
    new, old, gone = "/new", "/old", "/gone"
    write = (WriteFile(new, "# new\n"), WriteFile(old, "# ours\n"))
    remove = (RemoveFile(gone, folder=True),)
    assert actions_for(FilesState(write, remove, ("/theirs",), seen=Seen({old: "# old\n"}))) == [
        Action(f"write {new}, which docker reads at every pull", write[0], NO_EFFECTS, Difference(new, "", "# new\n")),
        Action(
            f"write {old}, which docker reads at every pull",
            write[1],
            NO_EFFECTS,
            Difference(old, "# old\n", "# ours\n"),
        ),
        Action(f"remove {gone}, no longer in builder_registries", remove[0]),
    ]


def test_what_is_left_alone_is_told() -> None:
    assert notes_on(FilesState(theirs=("/a/hosts.toml", "/b/hosts.toml"))) == [
        "/a/hosts.toml is unmanaged and was not changed: remove it to have it created from mirrors",
        "/b/hosts.toml is unmanaged and was not changed: remove it to have it created from mirrors",
    ]
    assert notes_on(FilesState(write=(WriteFile("/a", ""),), remove=(RemoveFile("/b"),))) == []

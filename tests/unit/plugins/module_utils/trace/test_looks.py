# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All looks at a host: each is reported so that its replay gets the same answer, or there is no trace."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import (
    command,
    file_modes,
    files,
    homes,
    look,
    place,
    users,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.host.watch import watching
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.trace.recorder import Recorder
from ansible_collections.multiarch.builders.plugins.module_utils.trace.replay import LOOKS, difference
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)

NOBODY = Owner(65534, 65534)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another user")
CONTAINER = {"Id": "1", "State": {"Running": True, "StartedAt": "today"}, "Mounts": [{"Name": "x", "RW": True}]}


@dataclass(frozen=True)
class Scene:
    """A host to look at: *folder* has a thing of each sort, *docker* a container `here`, *stopped* no dockerd."""

    folder: str
    docker: Docker
    stopped: Docker

    def __truediv__(self, name: str) -> str:
        return f"{self.folder}/{name}"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The scene, in a place where nobody may go."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    (folder / "file").write_text("some\r\n")
    (folder / "binary").write_bytes(b"\xff\0")
    (folder / "roots").touch(mode=0o600)
    (folder / "large").touch()
    os.truncate(folder / "large", files.LARGEST + 1)
    (folder / "link").symlink_to("file")
    (folder / "dangling").symlink_to("missing")
    (folder / "loop").symlink_to("loop")
    (folder / "folder/below").mkdir(parents=True)
    (folder / "folder/below/a.pem").touch()
    (folder / "closed").mkdir(mode=0o700)
    (folder / "program").write_text("#!/bin/sh\n")
    (folder / "program").chmod(0o755)
    os.mkfifo(folder / "pipe")
    with DockerdStandIn(tmp_path / "docker.sock") as dockerd, standing_on(Host()):
        dockerd.answers |= {
            "GET /containers/here/json": as_json(CONTAINER),
            "GET /containers/json": as_json([{"Id": "1"}]),
            "GET /containers/here/archive": Answer(200, b"\0" * 1024),
            "GET /containers/wrong/json": as_json({"message": "out of order"}, 500),
            "GET /containers/wrong/archive": as_json({"message": "out of order"}, 500),
        }
        yield Scene(str(folder), Docker(str(dockerd.path)), Docker(str(tmp_path / "none.sock")))
    shutil.rmtree(folder)


Call = Callable[[Scene], object]


def as_nobody(call: Call) -> Call:
    def acting(scene: Scene) -> None:
        with files.acting_as(NOBODY):
            call(scene)

    return acting


def state_of_a_container(scene: Scene) -> None:
    assert scene.docker.get("/containers/here/json")["State"]["Running"] is True


# Those that a replay makes again.
SEEN: list[tuple[str, str, Call]] = [
    ("look.exists", "file", lambda s: look.exists(s / "file")),
    ("look.exists", "nothing", lambda s: look.exists(s / "missing")),
    ("look.exists", "below a file", lambda s: look.exists(s / "file/below")),
    ("look.exists", "pipe", lambda s: look.exists(s / "pipe")),
    ("look.exists", "link that leads nowhere", lambda s: look.exists(s / "dangling")),
    ("look.is_file", "link", lambda s: look.is_file(s / "link")),
    ("look.is_folder", "folder", lambda s: look.is_folder(Path(s / "folder"))),
    ("look.state", "file", lambda s: look.state(s / "file")),
    ("look.state", "nothing", lambda s: look.state(s / "missing")),
    ("look.own_rights", "file", lambda s: look.own_rights(s / "file")),
    ("look.own_rights", "link that leads nowhere", lambda s: look.own_rights(s / "dangling")),
    ("look.own_rights", "nothing", lambda s: look.own_rights(s / "missing")),
    ("look.link", "link", lambda s: look.link(s / "link")),
    ("look.link", "file", lambda s: look.link(s / "file")),
    ("look.link", "nothing", lambda s: look.link(s / "missing")),
    ("look.real", "link", lambda s: look.real(s / "folder/../link")),
    ("look.real", "nothing", lambda s: look.real(s / "missing/x")),
    ("look.names", "folder", lambda s: look.names(s.folder)),
    ("look.names", "nothing", lambda s: look.names(s / "missing")),
    ("look.names", "file", lambda s: look.names(s / "file")),
    ("look.matching", "some", lambda s: look.matching(s / "folder", "*/*.pem")),
    ("look.matching", "none", lambda s: look.matching(s / "missing", "*")),
    ("look.text", "file", lambda s: look.text(s / "file")),
    ("look.text", "no text", lambda s: look.text(s / "binary")),
    ("look.text", "nothing", lambda s: look.text(s / "missing")),
    ("look.text", "kernel", lambda _: look.text("/proc/filesystems")),
    ("look.head", "file", lambda s: look.head(s / "file", 2)),
    ("look.program", "found", lambda _: look.program("sh")),
    ("look.program", "nowhere", lambda _: look.program("of-these-tests")),
    ("look.may_run", "program", lambda s: look.may_run(s / "program")),
    ("look.may_run", "nothing", lambda s: look.may_run(s / "missing")),
    ("look.process", "this one", lambda _: look.process(os.getpid())),
    ("look.process", "none", lambda _: look.process(2**22 + 1)),
    ("look.before", "later", lambda _: look.before(2**40)),
    ("look.before", "now", lambda _: look.before(0.5)),
    ("files.read", "file", lambda s: files.read(s / "file")),
    ("files.read", "nothing", lambda s: files.read(s / "missing")),
    ("files.mode_of", "file", lambda s: files.mode_of(s / "file")),
    ("files.differs", "file", lambda s: files.differs(WriteFile(s / "file", "some\r\n", 0o644))),
    ("files.nearest_folder", "nothing", lambda s: files.nearest_folder(s / "missing/below")),
    ("file_modes.look", "file", lambda s: file_modes.look(s / "file")),
    ("file_modes.look", "nothing", lambda s: file_modes.look(s / "missing")),
    ("file_modes.faults", "file", lambda s: file_modes.faults([file_modes.secret(s / "file")])),
    ("users.user_entry", "root", lambda _: users.user_entry("root")),
    ("users.user_entry", "nobody known", lambda _: users.user_entry("of-these-tests")),
    ("users.home_of", "root", lambda _: users.home_of("root")),
    ("homes.require_home", "root", lambda _: homes.require_home("root")),
    ("users.is_user", "nobody known", lambda _: users.is_user("of-these-tests")),
    ("users.owner_of", "root", lambda _: users.owner_of("root")),
    ("users.group_name", "root", lambda _: users.group_name(0)),
    ("users.group_name", "none", lambda _: users.group_name(2**30)),
    ("Users.named", "root", lambda _: here().users.named("root")),
    ("Users.every", "all", lambda _: here().users.every()),
    ("Users.groups", "root", lambda _: here().users.groups(users.user_entry("root"))),
    ("Users.group", "root", lambda _: here().users.group(0)),
    ("place.architecture", "machine", lambda _: place.architecture()),
    ("command.environment", "root", lambda _: command.environment("root")),
    ("command.run", "both outputs", lambda _: command.run(["sh", "-c", r"printf 'a\r\n\377'; echo b >&2; exit 3"])),
    (
        "command.run",
        "input and environment",
        lambda _: command.run(["sh", "-c", "cat; env"], stdin="ä", env={"A": "b"}),
    ),
    ("command.must", "folder", lambda _: command.must(["pwd"], "", cwd="/usr")),
    ("Docker.answers", "ready", lambda s: s.docker.answers()),
    ("Docker.answers", "stopped", lambda s: s.stopped.answers()),
    ("Docker.wait", "ready", lambda s: s.docker.wait(1)),
    ("Docker.get", "one field", state_of_a_container),
    ("Docker.get", "all", lambda s: dict(s.docker.get("/containers/here/json"))),
    ("Docker.get", "404", lambda s: s.docker.get("/containers/missing/json")),
    ("Docker.find", "list", lambda s: s.docker.find("/containers/json")),
    ("Docker.find", "404", lambda s: s.docker.find("/containers/missing/json")),
    ("Docker.lists", "container", lambda s: s.docker.lists("here")),
    ("Docker.files", "folder", lambda s: s.docker.files("here", "/etc/buildkit")),
    ("Docker.files", "404", lambda s: s.docker.files("here-not", "/etc/buildkit")),
]
AS_NOBODY: list[tuple[str, str, Call]] = [
    ("files.read", "file of another user", lambda s: files.read(s / "file", NOBODY)),
    ("file_modes.look", "file of another user", lambda s: file_modes.look(s / "file", NOBODY)),
    ("file_modes.look", "hidden", lambda s: file_modes.look(s / "closed/x", NOBODY)),
    ("look.names", "with a user's rights", as_nobody(lambda s: look.names(s / "folder"))),
    ("look.matching", "hidden", as_nobody(lambda s: look.matching(s / "closed", "*"))),
    ("command.identity", "another user", lambda _: command.identity("nobody")),
    ("command.run", "another user", lambda _: command.run(["id"], user="nobody")),
]
# Those without a trace.
SPOILT: list[tuple[str, str, Call]] = [
    ("look.exists", "name too long", lambda s: look.exists(s / ("x" * 300))),
    ("look.head", "nothing", lambda s: look.head(s / "missing", 2)),
    ("look.text", "folder", lambda s: look.text(s / "folder")),
    ("look.file_system", "folder", lambda s: look.file_system(s.folder)),
    ("look.processes", "all", lambda _: look.processes()),
    ("look.lives", "this one", lambda _: look.lives(os.getpid(), 0.0)),
    ("files.read", "folder", lambda s: files.read(s / "folder")),
    ("files.read", "pipe", lambda s: files.read(s / "pipe")),
    ("files.read", "too large", lambda s: files.read(s / "large")),
    ("file_modes.look", "loop", lambda s: file_modes.look(s / "loop")),
    ("users.name_of", "root", lambda _: users.name_of(0)),
    ("Users.numbered", "root", lambda _: here().users.numbered(0)),
    ("command.run", "no such program", lambda _: command.run(["of-these-tests"])),
    ("command.run", "no program", lambda s: command.run([s / "file"])),
    ("command.run", "endless", lambda _: command.run(["sleep", "60"], timeout=0.1)),  # type: ignore[arg-type]
    ("Docker.get", "error", lambda s: s.docker.get("/containers/wrong/json")),
    ("Docker.get", "stopped", lambda s: s.stopped.get("/info")),
    ("Docker.find", "error", lambda s: s.docker.find("/containers/wrong/json")),
    ("Docker.files", "error", lambda s: s.docker.files("wrong", "/etc")),
    ("Docker.delete", "container", lambda s: s.docker.delete("/containers/here")),
    ("Docker.unpause", "container", lambda s: s.docker.unpause("here")),
    ("Docker.connect", "container", lambda s: s.docker.connect("here", "there")),
    ("Docker.pull", "image", lambda s: s.docker.pull("docker.io/library/alpine")),
    ("Docker.post", "container", lambda s: s.docker.post("/containers/create", {})),
    ("Docker.export", "container", lambda s: s.docker.export("here", io.BytesIO())),
    ("Docker.tag", "image", lambda s: s.docker.tag("sha256:a", "alpine:1")),
    ("Docker.put_files", "container", lambda s: s.docker.put_files("here", "/", {})),
]
SPOILT_FOR_NOBODY: list[tuple[str, str, Call]] = [
    ("files.read", "of root alone", lambda s: files.read(s / "roots", NOBODY)),
    ("look.names", "of root alone", as_nobody(lambda s: look.names(s / "closed"))),
    ("look.exists", "hidden", as_nobody(lambda s: look.exists(s / "closed/x"))),
]

# What looks at nothing that may change while a plan runs, or changes the host.
NO_LOOKS = {
    "place": {"here", "at", "standing_on"},
    "users": {"me"},
    "homes": {"may_write"},
    "command": set(),
    "look": set(),
    "files": {
        "acting_as",
        "write",
        "write_bytes",
        "write_link",
        "remove",
        "remove_leftovers",
        "make_folders",
        "sync_folder",
    }
    | {"tidy", "back_up", "backup_path", "copy_of", "no_copy"},
    "file_modes": {"program", "public", "folder", "secret", "fault", "restore"},
    "Docker": {"silence"},
    "Users": set(),
}


def rows(*tables: list[tuple[str, str, Call]]) -> list[object]:
    return [pytest.param(call, id=f"{name}: {words}") for table in tables for name, words, call in table]


def recorded(call: Call, scene: Scene) -> Recorder:
    recorder = Recorder()
    with watching(recorder), contextlib.suppress(HostError, OSError, KeyError):
        call(scene)
    return recorder


@pytest.mark.parametrize(
    "call",
    [*rows(SEEN), *(pytest.param(*each.values, id=each.id, marks=root_only) for each in rows(AS_NOBODY))],  # type: ignore[attr-defined]
)
def test_a_replay_gets_the_same_answers(call: Call, scene: Scene) -> None:
    recorder = recorded(call, scene)
    looks = json.loads(json.dumps(recorder.looks()))
    assert recorder.why == ""
    assert looks
    assert difference(looks) == ""


@root_only
def test_every_kind_of_look_is_tried(scene: Scene) -> None:
    tried = {each[0] for _name, _words, call in SEEN + AS_NOBODY for each in recorded(call, scene).looks()}
    assert tried == set(LOOKS)


@pytest.mark.parametrize(
    "call",
    [*rows(SPOILT), *(pytest.param(*each.values, id=each.id, marks=root_only) for each in rows(SPOILT_FOR_NOBODY))],  # type: ignore[attr-defined]
)
def test_without_an_answer_that_can_be_had_again_there_is_no_trace(call: Call, scene: Scene) -> None:
    recorder = recorded(call, scene)
    assert recorder.why or difference(recorder.looks())


def offered(owner: ModuleType | type) -> set[str]:
    found = inspect.getmembers(owner, inspect.isfunction)
    own = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    return {name for name, each in found if each.__module__ == own and not name.startswith("_")}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("look", look),
        ("files", files),
        ("file_modes", file_modes),
        ("users", users),
        ("homes", homes),
        ("place", place),
        ("command", command),
        ("Docker", Docker),
        ("Users", place.Users),
    ],
)
def test_whatever_looks_at_the_host_is_in_these_tables(name: str, owner: ModuleType | type) -> None:
    known = {each.partition(".")[2] for each, _words, _call in SEEN + AS_NOBODY + SPOILT if each.startswith(f"{name}.")}
    assert offered(owner) == known | NO_LOOKS[name]

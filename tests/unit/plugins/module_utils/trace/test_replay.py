# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replay of a trace: what is another answer, which traces are trusted, and the program as hosts get it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)

# The oldest and the newest of this machine that hosts may have.
PYTHONS = {
    int(path.name.partition(".")[2]): str(path)
    for folder in (*map(Path, os.get_exec_path()), *Path.home().glob(".pyenv/versions/*/bin"))
    for path in folder.glob("python3.*")
    if ".pyenv/shims" not in str(path) and re.fullmatch(r"python3\.(9|[1-9][0-9])", path.name)
} or {sys.version_info.minor: sys.executable}
each_python = pytest.mark.parametrize("python", sorted({PYTHONS[min(PYTHONS)], PYTHONS[max(PYTHONS)]}))
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as another user")


@dataclass(frozen=True)
class Scene:
    """A *folder* with some things in it, and a stand-in for dockerd."""

    folder: Path
    dockerd: DockerdStandIn

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture
def scene(dockerd: DockerdStandIn) -> Iterator[Scene]:
    """The scene, in a place where nobody may go."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    (folder / "file").write_text("some")
    (folder / "empty").touch()
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("file")
    (folder / "program").write_text("#!/bin/sh\necho one\n")
    (folder / "program").chmod(0o755)
    tell(dockerd, {"State": {"Running": True, "Pid": 1}, "Mounts": [{"RW": True, "Name": "x"}], "Labels": {}})
    yield Scene(folder, dockerd)
    shutil.rmtree(folder)


def tell(dockerd: DockerdStandIn, container: object) -> None:
    dockerd.answers["GET /containers/here/json"] = as_json(container)
    dockerd.answers["GET /containers/here/archive"] = Answer(200, json.dumps(container).encode())


Look = Callable[[Scene], list[object]]
Change = Callable[[Scene], object]


def of(kind: str, name: str, *more: object) -> Look:
    return lambda s: [kind, str(s / name), *more]


def of_docker(used: object, what: str = "json") -> Look:
    return lambda s: ["docker", str(s.dockerd.path), f"/v1.45/containers/here/{what}", used]


def of_output(**options: object) -> Look:
    given = {"env": {}, "cwd": "/", "input": "", "capture_output": True, "encoding": "utf-8", **options}
    return lambda s: ["output", [str(s / "program")], given]


def moved_to(name: str, new: str) -> Change:
    return lambda s: (s / name).rename(s / new)


def written(name: str, text: str) -> Change:
    return lambda s: (s / name).write_text(text)


def removed(name: str) -> Change:
    return lambda s: (s / name).unlink()


def mode(name: str, bits: int) -> Change:
    return lambda s: (s / name).chmod(bits)


def touched(name: str) -> Change:
    return lambda s: (s / name).touch()


def pipe(name: str) -> Change:
    def make(s: Scene) -> None:
        (s / name).unlink()
        os.mkfifo(s / name)

    return make


def leads_to(name: str, target: str) -> Change:
    def make(s: Scene) -> None:
        (s / name).unlink()
        (s / name).symlink_to(target)

    return make


def told(**container: object) -> Change:
    former = {"State": {"Running": True, "Pid": 1}, "Mounts": [{"RW": True, "Name": "x"}], "Labels": {}}
    return lambda s: tell(s.dockerd, {**former, **container})


def dockerd(**state: object) -> Change:
    return lambda s: vars(s.dockerd).update(state)


def stopped(s: Scene) -> None:
    s.dockerd.path.unlink()


def refuses(s: Scene) -> None:
    for name in ("here", "missing"):
        s.dockerd.answers[f"GET /containers/{name}/json"] = as_json({"message": "out of order"}, 500)


def gone(s: Scene) -> None:
    s.dockerd.answers.clear()


def folder_made(name: str) -> Change:
    return lambda s: (s / name).mkdir(parents=True)


CONTENT, KIND, STATE, NAMES = of("content", "file"), of("kind", "file"), of("state", "file"), of("names", "folder")
PEM, LINK, REAL = of("matching", "folder", "*.pem"), of("link", "link"), of("real", "link")
MISSING, PROGRAM = of("content", "missing"), of_output()
RUNNING = of_docker({"State": {"Running": {}}})
NAMED = of_docker({"Mounts": {"[]": {"Name": {}}}})


def ping(s: Scene) -> list[object]:
    return ["ping", str(s.dockerd.path)]


def missing_container(s: Scene) -> list[object]:
    return ["docker", str(s.dockerd.path), "/v1.45/containers/missing/json", {}]


def found_program(s: Scene) -> list[object]:
    return ["program", "program", f"/of-these-tests:{s.folder}/folder:{s.folder}"]


def soon(_s: Scene) -> list[object]:
    return ["before", time.time() + 0.5]


def as_nobody(look: Look) -> Look:
    return lambda s: ["acting", 65534, 65534, *look(s)]


SAME: list[tuple[str, Look, Change]] = [
    ("content: the same again", CONTENT, written("file", "some")),
    ("content: mode", CONTENT, mode("file", 0o600)),
    ("content: something beside it", MISSING, touched("other")),
    ("kind: content", KIND, written("file", "other")),
    ("state: nothing still", of("state", "missing"), touched("other")),
    ("rights: something new in a folder", of("rights", "folder"), touched("folder/new")),
    ("names: content", of("names", ""), written("file", "other")),
    ("matching: another name", PEM, touched("folder/a.crt")),
    ("link: the target", LINK, written("file", "other")),
    ("real: the target", REAL, written("file", "other")),
    ("program: content", found_program, written("program", "other")),
    ("output: of a new program that says the same", PROGRAM, written("program", "#!/bin/sh\nprintf 'one\\n'")),
    ("docker: what nobody used", RUNNING, told(Labels={"new": "x"})),
    ("docker: beside what was used", RUNNING, told(State={"Running": True, "Pid": 2})),
    ("docker: of an element", NAMED, told(Mounts=[{"RW": False, "Name": "x"}])),
    ("ping: asked again", ping, told()),
    ("before: still", lambda _s: ["before", 2**40], touched("other")),
]
OTHER: list[tuple[str, Look, Change]] = [
    ("content: one byte", CONTENT, written("file", "sOme")),
    ("content: a byte more", CONTENT, written("file", "some\n")),
    ("content: none", CONTENT, removed("file")),
    ("content: empty, not there", of("content", "empty"), removed("empty")),
    ("content: empty, there", MISSING, touched("missing")),
    ("content: pipe", of("content", "empty"), pipe("empty")),
    ("content: large", of("content", "empty"), lambda s: os.truncate(s / "empty", 2**26 + 1)),
    ("content: folder", MISSING, folder_made("missing")),
    ("content: loop", MISSING, lambda s: (s / "missing").symlink_to("missing")),
    ("content: by a link", of("content", "link"), leads_to("link", "program")),
    ("kind: gone", KIND, removed("file")),
    ("kind: pipe", KIND, pipe("file")),
    ("kind: folder", of("kind", "missing"), folder_made("missing")),
    ("kind: loop", of("kind", "missing"), lambda s: (s / "missing").symlink_to("missing")),
    ("kind: link to nowhere", of("kind", "link"), removed("file")),
    ("state: mode", STATE, mode("file", 0o600)),
    ("state: content", STATE, written("file", "sOme")),
    ("state: another file with all that", STATE, moved_to("file", "empty")),
    ("state: time", STATE, lambda s: os.utime(s / "file", (1, 1))),
    ("state: gone", STATE, removed("file")),
    ("state: there", of("state", "missing"), touched("missing")),
    ("rights: mode", of("rights", "file"), mode("file", 0o600)),
    ("rights: a link in its place", of("rights", "file"), leads_to("file", "program")),
    ("rights: gone", of("rights", "link"), removed("link")),
    ("names: a new one", NAMES, touched("folder/new")),
    ("names: of nothing", of("names", "missing"), folder_made("missing/new")),
    ("names: renamed", of("names", ""), moved_to("file", "file2")),
    ("matching: a new one", PEM, touched("folder/a.pem")),
    ("link: another target", LINK, leads_to("link", "program")),
    ("link: a file", LINK, lambda s: (s / "file").replace(s / "link")),
    ("link: gone", LINK, removed("link")),
    ("real: another target", REAL, leads_to("link", "program")),
    ("program: gone", found_program, removed("program")),
    ("program: nobody may run it", found_program, mode("program", 0o644)),
    ("program: another one first", found_program, lambda s: shutil.copy(s / "program", s / "folder")),
    ("before: no longer", soon, lambda _s: time.sleep(0.6)),
    ("output: another", PROGRAM, written("program", "#!/bin/sh\necho two")),
    ("output: errors", PROGRAM, written("program", "#!/bin/sh\necho one; echo two >&2")),
    ("output: status", PROGRAM, written("program", "#!/bin/sh\necho one; exit 1")),
    ("output: gone", PROGRAM, removed("program")),
    ("output: no program", PROGRAM, mode("program", 0o644)),
    ("ping: another version", ping, dockerd(version="1.46")),
    ("ping: none", ping, dockerd(version=None)),
    ("ping: not ready", ping, dockerd(ready=False)),
    ("ping: stopped", ping, stopped),
    ("docker: what was used", RUNNING, told(State={"Running": False, "Pid": 1})),
    ("docker: without it", RUNNING, told(State={"Pid": 1})),
    ("docker: null", RUNNING, told(State=None)),
    ("docker: 404", RUNNING, gone),
    ("docker: 404 of bytes", of_docker("bytes", "archive?path=x"), gone),
    ("docker: 404, something still used of it", of_docker({}), gone),
    ("docker: error", RUNNING, refuses),
    ("docker: error where there was nothing", missing_container, refuses),
    ("docker: stopped", RUNNING, stopped),
    ("docker: another version", RUNNING, dockerd(version="1.46")),
    ("docker: used of an element", NAMED, told(Mounts=[{"Name": "y"}])),
    ("docker: a new element", NAMED, told(Mounts=[{"RW": True, "Name": "x"}, {}])),
    ("docker: all of an object", of_docker({"Labels": {"*": True}}), told(Labels={"new": "x"})),
    ("docker: whether it is empty", of_docker({"Labels": {}}), told(Labels={"new": "x"})),
    ("docker: bytes", of_docker("bytes", "archive?path=x"), told(Labels={"new": "x"})),
]
AS_NOBODY: list[tuple[str, Look, Change]] = [
    ("content: hidden from a user", as_nobody(CONTENT), mode("file", 0o600)),
    ("state: hidden from a user", as_nobody(STATE), mode("", 0o700)),
    ("kind: hidden from a user", as_nobody(KIND), mode("", 0o700)),
    ("kind: nothing that a user may look at", as_nobody(of("kind", "folder/x")), mode("folder", 0o700)),
    ("names: hidden from a user", as_nobody(NAMES), mode("folder", 0o700)),
]


def traced(look: list[object]) -> list[list[object]]:
    return [[*look, replay.digest(replay.LOOKS[str(look[0])](*look[1:]))]]


def rows(table: list[tuple[str, Look, Change]], *marks: pytest.MarkDecorator) -> list[object]:
    return [pytest.param(look, change, id=words, marks=marks) for words, look, change in table]


@pytest.mark.parametrize(("look", "change"), rows(SAME))
def test_what_does_not_matter(look: Look, change: Change, scene: Scene) -> None:
    looks = traced(look(scene))
    change(scene)
    assert replay.difference(looks) == ""


@pytest.mark.parametrize(("look", "change"), [*rows(OTHER), *rows(AS_NOBODY, root_only)])
def test_a_single_change_is_noticed(look: Look, change: Change, scene: Scene) -> None:
    rights = (os.geteuid(), os.getegid(), os.getgroups())
    looks = traced(look(scene))
    assert replay.difference(looks) == ""
    change(scene)
    assert replay.difference(looks) != ""
    assert (os.geteuid(), os.getegid(), os.getgroups()) == rights


@pytest.mark.parametrize(
    ("kind", "there", "not_there"),
    [
        ("user", ["root"], ["of-these-tests"]),
        ("group", [0], [2**30]),
        ("process", [os.getpid()], [2**22 + 1]),
    ],
)
def test_what_is_there_or_not(kind: str, there: list[object], not_there: list[object]) -> None:
    assert replay.LOOKS[kind](*there) == replay.LOOKS[kind](*there)
    assert replay.LOOKS[kind](*there) is not None
    assert replay.LOOKS[kind](*not_there) is None


def test_a_process_with_the_number_of_another_is_another() -> None:
    name, start = replay.process(os.getpid())
    with subprocess.Popen(["sleep", "60"]) as other:
        assert replay.process(other.pid)[1] > start
        other.kill()
    assert replay.process(other.pid) is None
    assert name == Path("/proc/self/comm").read_text().strip()


def test_the_first_difference_is_told(scene: Scene) -> None:
    looks = traced(CONTENT(scene)) + traced(KIND(scene)) + traced(PROGRAM(scene))
    (scene / "file").unlink()
    (scene / "program").unlink()
    assert replay.difference(looks) == f"content {scene / 'file'} has changed"
    assert replay.difference(looks[2:]).startswith(f"output {scene / 'program'}: [Errno 2]")


def test_a_program_that_does_not_end_is_a_difference(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = traced(PROGRAM(scene))
    (scene / "program").write_text("#!/bin/sh\nexec sleep 60")
    monkeypatch.setattr(replay, "_SECONDS", 0.1)
    assert "timed out" in replay.difference(looks)


# Traces.

KEY = "k" * 64
DAY = 86400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a trace belongs, which holds: it is an hour old."""
    folder = tmp_path / "run/multiarch-builders"
    folder.mkdir(parents=True, mode=0o700)
    place = folder / "trace.json"
    keep(place)
    return place


def made(path: Path) -> float:
    """When the full plan of this trace was made."""
    found: float = json.loads(path.read_text())["time"]
    return found


def keep(path: Path, *without: str, **values: object) -> None:
    machine = ["machine", replay.digest(replay.machine())]
    trace = {"format": 1, "key": KEY, "time": time.time() - 3600, "looks": [machine], "result": {"actions": []}}
    trace |= values
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: value for name, value in trace.items() if name not in without}))


def test_a_trace_that_holds_has_the_result_of_its_plan(path: Path) -> None:
    assert replay.replay(str(path), KEY, DAY) == {"result": {"actions": []}, "time": made(path)}


def with_(**values: object) -> Callable[[Path], object]:
    return lambda path: keep(path, **values)


def without(name: str) -> Callable[[Path], object]:
    return lambda path: keep(path, name)


def holding(text: str | bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text if isinstance(text, bytes) else text.encode())


def a_link(path: Path) -> None:
    path.rename(path.with_name("target"))
    path.symlink_to("target")


def linked_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to("elsewhere")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, mode=0o600)


ALONE = r".* is not private to root"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        pytest.param(lambda path: path.unlink(), "there is no trace", id="missing"),
        pytest.param(lambda path: shutil.rmtree(path.parent), "there is no trace", id="no folder"),
        pytest.param(holding(""), "the trace cannot be read: .*", id="empty"),
        pytest.param(holding('{"format": 1, "key"'), "the trace cannot be read: .*", id="cut"),
        pytest.param(holding(b'{"format\xff'), "the trace cannot be read: .*", id="no text"),
        pytest.param(holding("[" * 100_000), "the trace cannot be read: .*", id="deep"),
        pytest.param(holding("[]"), ".* has another format", id="a list"),
        pytest.param(with_(format=0), ".* has another format", id="older format"),
        pytest.param(with_(format=2), ".* has another format", id="newer format"),
        pytest.param(without("format"), ".* has another format", id="no format"),
        pytest.param(with_(key="other"), "the variables or the collection have changed", id="other key"),
        pytest.param(without("key"), "the variables or the collection have changed", id="no key"),
        pytest.param(lambda path: keep(path, time=time.time() - DAY - 1), "it is 8640[0-9] s old", id="too old"),
        pytest.param(lambda path: keep(path, time=time.time() + 60), "the clock was set back", id="from the future"),
        pytest.param(with_(time=float("nan")), "the clock was set back", id="time: no number"),
        pytest.param(with_(time=float("-inf")), "it is inf s old", id="time: endless"),
        pytest.param(with_(time="now"), "the trace cannot be read: .*", id="time: text"),
        pytest.param(with_(time=None), "the trace cannot be read: .*", id="time: null"),
        pytest.param(with_(time=10**400), "the trace cannot be read: .*", id="time: huge"),
        pytest.param(without("time"), "the trace cannot be read: 'time'", id="no time"),
        pytest.param(without("looks"), "the trace cannot be read: 'looks'", id="no looks"),
        pytest.param(without("result"), "the trace cannot be read: 'result'", id="no result"),
        pytest.param(with_(looks=[]), "the trace is damaged", id="looks: none"),
        pytest.param(with_(looks={}), "the trace is damaged", id="looks: an object"),
        pytest.param(with_(looks=""), "the trace is damaged", id="looks: text"),
        pytest.param(with_(looks=1), "the trace is damaged", id="looks: a number"),
        pytest.param(with_(result=None), "the trace is damaged", id="result: null"),
        pytest.param(with_(result=[]), "the trace is damaged", id="result: a list"),
        pytest.param(a_link, "the trace cannot be read: .*symbolic links.*", id="a link"),
        pytest.param(linked_folder, ALONE, id="a link in the folder's place"),
        pytest.param(a_folder, "the trace cannot be read: .*", id="a folder"),
        pytest.param(a_pipe, ALONE, id="a pipe"),
        pytest.param(lambda path: path.chmod(0o640), ALONE, id="the group may read it"),
        pytest.param(lambda path: path.chmod(0o604), ALONE, id="others may read it"),
        pytest.param(lambda path: path.chmod(0o602), ALONE, id="others may write it"),
        pytest.param(lambda path: path.parent.chmod(0o770), ALONE, id="the group may replace it"),
        pytest.param(lambda path: path.parent.chmod(0o702), ALONE, id="others may replace it"),
        pytest.param(lambda path: path.parent.chmod(0o1777), ALONE, id="in a folder as /tmp"),
        pytest.param(lambda path: os.chown(path, 65534, 0), ALONE, id="a user's", marks=root_only),
        pytest.param(lambda path: os.chown(path.parent, 65534, 0), ALONE, id="in a user's folder", marks=root_only),
    ],
)
def test_a_trace_that_cannot_be_trusted(damage: Callable[[Path], object], why: str, path: Path) -> None:
    damage(path)
    found = replay.replay(str(path), KEY, DAY)
    assert list(found) == ["why"]
    assert re.fullmatch(why, found["why"], re.DOTALL), found["why"]


@pytest.mark.parametrize("age", [0, 0.5, 3600])
def test_no_age_at_all_means_never(age: float, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    keep(path, time=now - age)
    monkeypatch.setattr(time, "time", lambda: now)
    assert list(replay.replay(str(path), KEY, 0)) == ["why"]


@pytest.mark.parametrize(
    "look",
    [
        pytest.param([], id="nothing"),
        pytest.param(["machine"], id="no digest"),
        pytest.param("machine", id="text"),
        pytest.param(None, id="null"),
        pytest.param(["unknown", "/", "x"], id="unknown kind"),
        pytest.param([["machine"], "x"], id="kind: a list"),
        pytest.param([None, "x"], id="kind: null"),
        pytest.param(["machine", "more", "x"], id="one argument too many"),
        pytest.param(["content", "x"], id="one argument too few"),
        pytest.param(["content", None, "x"], id="path: null"),
        pytest.param(["content", {}, "x"], id="path: an object"),
        pytest.param(["content", "a\0b", "x"], id="path: NUL"),
        pytest.param(["content", "\ud800", "x"], id="path: half a character"),
        pytest.param(["kind", 2**70, "x"], id="path: a number"),
        pytest.param(["matching", "/", "/x", "x"], id="pattern: absolute"),
        pytest.param(["matching", "/", "", "x"], id="pattern: empty"),
        pytest.param(["program", "x", None, "x"], id="folders: null"),
        pytest.param(["group", 2**70, "x"], id="group: a large number"),
        pytest.param(["acting", 2**70, 0, "machine", "x"], id="user: a large number"),
        pytest.param(["acting", 0, 0, "acting", "x"], id="a look inside that is none"),
        pytest.param(["user", "a\0b", "x"], id="user: NUL"),
        pytest.param(["output", [], {}, "x"], id="program: none"),
        pytest.param(["output", ["true"], [], "x"], id="options: a list"),
        pytest.param(["output", ["true"], {"unknown": 1}, "x"], id="options: unknown"),
        pytest.param(["output", "true", {"timeout": 5}, "x"], id="options: twice"),
        pytest.param(["ping", "/of-these-tests" * 99, "x"], id="socket: too long"),
        pytest.param(["docker", "/", "/", {}, "x"], id="socket: a folder"),
        pytest.param(["docker", "/", "/", "x"], id="docker: nothing used"),
    ],
)
def test_a_look_that_is_none_leads_to_a_full_plan(look: object, path: Path) -> None:
    keep(path, looks=[look])
    found = replay.replay(str(path), KEY, DAY)
    assert list(found) == ["why"]
    assert found["why"]
    assert (os.geteuid(), os.getegid()) == (os.getuid(), os.getgid())


@pytest.mark.parametrize("used", [[], "x", 1, None, {"State": 1}, {"State": {"Running": True}}])
def test_a_use_that_is_none_leads_to_a_full_plan(used: object, path: Path, scene: Scene) -> None:
    keep(path, looks=[[*of_docker(used)(scene), "x"]])
    assert list(replay.replay(str(path), KEY, DAY)) == ["why"]


# The program.


def program(path: Path, *after: str) -> str:
    text = Path(replay.__file__).read_text(encoding="utf-8")
    assert text.count(f'PATH = "{replay.PATH}"') == 1
    lines = [text.replace(replay.PATH, str(path)), f"main({KEY!r}, {DAY})", *after]
    return "\n".join(lines) + "\n"


def ran(text: str, python: str) -> str:
    done = subprocess.run([python, "-ISB", "-"], input=text, capture_output=True, text=True, check=True, cwd="/")
    assert done.stderr == ""
    return done.stdout


@each_python
@pytest.mark.parametrize("holds", [True, False])
def test_the_program_answers_in_one_line(holds: bool, python: str, path: Path) -> None:
    if not holds:
        keep(path, looks=[["content", "/of\nthese\ntests\u00e4", "x"]])
    told = ran(program(path), python)
    assert told.startswith(replay.MARK)
    assert told.count("\n") == 1
    found: dict[str, object] = {"result": {"actions": []}, "time": made(path)}
    if not holds:
        found = {"why": "content /of\nthese\ntestsä has changed"}
    assert json.loads(told.removeprefix(replay.MARK)) == found


@each_python
def test_the_program_needs_little(python: str, path: Path, scene: Scene) -> None:
    looks = [CONTENT, KIND, STATE, NAMES, LINK, REAL, found_program, ping, RUNNING]
    keep(path, looks=[each for look in looks for each in traced(look(scene))])
    loaded = ran(program(path, "print(*sys.modules)"), python)
    assert '"result"' in loaded.splitlines()[0]
    modules = set(loaded.splitlines()[1].split())
    slow = {"typing", "pathlib", "subprocess", "tempfile", "shutil", "http.client", "argparse", "asyncio", "ctypes"}
    assert modules & (slow | {"ansible", "ansible_collections"}) == set()


@each_python
def test_the_program_makes_all_looks_alone(python: str, path: Path, scene: Scene) -> None:
    users: list[list[object]] = [["user", "root"], ["users"], ["groups", "root", 0], ["group", 0]]
    looks = [look(scene) for look in (PEM, PROGRAM, of_docker("bytes", "archive?path=x"))]
    looks += [*users, ["machine"], ["process", os.getpid()]]
    keep(path, looks=[each for look in looks for each in traced(look)])
    assert json.loads(ran(program(path), python).removeprefix(replay.MARK)) == {
        "result": {"actions": []},
        "time": made(path),
    }

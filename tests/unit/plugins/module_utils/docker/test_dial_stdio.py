# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dockerd elsewhere: a program in place of `docker` connects its input and output with the stand-in for dockerd."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.dial_stdio import DialledDocker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import NotThereError
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dial_stand_in import (
    DockerdElsewhere,
    KeepsAlive,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    as_json,
    unpacked,
)

Programs = Callable[[str, str], Path]

ENDPOINT = "ssh://ci@198.51.100.31"
STARTED = f"--host {ENDPOINT} system dial-stdio"


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[DockerdElsewhere]:
    with DockerdElsewhere(tmp_path) as running:
        running.answers["GET /info"] = as_json({"Images": 1})
        running.answers["GET /last"] = as_json({"last": True})
        yield running


@pytest.fixture
def started(dockerd: DockerdElsewhere, programs: Programs) -> Path:
    """The file with a line for each start of the program that reaches dockerd."""
    return programs("docker", dockerd.command)


@pytest.fixture
def dialled(homes: Path) -> Iterator[DialledDocker]:
    """The client under test; *homes* has the user."""
    assert homes.exists()
    docker = DialledDocker(ENDPOINT, "ci")
    yield docker
    docker.close()


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("endpoint", "started_with"),
    [
        pytest.param("ssh://ci@198.51.100.31:2222", "--host ssh://ci@198.51.100.31:2222", id="ssh"),
        pytest.param("tcp://198.51.100.31:2376", "--host tcp://198.51.100.31:2376", id="tcp"),
        pytest.param("unix:///run/user/1000/docker.sock", "--host unix:///run/user/1000/docker.sock", id="a socket"),
        pytest.param("arm-farm", "--context arm-farm", id="a context of the user"),
    ],
)
@pytest.mark.usefixtures("homes")
def test_the_users_own_client_finds_the_way(endpoint: str, started_with: str, started: Path) -> None:
    """Its keys, known hosts, certificates and contexts count: nothing of them is done here again."""
    docker = DialledDocker(endpoint, "ci")
    assert docker.get("/info") == {"Images": 1}
    assert lines(started) == [f"{started_with} system dial-stdio"]
    assert docker.argv == ("docker", *started_with.split())
    docker.close()


def test_the_program_has_the_home_of_its_user(dialled: DialledDocker, programs: Programs, homes: Path) -> None:
    programs("docker", 'echo "$HOME $USER $PWD $LC_ALL" >&2; exit 1')
    assert (dialled.silence() or "").endswith(f": {homes}/ci ci / C")


def test_requests_are_those_of_a_dockerd_here(dockerd: DockerdElsewhere, dialled: DialledDocker, started: Path) -> None:
    dockerd.answers["DELETE /containers/x"] = Answer(204)
    dockerd.answers["PUT /containers/x/archive"] = Answer()
    assert dialled.find("/containers/gone/json") is None
    dialled.delete("/containers/x?force=1")
    dialled.put_files("x", "/etc/buildkit", {"certs/a/ca.crt": b"\xff\0" * 50000})
    assert [(each.method, each.path.partition("?")[0]) for each in dockerd.asked] == [
        ("GET", "/_ping"),
        ("GET", "/v1.45/containers/gone/json"),
        ("DELETE", "/v1.45/containers/x"),
        ("PUT", "/v1.45/containers/x/archive"),
    ]
    assert unpacked(dockerd.asked[-1].body) == {"certs/a/ca.crt": b"\xff\0" * 50000}
    assert lines(started) == [STARTED], "a way by ssh is long: one for all of them"


def test_answers_that_are_no_are_no_reason_to_go_again(
    dockerd: DockerdElsewhere, dialled: DialledDocker, started: Path
) -> None:
    dockerd.answers["DELETE /containers/x"] = as_json({"message": "in use"}, 409)
    with pytest.raises(NotThereError, match="page not found"):
        dialled.get("/nothing")
    with pytest.raises(HostError, match=r"^dockerd refused DELETE /v1\.45/containers/x: in use$"):
        dialled.delete("/containers/x")
    assert dialled.get("/info") == {"Images": 1}
    assert lines(started) == [STARTED]


def test_a_way_that_broke_is_gone_again_to_look(dialled: DialledDocker, started: Path) -> None:
    assert dialled.get("/last") == {"last": True}
    assert dialled.get("/info") == {"Images": 1}
    assert lines(started) == [STARTED, STARTED]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda docker: docker.delete("/containers/x"), id="a deletion"),
        pytest.param(lambda docker: docker.put_files("x", "/etc", {"a": b""}), id="files"),
        pytest.param(lambda docker: docker.post("/containers/create", {}), id="a new container"),
    ],
)
def test_a_way_that_broke_is_not_gone_again_to_change_something(
    change: Callable[[DialledDocker], object], dockerd: DockerdElsewhere, dialled: DialledDocker, started: Path
) -> None:
    """Nobody knows whether it was done; the next look goes a way of its own."""
    assert dialled.get("/last") == {"last": True}
    with pytest.raises(HostError, match=f"^dockerd does not answer on {ENDPOINT}: "):
        change(dialled)
    assert {each.method for each in dockerd.asked} == {"GET"}
    assert dialled.get("/info") == {"Images": 1}
    assert lines(started) == [STARTED, STARTED]


def test_a_way_that_dockerd_closes_in_its_answer_brings_all_of_it(
    dockerd: DockerdElsewhere, dialled: DialledDocker, started: Path
) -> None:
    """As Go's server does when it answers before it read the whole request (net/http, server.go)."""
    long = {"Images": "x" * 5_000_000}
    dockerd.answers["GET /long"] = Answer(200, as_json(long).body, {"Connection": "close"})
    for _again in range(3):
        assert dialled.get("/long") == long
    assert dialled.get("/info") == {"Images": 1}
    assert lines(started) == [STARTED] * 4


REFUSED = "ssh: connect to host 198.51.100.31 port 22: Connection refused"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param(f"echo '{REFUSED}' >&2; exit 255", REFUSED, id="its last words"),
        pytest.param(f"read -r request; echo '{REFUSED}' >&2; exit 255", REFUSED, id="once the request is there"),
        pytest.param(f"sleep 0.5; echo '{REFUSED}' >&2; exit 255", REFUSED, id="late"),
        pytest.param(
            f"yes 'Warning: nothing.' | head -n 1000 >&2; echo '{REFUSED}' >&2; exit 255",
            REFUSED,
            id="one of many",
        ),
        pytest.param("printf '\\377' >&2; exit 1", "\ufffd", id="no text"),
        pytest.param("echo Welcome; exec cat >/dev/null", "Welcome\n", id="a shell that greets, where HTTP should be"),
    ],
)
def test_a_program_that_fails_is_told_in_its_own_words(
    script: str, told: str, dialled: DialledDocker, programs: Programs
) -> None:
    calls = programs("docker", script)
    with pytest.raises(HostError) as caught:
        dialled.get("/info")
    assert str(caught.value) == f"dockerd does not answer on {ENDPOINT}: {told}"
    assert dialled.silence() == str(caught.value)
    assert dialled.answers() is False
    assert lines(calls) == [STARTED] * 3, "each time anew: it may answer by now"


def test_a_program_that_fails_without_a_word_is_told_by_what_it_did(dialled: DialledDocker, programs: Programs) -> None:
    programs("docker", "exit 1")
    words = "Remote end closed connection without response|.Errno [0-9]+. (Broken pipe|Connection reset by peer)"
    assert re.fullmatch(f"dockerd does not answer on {ENDPOINT}: ({words})", dialled.silence() or "")


def test_a_host_without_the_program(dialled: DialledDocker, tmp_path: Path) -> None:
    with standing_on(replace(here(), programs=str(tmp_path))):
        assert dialled.silence() == (
            f"dockerd does not answer on {ENDPOINT}: [Errno 2] No such file or directory: 'docker'"
        )


def runs(pid: Path) -> bool:
    """Whether the process that wrote its number there still runs after a moment."""
    stat, end = Path("/proc", pid.read_text().strip(), "stat"), time.monotonic() + 60
    while time.monotonic() < end:
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.01)
    return True


def time_out(dialled: DialledDocker, there: Path) -> None:
    """Ask who does not answer, in vain; again and longer if the program had not come so far as to write *there*."""
    for seconds in (0.5, 5, 50):
        with pytest.raises(HostError, match=f"^dockerd does not answer on {ENDPOINT}: timed out$"):
            dialled._request("GET", "/_ping", timeout=seconds)
        if there.exists() and there.read_text():
            return


def test_a_program_that_hangs_is_ended(dialled: DialledDocker, programs: Programs, tmp_path: Path) -> None:
    programs("docker", f"echo $$ >{tmp_path}/pid; exec sleep 600")
    time_out(dialled, tmp_path / "pid")
    assert not runs(tmp_path / "pid")


def test_a_dockerd_that_hangs(dockerd: DockerdElsewhere, dialled: DialledDocker, started: Path) -> None:
    class Hangs(KeepsAlive):
        def handle_one_request(self) -> None:
            time.sleep(600)

    dockerd._server.RequestHandlerClass = Hangs
    time_out(dialled, started)
    dockerd._server.RequestHandlerClass = KeepsAlive
    assert dialled.get("/info") == {"Images": 1}
    assert lines(started) == [STARTED, STARTED]


@pytest.mark.parametrize("end", [DialledDocker.close, lambda _docker: None], ids=["closed", "forgotten"])
@pytest.mark.usefixtures("homes")
def test_nothing_is_left_running(
    end: Callable[[DialledDocker], None], dockerd: DockerdElsewhere, programs: Programs, tmp_path: Path
) -> None:
    programs("docker", f"echo $$ >{tmp_path}/pid; {dockerd.command}")
    docker = DialledDocker(ENDPOINT, "ci")
    assert docker.answers() is True
    end(docker)
    del docker
    assert not runs(tmp_path / "pid")


def test_whether_it_answers_is_asked_by_a_way_of_its_own(
    dockerd: DockerdElsewhere, dialled: DialledDocker, started: Path
) -> None:
    """One that is open proves nothing about the next: keys and limits of sshd count when it is opened."""
    assert dialled.get("/info") == {"Images": 1}
    assert dialled.silence() is None
    assert dialled.answers() is True
    assert lines(started) == [STARTED] * 3
    assert dialled.get("/info") == {"Images": 1}
    assert lines(started) == [STARTED] * 3
    dockerd.ready = False
    assert dialled.silence() == "dockerd refused GET /_ping: OK"

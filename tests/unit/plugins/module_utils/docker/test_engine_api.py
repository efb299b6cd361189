# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of dockerd's API, at a stand-in for dockerd on a Unix socket."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import threading
import urllib.parse
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker import engine_api
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import (
    Docker,
    NotThereError,
    local_reference,
    split_reference,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
    unpacked,
)

DIGEST = "sha256:" + "6c2f" * 16


def lines(*said: dict[str, object]) -> Answer:
    """A stream of progress, as dockerd sends it."""
    return Answer(200, b"".join(json.dumps(each).encode() + b"\r\n" for each in said))


def archive(files: dict[str, bytes | None]) -> Answer:
    """A tar archive; a folder for None."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
        link = tarfile.TarInfo("buildkit/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        tar.addfile(link)
    return Answer(200, target.getvalue(), {"Content-Type": "application/x-tar"})


@pytest.mark.parametrize(
    ("version", "prefix"),
    [
        pytest.param("1.45", "/v1.45", id="Docker 26.1"),
        pytest.param("1.51", "/v1.51", id="Docker 28.5"),
        pytest.param(None, "/v1.41", id="not told"),
    ],
)
def test_requests_carry_the_newest_version_that_dockerd_speaks(
    version: str | None, prefix: str, dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.version = version
    dockerd.answers["GET /info"] = as_json({"Images": 1})
    assert docker.get("/info") == docker.get("/info") == {"Images": 1}
    assert [each.path for each in dockerd.asked] == ["/_ping", f"{prefix}/info", f"{prefix}/info"]


def test_answers(dockerd: DockerdStandIn, docker: Docker) -> None:
    assert docker.answers() is True
    dockerd.ready = False
    assert docker.answers() is False


def test_no_dockerd_answers(no_docker: Docker) -> None:
    assert no_docker.answers() is False
    assert no_docker.wait(0) is False
    with pytest.raises(HostError, match=r"dockerd does not answer on .*no\.sock: .*No such file"):
        no_docker.get("/info")


def test_wait_for_a_dockerd_that_comes_up(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.ready = False
    timer = threading.Timer(0.1, lambda: setattr(dockerd, "ready", True))
    timer.start()
    assert docker.wait(30) is True
    timer.join()
    assert len(dockerd.asked) > 1


def test_what_is_not_there(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /containers/x/json"] = as_json({"message": "No such container: x"}, 404)
    assert docker.find("/containers/x/json") is None
    with pytest.raises(NotThereError, match="No such container: x"):
        docker.get("/containers/x/json")
    with pytest.raises(NotThereError):
        docker.delete("/containers/x")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(as_json({"message": "container is in use"}, 409), "container is in use", id="JSON"),
        pytest.param(Answer(500, b"a proxy's words\n"), "a proxy's words", id="text"),
        pytest.param(as_json(["odd"], 400), '["odd"]', id="JSON without a message"),
    ],
)
def test_refusals_carry_dockerds_words(answer: Answer, told: str, dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["DELETE /containers/x"] = answer
    with pytest.raises(HostError) as caught:
        docker.delete("/containers/x?force=1")
    assert not isinstance(caught.value, NotThereError)
    assert str(caught.value) == f"dockerd refused DELETE /v1.45/containers/x: {told}"


def test_a_cut_answer_is_no_answer(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /info"] = Answer(200, b'{"Images"', cut=True)
    with pytest.raises(HostError, match="dockerd does not answer"):
        docker.get("/info")


def test_pull(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["POST /images/create"] = lines({"status": "Pulling"}, {"status": "Downloaded"})
    docker.pull(f"harbor.example.com:5000/a/b:v1@{DIGEST}")
    asked = dockerd.asked[-1]
    query = urllib.parse.parse_qs(asked.path.partition("?")[2])
    assert query == {"fromImage": ["harbor.example.com:5000/a/b"], "tag": [DIGEST]}
    assert "X-Registry-Auth" not in asked.headers


def test_pull_with_a_login(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["POST /images/create"] = lines()
    docker.pull("harbor.example.com/a/b:v1", ("robot$ci+builder", "p?ss>wörd"))
    header = dockerd.asked[-1].headers["X-Registry-Auth"]
    assert not {"+", "/"} & set(header), "the header is base64 in its URL form"
    assert json.loads(base64.urlsafe_b64decode(header)) == {
        "username": "robot$ci+builder",
        "password": "p?ss>wörd",
        "serveraddress": "harbor.example.com",
    }


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            lines(
                {"status": "Pulling"},
                {"errorDetail": {"message": "x509: unknown authority"}, "error": "x509: unknown authority"},
            ),
            "image a/b:v1 cannot be pulled: x509: unknown authority",
            id="inside a stream that began with status 200",
        ),
        pytest.param(as_json({"message": "pull access denied"}, 404), "pull access denied", id="404"),
        pytest.param(as_json({"message": "no basic auth credentials"}, 500), "no basic auth credentials", id="500"),
    ],
)
def test_a_pull_that_fails(answer: Answer, told: str, dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["POST /images/create"] = answer
    with pytest.raises(HostError) as caught:
        docker.pull("a/b:v1")
    assert told in str(caught.value)


def test_another_platform_than_the_hosts(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["POST /images/create"] = lines()
    docker.pull("a/b:v1", platform="linux/arm/v7")
    assert urllib.parse.parse_qs(dockerd.asked[-1].path.partition("?")[2])["platform"] == ["linux/arm/v7"]


def test_export(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /containers/abc/export"] = Answer(200, b"a" * 3_000_000)
    into = io.BytesIO()
    docker.export("abc", into)
    assert into.getvalue() == b"a" * 3_000_000
    with pytest.raises(NotThereError, match="page not found"):
        docker.export("gone", into)
    assert len(into.getvalue()) == 3_000_000, "an error is no content"


def test_an_export_that_ends_early_or_has_no_room(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /containers/abc/export"] = Answer(200, b"half", cut=True)
    with pytest.raises(HostError, match="dockerd does not answer"):
        docker.export("abc", io.BytesIO())
    with (
        pytest.raises(HostError, match=r"what dockerd sends cannot be stored: .*No space left"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        docker.export("abc", full)


def test_tag(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["POST /images/sha256:a/tag"] = Answer(201)
    docker.tag("sha256:a", "r.example:5000/a/b:v1")
    assert dockerd.asked[-1].path.endswith("/images/sha256:a/tag?repo=r.example%3A5000%2Fa%2Fb&tag=v1")


def test_files_of_a_container(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["GET /containers/x/archive"] = archive(
        {"buildkit/": None, "buildkit/buildkitd.toml": b"debug = true\n", "buildkit/certs/a_5000/ca.crt": b"\xff\0"}
    )
    found = docker.files("x", "/etc/buildkit/a folder")
    assert found == {"buildkit/buildkitd.toml": b"debug = true\n", "buildkit/certs/a_5000/ca.crt": b"\xff\0"}
    assert dockerd.asked[-1].path.endswith("?path=%2Fetc%2Fbuildkit%2Fa+folder")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"certs/a/ca.crt": b"CA\n"}, id="a file"),
        pytest.param({"certs/a_5000/client.key": b"\xff\0", "certs/b/ca.crt": b""}, id="every byte, and an empty file"),
    ],
)
def test_put_files(files: dict[str, bytes], dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["PUT /containers/x/archive"] = Answer()
    docker.put_files("x", "/etc/buildkit/a folder", files)
    asked = dockerd.asked[-1]
    assert asked.path.endswith("/containers/x/archive?path=%2Fetc%2Fbuildkit%2Fa+folder")
    assert asked.headers["Content-Type"] == "application/x-tar"
    assert unpacked(asked.body) == files
    # as buildx writes them: the user of a rootless BuildKit reads them, too
    with tarfile.open(fileobj=io.BytesIO(asked.body)) as tar:
        assert {(each.uid, each.gid, oct(each.mode)) for each in tar} == {(0, 0, "0o644")}


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        pytest.param(
            as_json({"message": "No such container: x"}, 404), NotThereError, "No such container: x", id="gone"
        ),
        pytest.param(
            as_json({"message": "container rootfs is marked read-only"}, 403),
            HostError,
            "dockerd refused PUT /v1.45/containers/x/archive: container rootfs is marked read-only",
            id="refused",
        ),
    ],
)
def test_files_that_cannot_be_put(
    answer: Answer, error: type[HostError], told: str, dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers["PUT /containers/x/archive"] = answer
    with pytest.raises(error) as caught:
        docker.put_files("x", "/etc/buildkit", {"certs/a/client.key": b"s3cret"})
    assert str(caught.value) == told


def test_no_files(docker: Docker) -> None:
    assert docker.files("x", "/etc/buildkit") == {}


@pytest.mark.parametrize(
    ("image", "repository", "tag", "local"),
    [
        pytest.param("busybox", "busybox", "latest", "busybox:latest", id="name"),
        pytest.param("busybox:1.37", "busybox", "1.37", "busybox:1.37", id="tag"),
        pytest.param("host:5000/a/b", "host:5000/a/b", "latest", "host:5000/a/b:latest", id="port, no tag"),
        pytest.param("host:5000/a/b:v1", "host:5000/a/b", "v1", "host:5000/a/b:v1", id="port and tag"),
        pytest.param(f"a/b@{DIGEST}", "a/b", DIGEST, f"a/b@{DIGEST}", id="digest"),
        pytest.param(f"a/b:v1@{DIGEST}", "a/b", DIGEST, f"a/b@{DIGEST}", id="tag and digest: the digest counts"),
        pytest.param(f"h:1/b@{DIGEST}", "h:1/b", DIGEST, f"h:1/b@{DIGEST}", id="port and digest"),
        pytest.param(f"h:1/b:v@{DIGEST}", "h:1/b", DIGEST, f"h:1/b@{DIGEST}", id="port, tag and digest"),
    ],
)
def test_references(image: str, repository: str, tag: str, local: str) -> None:
    assert split_reference(image) == (repository, tag)
    assert local_reference(image) == local


@pytest.mark.parametrize("pid", [None, 1])
def test_a_stopped_dockerd_is_not_started_by_asking_its_socket(
    pid: int | None, dockerd: DockerdStandIn, docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where systemd listens on the socket, a request starts dockerd."""
    monkeypatch.setattr(engine_api, "SOCKET", str(dockerd.path))
    monkeypatch.setattr(engine_api, "daemon_pid", lambda: pid)
    assert docker.answers() is (pid is not None)
    assert len(dockerd.asked) == (0 if pid is None else 1)


def test_a_socket_of_ones_own_is_asked_without_looking_for_the_process(tmp_path: Path) -> None:
    with DockerdStandIn(tmp_path / "other.sock") as running:
        assert Docker(str(running.path)).answers() is True
    assert Docker(str(running.path)).answers() is False


@pytest.mark.parametrize(("planning", "asked"), [pytest.param(True, 1, id="a plan"), pytest.param(False, 2, id="else")])
def test_info_is_asked_for_once_while_nothing_changes(planning: bool, asked: int, dockerd: DockerdStandIn) -> None:
    dockerd.answers["GET /info"] = as_json({"ServerVersion": "28.5.2"})
    docker = Docker(str(dockerd.path), planning=planning)
    assert [docker.get("/info")["ServerVersion"] for _turn in range(2)] == ["28.5.2"] * 2
    assert len([each for each in dockerd.asked if each.path.endswith("/info")]) == asked

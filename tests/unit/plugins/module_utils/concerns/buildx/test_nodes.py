# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a builder: what is seen of them, and why one cannot be reached, in words that help."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import container, nodes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import Stray
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.nodes import (
    container_of,
    docker_of,
    in_words,
    silence,
    silence_at_once,
    strays,
    work_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import StoredBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.docker.dial_stdio import DialledDocker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import Work, container_name
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import SshNode
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    DATA,
    NODE,
    STORED,
    WANTED,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    CLIENT,
    WITH_CLIENT,
    Answer,
    DockerdStandIn,
    as_json,
)

Programs = Callable[[str, str], Path]

FAR = Node("multiarch-arm", "ssh://ci@198.51.100.31")


@pytest.mark.parametrize(
    ("node", "name"),
    [
        pytest.param("multiarch0", "multiarch0", id="without a list of nodes"),
        pytest.param("B10", "b10", id="capitals: recorded, of buildx 0.13.1 and 0.29.1"),
        pytest.param("a.b-C_2", "a.b-c_2", id="other characters"),
    ],
)
def test_container_name(node: str, name: str) -> None:
    assert container_name(node) == f"buildx_buildkit_{name}"


@pytest.mark.parametrize("name", ["multiarch", "B1", "a.b-C_2"])
def test_a_builder_without_nodes_has_the_one_that_buildx_would_name(name: str) -> None:
    """docker/buildx, store/nodegroup.go, nextNodeName()"""
    (node,) = replace(WANTED, name=name, nodes=()).nodes
    assert (node.name, node.local) == (f"{name}0", True)


@pytest.mark.parametrize(
    ("endpoint", "dialled"),
    [
        pytest.param("", None, id="this host"),
        pytest.param("unix:///var/run/docker.sock", None, id="this host, as buildx stores it"),
        pytest.param("ssh://ci@198.51.100.31", ("--host", "ssh://ci@198.51.100.31"), id="ssh"),
        pytest.param("tcp://198.51.100.31:2376", ("--host", "tcp://198.51.100.31:2376"), id="tcp"),
        pytest.param("unix:///run/user/1000/docker.sock", ("--host", "unix:///run/user/1000/docker.sock"), id="socket"),
        pytest.param("arm-farm", ("--context", "arm-farm"), id="a context"),
    ],
)
def test_docker_of(endpoint: str, dialled: tuple[str, ...] | None, no_docker: Docker) -> None:
    found = docker_of(endpoint, "ci", no_docker)
    if dialled is None:
        assert found is no_docker
    else:
        assert isinstance(found, DialledDocker)
        assert (found.argv, found.user) == (("docker", *dialled), "ci")


def command(version: str, words: str, host: str = "198.51.100.31") -> str:
    """What the client says of a failed ssh (docker/cli, cli/connhelper/commandconn/commandconn.go)."""
    options, please = {"26.1": ("", "please "), "28.2": ("-T ", "")}[version]
    return (
        f"dockerd does not answer on ssh://ci@{host}: error while Copy (stream to stdout): command [ssh -o "
        f"ConnectTimeout=30 {options}-l ci -- {host} docker system dial-stdio] has exited with exit status 255, "
        f"{please}make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr={words}"
    )


RAW = "dockerd does not answer on {}: failed to open the raw stream connection: "
UNKNOWN_KEY = (
    "its host key is not known: compare its fingerprint and add it: "
    "`ssh-keyscan -t ed25519 198.51.100.31 >> ~root/.ssh/known_hosts`"
)
OTHER_KEY = (
    "its host key does not match the known one: find out why; only if it was regenerated, remove the old one: "
    "`ssh-keygen -R '198.51.100.31'` as root"
)
NO_LOGIN = (
    "it does not accept a key of root: create a key with `ssh-keygen` as root and add its public key to "
    "~/.ssh/authorized_keys there"
)
NO_RIGHT = "its user may not use Docker: add the user to the group docker there"
NO_DOCKER = "its Docker does not run: find out why there: `systemctl status docker`"
NO_CLIENT = "docker is not in the PATH of its user: install the docker client there"
DROPPED = (
    "its sshd drops connections: raise MaxStartups and MaxSessions in its sshd_config: buildx opens several at once"
)
NO_NAME = "its name cannot be resolved: fix DNS, or set ansible_host"
NO_WAY = "it cannot be reached: check that the host is up, and that no firewall blocks the connection"
IN_USE = "ssh: connect to host 198.51.100.31 port 22: "


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            "No ED25519 host key is known for 198.51.100.31 and you have requested strict checking.\n"
            "Host key verification failed.",
            UNKNOWN_KEY,
            id="openssh, sshconnect.c: strict checking",
        ),
        pytest.param("Host key verification failed.", UNKNOWN_KEY, id="openssh, sshconnect2.c: nobody to ask"),
        pytest.param(
            "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
            "Host key for 198.51.100.31 has changed and you have requested strict checking.\n"
            "Host key verification failed.",
            OTHER_KEY,
            id="openssh, sshconnect.c: another key than the known one is not just added",
        ),
        pytest.param("ci@198.51.100.31: Permission denied (publickey).", NO_LOGIN, id="openssh, sshconnect2.c"),
        pytest.param(
            "Warning: Permanently added '198.51.100.31' (ED25519) to the list of known hosts.\n"
            "ci@198.51.100.31: Permission denied (publickey,password,keyboard-interactive).",
            NO_LOGIN,
            id="openssh: after another line",
        ),
        pytest.param("bash: line 1: docker: command not found", NO_CLIENT, id="bash"),
        pytest.param("sh: 1: docker: not found", NO_CLIENT, id="dash"),
        pytest.param("zsh:1: command not found: docker", NO_CLIENT, id="zsh"),
        pytest.param(
            "failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: permission denied",
            NO_RIGHT,
            id="docker/cli there, cli/command/system/dial_stdio.go",
        ),
        pytest.param(
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            NO_RIGHT,
            id="moby, client/request.go, up to 28",
        ),
        pytest.param(
            "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
            NO_RIGHT,
            id="moby, client/request.go, 29",
        ),
        pytest.param(
            "failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: no such file or "
            "directory",
            NO_DOCKER,
            id="docker/cli there: never started",
        ),
        pytest.param(
            "failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: connection refused",
            NO_DOCKER,
            id="docker/cli there: its socket was left",
        ),
        pytest.param(
            "kex_exchange_identification: Connection closed by remote host\nConnection closed by 198.51.100.31 port 22",
            DROPPED,
            id="openssh, kex.c and packet.c: MaxStartups, or a penalty for failed logins",
        ),
        pytest.param(
            "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 198.51.100.31 port 22",
            DROPPED,
            id="openssh, kex.c and packet.c: the same, in the middle",
        ),
        pytest.param(
            "ssh: Could not resolve hostname arm.example.com: Name or service not known", NO_NAME, id="openssh, ssh.c"
        ),
        pytest.param(f"{IN_USE}Connection refused", NO_WAY, id="openssh, sshconnect.c: refused"),
        pytest.param(f"{IN_USE}Connection timed out", NO_WAY, id="openssh, sshconnect.c: timed out"),
        pytest.param(f"{IN_USE}No route to host", NO_WAY, id="openssh, sshconnect.c: no route"),
        pytest.param(f"{IN_USE}Network is unreachable", NO_WAY, id="openssh, sshconnect.c: no network"),
        pytest.param("Connection timed out during banner exchange", NO_WAY, id="openssh, sshconnect.c: a banner only"),
    ],
)
@pytest.mark.parametrize("version", ["26.1", "28.2"])
def test_what_ssh_says_in_words_that_help(words: str, told: str, version: str) -> None:
    assert in_words(FAR, "root", command(version, words)) == f"node multiarch-arm at {FAR.endpoint}: {told}"


def test_where_keys_are_ours_the_remedy_is_a_run() -> None:
    node = Node("n", "ssh://ci@arm-1.multiarch-builders", ssh=SshNode("arm-1", "198.51.100.31", "ci"))
    refused = command("28.2", "ci@arm-1.multiarch-builders: Permission denied (publickey).")
    assert "run the playbook for this host and arm-1 together" in in_words(node, "root", refused)


TLS = "tcp://198.51.100.31:2376"


@pytest.mark.parametrize(
    ("endpoint", "words", "told"),
    [
        pytest.param(TLS, "dial tcp 198.51.100.31:2376: connect: connection refused", NO_WAY, id="refused"),
        pytest.param(TLS, "dial tcp 198.51.100.31:2376: i/o timeout", NO_WAY, id="timed out"),
        pytest.param(TLS, "dial tcp 198.51.100.31:2376: connect: no route to host", NO_WAY, id="no route"),
        pytest.param(TLS, "dial tcp: lookup arm.example.com on 192.0.2.53:53: no such host", NO_NAME, id="no name"),
        pytest.param(
            "arm-farm", "dial unix /run/user/9/docker.sock: connect: permission denied", NO_RIGHT, id="a context's"
        ),
        pytest.param("unix:///x.sock", "dial unix /x.sock: connect: no such file or directory", NO_DOCKER, id="socket"),
        pytest.param(
            "arm-farm",
            'Failed to initialize: unable to resolve docker endpoint: context "arm-farm": context not found: open '
            "/root/.docker/contexts/meta/7b8a/meta.json: no such file or directory",
            "there is no docker context of that name: add it to builder_contexts, or create it with `docker context "
            "create` as ci",
            id="no such context",
        ),
    ],
)
def test_what_docker_says_itself_in_words_that_help(endpoint: str, words: str, told: str) -> None:
    """Go's package net; recorded with Docker 28.2."""
    node = Node("n", endpoint)
    assert in_words(node, "ci", RAW.format(endpoint) + words) == f"node n at {endpoint}: {told}"


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        pytest.param(
            TLS,
            "failed to open the raw stream connection: tls: failed to verify certificate: x509: certificate signed by "
            "unknown authority",
            id="its CA",
        ),
        pytest.param(
            "ssh://ci@198.51.100.31", command("28.2", "Load key: error in libcrypto").partition(": ")[2], id="a key"
        ),
    ],
)
def test_other_words_are_told_as_they_are(endpoint: str, words: str) -> None:
    assert in_words(Node("n", endpoint), "ci", words) == f"node n at {endpoint} does not answer ci: {words}"


@pytest.mark.parametrize(
    ("endpoint", "scan", "known"),
    [
        pytest.param("ssh://arm.example.com", "arm.example.com", "arm.example.com", id="a name"),
        pytest.param("ssh://ci@198.51.100.31", "198.51.100.31", "198.51.100.31", id="a user"),
        pytest.param("ssh://ci@198.51.100.31:2222", "-p 2222 198.51.100.31", "[198.51.100.31]:2222", id="a port"),
        pytest.param("ssh://ci@[2001:db8::31]", "2001:db8::31", "2001:db8::31", id="IPv6"),
        pytest.param("ssh://[2001:db8::31]:2222", "-p 2222 2001:db8::31", "[2001:db8::31]:2222", id="IPv6, a port"),
        pytest.param("arm-farm", "arm-farm", "arm-farm", id="a context: its host is not known here"),
    ],
)
def test_what_to_do_about_a_host_key_names_the_user_and_the_host_as_ssh_does(
    endpoint: str, scan: str, known: str
) -> None:
    """ssh-keyscan(1), ssh-keygen(1), sshd(8) on known_hosts: another port than 22 is a part of the name."""
    node = Node("n", endpoint)
    new = in_words(node, "ci", "Host key verification failed.")
    assert new.endswith(f"`ssh-keyscan -t ed25519 {scan} >> ~ci/.ssh/known_hosts`")
    other = in_words(node, "ci", "Host key for x has changed and you have requested strict checking.")
    assert other.endswith(f"`ssh-keygen -R '{known}'` as ci")


# A client that reaches a dockerd which answers each ping, on a connection of its own.
ANSWERS = (
    r"read -r request; printf 'HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK'; cat >/dev/null"
)
CLOSED = "kex_exchange_identification: Connection closed by remote host"
DROPS = f"echo '{CLOSED}' >&2; exit 255"
DROPS_THE_SECOND = f"""\
if ! mkdir {{folder}}/first 2>/dev/null && mkdir {{folder}}/second 2>/dev/null; then {DROPS}; fi
{ANSWERS}
"""


@pytest.mark.parametrize(
    ("script", "told", "most"),
    [
        pytest.param(ANSWERS, None, 7, id="it answers all"),
        pytest.param(DROPS, DROPPED, 1, id="it answers none: asked once, as failed logins have a penalty"),
        pytest.param(
            DROPS_THE_SECOND,
            DROPPED,
            7,
            id="it drops one of those that come at once",
        ),
    ],
)
@pytest.mark.usefixtures("homes")
def test_a_new_node_is_asked_as_often_at_once_as_buildx_does(
    script: str, told: str | None, most: int, programs: Programs, tmp_path: Path
) -> None:
    calls = programs("docker", script.format(folder=tmp_path))
    words = f"node multiarch-arm at {FAR.endpoint}: {told}" if told else None
    assert silence_at_once(FAR, "ci") == words
    assert len(calls.read_text().splitlines()) == most


@pytest.mark.usefixtures("homes")
def test_silence(programs: Programs) -> None:
    programs("docker", ANSWERS)
    assert silence(FAR, "ci") is None
    programs("docker", DROPS)
    assert silence(FAR, "ci") == f"node multiarch-arm at {FAR.endpoint}: {DROPPED}"


def stored(*names: str, driver: str = "docker-container", endpoint: str = "") -> StoredBuilder:
    """An entry with nodes of these names, at this host or elsewhere."""
    return replace(STORED, driver=driver, nodes=tuple(replace(NODE, name=name, endpoint=endpoint) for name in names))


HERE, AWAY = NODE.endpoint, "ssh://ci@198.51.100.24"


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        pytest.param({"ci": STORED}, [], id="as asked"),
        pytest.param({"ci": None}, [], id="no entry"),
        pytest.param({"ci": "ValueError: x"}, [], id="a broken entry"),
        pytest.param({"ci": stored("MultiArch0", endpoint=HERE)}, [], id="case does not count"),
        pytest.param(
            {"ci": stored("multiarch0", endpoint=AWAY)},
            [Stray("multiarch0", AWAY, "ci")],
            id="the same name at another place: a node that moved",
        ),
        pytest.param({"ci": stored("b", endpoint=HERE)}, [Stray("b", HERE, "ci")], id="here"),
        pytest.param(
            {"ci": stored("multiarch0", "b", "c", endpoint=HERE)},
            [Stray("b", HERE, "ci"), Stray("c", HERE, "ci")],
            id="two, beside one that is asked for",
        ),
        pytest.param(
            {"ci": stored("b", endpoint=HERE), "jane": stored("B", endpoint=HERE)},
            [Stray("b", HERE, "ci")],
            id="each once, as the first user reaches it",
        ),
        pytest.param(
            {"ci": None, "jane": stored("b", endpoint=HERE)}, [Stray("b", HERE, "jane")], id="another user alone has it"
        ),
        pytest.param({"ci": stored("b", endpoint=AWAY)}, [Stray("b", AWAY, "ci")], id="elsewhere"),
        pytest.param(
            {"ci": stored("b", endpoint=HERE), "jane": stored("b", endpoint=AWAY)},
            [Stray("b", HERE, "ci"), Stray("b", AWAY, "jane")],
            id="the same name in two places",
        ),
        pytest.param({"ci": stored("b", driver="remote", endpoint="tcp://b:1234")}, [], id="remote: no container"),
        pytest.param({"ci": stored("b", driver="kubernetes", endpoint="kubernetes:///x")}, [], id="a pod"),
    ],
)
@pytest.mark.usefixtures("homes")
def test_strays(
    entries: dict[str, StoredBuilder | str | None], found: list[Stray], no_docker: Docker, programs: Programs
) -> None:
    programs("docker", ANSWERS)
    assert list(strays(WANTED, entries, no_docker)) == found


@pytest.mark.usefixtures("homes")
def test_a_stray_that_cannot_be_reached_is_told_with_the_reason(no_docker: Docker, programs: Programs) -> None:
    programs("docker", "echo 'ssh: connect to host 198.51.100.24 port 22: Connection refused' >&2; exit 255")
    (found,) = strays(WANTED, {"ci": stored("b", endpoint=AWAY)}, no_docker)
    assert found.gone == (
        f"dockerd does not answer on {AWAY}: ssh: connect to host 198.51.100.24 port 22: Connection refused"
    )


def archive(files: dict[str, bytes]) -> Answer:
    """The files of /etc/buildkit, as dockerd sends them."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"buildkit/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return Answer(200, target.getvalue(), {"Content-Type": "application/x-tar"})


@pytest.mark.parametrize(("version", "node"), [("26.1.5", "multiarch-spare-9"), ("28.5.2", "Multiarch-Spare-2")])
def test_a_container_and_its_files(version: str, node: str, dockerd: DockerdStandIn, docker: Docker) -> None:
    shown, info = json.loads((DATA / f"container-{version}.json").read_text()), {"CgroupDriver": "systemd"}
    path = f"GET /containers/{container_name(node)}"
    dockerd.answers |= {
        f"{path}/json": as_json(shown),
        f"{path}/archive": archive(dict(NODE.files)),
        "GET /info": as_json(info),
        "GET /containers/json": as_json([{"Names": [f"/{container_name(node)}"]}]),
    }
    assert container_of(Node(node), docker) == container.parse(shown, info, NODE.files)
    dockerd.answers["GET /containers/json"] = as_json([])
    lost = container_of(Node(node), docker)
    assert lost is not None
    assert (lost.running, lost.lost) == (False, True)


def test_no_container(docker: Docker, no_docker: Docker) -> None:
    assert container_of(Node("multiarch0"), docker) is None
    with pytest.raises(HostError, match="dockerd does not answer"):
        container_of(Node("multiarch0"), no_docker)


@pytest.mark.parametrize(
    ("state", "histories", "busy"),
    [
        pytest.param(None, "STARTED", False, id="no container"),
        pytest.param(False, "STARTED", False, id="it does not run"),
        pytest.param(True, "STARTED", True, id="a build is under way"),
        pytest.param(True, "COMPLETE", False, id="none is any more"),
    ],
)
def test_work_in(
    state: bool | None, histories: str, busy: bool, dockerd: DockerdStandIn, docker: Docker, programs: Programs
) -> None:
    name = container_name("Multiarch0")
    if state is not None:
        dockerd.answers[f"GET /containers/{name}/json"] = as_json({"State": {"Running": state}, **WITH_CLIENT})
        dockerd.answers |= CLIENT
    calls = programs("docker", f"""echo '{{"type":"{histories}"}}'""")
    assert work_in("Multiarch0", docker) == Work((name,) if busy else (), ())
    asked = [f"exec {name} buildctl debug histories --format {{{{json .}}}}"] if state else []
    assert (calls.read_text().splitlines() if calls.exists() else []) == asked


@pytest.mark.usefixtures("homes")
def test_work_elsewhere_is_asked_of_its_own_dockerd_as_its_user(programs: Programs, dockerd: DockerdStandIn) -> None:
    name = container_name(FAR.name)

    class Elsewhere(Docker):
        argv, user = ("docker", "--host", FAR.endpoint), "ci"

    dockerd.answers |= {f"GET /containers/{name}/json": as_json({"State": {"Running": True}, **WITH_CLIENT}), **CLIENT}
    calls = programs("docker", """echo '{"type":"STARTED"}'""")
    assert work_in(FAR.name, Elsewhere(str(dockerd.path))) == Work((name,), ())
    assert calls.read_text().startswith(f"--host {FAR.endpoint} exec {name} buildctl ")


def test_which_entries_have_containers() -> None:
    assert nodes.entry_is_of_containers(STORED)
    assert not nodes.entry_is_of_containers(replace(STORED, driver="remote"))
    assert not nodes.entry_is_of_containers(None)
    assert not nodes.entry_is_of_containers("ValueError: x")

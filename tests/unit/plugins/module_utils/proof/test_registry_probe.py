# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four ways, with stand-ins for dockerd and the docker client, and a real server for the plain one."""

from __future__ import annotations

import base64
import json
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import (
    diagnostics,
    logins,
    outcomes,
    registry_probe,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Places, Target
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry_probe import Asking
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.registry_stand_in import (
    RegistryStandIn,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.token_stand_in import (
    LOGIN,
    TokenStandIn,
    basic,
)

Programs = t.Callable[[str, str], Path]
# The stand-in of a registry has a name of loopback, which a builder shares that has the host's network.
BESIDE = Places(on_host=frozenset({"b"}), configured=frozenset({"b"}))
UNKNOWN = "tls: failed to verify certificate: x509: certificate signed by unknown authority"


@pytest.fixture
def registry(tmp_path: Path) -> t.Iterator[RegistryStandIn]:
    with RegistryStandIn(tmp_path) as running:
        yield running


@pytest.fixture
def target(registry: RegistryStandIn) -> Target:
    return Target(registry.host, http=True)


@pytest.fixture(autouse=True)
def store(homes: Path) -> None:
    """Builder `b` is in the store of `ci`."""
    entries = homes / "ci/.docker/buildx/instances"
    entries.mkdir(parents=True)
    (entries / "b").write_text("{}")


def test_all_ways(docker: Docker, dockerd: DockerdStandIn, registry: RegistryStandIn, programs: Programs) -> None:
    host = registry.host.replace("localhost", "127.0.0.1")
    dockerd.answers["POST /images/create"] = as_json(
        {"message": f"{host}/multiarch-builders/proof-1a2b:absent: not found"}, 404
    )
    calls = programs(
        "docker", f"cat >>{dockerd.path}.stdin; echo 'ERROR: Head \"https://{host}/v2/\": {UNKNOWN}'; exit 1"
    )
    proxy = Proxy(https="http://p:1")
    found = Asking(["ci", "jane"], ["b", "missing"], proxy, docker, BESIDE, "1a2b").ask([Target(host)])
    assert [(each.way, each.who, each.outcome) for each in found.rows] == [
        ("plain", "", "no TLS"),
        ("dockerd", "", "trusted"),
        ("client", "ci", "unknown authority"),
        ("client", "jane", "unknown authority"),
        ("builder", "b", "unknown authority"),
    ]
    assert {each.registry for each in found.rows} == {host}
    assert found.notes == ("builder missing does not exist, so it was not tested",)
    assert found.chains == {}
    image = f"{host}/multiarch-builders/proof-1a2b:absent"
    assert sorted(calls.read_text().splitlines()) == [
        "buildx build --builder b --progress plain --output type=cacheonly -",
        f"buildx imagetools inspect --builder b {image}",
        f"buildx imagetools inspect --builder b {image}",
    ]
    assert Path(f"{dockerd.path}.stdin").read_text() == f"FROM {image}\n"
    assert dockerd.asked[-1].path.endswith("proof-1a2b&tag=absent")


LEFT_OUT = "{}: builder b was not tested, as that is the loopback of its own container"
HTTP = "{}: buildx itself was not tested, as it speaks HTTP there without a builder"


@pytest.mark.parametrize(
    ("host", "http", "places", "asked", "notes"),
    [
        pytest.param("a.invalid", False, Places(), ["", "b"], [], id="another machine's name"),
        pytest.param("localhost:1", False, BESIDE, ["b", "b"], [], id="the builder has the host's network"),
        pytest.param("localhost:1", True, BESIDE, ["b"], [], id="without TLS"),
        pytest.param(
            "localhost:1", False, Places(configured=frozenset({"b"})), ["b"], [LEFT_OUT], id="a network of its own"
        ),
        pytest.param("[::1]:1", False, Places(), [], [HTTP, LEFT_OUT], id="a buildkitd that is somebody else's"),
        pytest.param("r.localhost:1", False, Places(), [""], [LEFT_OUT], id="below localhost, where buildx takes TLS"),
    ],
)
def test_names_of_loopback(
    host: str,
    http: bool,
    places: Places,
    asked: list[str],
    notes: list[str],
    docker: Docker,
    dockerd: DockerdStandIn,
    programs: Programs,
) -> None:
    """Which builder each of buildx' programs is given."""
    dockerd.answers["POST /images/create"] = as_json({"message": "unauthorized"}, 500)
    calls = programs("docker", "exit 0")
    found = Asking(["ci"], ["b"], Proxy(), docker, places).ask([Target(host, http=http)])
    lines = sorted(calls.read_text().splitlines()) if calls.exists() else []
    named = [line.partition("--builder ")[2].partition(" ")[0] for line in lines]
    assert sorted(named) == asked
    assert list(found.notes) == [note.format(host) for note in notes]


def test_an_image_that_is_there_all_the_same(
    docker: Docker, dockerd: DockerdStandIn, target: Target, programs: Programs
) -> None:
    dockerd.answers["POST /images/create"] = Answer(200, b'{"status":"Pulling"}\n')
    programs("docker", "exit 0")
    found = Asking(["ci"], ["b"], Proxy(), docker, BESIDE).ask([target])
    assert [(each.way, each.outcome) for each in found.rows] == [
        ("plain", "trusted"),
        ("dockerd", "trusted"),
        ("builder", "trusted"),
    ]


def test_an_optional_registry_is_a_note(docker: Docker, programs: Programs) -> None:
    programs("docker", "echo 'ERROR: dial tcp: lookup hub.invalid: no such host'; exit 1")
    target = Target("hub.invalid", ("mirror.invalid",), optional=True)
    found = Asking(["ci"], [], Proxy(https="socks5://p:1"), docker).ask([target])
    assert found.rows == ()
    assert found.notes[0] == "hub.invalid: not asked by plain TLS, as its proxy does not speak HTTP"
    assert found.notes[1].startswith("hub.invalid itself: ")


def test_a_client_that_hangs(
    docker: Docker, dockerd: DockerdStandIn, target: Target, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_probe, "TIMEOUT", 1)
    dockerd.answers["POST /images/create"] = Answer(500, b"unauthorized")
    programs("docker", "exec sleep 5")
    found = Asking(["ci"], ["b"], Proxy(), docker, BESIDE).ask([target])
    assert [(each.way, each.outcome) for each in found.rows][1:] == [("dockerd", "trusted"), ("builder", "no answer")]


def test_a_host_whose_docker_is_down(no_docker: Docker, target: Target) -> None:
    with pytest.raises(HostError, match="dockerd does not answer"):
        Asking(["ci"], ["b"], Proxy(), no_docker).ask([target])


def test_no_two_proofs_ask_for_the_same_image(docker: Docker) -> None:
    """BuildKit would go by the certificates that it had at the last pull of a repository."""
    first, second = (Target("a.b").reference(Asking([], [], Proxy(), docker).suffix) for _proof in range(2))
    assert first != second


def test_a_builder_that_is_being_started_is_asked_again(
    docker: Docker, registry: RegistryStandIn, programs: Programs, tmp_path: Path
) -> None:
    starting = "ERROR: listing workers for Build: failed to list workers: Unavailable: connection error: EOF"
    absent = f"ERROR: {registry.host}/multiarch-builders/proof-1a2b:absent: not found"
    flag = tmp_path / "started"
    programs("docker", f"if [ -e {flag} ]; then echo '{absent}'; else touch {flag}; echo '{starting}'; fi; exit 1")
    found = Asking(["ci"], ["b"], Proxy(), docker, BESIDE, "1a2b").ask([Target(registry.host, insecure=True)])
    (row,) = (each for each in found.rows if each.way == "builder")
    assert row.outcome == "trusted"


def test_a_builder_without_a_network_says_so(
    docker: Docker, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "cause_in_network", lambda name, user: f"{name} of {user} has no network")
    programs("docker", "echo 'ERROR: dial udp 192.0.2.1:53: connect: network is unreachable'; exit 1")
    found = Asking(["ci"], ["b"], Proxy(), docker, BESIDE).ask([Target("a.invalid", insecure=True)])
    words = {each.way: each.words for each in found.rows}
    assert words["builder"].endswith("network is unreachable (b of ci has no network)")
    assert "has no network" not in words["dockerd"]
    assert {each.way for each in found.rows if each.about == outcomes.NETWORK} == {"builder"}


@pytest.fixture
def harbor(tmp_path: Path, homes: Path) -> t.Iterator[TokenStandIn]:
    """A registry without TLS, in which `ci` has the login of the table, and `jane` another one."""
    with TokenStandIn(tmp_path / "harbor") as running:
        for user, login in (("ci", LOGIN), ("jane", ("jane", "theirs"))):
            (homes / user / ".docker").mkdir(exist_ok=True)
            token = base64.b64encode(":".join(login).encode()).decode()
            (homes / user / ".docker/config.json").write_text(json.dumps({"auths": {running.host: {"auth": token}}}))
        yield running


def proven(harbor: TokenStandIn, docker: Docker, password: str = LOGIN[1], **more: t.Any) -> registry_probe.Trust:
    table = [Registry(harbor.host, http=True, username=LOGIN[0], password=password), Registry("b.invalid")]
    return Asking(["ci", "jane"], [], docker=docker, registries=table, **{"proxy": Proxy(), **more}).ask(
        [Target(harbor.host, http=True)]
    )


def test_logins_of_the_table_are_tried_for_each_user(
    docker: Docker, dockerd: DockerdStandIn, harbor: TokenStandIn
) -> None:
    dockerd.answers["POST /images/create"] = Answer(500, b"unauthorized")
    found = proven(harbor, docker)
    assert [(each.way, each.who, each.outcome) for each in found.rows] == [
        ("plain", "", "trusted"),
        ("dockerd", "", "trusted"),
        ("login", "ci", "logged in"),
        ("login", "jane", "not logged in"),
    ]
    assert found.rows[3].words.endswith(", of jane")
    assert found.notes == ()
    assert abs(found.clocks[harbor.host].here - found.clocks[harbor.host].there) <= 1
    sent = [headers.get("Authorization", "").partition(" ")[0] for _path, headers in harbor.asked]
    assert sorted(sent) == ["", "", "", "Basic", "Bearer", "Bearer"], "neither jane's login nor one for b.invalid"
    assert basic(*LOGIN).partition(" ")[2] not in repr(found)
    assert LOGIN[1] not in repr(found)


def test_a_registry_that_wants_no_login_proves_none(
    docker: Docker, dockerd: DockerdStandIn, harbor: TokenStandIn
) -> None:
    dockerd.answers["POST /images/create"] = Answer(500, b"unauthorized")
    harbor.registry_status = 200
    found = proven(harbor, docker)
    assert [(each.way, each.who) for each in found.rows] == [("plain", ""), ("dockerd", ""), ("login", "jane")]
    assert found.notes == (f"{harbor.host} requires no login for GET /v2/, so that of robot$ci cannot be proven",)
    assert found.unproven == (harbor.host,)


def test_what_all_users_have_is_sent_once(
    docker: Docker, dockerd: DockerdStandIn, harbor: TokenStandIn, homes: Path
) -> None:
    """A wrong password for many users would lock the account."""
    dockerd.answers["POST /images/create"] = Answer(500, b"unauthorized")
    wrong = base64.b64encode(f"{LOGIN[0]}:wrong".encode()).decode()
    for user in ("ci", "jane"):
        text = json.dumps({"auths": {harbor.host: {"auth": wrong}}})
        (homes / user / ".docker/config.json").write_text(text)
    found = proven(harbor, docker, "wrong")
    refused = [(each.who, each.outcome) for each in found.rows if each.way == "login"]
    assert refused == [("ci", "login refused"), ("jane", "login refused")]
    sent = [headers["Authorization"] for _path, headers in harbor.asked if "Authorization" in headers]
    assert [each for each in sent if each.startswith("Basic")] == [f"Basic {wrong}"]


def test_no_login_is_tried_where_a_proxy_does_not_speak_http(docker: Docker, dockerd: DockerdStandIn) -> None:
    dockerd.answers["POST /images/create"] = Answer(500, b"unauthorized")
    table = [Registry("b.invalid", username="u", password="p")]
    asked = Asking(["ci"], [], Proxy(https="socks5://p:1"), docker, registries=table)
    found = asked.ask([Target("b.invalid", insecure=True)])
    assert [each.way for each in found.rows] == ["dockerd"]
    assert found.notes == ("b.invalid: not asked by plain TLS, nor its login tried, as its proxy does not speak HTTP",)


def test_users_files_are_read_before_threads_begin(
    docker: Docker, dockerd: DockerdStandIn, harbor: TokenStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading with the rights of a user changes those of the whole process for that time."""
    dockerd.answers["POST /images/create"] = Answer(500, b"unauthorized")
    read_by: list[tuple[threading.Thread, list[str]]] = []
    kept_for = logins.kept_for

    def watched(user: str, registry: Registry) -> logins.Kept:
        workers = [each.name for each in threading.enumerate() if each.name.startswith("ThreadPoolExecutor")]
        read_by.append((threading.current_thread(), workers))
        return kept_for(user, registry)

    monkeypatch.setattr(logins, "kept_for", watched)
    proven(harbor, docker)
    assert read_by == [(threading.main_thread(), [])] * 2

"""The driver remote: a builder on one host that is a buildkitd on another, reached over TCP with mutual TLS.

The buildkitd may be the lab's stand-in behind a relay (tcp_builder.py). Proven is what buildx does with certificates,
names and the connection; not, with the stand-in, that the real one's port does the same.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shlex
import ssl
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

from lab.certificates import CA
from lab.settings import IMAGES_FILE, MIRROR_PORT
from lab.topology import HOSTS
from tests.hosts import tcp_builder
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook
from tests.hosts.own_registry import authority

PORT = 1234
BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
ADDRESSES = {host.name: host.address for host in HOSTS}
FOLDER = "/var/tmp/remote"
STRANGERS = authority("CA of strangers")
STRANGER = make("ci", ca=False, issuer=STRANGERS)


@dataclass(frozen=True)
class Remote:
    """A buildkitd for others on *server*, and what *client* is given for it; *files* are {driver option: PEM}."""

    client: str
    server: str
    endpoint: str
    files: dict[str, str]
    clients: Pair


@pytest.fixture(scope="module", params=["26.1", "28.5"])
def remote(request: pytest.FixtureRequest) -> Iterator[Remote]:
    """A client with each of the two engines in turn, which has nothing but docker and buildx; the other host serves."""
    client, server = (OLDER_ENGINE, NEWER_ENGINE) if request.param == "26.1" else (NEWER_ENGINE, OLDER_ENGINE)
    lab("reset", client, server)
    servers, clients = authority("CA of servers"), authority("CA of clients")
    name = tcp_builder.name(server)
    endpoint = tcp_builder.serve(
        server, make(name, ca=False, issuer=servers, names=(name,)), clients=clients, port=PORT
    )
    pair = make("ci", ca=False, issuer=clients)
    files = {"cacert": servers.pem, "cert": pair.pem, "key": pair.key_pem}
    yield Remote(client, server, endpoint, files, clients)
    tcp_builder.stop(server)


@contextlib.contextmanager
def builder(remote: Remote, files: dict[str, str], servername: str = "", endpoint: str = "") -> Iterator[str]:
    """A builder `remote` on the client for as long as it is used; its status, as buildx tells it."""
    options = {"servername": servername} if servername else {}
    for option, pem in files.items():
        options[option] = f"{FOLDER}/{option}.pem"
        on(remote.client, f"mkdir -p {FOLDER}; umask 077; cat > {options[option]}", stdin=pem)
    joined = ",".join(f"{option}={value}" for option, value in options.items())
    create = ["docker", "buildx", "create", "--name", "remote", "--driver", "remote", "--driver-opt", joined]
    on(remote.client, shlex.join([*create, endpoint or remote.endpoint]))
    yield on(remote.client, "docker buildx inspect remote | sed -n 's/^Status: *//p'").strip()
    on(remote.client, f"docker buildx rm remote; rm -r {FOLDER}")


def push(remote: Remote, tag: str) -> str:
    """What the build says that pushes an image to the lab's mirror."""
    folder = "/var/tmp/context"
    on(remote.client, f"mkdir -p {folder}; cat > {folder}/Dockerfile", stdin=f"FROM {BASE}\nRUN echo far > /away\n")
    command = ["docker", "buildx", "build", "--builder", "remote", "--progress", "plain", "--push"]
    return on(
        remote.client, shlex.join([*command, "--tag", f"{tcp_builder.MIRROR}/remote:{tag}", folder]) + " 2>&1 || true"
    )


def manifest(tag: str) -> Any:
    """What the mirror has of our image."""
    request = urllib.request.Request(
        f"https://{ADDRESSES['registry']}:{MIRROR_PORT}/v2/remote/manifests/{tag}",
        headers={"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"},
    )
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=str(CA))) as answer:
        return json.load(answer)


def test_it_builds_and_pushes_over_mutual_tls(remote: Remote) -> None:
    tag = secrets.token_hex(4)
    with builder(remote, remote.files) as status:
        assert status == "running"
        said = push(remote, tag)
    assert manifest(tag)["schemaVersion"] == 2, said
    # Not this host: it trusts no registry, so that it could not even pull the base image.
    assert on(remote.client, "docker ps --all --quiet; ls /etc/docker/certs.d 2>/dev/null || true").strip() == ""
    # Nobody is left in the container of those whom the client's connections started.
    assert "dial-stdio" not in on(remote.server, f"sleep 1; docker top {tcp_builder.CONTAINER}")


def test_without_a_certificate_it_builds_nothing(remote: Remote) -> None:
    with builder(remote, {"cacert": remote.files["cacert"]}) as status:
        assert status == "inactive"
        said = push(remote, "none")  # after 20 seconds, and buildx does not say why: driver/remote/driver.go, Bootstrap
    assert "context deadline exceeded" in said


@pytest.mark.parametrize(
    ("files", "servername", "by_address", "status"),
    [
        pytest.param({}, "", True, "inactive", id="an address that the certificate does not have"),
        pytest.param({}, "{name}", True, "running", id="the same with the name in the certificate"),
        pytest.param({}, "other.lab.test", False, "inactive", id="another name"),
        pytest.param({"cacert": STRANGERS.pem}, "", False, "inactive", id="a server of another CA"),
        pytest.param(
            *({"cert": STRANGER.pem, "key": STRANGER.key_pem}, "", False, "inactive"), id="a client of another CA"
        ),
    ],
)
def test_who_is_connected(
    remote: Remote, files: dict[str, str], servername: str, by_address: bool, status: str
) -> None:
    endpoint = f"tcp://{ADDRESSES[remote.server]}:{PORT}" if by_address else ""
    wanted = servername.format(name=tcp_builder.name(remote.server))
    with builder(remote, {**remote.files, **files}, wanted, endpoint) as found:
        assert found == status


def test_the_collection_makes_it_for_each_user_and_replaces_its_certificates_where_they_are(remote: Remote) -> None:
    keys = {"ca": remote.files["cacert"], "client_cert": remote.files["cert"], "client_key": remote.files["key"]}

    def provision(**node: str) -> Run:
        far = {"name": "far", "driver": "remote", "default": True, "nodes": [{"endpoint": remote.endpoint, **node}]}
        variables = {"builder_concerns": ["buildx"], "builder_instances": [far], "builder_registries": []}
        variables |= {"builder_platforms": ["amd64"], "builder_verify_repository": "", "builder_verify_trust": False}
        return playbook("provision-builders", "-vvv", "--diff", limit=remote.client, variables=variables)

    # what a user has for other builders, and buildx would give this one
    default = "~/.docker/buildx/buildkitd.default.toml"
    on(remote.client, f"mkdir -p ~/.docker/buildx; echo 'debug = true' > {default}")
    run = provision(**keys)
    assert run.status == 0, run.output
    on(remote.client, f"rm {default}")
    assert remote.files["key"].splitlines()[1] not in run.output
    folders = "/root/.docker/multiarch-builders/far /home/ci/.docker/multiarch-builders/far"
    modes = on(remote.client, f"find {folders} -type f -printf '%f %m %u\\n'").splitlines()
    wanted = [f"{name}.pem 600 {user}" for user in ("ci", "root") for name in ("cacert", "cert", "key")]
    assert sorted(modes) == sorted(wanted)
    assert provision(**keys).recap(remote.client)["changed"] == 0

    entry = on(remote.client, "cat /root/.docker/buildx/instances/far")
    other = make("ci", ca=False, issuer=remote.clients)
    run = provision(ca=keys["ca"], client_cert=other.pem, client_key=other.key_pem)
    assert run.status == 0, run.output
    assert run.says("key.pem, to reach a node of builder far")
    assert on(remote.client, "cat /root/.docker/buildx/instances/far") == entry

    run = provision(ca=keys["ca"])  # whom the server does not let in
    assert run.recap(remote.client)["failed"] == 1
    assert run.says("builder far of root does not run"), run.output

"""Contexts of a user lead to another host's Docker, by ssh and by TLS: made, used, rotated, given back, retired.

A builder whose node is one of them is in test_cluster.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

from lab.settings import DOMAIN
from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook
from tests.hosts.own_registry import authority

CLIENT, SERVER = OLDER_ENGINE, NEWER_ENGINE
NAME = f"{SERVER}.{DOMAIN}"
ADDRESS = next(str(host.address) for host in HOSTS if host.name == SERVER)
FOLDER = "/etc/docker/tls"
FLAGS = f"--tlsverify --tlscacert={FOLDER}/clients.crt --tlscert={FOLDER}/server.crt --tlskey={FOLDER}/server.key"
# dockerd's own port; Debian's unit takes flags from this file.
LISTEN = f"""
echo 'DOCKER_OPTS="-H tcp://0.0.0.0:2376 {FLAGS}"' > /etc/default/docker
systemctl restart docker
"""
STORE = "/home/ci/.docker/contexts"
FILES = f"cd {STORE}; find . -type f -printf '%f %m %u:%g ' -exec sha256sum {{}} ';' | sort"
ARM = {"name": "arm", "host": f"ssh://ci@{ADDRESS}", "description": "builds arm64"}
THEIRS = {"name": "theirs", "host": "ssh://elsewhere"}


@dataclass(frozen=True)
class Server:
    """A Docker that lets in who has a certificate of *clients*, and shows one of *ca*."""

    ca: Pair
    clients: Pair

    def listen(self) -> None:
        """Start it."""
        server = make(NAME, ca=False, issuer=self.ca, names=(NAME,))
        files = {"clients.crt": self.clients.pem, "server.crt": server.pem, "server.key": server.key_pem}
        for file, content in files.items():
            on(SERVER, f"mkdir -p {FOLDER}; umask 077; cat > {FOLDER}/{file}", stdin=content)
        on(SERVER, LISTEN)

    def context(self) -> dict[str, Any]:
        """One that leads there, with a new certificate."""
        pair = make("ci", ca=False, issuer=self.clients)
        tls = {"ca": self.ca.pem, "client_cert": pair.pem, "client_key": pair.key_pem}
        return {"name": "far", "host": f"tcp://{NAME}:2376", "takeover": True, **tls}


def provision(*contexts: dict[str, Any], arguments: tuple[str, ...] = ()) -> Run:
    """The contexts of ci alone, told as loudly as Ansible can."""
    variables = {"builder_concerns": ["contexts"], "builder_users": ["ci"], "builder_contexts": contexts}
    run = playbook("provision-builders", "-vvv", "--diff", *arguments, limit=CLIENT, variables=variables)
    assert run.status == 0, run.output
    for each in contexts:
        secret = each.get("client_key", "\n-").splitlines()[1]
        assert secret == "-" or secret not in run.output
    return run


def job(script: str) -> str:
    """A job of ci."""
    return on(CLIENT, "su -s /bin/bash ci -c 'bash -l' 2>&1", stdin=f"set -e\n{script}\n")


def docker_at(context: str) -> str:
    """The name of the host where the Docker of a context runs, or why it does not answer."""
    return job(f"docker --context {context} info --format '{{{{.Name}}}} {{{{.ServerErrors}}}}' 2>&1 || true")


@pytest.fixture
def server() -> Server:
    """The server, which ci of the client may also reach by ssh, and two contexts that ci made."""
    lab("reset", CLIENT, SERVER)
    found = Server(authority("CA of servers"), authority("CA of clients"))
    found.listen()
    key = job("mkdir -p ~/.ssh; ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519; cat ~/.ssh/id_ed25519.pub")
    on(SERVER, "install -d -m 700 -o ci -g ci ~ci/.ssh; cat >> ~ci/.ssh/authorized_keys", stdin=key)
    job(f"ssh-keyscan -t ed25519 {ADDRESS} >> ~/.ssh/known_hosts 2>/dev/null")
    job("docker context create theirs --docker host=unix:///run/theirs.sock")
    job("docker context create far --description before --docker host=tcp://192.0.2.1:2376,skip-tls-verify=true")
    return found


def test_contexts_are_made_used_rotated_given_back_and_retired(server: Server) -> None:
    before = on(CLIENT, FILES)
    told = provision(ARM, server.context(), THEIRS, arguments=("--check",))
    assert told.says(f"create context arm of ci: ssh://ci@{ADDRESS}"), told.output
    assert told.says("replace context far of ci, which is someone else's and is kept to be restored"), told.output
    assert told.says("context theirs of ci is someone else's, leads to unix:///run/theirs.sock, and is kept")
    assert on(CLIENT, FILES) == before

    far = server.context()
    provision(ARM, far, THEIRS)
    assert provision(ARM, far, THEIRS).recap(CLIENT)["changed"] == 0
    assert [docker_at("arm").split()[0], docker_at("far").split()[0]] == [SERVER, SERVER]
    shown = {each["Name"]: each for each in map(json.loads, job("docker context ls --format json").splitlines())}
    assert shown["arm"]["Description"] == "builds arm64"
    assert shown["theirs"]["DockerEndpoint"] == "unix:///run/theirs.sock"

    rotated = Server(server.ca, authority("next CA of clients"))
    rotated.listen()
    assert "tls: certificate required" in docker_at("far"), "the former one is worth nothing"
    far = rotated.context()
    assert provision(ARM, far, THEIRS).says("update context far of ci: cert.pem; key.pem")
    assert docker_at("far").split()[0] == SERVER

    job(f"docker context update arm --docker host=ssh://elsewhere; chmod 644 {STORE}/tls/*/docker/key.pem")
    run = provision(ARM, far, THEIRS)
    assert run.says(f"which someone else changed: host ssh://elsewhere → ssh://ci@{ADDRESS}"), run.output
    assert on(CLIENT, f"find {STORE} -name '*.pem' ! -perm 600") == ""
    assert docker_at("arm").split()[0] == SERVER

    job("docker context use arm")
    run = provision(THEIRS)
    assert run.says("restore context far of ci as it was before, no longer asked for"), run.output
    assert run.says("context arm of ci is kept, as it is the current context"), run.output
    run = playbook("retire-builders", limit=CLIENT)
    assert run.says("run `docker context use default` as ci, then run again"), run.output
    job("docker context use default")
    run = playbook("retire-builders", limit=CLIENT)
    assert run.status == 0, run.output
    assert on(CLIENT, FILES) == before
    assert on(CLIENT, "ls -d /var/lib/multiarch-builders 2>/dev/null || true") == ""
    assert "before" in job("docker context ls")

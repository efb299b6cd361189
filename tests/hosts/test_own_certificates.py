"""Registries as users have them on a host: TLS on its loopback, a certificate that is its own CA, an old root."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

from lab.settings import IMAGES_FILE
from tests.hosts import local_registry
from tests.hosts.lab import on, playbook

BUILDKIT = json.loads(IMAGES_FILE.read_text())["buildkit"]
REAL, STAND_IN = BUILDKIT["reference"], BUILDKIT["source"] == "stand-in"
LEAST: dict[str, Any] = {
    "builder_users": ["root", "ci"],
    "builder_platforms": ["amd64"],
    "builder_concerns": ["trust", "daemon", "buildx"],
    "builder_verify_repository": "",
    "builder_verify_trust": True,
}
MIRRORED = [{"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]}]
MIRRORED += [{"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"}]
LOCAL = "localhost:5443"
TOML = "docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml"
INSPECT = f"docker buildx imagetools inspect {{}} {LOCAL}/p:1 2>&1"


@pytest.mark.both_engines
def test_a_registry_with_tls_on_loopback(engine: str) -> None:
    """Docker's programs speak HTTP there by themselves; a builder with a network of its own has another loopback."""
    ca = make("local CA", sign=True)
    server = make("server", ca=False, issuer=ca, names=("localhost",))
    local_registry.serve(engine, 5443, server.pem, server.key_pem)
    table = {**LEAST, "builder_registries": [*MIRRORED, {"host": LOCAL, "ca": ca.pem}]}
    run = playbook("provision-builders", limit=engine, variables=table)
    assert run.status == 0, run.output
    assert run.says(f"for the builder, {LOCAL} is its own container, not this host: set ")
    section = {"ca": ["/etc/buildkit/certs/localhost_5443/ca.crt"], "http": False}
    assert tomllib.loads(on(engine, TOML))["registry"][LOCAL] == section

    on(
        engine,
        f"tar --create --directory / etc/hostname | docker import - {LOCAL}/p:1; docker push --quiet {LOCAL}/p:1",
    )
    for user in ("root", "ci"):
        assert "application/vnd." in on(engine, f"runuser --login {user} --command '{INSPECT.format('')}'")
    assert "400 Bad Request" in on(engine, f"! {INSPECT.format('--builder default')}"), "what buildx does by itself"

    run = playbook("verify-builders", limit=engine, variables=table)
    assert run.status == 0, run.output
    assert run.recap(engine)["changed"] == 0
    assert run.says(f"{LOCAL}: CN=server for localhost, until ")

    wrong = {**table, "builder_registries": [*MIRRORED, {"host": LOCAL, "http": True}]}
    run = playbook("verify-builders", limit=engine, variables=wrong)
    assert run.says(f"trust[{LOCAL}-plain]: {LOCAL}: TLS wanted "), run.output
    assert run.says(f"Remove `http: true` of {LOCAL} from builder_registries, as its server uses TLS.")
    assert run.says(f"{LOCAL}: builder multiarch was not tested, as that is the loopback of its own container")


@pytest.mark.skipif(STAND_IN, reason="the stand-in of BuildKit has a bridge of its own, so no host's network")
def test_a_builder_with_the_host_s_network_pulls_and_pushes_there(engine: str) -> None:
    ca = make("local CA", sign=True)
    server = make("server", ca=False, issuer=ca, names=("localhost",))
    local_registry.serve(engine, 5443, server.pem, server.key_pem)
    builder = {"name": "multiarch", "image": REAL, "default": True, "driver_opts": {"network": "host"}}
    table = {
        **LEAST,
        "builder_instances": [builder],
        "builder_registries": [*MIRRORED, {"host": LOCAL, "ca": ca.pem}],
        "builder_verify_repository": f"{LOCAL}/proof",
    }
    run = playbook("provision-builders", limit=engine, variables=table)
    assert run.status == 0, run.output
    assert not run.says("is its own container, not this host")
    assert run.says("; proven")

    without = {**table, "builder_buildkit_options": {"registry": {LOCAL: {"http": None}}}}
    run = playbook("provision-builders", limit=engine, variables=without)
    assert run.says(f"{LOCAL}: TLS wanted (client as root and ci, builder multiarch): "), run.output


OLD_ROOT = """
cd $(mktemp -d); key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
exec 2>/dev/null
openssl req -x509 $key -sha1 -subj '/CN=old root' -days 3650 -addext basicConstraints=critical,CA:TRUE \
    -keyout ca.key -out ca.crt
openssl req $key -subj /CN=server -keyout server.key -out request
printf 'subjectAltName=DNS:%s' "$(hostname).lab.test" > extensions
openssl x509 -req -in request -CA ca.crt -CAkey ca.key -days 3650 -sha256 -extfile extensions -out server.crt
for file in ca.crt server.crt server.key; do cat $file; echo ,; done
"""


def test_a_server_s_own_certificate_and_a_root_with_sha_1_are_trusted_by_every_way(engine: str) -> None:
    name = f"{engine}.lab.test"
    own, renewed = (make("own", ca=None, names=(name,)) for _each in range(2))
    on(engine, "sed -i /127.0.1.1/d /etc/hosts")  # of what is on 127.0.0.0/8, by any name, dockerd verifies nothing
    local_registry.serve(engine, 5444, own.pem, own.key_pem)
    root, server, key = on(engine, OLD_ROOT).split(",\n")[:3]
    local_registry.serve(engine, 5445, server, key)
    rows = [{"host": f"{name}:5444", "ca": own.pem}, {"host": f"{name}:5445", "ca": root}]
    table = {**LEAST, "builder_registries": [*MIRRORED, *rows]}
    run = playbook("provision-builders", limit=engine, variables=table)
    assert run.status == 0, run.output
    assert run.says("certificate CN=own is self-signed and not a CA: it is only trusted for itself, as ")
    assert not run.says("CN=old root is ")
    assert run.says("; proven")
    assert playbook("provision-builders", limit=engine, variables=table).recap(engine)["changed"] == 0

    local_registry.serve(engine, 5444, renewed.pem, renewed.key_pem)
    run = playbook("verify-builders", limit=engine, variables=table)
    ways = ("plain", "dockerd", "client-root", "client-ci", "builder-multiarch")
    checks = ", ".join(f"trust[{name}:5444-{way}]" for way in ways)
    assert run.says(f"{checks}: {name}:5444: unknown authority "), run.output
    assert run.says("Its `ca` in builder_registries did not sign its certificate (CN=own signed it): add that one")

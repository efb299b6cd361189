"""Settings of buildx reach the jobs of users, and what a registry does not take is told with the setting that helps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import of_settings
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

from tests.hosts import refusing_registry
from tests.hosts.conftest import PAIR
from tests.hosts.lab import Run, on, playbook

FILE = "/etc/environment"
THEIRS = "LANG=C\nBUILDKIT_PROGRESS=quiet\nA=1"
ALONE: dict[str, Any] = {
    "builder_platforms": ["amd64"],
    "builder_users": ["ci"],
    "builder_docker_group": True,
    "builder_verify_repository": "",
    "builder_verify_trust": False,
}
NO_ATTESTATIONS, NO_ARTIFACT = "BUILDX_NO_DEFAULT_ATTESTATIONS", "BUILDX_NO_DEFAULT_OCI_ARTIFACT"


def provision(host: str, *arguments: str, **variables: Any) -> Run:
    run = playbook("provision-builders", *arguments, limit=host, variables={**ALONE, **variables})
    assert run.status == 0, run.output
    return run


def job(host: str, script: str) -> str:
    """A job of GitLab's shell executor as ci: PAM reads /etc/environment for it."""
    return on(host, "su -s /bin/bash ci -c 'bash -l' 2>&1", stdin=f"set -e\n{script}\n")


def pushed(host: str, image: str) -> str:
    """The index of an image that a job builds and pushes."""
    build = f"cd; printf 'FROM scratch\\nCOPY a /\\n' > Dockerfile; date > a; docker buildx build --push -t {image} ."
    return job(host, f"{build} >&2; docker buildx imagetools inspect --raw {image}")


def capabilities(host: str) -> dict[str, dict[str, bool]]:
    """What the host remembers of what registries take."""
    found = json.loads(on(host, "cat /var/lib/multiarch-builders/registry_capabilities.json"))["registries"]
    return {name: {each["form"]: each["taken"] for each in row["capabilities"]} for name, row in found.items()}


def test_settings_are_written_used_changed_and_taken_back(spare: str) -> None:
    on(spare, f"printf '{THEIRS}' > {FILE}")
    settings = {NO_ATTESTATIONS: True, NO_ARTIFACT: True, "BUILDKIT_PROGRESS": "plain"}
    asked = {"builder_environment_file": FILE, "builder_environment": settings}
    told = provision(spare, "--check", "--diff", **asked)
    words = f"set {NO_ATTESTATIONS}=1, set {NO_ARTIFACT}=1, set BUILDKIT_PROGRESS=plain in {FILE}"
    assert told.says(f"name builder multiarch, {words}"), told.output
    assert told.says("-BUILDKIT_PROGRESS=quiet")
    assert not told.says("A=1"), "lines of others are in no diff"
    assert told.says(f"{NO_ARTIFACT} has no effect here: buildx 0.13.1")
    assert told.says("does not support it (requires 0.36.1)")
    assert on(spare, f"cat {FILE}") == THEIRS

    provision(spare, **asked, builder_verify_repository=f"harbor.lab.test/proof/{spare}")
    assert capabilities(spare)["harbor.lab.test"] == {"artifact": True, "index": True, "zstd": True}
    ours = f"BUILDX_BUILDER=multiarch\n{NO_ATTESTATIONS}=1\n{NO_ARTIFACT}=1\n"
    assert on(spare, f"cat {FILE}") == f"LANG=C\nBUILDKIT_PROGRESS=plain\nA=1\n{ours}"
    assert provision(spare, **asked).recap(spare)["changed"] == 0
    assert "attestation-manifest" not in pushed(spare, f"harbor.lab.test/proof/{spare}:without")

    run = provision(spare, builder_environment_file=FILE, builder_environment={NO_ATTESTATIONS: False})
    assert run.says(f"set {NO_ATTESTATIONS}=0, set BUILDKIT_PROGRESS no more (the line from before us"), run.output
    assert run.says(f"comes back), set {NO_ARTIFACT} no more in {FILE}")
    ours = f"BUILDX_BUILDER=multiarch\n{NO_ATTESTATIONS}=0\n"
    assert on(spare, f"cat {FILE}") == f"LANG=C\nBUILDKIT_PROGRESS=quiet\nA=1\n{ours}"
    assert "attestation-manifest" in pushed(spare, f"harbor.lab.test/proof/{spare}:with")

    # buildx itself trusts nobody here, and the builder does: then the builder fetches the token
    blind = "export SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/var/empty BUILDKIT_PROGRESS=plain"
    build = f"cd; docker buildx build --push -t harbor.lab.test/proof/{spare}:token ."
    said = job(spare, f"{blind}; {build} || true")
    assert "x509: certificate signed by unknown authority" in said
    assert "BUILDKIT_NO_CLIENT_TOKEN" in of_settings(said.strip().splitlines()[-1], {})
    job(spare, f"{blind} BUILDKIT_NO_CLIENT_TOKEN=1; {build}")

    run = playbook("retire-builders", limit=spare)
    assert run.status == 0, run.output
    assert on(spare, f"cat {FILE}") == THEIRS


HUB = {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]}
MIRROR = {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"}
NAME = "harbor.lab.test"
PORT, BACKEND = 9300 + PAIR, 9400 + PAIR
HOST = f"{NAME}:{PORT}"
UNIT = f"refusing-registry-{PORT}"
FOLDER = f"/var/tmp/{UNIT}"
CONFIG = {
    "version": 0.1,
    "log": {"level": "warn", "accesslog": {"disabled": True}},
    "storage": {"filesystem": {"rootdirectory": f"{FOLDER}/storage"}, "delete": {"enabled": True}},
    "http": {"addr": f"127.0.0.1:{BACKEND}"},
}
STOP = f"systemctl stop {UNIT}-front {UNIT} 2>/dev/null || true"
REVISIONS = f"cd {FOLDER}/storage/docker/registry/v2/repositories/proof; find . -path '*revisions*' -name link | sort"


@pytest.fixture(scope="module")
def authority() -> Iterator[Pair]:
    """The CA of the registry, which is there until the last test."""
    ca = make("of those who refuse", ca=True, sign=True)
    server = make(NAME, ca=False, issuer=ca, names=(NAME,))
    front = Path(refusing_registry.__file__).read_text()
    files = {
        "server.crt": server.pem,
        "server.key": server.key_pem,
        "config.yml": json.dumps(CONFIG),
        "front.py": front,
    }
    on("registry", f"{STOP}; rm -rf {FOLDER}; mkdir -m 700 {FOLDER}")
    for name, content in files.items():
        on("registry", f"cat > {FOLDER}/{name}", stdin=content)
    on("registry", f"systemd-run --quiet --collect --unit={UNIT} docker-registry serve {FOLDER}/config.yml")
    yield ca
    on("registry", f"{STOP}; rm -rf {FOLDER}")


def refuse(what: str) -> None:
    arguments = f"{PORT} {BACKEND} {FOLDER}/server.crt {FOLDER}/server.key {what}"
    on(
        "registry",
        f"systemctl stop {UNIT}-front 2>/dev/null || true\n"
        f"systemd-run --quiet --collect --unit={UNIT}-front python3 {FOLDER}/front.py {arguments}\n"
        f"for try in $(seq 100); do ss -lnt | grep -q ':{PORT} ' && exit 0; sleep 0.05; done; exit 1",
    )


@pytest.mark.thorough
def test_what_a_registry_refuses_is_told_with_the_setting_that_helps(authority: Pair, spare: str) -> None:
    table = [HUB, MIRROR, {"host": HOST, "ca": authority.pem}]
    asked: dict[str, Any] = {"builder_registries": table, "builder_verify_repository": f"{HOST}/proof/app"}
    refuse("subject")
    run = provision(spare, **asked)
    refused = f"{HOST} rejects attestations as BuildKit 0.32 and newer push them"
    assert run.says(f"{refused} (whose `subject` does not exist yet): HTTP 404 Not Found: BLOB_UNKNOWN"), run.output
    assert run.says(f"Set builder_environment: {{{NO_ATTESTATIONS}: true}}, with builder_environment_file")
    assert run.says("buildx 0.36.1 and newer can keep attestations, in the older form, with " + NO_ARTIFACT)
    assert run.recap(spare)["failed"] == 0, "BuildKit 0.13 pushes none of them"
    taken = {"artifact": False, "empty": True, "attestation": True, "index": True, "zstd": True}
    assert capabilities(spare)[HOST] == taken
    assert len(on("registry", REVISIONS).splitlines()) == 3, "of the image alone: index, manifest and attestation"

    refuse("empty")
    asked |= {"builder_environment_file": FILE, "builder_environment": {NO_ATTESTATIONS: True}}
    run = provision(spare, **asked)
    assert not run.says(refused), "the setting is there"
    run = playbook("verify-builders", limit=spare, variables={**ALONE, **asked, "builder_environment": {}})
    assert run.says(f"{refused} (with the empty config): HTTP 403 Forbidden: DENIED"), run.output
    assert run.says("unknown manifest class for application/vnd.oci.empty.v1+json")
    assert run.says("as_asked[buildx]: 1 difference from the desired state")

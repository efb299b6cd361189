"""Mirrors with a path, as proxy caches of Harbor have it: what each engine can do, and that the rest is said."""

from __future__ import annotations

import json

import pytest

from lab.settings import IMAGES_FILE
from tests.hosts.lab import on, playbook

BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"].partition("@")[0]
# What a mirror with the path /hub holds of Docker Hub's library/cached, and one with /quay of another registry's.
CACHED = {
    "docker.io": "mirror.lab.test:5000/hub/library/cached:1",
    "other.example": "mirror.lab.test:5000/quay/cached:1",
}
NOTE = "mirror mirror.lab.test:5000/hub of docker.io: BuildKit uses it, dockerd 26.1.5+dfsg1 puts a path before /v2/"
HOSTS_TOML = "/etc/docker/certs.d/docker.io/hosts.toml"


OPEN = {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"}


def table(**mirrors: list[str]) -> dict[str, object]:
    """The variables for a table of registries in which each of *mirrors* ({registry: mirrors}) can be reached."""
    rows = [{"host": host.replace("_", "."), "mirrors": found} for host, found in mirrors.items()]
    verify = {"builder_verify_repository": "mirror.lab.test:5000/proof"}
    least = {"builder_concerns": ["trust", "daemon", "buildx"], "builder_platforms": ["amd64"], **verify}
    return {"builder_registries": [*rows, OPEN], "builder_users": ["root"], **least}


PATHS = table(
    docker_io=["mirror.lab.test:5000/hub", "mirror.lab.test:5000"], other_example=["mirror.lab.test:5000/quay"]
)
PLAIN = table(docker_io=["mirror.lab.test:5000"])


@pytest.mark.both_engines
def test_a_mirror_with_a_path_serves_buildkit_everywhere_and_dockerd_from_28(engine: str) -> None:
    run = playbook("provision-builders", limit=engine, variables=PATHS)
    assert run.status == 0, run.output
    for image in CACHED.values():
        on(engine, f"docker buildx imagetools create --tag {image} {BASE} 2>/dev/null")
    on(
        engine,
        "mkdir /var/tmp/build; echo FROM cached:1 > /var/tmp/build/Dockerfile; docker buildx build /var/tmp/build",
    )
    pull = "docker pull --quiet cached:1 && docker pull --quiet other.example/cached:1"
    if "28." in on(engine, "docker version --format '{{.Server.Version}}'"):
        assert not run.says("BuildKit uses it")
        on(engine, pull)
    else:
        assert run.says(NOTE)
        assert on(engine, f"({pull}) >/dev/null 2>&1 || echo refused").strip() == "refused"
    again = playbook("provision-builders", limit=engine, variables=PATHS)
    assert again.recap(engine)["changed"] == 0, again.output

    plain = {**PLAIN, "builder_concerns": ["trust", "daemon"]}
    assert playbook("provision-builders", limit=engine, variables=plain).status == 0
    assert "/v2/hub" not in on(engine, f"cat {HOSTS_TOML} 2>/dev/null || true")


def test_a_hosts_toml_of_somebody_else_is_left_alone(newer: str) -> None:
    on(newer, f"mkdir -p $(dirname {HOSTS_TOML}); echo '# theirs' > {HOSTS_TOML}")
    concerns = {**PATHS, "builder_concerns": ["trust", "daemon"]}
    run = playbook("provision-builders", limit=newer, variables=concerns)
    assert run.status == 0, run.output
    assert run.says(f"{HOSTS_TOML} is unmanaged and was not changed")
    assert on(newer, f"cat {HOSTS_TOML}").strip() == "# theirs"

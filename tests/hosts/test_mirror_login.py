"""A mirror that wants a login: builders have it from the client, dockerd shows it to nobody but the registry itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.settings import IMAGES_FILE
from tests.hosts.conftest import PAIR
from tests.hosts.lab import on, playbook

BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"].partition("@")[0]
NAME = f"behind-a-login-{PAIR}"
HARBOR: dict[str, Any] = {
    "host": "harbor.lab.test",
    "ca": "{{ lab_state }}/pki/ca.crt",
    "username": "robot$ci",
    "password": "{{ lookup('ansible.builtin.file', lab_state + '/registry-password') }}",
}
OPEN = {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"}
# The second mirror has all else of Docker Hub: the first is asked for everything, and has one image.
TABLE = [{"host": "docker.io", "mirrors": ["harbor.lab.test", "mirror.lab.test:5000"]}, HARBOR, OPEN]
NOTE = (
    "mirror harbor.lab.test of docker.io needs a login (`username` in its entry), which docker itself never sends to a "
)
BUILD = f"""
folder=$(mktemp -d); echo 'FROM {NAME}:1' > $folder/Dockerfile
docker buildx build --no-cache --builder {{}} --output type=cacheonly $folder 2>&1
"""


@pytest.mark.both_engines
def test_builders_send_a_mirror_the_login_of_its_own_name_and_docker_does_not(engine: str) -> None:
    least = {
        "builder_concerns": ["trust", "daemon", "buildx"],
        "builder_platforms": ["amd64"],
        "builder_users": ["root"],
    }
    variables = {**least, "builder_registries": TABLE, "builder_verify_repository": "", "builder_verify_trust": True}
    run = playbook("provision-builders", limit=engine, variables=variables)
    assert run.status == 0, run.output
    assert run.says(NOTE)
    again = playbook("provision-builders", limit=engine, variables=variables)
    assert again.recap(engine)["changed"] == 0

    on(engine, f"docker buildx imagetools create --tag harbor.lab.test/library/{NAME}:1 {BASE} 2>/dev/null")
    on(engine, BUILD.format("multiarch"))
    on(engine, BUILD.format("default"))  # BuildKit in dockerd asks the client, too
    refused = on(engine, f"! docker pull {NAME}:1 2>&1")
    assert "not found" in refused or "no basic auth credentials" in refused or "no such host" in refused, refused

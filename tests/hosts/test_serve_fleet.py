"""Two hosts that serve as one builder, three hosts that are its clients, and one that Ansible never saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.certificates import CA
from lab.settings import MIRROR_NAME, MIRROR_PORT
from tests.hosts.daemon import BUILDER, WITH_BUILDER, base
from tests.hosts.lab import lab, on
from tests.hosts.serve_controller import Controller, status_of, use_bundle
from tests.hosts.test_retire import snapshot
from tests.hosts.test_serve import PORT

pytestmark = pytest.mark.thorough
# Beside the pairs of all processes, and the node of test_cluster.
NATIVE, FOREIGN = SERVERS = ["spare-11", "spare-12"]
CLIENTS = ["spare-13", "spare-14", "spare-15"]
STRANGER = "spare-16"
MANAGED = [*SERVERS, *CLIENTS]
FLEET = {
    "name": "fleet",
    "driver": "remote",
    "default": True,
    "nodes": [{"serve": NATIVE}, {"serve": FOREIGN, "platforms": ["arm64"]}],
}
PLATFORMS = ["amd64", "arm64"]
IMAGE = f"{MIRROR_NAME}:{MIRROR_PORT}/fleet/{{name}}:1"
HISTORIES = f"docker exec {BUILDER} buildctl debug histories --format '{{{{json .}}}}'"


def served(**more: Any) -> dict[str, Any]:
    return {"serve": {"address": "0.0.0.0", "port": PORT, "clients": [{"name": "gitlab-ci"}]}, **more}


@pytest.fixture(scope="module")
def before() -> Iterator[dict[str, list[str]]]:
    """Hosts as new, and what is on them."""
    lab("reset", *MANAGED, STRANGER)
    for host in MANAGED:
        on(host, "docker buildx inspect >/dev/null")
    yield {host: snapshot(host) for host in MANAGED}
    lab("stop", *MANAGED, STRANGER)


@pytest.fixture(scope="module")
def controller(before: dict[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Controller:
    """After one run for all, which proves that each client builds for each platform."""
    assert before
    servers = {NATIVE: served(), FOREIGN: served(platforms=PLATFORMS, concerns=["binfmt", *WITH_BUILDER, "serve"])}
    client: dict[str, Any] = {"instances": [FLEET], "platforms": PLATFORMS, "concerns": WITH_BUILDER}
    controller = Controller(tmp_path_factory.mktemp("controller"), {**servers, **dict.fromkeys(CLIENTS, client)})
    made = controller.provision()
    for host in CLIENTS:
        assert made.says(f"issue a certificate for client {host}")
    return controller


def build(host: str, name: str, builder: str, *, trusting: str = "") -> str:
    """Build and push for both platforms, *trusting* a file of CAs in place of the system's; what the build said."""
    image, folder = IMAGE.format(name=name), f"/var/tmp/{name}"
    on(host, f"mkdir -p {folder}; cat > {folder}/Dockerfile", f"FROM {base()}\nRUN echo {name} built on $(uname -m)\n")
    options = f"--builder {builder} --progress plain --platform linux/amd64,linux/arm64 --provenance false"
    trust = f"SSL_CERT_FILE={trusting} " if trusting else ""
    built = on(host, f"{trust}docker buildx build {options} --push --tag {image} {folder} 2>&1")
    index = json.loads(on(NATIVE, f"docker buildx imagetools inspect --raw {image}"))
    assert sorted(each["platform"]["architecture"] for each in index["manifests"]) == PLATFORMS
    return built


def builds(server: str) -> int:
    return len(on(server, HISTORIES).splitlines())


def test_each_client_builds_on_each_server(controller: Controller) -> None:
    again = controller.provision()
    assert [again.recap(host)["changed"] for host in controller.hosts] == [0] * len(controller.hosts), again.output
    for client in CLIENTS:
        assert status_of(client, "fleet") == ["running", "running"], client
        counts = [builds(server) for server in SERVERS]
        built = build(client, client, "fleet")
        assert f"{client} built on x86_64" in built
        assert f"{client} built on aarch64" in built, "which only one of the servers can"
        assert [builds(server) for server in SERVERS] > counts
    assert "qemu" not in on(NATIVE, "ls /proc/sys/fs/binfmt_misc")


def test_a_bundle_is_all_that_a_host_needs_which_ansible_never_saw(controller: Controller) -> None:
    folder = controller.folder / "bundle"
    controller.ok("serve-bundle", client="gitlab-ci", dest=str(folder))
    assert use_bundle(STRANGER, folder) == ["running", "running"]
    on(STRANGER, "cat > /var/tmp/registry-ca.pem", stdin=CA.read_text())
    built = build(STRANGER, "stranger", "bundle", trusting="/var/tmp/registry-ca.pem")
    assert "stranger built on x86_64" in built
    assert "stranger built on aarch64" in built, "which needs the second server"
    assert on(STRANGER, "ls -d /var/lib/multiarch-builders /etc/buildkit 2>/dev/null || true") == ""


def test_the_report_shows_servers_clients_and_days(controller: Controller, tmp_path: Path) -> None:
    controller.ok("report-builders", builder_report_dest=str(tmp_path))
    told = {each["name"]: each for each in json.loads((tmp_path / "builders.json").read_text())["hosts"]}
    for server in SERVERS:
        assert told[server]["serve"]["running"]
        assert sorted(told[server]["serve"]["clients"]) == ["gitlab-ci", *CLIENTS]
        days = {each["subject"]: each["days_left"] for each in told[server]["certificates"] if each["kind"] == "client"}
        assert days["CN=gitlab-ci"] in range(88, 91), days
        assert all(days[f"CN={client}"] in range(363, 367) for client in CLIENTS), days


def test_a_client_that_leaves_is_refused_by_both(controller: Controller) -> None:
    controller.hosts[CLIENTS[2]] = {"concerns": WITH_BUILDER}
    gone = controller.provision("--skip-tags", "proof")
    assert gone.says(f"{CLIENTS[2]} may no longer connect")
    assert gone.says("builder fleet of root is managed but no longer in any variable"), gone.output
    assert status_of(CLIENTS[2], "fleet") == ["inactive", "inactive"]
    assert status_of(CLIENTS[0], "fleet") == status_of(STRANGER, "bundle") == ["running", "running"]


def test_nothing_is_left(controller: Controller, before: dict[str, list[str]]) -> None:
    controller.ok("retire-builders", builder_retire_volumes=True)
    for host in MANAGED:
        on(host, f"docker rmi --force {base()} >/dev/null 2>&1 || true")
        assert sorted(set(snapshot(host)) ^ set(before[host])) == [], host
        assert on(host, f"getent passwd multiarch-serve || ss -Hlnt 'sport = :{PORT}'") == ""
    assert status_of(STRANGER, "bundle") == ["inactive", "inactive"]

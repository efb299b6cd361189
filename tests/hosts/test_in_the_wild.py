"""All that people have on their hosts, at once: from the first run to the last, on a host of each engine in one fleet.

Not with the rest go: a unit with a flag of its own, masked units, a daemon.json elsewhere, Docker from snap, which a
run refuses (test_drift.py, test_causes.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.settings import IMAGES_FILE
from tests.hosts import own_registry
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.daemon import BUILDER, process
from tests.hosts.emulation import require_emulation
from tests.hosts.lab import Run, lab, on, playbook
from tests.hosts.own_registry import HOST, LOGIN, Token, authority
from tests.hosts.test_default_network import REFUSED
from tests.hosts.test_hardened import NOEXEC, STRICT
from tests.hosts.test_retire import snapshot

FLEET = (OLDER_ENGINE, NEWER_ENGINE)
BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
MIRROR = "https://mirror.lab.test:5000"
DAEMON_JSON = {
    "labels": ["region=eu", "env=prod", "team=a"],
    "insecure-registries": ["192.168.1.10/24", "registry.example:5000", "registry.example:5000"],
    "registry-mirrors": [MIRROR, f"{MIRROR}/"],
    "data-root": "/var/lib/docker/theirs",  # below a folder that the lab made for overlays
    "bridge": "none",
    "iptables": False,
    "log-opts": {"max-file": "3"},
    "shutdown-timeout": 20,
}
# Passwords go to a helper that only the desktop has, but for our registries; as docker itself writes the file.
CONFIG_JSON = json.dumps({"credsStore": "desktop", "credHelpers": {HOST: "", "mirror.lab.test:5000": ""}}, indent="\t")
# A handler that an administrator switched off.
MASKED = "/etc/binfmt.d/qemu-riscv64.conf"
PREPARE = rf"""
mkdir -p /etc/docker /usr/local/share/ca-certificates ~ci/.docker/buildx
{{ printf '\357\273\277'; cat; }} > /etc/docker/daemon.json
chgrp docker /etc/docker/daemon.json; chmod 640 /etc/docker/daemon.json
{NOEXEC}
{STRICT}
printf '%s' '{CONFIG_JSON}' > ~ci/.docker/config.json
printf 'insecure-entitlements = ["security.insecure"]\nno-such-key = true\n' > ~ci/.docker/buildx/buildkitd.default.toml
chown -R ci: ~ci/.docker; chmod 700 ~ci/.docker; chmod 600 ~ci/.docker/config.json
ln -s /dev/null {MASKED}
echo 0 > /proc/sys/fs/binfmt_misc/status
systemctl disable --quiet docker.service docker.socket
systemctl restart docker
docker buildx inspect >/dev/null; su ci -c 'docker buildx inspect >/dev/null'
tar --create --directory / bin/sh | docker import --change 'CMD ["/bin/sh"]' - theirs:1 >/dev/null
docker create --name theirs theirs:1 >/dev/null; docker volume create theirs >/dev/null
"""
# What a job does on a provisioned host, and what a careless hand does.
BREAK = f"""
docker pause {BUILDER} >/dev/null
chmod 666 ~ci/.docker/buildx/instances/multiarch
chmod 644 /usr/local/lib/multiarch-builders/emulators/*/qemu-s390x
for what in "--uninstall qemu-*" "--install riscv64"; do
    docker run --privileged --rm $(docker images --quiet tonistiigi/binfmt) $what >/dev/null 2>&1
done
echo 0 > /proc/sys/fs/binfmt_misc/status
chmod 666 /etc/docker/daemon.json
"""
STATE = "systemctl is-enabled docker.service docker.socket || true; cat /proc/sys/fs/binfmt_misc/status"


def run(name: str, *arguments: str, cas: str, **variables: Any) -> Run:
    """A playbook on both hosts, with a registry that is trusted by *cas*; *variables* without `builder_`."""
    table = [
        {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
        {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"},
        {"host": HOST, "ca": cas, **LOGIN},
    ]
    given = {
        "registries": table,
        "users": ["root", "ci"],
        "platforms": ["amd64", "s390x", "riscv64"],
        "instances": [
            {"name": "multiarch", "image": "{{ lab_images.buildkit.reference }}", "default": True}
            | {"driver_opts": {"network": "host"}}
        ],
        "binfmt_takeover": True,
        "allow_image_store_switch": True,
        "verify_trust": True,
        "verify_repository": f"{HOST}/ci/proof",
        **variables,
    }
    return playbook(
        name,
        *arguments,
        limit=",".join(FLEET),
        variables={f"builder_{key}": value for key, value in given.items()},
    )


def state_of(host: str) -> set[str]:
    """Lines without an order of words, as dockerd shows labels in another one after each start."""
    lines = [*snapshot(host), *on(host, STATE).splitlines()]
    return {" ".join(sorted(line.replace("[", " ").replace("]", " ").split())) for line in lines}


def require_same(before: dict[str, set[str]]) -> None:
    for host, state in before.items():
        assert sorted(state_of(host) ^ state) == [], host


def require_proven(done: Run) -> None:
    assert done.status == 0, done.output
    summary = done.output.rpartition("unreachable=")[2].splitlines()[1:]
    assert [line for line in summary if line and not line.endswith("proven")] == [], done.output


def require_nothing_to_do(*, cas: str) -> None:
    again = run("provision-builders", cas=cas)
    assert [again.recap(host)["changed"] for host in FLEET] == [0, 0], again.output


@pytest.fixture
def _registry() -> Iterator[None]:
    yield
    own_registry.stop()


@pytest.mark.usefixtures("_registry")
@pytest.mark.thorough
def test_a_fleet_of_hosts_as_people_have_them() -> None:
    old, new = authority("old CA"), authority("new CA")
    own_registry.serve(old, token=Token())
    for host in FLEET:
        lab("reset", host)
        on(host, PREPARE, stdin=json.dumps(DAEMON_JSON))
    before = {host: state_of(host) for host in FLEET}

    unaware = [{"name": "multiarch", "image": "{{ lab_images.buildkit.reference }}", "default": True}]
    refused = run("provision-builders", cas=old.pem, instances=unaware, binfmt_takeover=False)
    assert [refused.recap(host)["failed"] for host in FLEET] == [1, 1], refused.output
    for words in (REFUSED, f"handler qemu-riscv64 is masked: {MASKED} is a link to /dev/null"):
        assert refused.says(words), refused.output
    require_same(before)

    planned = run("provision-builders", "--check", "--diff", cas=old.pem)
    assert planned.status == 0, planned.output
    require_same(before)

    require_proven(run("provision-builders", cas=old.pem))
    require_nothing_to_do(cas=old.pem)

    # A rotation also mends what a job and a careless hand left.
    for host in FLEET:
        on(host, BREAK)
    require_proven(run("provision-builders", cas=old.pem + new.pem))
    docker = [process(host) for host in FLEET]
    own_registry.serve(new, token=Token())
    require_proven(run("trust-registries", cas=new.pem))
    assert [process(host) for host in FLEET] == docker, "the old CA goes without a restart"
    require_nothing_to_do(cas=new.pem)
    require_proven(run("verify-builders", cas=new.pem))
    for host in FLEET:
        on(host, "systemctl enable --quiet docker.service docker.socket  # as the note says")
        lab("reboot", host)
        require_emulation(host, ["linux/s390x", "linux/riscv64"])
    require_proven(run("verify-builders", cas=new.pem))

    retired = run("retire-builders", cas=new.pem, retire_volumes=True)
    assert retired.status == 0, retired.output
    for host in FLEET:
        on(host, "echo 0 > /proc/sys/fs/binfmt_misc/status; systemctl disable --quiet docker.service docker.socket")
    require_same(before)

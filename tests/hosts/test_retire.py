"""A host that is no builder any more is as it was before; what others did there stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts.daemon import start_build
from tests.hosts.lab import Run, on, playbook

# What others had on the host: an own choice in each place that provisioning touches.
THEIRS = r"""
mkdir -p /etc/docker/certs.d/harbor.lab.test /opt/theirs
printf '%s' '{"labels": ["team=a"], "debug": false, "max-concurrent-downloads": 4}' > /etc/docker/daemon.json
echo theirs > /etc/docker/certs.d/harbor.lab.test/ca.crt
systemctl restart docker
tar --create --directory / bin/sh | docker import --change 'CMD ["/bin/sh"]' - theirs:1 >/dev/null
docker create --name theirs theirs:1 >/dev/null; docker volume create theirs >/dev/null
cp /bin/true /opt/theirs/qemu; magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s\n' ":qemu-riscv64:M::$magic:$mask:/opt/theirs/qemu:F" > /etc/binfmt.d/qemu-riscv64.conf
systemctl restart systemd-binfmt
docker buildx create --name theirs --use >/dev/null
echo 'debug = true' > ~/.docker/buildx/buildkitd.default.toml
mkdir ~ops/.docker; config='{\n\t"auths": {\n\t\t"a.test": {\n\t\t\t"auth": "eDp5"\n\t\t}\n\t},\n\t"psFormat": "x"\n}'
printf "$config" > ~ops/.docker/config.json
chmod 600 ~ops/.docker/config.json; chmod 700 ~ops/.docker; chown -R ops: ~ops/.docker
printf 'LANG=C\nBUILDX_BUILDER=theirs\nA=1' > /etc/environment
"""
VARIABLES: dict[str, Any] = {
    "builder_users": ["root", "ops"],
    "builder_platforms": ["amd64", "riscv64"],
    "builder_verify_repository": "",
    "builder_docker_group": True,
    "builder_binfmt_takeover": True,
    "builder_allow_image_store_switch": True,
    "builder_environment_file": "/etc/environment",
    "builder_daemon_options": {"debug": True, "max-concurrent-downloads": None, "shutdown-timeout": 20},
    "builder_client_options": {"psFormat": "wide", "detachKeys": "ctrl-q"},
    "builder_gc": {"keep": "1GB"},
    "builder_inherit": {"enabled": True, "takeover": True},
}
# The inventory of a host that goes may be wrong by then.
WRONG = {
    "builder_platforms": ["none"],
    "builder_registries": [{"host": "https://gone"}],
    "builder_users": ["nobody-here"],
}

# Everything on the host but what programs note for themselves: buildx in a store that was there before, usermod.
SNAPSHOT = r"""
find /etc /usr/local /root /home /opt /var/lib/multiarch-builders \
    \( -path '*/.ansible' -o -path '*/.docker/buildx/activity' -o -path '*/.docker/buildx/refs' -o -path /etc/mtab \) \
    -prune -o ! -name '.buildNodeID' ! -name '.token_seed*' ! -name '.lock' ! -path '/etc/*-' \
    -printf '%p %y %m %U:%G %l\n' -type f -exec sha256sum {} ';' 2>/dev/null | sort
grep --recursive --no-messages . /proc/sys/fs/binfmt_misc | grep --invert-match register | sort
docker ps --all --format '{{.Names}} {{.Image}} {{.State}}' | sort; docker volume ls --quiet | sort
docker network ls --format '{{.Name}} {{.Driver}}' | sort
docker images --format '{{.Repository}} {{.Digest}} {{.ID}}' | sort
docker info --format '{{.Driver}} {{.Images}} {{.Containers}} {{.Debug}} {{json .RegistryConfig}} {{.Labels}}'
docker buildx inspect | head -n 1
"""

# The lock stays until a reboot; trace and compiled code go at once.
UNTIL_REBOOT = "ls -d /run/multiarch-builders*"


def snapshot(host: str) -> list[str]:
    return on(host, SNAPSHOT).splitlines()


def retire(host: str, *arguments: str, **variables: Any) -> Run:
    return playbook("retire-builders", *arguments, limit=host, variables={**WRONG, **variables})


def test_a_host_is_as_it_was_before(newer: str) -> None:
    on(newer, THEIRS)
    before = snapshot(newer)
    run = playbook("provision-builders", limit=newer, variables=VARIABLES)
    assert run.status == 0, run.output
    provisioned = snapshot(newer)
    assert len(set(provisioned) ^ set(before)) > 30
    assert ".code-cpython" in on(newer, UNTIL_REBOOT)

    run = retire(newer, "--check", "--diff", builder_allow_image_store_switch=True)
    assert run.status == 0, run.output
    assert snapshot(newer) == provisioned, "--check changes nothing"
    told = (
        "remove builder multiarch of ops, root: container buildx_buildkit_multiarch0 is removed",
        "select theirs as the builder of root again, in place of multiarch",
        "/opt/theirs/qemu is registered again, as before",
        "restore /etc/docker/certs.d/harbor.lab.test/ca.crt to its previous content",
        "log ops out of harbor.lab.test",
        "for builders that root makes: no longer asked for; the file from before comes back",
        "remove ops from the group docker",
        "remove /var/lib/multiarch-builders",
        "`docker volume rm buildx_buildkit_multiarch0_state` removes it",
    )
    assert [words for words in told if not run.says(words)] == [], run.output

    run = retire(newer, builder_allow_image_store_switch=True, builder_retire_volumes=True)
    assert run.status == 0, run.output
    after = snapshot(newer)
    assert sorted(set(before) - set(after)) == []
    assert sorted(set(after) - set(before)) == []

    run = retire(newer)
    assert run.recap(newer)["changed"] == 0
    assert run.says("nothing managed is on this host")
    assert snapshot(newer) == after
    assert on(newer, UNTIL_REBOOT).split() == ["/run/multiarch-builders.lock"]


ALONE = {
    "builder_platforms": ["amd64"],
    "builder_users": ["root"],
    "builder_verify_repository": "",
    "builder_verify_trust": False,
}
STEP = "sleep 1005"


@pytest.mark.thorough
def test_leftovers_go_alone_and_what_is_in_use_is_honoured(spare: str) -> None:
    image = "{{ lab_images.buildkit.reference }}"
    current = {"name": "multiarch", "image": image, "default": True}
    first = {"builder_users": ["root", "ops"], "builder_docker_group": True}
    first["builder_instances"] = [current, {"name": "old", "image": image}]
    run = playbook("provision-builders", limit=spare, variables={**ALONE, **first})
    assert run.status == 0, run.output

    # a builder and a user that left the variables are told, and go alone
    now = {**ALONE, "builder_docker_group": True, "builder_instances": [current]}
    run = playbook("provision-builders", limit=spare, variables=now)
    assert run.status == 0, run.output
    assert run.says("builder old of ops, root is managed but no longer in any variable")
    assert run.says("builder multiarch of ops is managed but no longer in any variable")
    leftovers = {**now, "builder_retire_only": "leftovers", "builder_retire_volumes": True}
    run = playbook("retire-builders", limit=spare, variables=leftovers)
    assert run.status == 0, run.output
    assert on(spare, "docker ps --all --format '{{.Names}}'; docker volume ls --quiet").split() == [
        "buildx_buildkit_multiarch0",
        "buildx_buildkit_multiarch0_state",
    ]
    entries = on(spare, "find /root/.docker/buildx/instances ~ops/.docker/buildx/instances -type f")
    assert entries.split() == ["/root/.docker/buildx/instances/multiarch"]

    # a build is waited for, and keeps all of it
    start_build(spare, "slow", f"{STEP}; echo slept")
    provisioned = snapshot(spare)
    run = retire(spare, builder_drain_timeout=1)
    assert run.recap(spare)["failed"] == 1
    assert run.says("removing builder multiarch would end a build in buildx_buildkit_multiarch0")
    assert snapshot(spare) == provisioned

    # a dockerd that is stopped is not started, and nothing is half done
    on(spare, f"pkill --full --exact '{STEP}'; systemctl stop docker docker.socket")
    run = retire(spare)
    assert run.recap(spare)["failed"] == 1
    assert run.says("docker does not run, so builder multiarch cannot be removed")
    on(spare, "systemctl start docker")
    assert snapshot(spare) == provisioned

    # what others have in the image store keeps it
    on(spare, "tar --create --directory / bin/sh | docker import - theirs:1 >/dev/null")
    run = retire(spare)
    assert run.status == 0, run.output
    assert run.says("features.containerd-snapshotter stays in daemon.json, as Docker would no longer show 1 images")
    assert on(spare, "docker images --format '{{.Repository}}'").strip() == "theirs"
    assert retire(spare).recap(spare)["changed"] == 0
    assert retire(spare, builder_allow_image_store_switch=True).status == 0
    assert on(spare, "test ! -e /etc/docker/daemon.json && docker info --format '{{.Driver}}'").strip() == "overlay2"
    assert on(spare, "ls /var/lib | grep --count multiarch || true").strip() == "0"

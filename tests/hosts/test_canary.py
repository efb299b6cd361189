"""New emulators must run real programs before their handlers change; those that fail are not taken."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from lab.command import run as run_here
from lab.settings import IMAGES_FILE, MIRROR_PORT
from lab.topology import HOSTS
from tests.hosts.broken_emulator import commit_broken
from tests.hosts.emulation import HANDLERS, handler, provision, require_emulation
from tests.hosts.lab import lab, on

BROKEN = "broken.lab.test/binfmt:1"
EMULATORS = "/usr/local/lib/multiarch-builders/emulators"
LEFT = "(ls /proc/sys/fs/binfmt_misc /var/tmp; docker images --all) | grep -e multiarch-builders -e debian || true"


def put(host: str, file: Path, path: str) -> None:
    """Copy a file onto a host."""
    on(host, f"base64 -d > {path}", stdin=base64.b64encode(file.read_bytes()).decode())


@pytest.fixture
def images() -> dict[str, str]:
    """The lab's images, with the canary's."""
    lab("image", "canary")
    return {name: each["reference"] for name, each in json.loads(IMAGES_FILE.read_text()).items()}


@pytest.mark.thorough
def test_an_emulator_that_passes_the_probe_and_fails_the_canary_is_not_taken(
    spare: str, images: dict[str, str]
) -> None:
    good, canary = images["binfmt"], {"image": images["canary"]}
    run = provision(spare, binfmt_image=good, binfmt_canary=canary)
    assert run.status == 0, run.output
    assert run.says(f"out of {good} (each is tried with the canary of {images['canary']})")
    require_emulation(spare)
    assert "library/debian" not in on(spare, "cat /var/lib/multiarch-builders/binfmt.json")
    assert on(spare, LEFT) == ""
    assert provision(spare, binfmt_image=good, binfmt_canary=canary).recap(spare)["changed"] == 0

    commit_broken(spare, good, "qemu-s390x", BROKEN)
    before = {name: handler(spare, name) for name in HANDLERS}
    file = on(spare, "cat /etc/binfmt.d/qemu-s390x.conf")
    planned = provision(spare, "--check", binfmt_image=BROKEN, binfmt_canary=canary)
    assert planned.says("replace handler qemu-s390x for linux/s390x (ours, "), planned.output

    concerns = ["engine", "trust", "daemon", "binfmt", "buildx"]
    run = provision(spare, binfmt_image=BROKEN, binfmt_canary=canary, concerns=concerns)
    assert run.recap(spare)["failed"] == 1
    assert run.says(f"binfmt: new emulators failed and were not taken: linux/s390x (qemu-s390x of {BROKEN})"), (
        run.output
    )
    assert run.says(
        f"linux/s390x: the canary of {images['canary']}, run under the new qemu-s390x, was killed by SIGSEGV"
    )
    assert run.says("canary: ldconfig")
    assert run.says("builder_binfmt_images: {linux/s390x: IMAGE}")
    after = {name: handler(spare, name) for name in HANDLERS}
    assert [name for name in HANDLERS if after[name] == before[name]] == ["qemu-s390x"]
    assert on(spare, "cat /etc/binfmt.d/qemu-s390x.conf") == file
    require_emulation(spare)
    assert "multiarch" in on(spare, "docker buildx ls"), "later concerns go on"
    assert on(spare, LEFT) == ""
    assert provision(spare, binfmt_image=BROKEN, binfmt_canary=canary).recap(spare)["failed"] == 1, "it is tried again"

    run = provision(spare, binfmt_image=BROKEN, binfmt_images={"s390x": good}, binfmt_canary=canary)
    assert run.status == 0, run.output
    assert handler(spare, "qemu-s390x") == before["qemu-s390x"]
    assert len(on(spare, f"ls {EMULATORS}").split()) == 2

    run = provision(spare, binfmt_image=BROKEN)  # the probe alone finds no fault in it
    assert run.status == 0, run.output
    assert run.says("(each is tried with a tiny program only: no builder_binfmt_canary)")
    assert handler(spare, "qemu-s390x") != before["qemu-s390x"]
    require_emulation(spare)


@pytest.mark.parametrize("store", ["graph driver", "containerd"])
def test_an_image_that_was_there_is_there_afterwards(store: str, newer: str, images: dict[str, str]) -> None:
    options = {"features": {"containerd-snapshotter": store == "containerd"}}
    assert provision(newer, concerns=["trust", "daemon"], daemon_options=options).status == 0
    by_tag = images["canary"].partition("@")[0]
    columns = "{{.Repository}}:{{.Tag}} {{.Digest}} {{.ID}}"
    seen = f"docker images --all --digests --format '{columns}' | grep -v binfmt | sort\n"
    seen += f"docker image inspect --format '{{{{.Id}}}} {{{{.Architecture}}}}' {by_tag} {images['canary']}"
    for reference in (by_tag, images["canary"]):
        on(newer, f"docker pull -q {reference}")
    before = on(newer, seen)
    assert before.splitlines()[-1].endswith(" amd64")
    for reference in (by_tag, images["canary"]):
        run = provision(
            newer,
            platforms=["linux/s390x" if reference == by_tag else "linux/riscv64", "linux/arm64"],
            daemon_options=options,
            binfmt_canary={"image": reference},
            binfmt_image=images["binfmt"],
        )
        assert run.status == 0, run.output
        assert on(newer, seen) == before


def test_an_archive_a_command_and_a_time_limit(newer: str, images: dict[str, str], tmp_path: Path) -> None:
    mirror = next(host.address for host in HOSTS if host.is_registry)
    source = f"docker://{mirror}:{MIRROR_PORT}/library/debian@{images['canary'].partition('@')[2]}"
    argv = ["skopeo", "copy", "--quiet", "--override-arch=s390x", "--src-tls-verify=false", source]
    run_here([*argv, f"oci-archive:{tmp_path}/canary.tar"])
    put(newer, tmp_path / "canary.tar", "/var/tmp/canary.tar")
    canary = {"archive": "/var/tmp/canary.tar", "command": ["/usr/bin/sleep", "3000"], "timeout": 3}
    given = {"platforms": ["linux/s390x", "linux/riscv64"], "binfmt_canary": canary, "binfmt_image": images["binfmt"]}
    run = provision(newer, **given)
    assert run.recap(newer)["failed"] == 1
    asked = "`/usr/bin/sleep 3000` of /var/tmp/canary.tar, run under the new qemu-s390x, did not finish within 3 s"
    assert run.says(f"linux/s390x: {asked}"), run.output
    assert run.says("linux/riscv64: builder_binfmt_canary /var/tmp/canary.tar only has linux/s390x")
    assert run.says("Take a builder_binfmt_canary that has all emulated platforms")
    assert on(newer, "ls /proc/sys/fs/binfmt_misc /etc/binfmt.d").split().count("qemu-s390x") == 0
    assert on(newer, "pgrep --full '[s]leep 3000' || echo none").strip() == "none"
    assert on(newer, f"ls -A {EMULATORS}; ls /var/tmp | grep multiarch-builders || true") == ""

    # As nobody; the programs that it starts run under the new emulator, too.
    script = (
        "set -e; [ $(id -u) = 65534 ]; [ $(uname -m) = s390x ]; [ $(/usr/bin/env /bin/sh -c 'uname -m') = s390x ]; "
        "[ -e /proc/self/status ]; [ ! -w /usr/bin ]; echo written > /tmp/file; echo gone > /dev/null"
    )
    given["binfmt_canary"] = {"archive": "/var/tmp/canary.tar", "command": ["/bin/sh", "-c", script]}
    given["platforms"] = ["linux/s390x"]
    run = provision(newer, **given)
    assert run.status == 0, run.output
    require_emulation(newer, ["linux/s390x"])

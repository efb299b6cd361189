"""Emulators that change: upgraded without a gap, from another source, beside those of somebody else."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import probe

from lab.settings import IMAGES_FILE
from tests.hosts.emulation import HANDLERS, PACKAGE, binfmt, handler, provision, require_emulation
from tests.hosts.lab import lab, on, playbook


def test_an_upgrade_replaces_the_emulators_without_a_gap_and_the_same_image_does_nothing(spare: str) -> None:
    lab("image", "binfmt_other")
    images = json.loads(IMAGES_FILE.read_text())
    assert provision(spare, binfmt_image=images["binfmt"]["reference"]).status == 0
    before = handler(spare, "qemu-s390x")["interpreter"]
    program = base64.b64encode(probe("linux/s390x")).decode()
    on(
        spare,
        f"mkdir /var/tmp/loop; echo {program} | base64 -d > /var/tmp/loop/probe; chmod 755 /var/tmp/loop/probe\n"
        "systemd-run --quiet --unit=loop sh -c 'cd /; while [ ! -e /var/tmp/loop/stop ]; do "
        "chroot /var/tmp/loop /probe >/dev/null && echo ran || echo missed; done > /var/tmp/loop.log 2>&1'",
    )
    run = provision(spare, binfmt_image=images["binfmt_other"]["reference"])
    on(spare, "touch /var/tmp/loop/stop; sleep 0.5")
    assert run.status == 0, run.output
    assert run.says("replace handler qemu-s390x for linux/s390x (ours, ")
    assert on(spare, "grep -c ran /var/tmp/loop.log; grep -vc ran /var/tmp/loop.log || true").split()[1] == "0"

    after = handler(spare, "qemu-s390x")["interpreter"]
    assert after != before
    old, new = images["binfmt"]["reference"], images["binfmt_other"]["reference"]
    version = on(spare, f"{after} --version").split()[2]
    assert version in new.replace("stand-in-", "") or version not in old
    assert on(spare, f"test -e {before} || echo gone").strip() == "gone"
    require_emulation(spare)
    assert provision(spare, binfmt_image=new).recap(spare)["changed"] == 0


def test_a_handler_without_the_f_flag_is_replaced_and_other_formats_are_left_alone(spare: str) -> None:
    jar = "echo ':java-archive:E::jar::/usr/bin/true:' > /proc/sys/fs/binfmt_misc/register"
    header = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    mask = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    on(
        spare,
        f"{jar}\nprintf '%s' ':qemu-aarch64:M::{header}:{mask}:/usr/bin/true:OC' > /proc/sys/fs/binfmt_misc/register",
    )
    jar_before = handler(spare, "java-archive")
    run = provision(spare)
    assert run.status == 0, run.output
    assert run.says("replace handler qemu-aarch64 for linux/arm64 (")
    assert run.says("/usr/bin/true: without flag F, so it does not work in containers)")
    assert "F" in handler(spare, "qemu-aarch64")["flags"]
    assert handler(spare, "java-archive") == jar_before


@pytest.mark.thorough
def test_a_package_that_serves_is_left_alone_until_ours_shall_take_over_and_comes_back_when_ours_goes(
    spare: str,
) -> None:
    on(spare, PACKAGE)
    theirs = handler(spare, "qemu-riscv64")
    run = provision(spare)
    assert run.says(f"{spare}: changed: trust "), run.output
    assert not run.says(", binfmt "), run.output
    assert run.says(
        "linux/riscv64: handler qemu-riscv64 is not managed, works, and was not changed (of package qemu-user"
    )
    assert handler(spare, "qemu-riscv64") == theirs

    run = provision(spare, binfmt_takeover=True)
    assert run.status == 0, run.output
    ours = handler(spare, "qemu-riscv64")
    assert ours["interpreter"].startswith("/usr/local/lib/multiarch-builders/")
    on(spare, "systemctl restart systemd-binfmt")  # ours masks the package's file of the same name
    assert handler(spare, "qemu-riscv64") == ours
    require_emulation(spare)

    run = provision(spare, binfmt_takeover=True, platforms=["linux/arm64"])
    assert run.says("remove handler qemu-riscv64 (no longer required)")
    assert handler(spare, "qemu-riscv64") == theirs
    assert handler(spare, "qemu-aarch64")["interpreter"].startswith("/usr/local/lib/multiarch-builders/")


@pytest.mark.thorough
def test_from_image_to_the_package_of_the_distribution_and_back(engine: str) -> None:
    assert provision(engine).status == 0
    run = provision(engine, binfmt_source="package")
    assert run.status == 0, run.output
    assert run.says("install package qemu-user-binfmt")
    assert "F" in handler(engine, "qemu-ppc64le")["flags"]
    assert not handler(engine, "qemu-arm")["interpreter"].startswith("/usr/local/")
    assert on(engine, "ls /etc/binfmt.d /usr/local/lib/multiarch-builders/emulators").split() == [
        "/etc/binfmt.d:",
        "/usr/local/lib/multiarch-builders/emulators:",
    ]
    lab("reboot", engine)
    require_emulation(engine)
    assert provision(engine, binfmt_source="package").recap(engine)["changed"] == 0

    assert provision(engine, binfmt_takeover=True).status == 0
    assert handler(engine, "qemu-arm")["interpreter"].startswith("/usr/local/lib/multiarch-builders/")


@pytest.mark.thorough
def test_an_archive_on_the_host_takes_the_place_of_a_pull(spare: str) -> None:
    reference = json.loads(IMAGES_FILE.read_text())["binfmt"]["reference"]
    assert provision(spare, concerns=["trust", "daemon"]).status == 0
    on(
        spare,
        f"docker pull -q {reference}; docker save --output /var/tmp/binfmt.tar {reference}; docker rmi -f {reference}",
    )
    nowhere = "registry.invalid/binfmt:1"
    run = provision(spare, binfmt_archive="/var/tmp/binfmt.tar", binfmt_image=nowhere, platforms=["linux/s390x"])
    assert run.status == 0, run.output
    require_emulation(spare, ["linux/s390x"])
    run = provision(spare, binfmt_archive="/var/tmp/none.tar", binfmt_image=nowhere)
    assert run.says("builder_binfmt_archive: /var/tmp/none.tar is not on this host")
    require_emulation(spare, ["linux/s390x"])


def test_no_registry_of_handlers_is_said_in_a_sentence(spare: str) -> None:
    on(
        spare,
        "systemctl stop systemd-binfmt proc-sys-fs-binfmt_misc.mount",
    )
    run = provision(spare)
    assert run.recap(spare)["failed"] == 1
    assert run.says("/proc/sys/fs/binfmt_misc is not mounted, so no emulator can be registered: `systemctl start")


TAKEN = "out of a container, /usr/bin/qemu-{0}: it replaced our handler"


def test_handlers_that_a_job_took_or_replaced_are_ours_again(spare: str) -> None:
    """`docker/setup-qemu-action` with `reset`, whole and for some platforms; and the suite, which finds the same."""
    assert provision(spare).status == 0
    ours = {name: handler(spare, name) for name in HANDLERS}
    files = on(spare, "cat /etc/binfmt.d/*")

    binfmt(spare, "--uninstall", "qemu-*")
    run = provision(spare)
    assert run.says("register handler qemu-s390x for linux/s390x"), run.output
    assert {name: handler(spare, name) for name in HANDLERS} == ours

    binfmt(spare, "--uninstall", "qemu-*")
    binfmt(spare, "--install", "all")
    theirs = handler(spare, "qemu-s390x")
    assert theirs["interpreter"] == "/usr/bin/qemu-s390x"
    planned = provision(spare, "--check")
    assert planned.says(f"replace handler qemu-s390x for linux/s390x ({TAKEN.format('s390x')})"), planned.output
    assert not planned.says("left alone")
    assert handler(spare, "qemu-s390x") == theirs
    assert provision(spare).status == 0
    assert {name: handler(spare, name) for name in HANDLERS} == ours
    assert on(spare, "cat /etc/binfmt.d/*") == files
    assert provision(spare).recap(spare)["changed"] == 0
    require_emulation(spare)

    binfmt(spare, "--uninstall", "qemu-riscv64,qemu-arm")
    binfmt(spare, "--install", "riscv64")
    run = provision(spare)
    assert run.says(TAKEN.format("riscv64"))
    assert run.says("register handler qemu-arm for linux/arm")
    assert not run.says("handler qemu-s390x")
    assert {name: handler(spare, name) for name in HANDLERS} == ours


def put_theirs(host: str, *, for_good: bool) -> None:
    """Somebody's own emulator takes programs of s390x in place of ours."""
    line, interpreter = (
        on(host, "cat /etc/binfmt.d/qemu-s390x.conf").strip(),
        handler(host, "qemu-s390x")["interpreter"],
    )
    theirs = line.replace(interpreter, "/opt/qemu-s390x")
    on(host, f"cp {interpreter} /opt/qemu-s390x; cd /proc/sys/fs/binfmt_misc; echo -1 > qemu-s390x")
    on(host, f"printf '%s' '{theirs}' > /proc/sys/fs/binfmt_misc/register")
    if for_good:
        on(host, f"printf '%s\\n' '{theirs}' > /etc/binfmt.d/qemu-s390x.conf")


@pytest.mark.thorough
def test_a_handler_that_somebody_put_in_place_of_ours_for_good_stays(spare: str) -> None:
    assert provision(spare).status == 0
    put_theirs(spare, for_good=True)
    run = provision(spare)
    assert run.recap(spare)["changed"] == 0, run.output
    assert run.says("linux/s390x: handler qemu-s390x is not managed, works, and was not changed")
    assert provision(spare, platforms=["linux/arm64"]).status == 0
    assert handler(spare, "qemu-s390x")["interpreter"] == "/opt/qemu-s390x"
    assert "/opt/qemu-s390x" in on(spare, "cat /etc/binfmt.d/qemu-s390x.conf")


def test_a_handler_that_somebody_put_in_place_of_ours_stays_when_its_platform_goes(spare: str) -> None:
    assert provision(spare).status == 0
    put_theirs(spare, for_good=False)
    assert provision(spare, platforms=["linux/arm64"]).status == 0
    assert handler(spare, "qemu-s390x")["interpreter"] == "/opt/qemu-s390x"


@pytest.mark.thorough
def test_one_platform_has_its_emulator_out_of_another_image_until_the_host_retires(spare: str) -> None:
    lab("image", "binfmt_other")
    images = json.loads(IMAGES_FILE.read_text())
    usual, other = (images[name]["reference"] for name in ("binfmt", "binfmt_other"))
    given = {"binfmt_image": usual, "binfmt_images": {"s390x": other}}
    run = provision(spare, **given)
    assert run.status == 0, run.output
    assert run.says(f"take qemu-aarch64, qemu-arm, qemu-riscv64, qemu-ppc64le out of {usual}")
    assert run.says(f"take qemu-s390x out of {other}")
    folders = {name: handler(spare, name)["interpreter"].rpartition("/")[0] for name in HANDLERS}
    assert len(set(folders.values())) == 2
    assert [name for name in HANDLERS if folders[name] != folders["qemu-arm"]] == ["qemu-s390x"]
    require_emulation(spare)
    assert provision(spare, **given).recap(spare)["changed"] == 0

    assert provision(spare, binfmt_image=usual).says("replace handler qemu-s390x for linux/s390x (ours, ")
    assert handler(spare, "qemu-s390x")["interpreter"].startswith(folders["qemu-arm"])
    assert provision(spare, **given).status == 0
    lab("reboot", spare)
    require_emulation(spare)

    assert on(spare, "docker images --quiet tonistiigi/binfmt | wc -l").strip() == "2"
    run = playbook("retire-builders", limit=spare)
    assert run.status == 0, run.output
    assert on(spare, "docker images --quiet tonistiigi/binfmt; ls /etc/binfmt.d") == ""
    assert "multiarch-builders" not in on(spare, "ls /usr/local/lib")

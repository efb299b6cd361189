"""What the processor runs itself, on real hosts: emulators in front of it, and platforms that it does not run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hosts.emulation import handler, machines, provision
from tests.hosts.lab import on, playbook

I386 = "linux/386"
# Debian registers no emulator of 386 on amd64, but has it; the line is that of QEMU's own script.
REGISTER = r"""
DEBIAN_FRONTEND=noninteractive apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes qemu-user >/dev/null 2>&1
magic='\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x03\x00'
mask='\xff\xff\xff\xff\xff\xfe\xfe\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":qemu-i386:M:0:$magic:$mask:/usr/bin/qemu-i386:CF" > /proc/sys/fs/binfmt_misc/register
"""
IN_FRONT = f"{I386}: this host's processor runs it itself, but handler qemu-i386 (of package qemu-user, interpreter"


def report(host: str, folder: Path) -> dict[str, dict[str, str]]:
    """How the host runs each platform, by the report."""
    variables = {"builder_platforms": ["amd64", "386"], "builder_report_dest": str(folder)}
    run = playbook("report-builders", limit=host, variables=variables)
    assert run.status == 0, run.output
    (found,) = json.loads((folder / "builders.json").read_text())["hosts"]
    return {each["platform"]: each for each in found["platforms"]}


def test_an_emulator_in_front_of_the_processor_is_told_and_kept(spare: str, tmp_path: Path) -> None:
    assert provision(spare, platforms=["amd64", "386"]).status == 0
    assert machines(spare, [I386]) == ["x86_64"]
    assert report(spare, tmp_path)[I386]["how"] == "native"

    on(spare, REGISTER)
    assert machines(spare, [I386]) == ["i686"]
    before = handler(spare, "qemu-i386")
    run = provision(spare, platforms=["amd64", "386"])
    assert run.status == 0, run.output
    assert run.says(IN_FRONT)
    assert handler(spare, "qemu-i386") == before
    assert report(spare, tmp_path)[I386]["how"] == "emulated"

    on(spare, "echo -1 > /proc/sys/fs/binfmt_misc/qemu-i386")
    run = provision(spare, platforms=["amd64", "386"])
    assert not run.says(IN_FRONT)
    assert report(spare, tmp_path)[I386]["how"] == "native"


def test_a_variant_that_the_processor_lacks_is_refused_before_a_change(spare: str) -> None:
    # A stand-in for an older processor: its features as the kernel lists them.
    on(
        spare,
        "sed -E '/^flags/s/ avx512[a-z0-9_]*//g' /proc/cpuinfo > /run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo",
    )
    run = provision(spare, platforms=["amd64", "amd64/v4"])
    assert run.status != 0
    assert run.says("builder_platforms: linux/amd64/v4: this host's processor does not run it (of amd64, it runs ")
    assert on(spare, "ls -A /var/lib/multiarch-builders 2>/dev/null || :") == ""
    assert provision(spare, platforms=["amd64", "amd64/v3"]).status == 0


def test_a_name_that_buildx_does_not_accept_is_refused_before_a_change(spare: str) -> None:
    """buildx 0.13.1, Debian 13's."""
    variables = {"builder_platforms": ["amd64", "arm64/v8.2"], "builder_users": ["root"]}
    run = playbook("provision-builders", limit=spare, variables=variables)
    assert run.status != 0
    assert run.says("builder_platforms: buildx 0.13.1")
    assert run.says(
        "does not accept the name linux/arm64/v8.2, which requires 0.20: install a newer buildx, or remove it"
    )
    assert on(spare, "ls -A /var/lib/multiarch-builders 2>/dev/null || :") == ""

"""Hosts as benchmarks of security have them: no programs in /var/tmp, and a umask that keeps all from others."""

from __future__ import annotations

from tests.hosts.daemon import WITH_BUILDER, provisioned
from tests.hosts.emulation import handler, provision, require_emulation
from tests.hosts.lab import on

NOEXEC = "mount -t tmpfs -o noexec,mode=1777 tmpfs /var/tmp"
STRICT = "echo 'session optional pam_umask.so umask=077' >> /etc/pam.d/sshd"


def test_where_no_program_may_run_in_var_tmp_emulation_is_proven_elsewhere(spare: str) -> None:
    assert provision(spare, platforms=["linux/s390x"]).status == 0
    line, interpreter = (
        on(spare, "cat /etc/binfmt.d/qemu-s390x.conf").strip(),
        handler(spare, "qemu-s390x")["interpreter"],
    )
    theirs = line.replace(interpreter, "/opt/qemu-s390x")
    on(spare, f"cp {interpreter} /opt/qemu-s390x; cd /proc/sys/fs/binfmt_misc; echo -1 > qemu-s390x")
    on(spare, f"printf '%s' '{theirs}' | tee /etc/binfmt.d/qemu-s390x.conf > /proc/sys/fs/binfmt_misc/register")
    require_emulation(spare, ["linux/s390x"])
    on(spare, NOEXEC)
    run = provision(spare, platforms=["linux/s390x", "linux/riscv64"])
    assert run.status == 0, run.output
    assert run.says("linux/s390x: handler qemu-s390x is not managed, works, and was not changed")
    assert handler(spare, "qemu-s390x")["interpreter"] == "/opt/qemu-s390x"
    assert handler(spare, "qemu-riscv64")["state"] == "enabled"


def test_what_is_for_others_to_read_is_so_whatever_the_umask(spare: str) -> None:
    on(spare, f"{STRICT}; rm -rf /usr/local/lib/docker")
    provisioned(spare, concerns=[*WITH_BUILDER, "binfmt"], platforms=["linux/s390x"], users=["root", "ci"])
    assert on(spare, "umask 022; su ci -c 'docker buildx ls'")
    for path, mode in {
        "/etc/docker": "755",
        "/etc/docker/certs.d": "755",
        "/etc/docker/daemon.json": "644",
        "/etc/binfmt.d/qemu-s390x.conf": "644",
        "/etc/ssl/certs/ca-certificates.crt": "644",
        "/usr/local/lib/multiarch-builders": "755",
        "/var/lib/multiarch-builders/trust.json": "600",
    }.items():
        assert (path, on(spare, f"stat --format %a {path}").strip()) == (path, mode)

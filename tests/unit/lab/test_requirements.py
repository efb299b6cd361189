"""Which machines the lab refuses, in which words, and what is looked at for it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lab import debian, kernel, requirements
from lab.errors import RefusalError
from lab.requirements import Machine, kernel_version, refusal


@pytest.mark.parametrize(
    ("release", "expected"),
    [("6.7.0", (6, 7)), ("6.18.44-cloud-amd64", (6, 18)), ("10.0-rc1", (10, 0))],
)
def test_kernel_version(release: str, expected: tuple[int, int]) -> None:
    assert kernel_version(release) == expected


def test_kernel_version_that_says_nothing() -> None:
    with pytest.raises(RefusalError, match="'generic'"):
        kernel_version("generic")


# Each machine lacks one thing more than it may; the words are what is missing and the way out.
@pytest.mark.parametrize(
    ("machine", "lacks", "way_out"),
    [
        pytest.param(Machine(system="Darwin"), "this is Darwin", "a virtual machine with Linux", id="system"),
        pytest.param(Machine(processor="aarch64"), "this machine is aarch64", "use another", id="processor"),
        pytest.param(Machine(release="6.6.99"), "needs Linux 6.7 or newer", "boot a newer kernel", id="kernel"),
        pytest.param(Machine(uid=1000), "not as uid 1000", "run it as root", id="user"),
        pytest.param(
            Machine(lacking=("CAP_NET_ADMIN", "CAP_SYS_ADMIN")),
            "lacks CAP_NET_ADMIN and CAP_SYS_ADMIN",
            "start the container with --privileged, or use a virtual machine",
            id="container",
        ),
        pytest.param(Machine(lacking=("CAP_NET_ADMIN",)), "lacks CAP_NET_ADMIN here", "--privileged", id="capability"),
        pytest.param(Machine(all_users=False), "uid_map", "root of the machine itself", id="inside a user namespace"),
        pytest.param(
            Machine(user_namespaces=errno.EINVAL), "Invalid argument", "built with CONFIG_USER_NS", id="no namespaces"
        ),
        pytest.param(
            Machine(user_namespaces=errno.ENOSPC), "No space left", "user.max_user_namespaces", id="as many as allowed"
        ),
        pytest.param(
            Machine(user_namespaces=errno.EPERM), "not permitted", "leave the chroot, or", id="a filter or a chroot"
        ),
        pytest.param(Machine(user_namespaces=errno.EUSERS), "Too many users", "--privileged", id="another reason"),
        pytest.param(Machine(features=("overlay", "fuse")), "overlay and fuse", "load its module", id="features"),
        pytest.param(Machine(cgroups=None), "no cgroup2", "mount -t cgroup2", id="no cgroup2"),
        pytest.param(
            Machine(cgroups="/c", cgroups_writable=False), "/c is not writable", "--privileged", id="cgroup2 to read"
        ),
        pytest.param(Machine(python=(3, 9)), "3.11 or newer, this is 3.9", "PYTHON=", id="python"),
        pytest.param(Machine(mirror=False), "/etc/apt/sources.list", "name one there", id="mirror"),
        pytest.param(
            Machine(missing=("mmdebstrap", "systemd-nspawn")),
            "needs mmdebstrap, systemd-nspawn",
            "apt-get install mmdebstrap systemd-container",
            id="tools",
        ),
        pytest.param(
            Machine(missing=("ssh", "ssh-keygen")), "ssh, ssh-keygen", "install openssh-client", id="two of a package"
        ),
    ],
)
def test_refusal(machine: Machine, lacks: str, way_out: str) -> None:
    sentence = refusal(machine)
    assert sentence is not None
    assert "\n" not in sentence
    assert ". " not in sentence, "one sentence"
    assert lacks in sentence
    assert way_out in sentence


def test_a_machine_that_will_do() -> None:
    assert refusal(Machine()) is None


def test_the_first_reason_is_the_one_that_hides_the_others() -> None:
    machine = Machine(uid=1000, lacking=("CAP_SYS_ADMIN",), user_namespaces=errno.EPERM, missing=("ip",))
    assert "uid 1000" in str(refusal(machine))


@pytest.mark.parametrize(
    ("effective", "expected"),
    [
        ("000001ffffffffff", ()),
        ("00000000a80425fb", ("CAP_NET_ADMIN", "CAP_SYS_ADMIN")),  # Docker's default
        ("00000000a82425fb", ("CAP_NET_ADMIN",)),
        ("00000000a80435fb", ("CAP_SYS_ADMIN",)),
        ("0000000000000000", ("CAP_NET_ADMIN", "CAP_SYS_ADMIN")),
    ],
)
def test_lacking_capabilities(effective: str, expected: tuple[str, ...]) -> None:
    assert kernel.lacking_capabilities(f"Name:\tmake\nCapPrm:\t{'f' * 16}\nCapEff:\t{effective}\n") == expected


def test_what_the_kernel_is_asked_stays_in_the_process_that_asks() -> None:
    before = [Path("/proc/self/ns", name).readlink() for name in ("user", "net")]
    assert isinstance(kernel.user_namespace_error(), int)
    assert set(kernel.missing_features()) <= {*kernel.FILE_SYSTEMS, "bridge", "fuse"}
    assert [Path("/proc/self/ns", name).readlink() for name in ("user", "net")] == before


def test_nothing_is_asked_of_the_kernel_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delattr(kernel, "missing_features")
    assert "uid 1000" in str(requirements.reason())


@pytest.mark.parametrize(("reason", "status"), [(debian.NO_MIRROR, 2), (None, 0)])
def test_what_make_asks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reason: str | None, status: int
) -> None:
    monkeypatch.setattr(requirements, "reason", lambda: reason)
    assert requirements.main() == status
    said = capsys.readouterr().err
    assert said.startswith(reason or "")
    assert ("make test" in said) == bool(reason)

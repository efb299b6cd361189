"""Which hosts the lab has and what each is made of. Nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from lab.settings import NETWORK

COMMON = (
    "systemd systemd-sysv dbus libpam-systemd udev openssh-server sudo ca-certificates "
    "python3 python3-apt iproute2 iptables procps kmod"
)
DOCKER = "docker.io docker-cli docker-buildx containerd runc"


@dataclass(frozen=True)
class Base:
    """A base root file system that any number of hosts share."""

    name: str
    title: str
    suite: str
    packages: tuple[str, ...]
    expires: bool = True  # False: Debian testing, whose index may be older than its Valid-Until
    below: Base | None = None  # a copy of which its packages are added to


@dataclass(frozen=True)
class Host:
    """One host of the lab."""

    name: str
    address: IPv4Address
    base: Base
    ssh_user: str = "root"
    default: bool = True  # started by `up` without names
    few_authorities: bool = False  # True: its system trusts five of Debian's 150, as a refresh of all takes a second

    @property
    def has_docker(self) -> bool:
        """Whether a dockerd belongs to this host."""
        return "docker.io" in self.base.packages

    @property
    def is_registry(self) -> bool:
        """Whether this host serves the registries and the lab's names."""
        return "docker-registry" in self.base.packages


def _base(name: str, title: str, suite: str, extra: str, *, expires: bool = True) -> Base:
    return Base(name, title, suite, tuple(sorted(f"{COMMON} {extra}".split())), expires)


TRIXIE = _base("trixie", "Debian 13 with Docker 26.1", "trixie", DOCKER)
FORKY = _base("forky", "Debian testing with Docker 28.5", "forky", DOCKER, expires=False)
BOOKWORM = _base("bookworm", "Debian 12 with Docker 20.10, no buildx", "bookworm", "docker.io containerd runc")
BARE = _base("bare", "Debian 13 without Docker", "trixie", "")
# Docker is there and never starts (lab/registry.py): a base without it would have to be made from nothing.
REGISTRY = Base(
    "registry",
    "Debian 13, registries and DNS",
    TRIXIE.suite,
    ("apache2-utils", "dnsmasq-base", "docker-registry", "nginx", "openssl"),
    below=TRIXIE,
)
# What virtual machines boot (lab/vm): made apart, as its programs are of another processor.
ARM64 = Base(
    "arm64",
    "Debian 13 for arm64 with Docker 26.1",
    TRIXIE.suite,
    (*TRIXIE.packages, "initramfs-tools", "linux-image-cloud-arm64"),
)
BASES = (TRIXIE, FORKY, BOOKWORM, BARE, REGISTRY)


def _address(last: int) -> IPv4Address:
    return NETWORK.network_address + last


HOSTS = (
    Host("registry", _address(2), REGISTRY),
    Host("builder-1", _address(11), TRIXIE),
    Host("builder-2", _address(12), TRIXIE, ssh_user="ops"),
    Host("builder-3", _address(13), FORKY),
    Host("old-1", _address(21), BOOKWORM, default=False),
    Host("bare-1", _address(22), BARE, default=False),
    Host("bare-2", _address(32), BARE, default=False),
    # Pairs of an older and a newer engine, for tests that change them: one pair for each process of them, one host more
    # for what takes three, and pairs for whoever tries something beside them.
    *(
        Host(
            f"spare-{number}",
            _address(22 + number if number < 10 else 30 + number),
            TRIXIE if number % 2 else FORKY,
            default=False,
            few_authorities=True,
        )
        for number in range(1, 17)
    ),
    # As many as a benchmark asks for.
    *(Host(f"fleet-{number}", _address(100 + number), TRIXIE, default=False) for number in range(1, 33)),
)
# Virtual machines, called as QEMU calls their processors; `python -m lab vm` starts them.
VMS = tuple(
    Host(name, _address(51 + number), ARM64, default=False) for number, name in enumerate(("cortex-a72", "a64fx"))
)

"""The hosts of the lab that are measured: started, made new, and looked at from outside."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lab import cgroup, host
from lab.settings import HOSTS as HOSTS_FOLDER
from lab.topology import HOSTS, Host

# Each line names what it proves if it fails; $1 is the digest of the CA file.
PROOF = r"""
set -e
say() { echo "$1"; exit 1; }
docker info --format '{{.DriverStatus}}' | grep -q containerd || say 'image store'
docker info --format '{{.RegistryConfig.Mirrors}}' | grep -q mirror.lab.test || say mirror
for each in aarch64 riscv64 s390x; do
  handler=/proc/sys/fs/binfmt_misc/qemu-$each
  grep -q enabled $handler && grep -q 'flags:.*F' $handler || say $each
  grep -q "^:qemu-$each:" /etc/binfmt.d/qemu-$each.conf || say "$each after a reboot"
done
for file in /etc/docker/certs.d/harbor.lab.test/ca.crt /etc/docker/certs.d/mirror.lab.test:5000/ca.crt \
  /usr/local/share/ca-certificates/multiarch-builders-harbor.lab.test.crt; do
  sha256sum "$file" | grep -q "$1" || say "$file"
done
grep -qF "$(sed -n '$!d;x;p;h' /usr/local/share/ca-certificates/multiarch-builders-harbor.lab.test.crt)" \
  /etc/ssl/certs/ca-certificates.crt || say 'trust store'
[ "$(docker inspect -f '{{.State.Running}}' buildx_buildkit_multiarch0)" = true ] || say builder
docker buildx inspect | grep -q '^Name: *multiarch$' || say 'builder of choice'
for each in harbor.lab.test mirror.lab.test_5000; do
  docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/certs/$each/ca.crt | sha256sum | grep -q "$1" ||
    say "CA of $each in the builder"
done
docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml | grep -q mirror.lab.test ||
  say 'mirror in the builder'
"""


# $1 and $2 are the names beside the record: of the one that goes, and of the one that comes.
SWAP = r"""
cd /var/lib
[ ! -e multiarch-builders ] || mv multiarch-builders "multiarch-builders.$1"
[ ! -e "multiarch-builders.$2" ] || mv "multiarch-builders.$2" multiarch-builders
"""


def chosen(count: int) -> list[Host]:
    """The first *count* hosts of the fleet."""
    return [one for one in HOSTS if one.name.startswith("fleet-")][:count]


def lab(*arguments: str) -> None:
    """`python -m lab ARGUMENTS`."""
    subprocess.run([sys.executable, "-m", "lab", *arguments], check=True, stdout=subprocess.DEVNULL)


def on_disk() -> None:
    """End a lab whose disks are in memory, which has no room for a fleet."""
    if HOSTS_FOLDER.is_mount():
        lab("down")


def only(count: int) -> None:
    """The registry and the first *count* hosts run; the rest of the fleet does not, as idle hosts take time too."""
    on_disk()
    wanted = chosen(count)
    rest = [one.name for one in chosen(len(HOSTS)) if one not in wanted and host.is_running(one)]
    if rest:
        lab("stop", *rest)
    lab("up", "registry", *(one.name for one in wanted))


def cpu_seconds(hosts: list[Host]) -> float:
    """The processor time that the hosts have used since they booted."""
    return sum(cgroup.cpu_seconds(host.group_of(one)) for one in hosts)


@contextmanager
def with_records(hosts: list[Host], name: str | None) -> Iterator[None]:
    """While the block runs, the hosts have the records of the contender *name*, of its earlier runs, instead of ours.

    Moving them leaves ours as our traces know them. None swaps nothing.
    """

    def swap(goes: str, comes: str) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: host.ask(one, ["bash", "-c", SWAP, "swap", goes, comes]), hosts))

    if name is None:
        yield
        return
    swap("ours", name)
    try:
        yield
    finally:
        swap(name, "ours")


def failures(hosts: list[Host], ca: Path) -> list[str]:
    """What the hosts lack of the state that all contenders have to reach; empty if nothing."""
    digest = hashlib.sha256(ca.read_bytes()).hexdigest()

    def ask(one: Host) -> str:
        answer = host.ask(one, ["bash", "-c", PROOF, "proof", digest])
        if answer is None:
            return f"{one.name} does not run"
        return f"{one.name}: {answer.stdout.strip() or answer.stderr.strip()}" if answer.returncode else ""

    with ThreadPoolExecutor(8) as pool:
        return [failed for failed in pool.map(ask, hosts) if failed]

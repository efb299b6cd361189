"""What the commands do to the lab as a whole, each under a lock that keeps others off the hosts that it changes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lab import (
    base,
    caching,
    certificates,
    cgroup,
    disk,
    host,
    identity,
    keys,
    memory,
    network,
    package_mirror,
    quotas,
    registry,
    trust_store,
)
from lab.errors import LabError
from lab.images import store
from lab.images.sources import ARCHIVE
from lab.progress import say
from lab.settings import CACHE, CHOSEN_IMAGES, HOSTS, IMAGES_FILE, STATE, VM_DISKS
from lab.topology import HOSTS as ALL
from lab.topology import Host

WORKERS = 6  # builds wait for the mirror, and for each other, as much as for a processor


@dataclass(frozen=True)
class Material:
    """What hosts are made of: the folders of the bases and of the mirror's storage."""

    bases: dict[str, Path]
    images: Path | None

    def layers(self, one: Host) -> list[Path]:
        """A host's read-only file systems, the uppermost first."""
        own = self.bases[one.base.name]
        return [self.images / "root", own] if one.is_registry and self.images else [own]


def is_up(hosts: list[Host]) -> bool:
    """Whether these hosts run and were found ready, and the network is there."""
    there = network.is_up() and cgroup.has_processes(package_mirror.GROUP)
    return there and all(host.is_running(one) and disk.disk_of(one).ready.exists() for one in hosts)


def is_made_for(hosts: list[Host]) -> bool:
    """Whether hosts can be started with nothing else made; the registry needs its images too."""
    return is_up([]) and all(base.find(one.base) and not one.is_registry for one in hosts)


def up(hosts: list[Host], archives: Path | None) -> None:
    """Start what does not run."""
    if is_up(hosts):
        say(f"Nothing to do: {', '.join(one.name for one in hosts)} up already. Images: {image_sources()}")
        if archives and ARCHIVE not in image_sources():
            say(f"The images of {archives} are not served, as the registry is already running: run `down` first.")
        return
    begin = time.monotonic()
    network.check_range_is_free()
    cgroup.kill(cgroup.WORK)
    memory.mount()
    for folder in (CACHE, STATE, HOSTS):
        folder.mkdir(parents=True, exist_ok=True)
    caching.remove_unfinished()
    material = prepare(hosts, archives)
    keys.ensure()
    certificates.ensure_ca()
    network.up()
    quotas.ensure()
    package_mirror.ensure()
    start([one for one in hosts if not (host.is_running(one) and disk.disk_of(one).ready.exists())], material)
    say(f"The lab is up after {time.monotonic() - begin:.1f} s. Images: {image_sources()}")


def prepare(hosts: list[Host], archives: Path | None) -> Material:
    """Have every base and image in the cache."""
    wanted = {one.base.name: one.base for one in hosts}
    with ThreadPoolExecutor(WORKERS) as pool:
        building = {name: pool.submit(base.ensure, one) for name, one in wanted.items()}
        images = image_folder(archives, pool) if any(one.is_registry for one in hosts) else None
        bases = {name: future.result() for name, future in building.items()}
    if images:
        point(IMAGES_FILE, images / store.LIST)
        point(CHOSEN_IMAGES, images)
    return Material(bases, images)


def image_folder(archives: Path | None, pool: ThreadPoolExecutor) -> Path:
    """The images to serve: those the lab already has, unless it has none or others are asked for in time."""
    served = any(one.is_registry and host.is_running(one) for one in ALL)
    if CHOSEN_IMAGES.is_dir() and (served or archives is None):
        return CHOSEN_IMAGES.resolve()
    return store.ensure(archives, pool)


def point(link: Path, target: Path) -> None:
    """Make a link point at the target, in one step."""
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def start(hosts: list[Host], material: Material) -> None:
    """Boot hosts side by side and wait for each."""

    def boot(one: Host) -> None:
        begin = time.monotonic()
        root = material.bases[one.base.name]
        files = identity.files(one)
        if one.is_registry:
            files += registry.files(one, root)
        if one.few_authorities:
            files += trust_store.files(root)
        disk.ensure(one, root, files)
        try:
            engine = host.wait_ready(one, host.start(one, material.layers(one)))
        except LabError as error:  # on a machine that is too busy for a moment
            say(f"{error}\nStarting {one.name} again")
            engine = host.wait_ready(one, host.start(one, material.layers(one)))
        what = f"Docker {engine}" if engine else one.base.title
        say(f"{one.name} {one.address} is up ({what}): {time.monotonic() - begin:.1f} s")

    with ThreadPoolExecutor(max(1, len(hosts))) as pool:
        for future in [pool.submit(boot, one) for one in hosts]:
            future.result()


def down() -> None:
    """End every process, remove network, groups and disks. Keys, certificates and the caches stay."""
    cgroup.kill(cgroup.WORK)
    for one in ALL:
        host.kill(one)
    for leftover in cgroup.names():
        cgroup.kill(leftover)
    cgroup.remove_top()
    network.down()
    memory.unmount()
    disk.discard(HOSTS)
    disk.discard(VM_DISKS)
    caching.remove_unfinished()
    say("The lab is down. Caches, keys and certificates are kept.")


def stop(hosts: list[Host]) -> None:
    """End hosts and remove their disks; the others go on."""
    for one in hosts:
        host.kill(one)
        disk.discard(disk.disk_of(one).folder)


def reset(hosts: list[Host]) -> None:
    """Give hosts a fresh disk and boot them."""
    stop(hosts)
    start_again(hosts)


def reboot(hosts: list[Host]) -> None:
    """Shut down what still runs, or wait for it to finish doing so, and boot again."""
    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(host.shut_down, hosts))
    start_again(hosts)


def start_again(hosts: list[Host]) -> None:
    """Start hosts that were ended; in a lab that is up nothing but these is touched."""
    if is_made_for(hosts):
        start(hosts, Material({one.base.name: base.ensure(one.base) for one in hosts}, images=None))
    else:
        up(hosts, None)


def serve(name: str, archives: Path | None) -> None:
    """Have the mirror serve an image that it does not by itself, until the registry is started anew."""
    if name in store.listed():
        return
    pid = host.leader(next(one for one in ALL if one.is_registry))
    if pid is None:
        raise LabError("The registry is not running; start it: python -m lab up")
    store.serve(name, Path(f"/proc/{pid}/root"), archives)


def image_sources() -> str:
    """Each image and where it came from."""
    return ", ".join(f"{name} {source}" for name, (source, _reference) in store.listed().items()) or "none yet"


def rows() -> list[str]:
    """The lab's hosts and images as lines of text."""
    lines = []
    for one in ALL:
        running = host.is_running(one)
        state = "up" if running and disk.disk_of(one).ready.exists() else "starting" if running else "down"
        lines.append(f"{one.name:<10} {one.address!s:<14} {state:<9} {one.ssh_user:<5} {one.base.title}")
    lines.append(registry.CORE)
    if why := cgroup.why_no_limits():
        lines.append(why)
    lines += [f"image {name}: {source}, {reference}" for name, (source, reference) in store.listed().items()]
    return lines

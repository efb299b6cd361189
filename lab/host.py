"""One host as a running machine: systemd-nspawn over its disk, started, asked and stopped."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from lab import cgroup, keys, network
from lab.disk import PLAIN, Disk, disk_of
from lab.errors import LabError
from lab.settings import BRIDGE, UID_BASE, UID_COUNT
from lab.topology import Host

# The overlay is mounted in a mount namespace of the host's own: it is gone when the host is, whatever ends it.
# So are the lock files and folders that nspawn leaves in /run when it is killed.
NSPAWN_RUN = Path("/run/systemd/nspawn")
MOUNT_AND_BOOT = f"""
mkdir -p {NSPAWN_RUN} && mount -t tmpfs lab {NSPAWN_RUN}
mount -t overlay -o "$1" "$0" "$2"
shift 2
exec "$@"
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_SECONDS = 120.0  # on a busy machine; else two


def group_of(host: Host) -> str:
    """The name of a host's cgroup."""
    return f"host-{host.name}"


def is_running(host: Host) -> bool:
    """Whether anything of the host is alive."""
    return cgroup.has_processes(group_of(host))


def nspawn(host: Host, disk: Disk) -> list[str]:
    """The command that boots a host whose root is mounted."""
    return [
        *("systemd-nspawn", "--quiet", "--boot", f"--machine={host.name}", f"--directory={disk.root}"),
        *("--register=no", "--keep-unit", "--link-journal=no", "--timezone=off", "--resolv-conf=off"),
        *(f"--private-users={UID_BASE}:{UID_COUNT}", "--private-users-ownership=off"),
        # What dockerd, runc and BuildKit need; in a user namespace it is power over this host only.
        *("--capability=all", "--system-call-filter=add_key keyctl bpf", "--bind=/dev/fuse"),
        *(f"--bind={disk.folder / name}:/var/lib/{name}" for name in PLAIN),
        f"--network-bridge={BRIDGE}",
    ]


def start(host: Host, layers: list[Path]) -> subprocess.Popen[bytes]:
    """Boot a host and return its supervisor's process; layers are its read-only file systems, the uppermost first."""
    disk = disk_of(host)
    kill(host)
    group = cgroup.make(group_of(host), delegate=True)
    options = f"lowerdir={':'.join(map(str, layers))},upperdir={disk.upper},workdir={disk.work}"
    mount_and_boot = ["sh", "-ec", MOUNT_AND_BOOT, f"lab-{host.name}", options, str(disk.root)]
    own_mounts = ["unshare", "--mount", "--propagation", "private"]
    argv = cgroup.inside(group, [*own_mounts, *mount_and_boot, *nspawn(host, disk)])
    with disk.console.open("ab") as console:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            env={"PATH": PATH, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )


def leader(host: Host) -> int | None:
    """The process that is PID 1 in the host: the one whose second and last pid, seen from outside in, is 1."""
    for pid in cgroup.processes(group_of(host)):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        pids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
        if len(pids) == 2 and pids[1] == "1":
            return pid
    return None


def entry(host: Host, argv: list[str]) -> list[str] | None:
    """The command that runs argv as root inside the host, if it runs."""
    pid = leader(host)
    if pid is None:
        return None
    environment = ["env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"]
    return ["nsenter", f"--target={pid}", "--all", "--wdns=/root", *environment, *argv]


def ask(host: Host, argv: list[str]) -> subprocess.CompletedProcess[str] | None:
    """Run argv inside and return what it said; None while there is nothing to ask."""
    command = entry(host, argv)
    if command is None:
        return None
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _ended(host: Host) -> LabError:
    tail = "\n".join(disk_of(host).console.read_text(errors="replace").splitlines()[-8:])
    return LabError(f"{host.name} did not boot; the end of {disk_of(host).console}:\n{tail}")


def wait_ready(host: Host, supervisor: subprocess.Popen[bytes]) -> str:
    """Wait until systemd is done, dockerd answers and ssh lets us in; return the engine's version or ''."""
    end = time.monotonic() + BOOT_SECONDS
    state = "no answer"
    while state not in ("running", "degraded"):
        if supervisor.poll() is not None:
            raise _ended(host)
        if time.monotonic() > end:
            raise LabError(f"{host.name} did not boot within {BOOT_SECONDS:.0f} s: {state}; see `run {host.name}`")
        answer = ask(host, ["systemctl", "is-system-running", "--wait"])
        state = (answer.stdout or answer.stderr).strip() if answer else "no answer"
        if state not in ("running", "degraded"):
            time.sleep(0.05)
    if state == "degraded":
        failed = ask(host, ["systemctl", "--failed", "--plain", "--no-legend"])
        units = failed.stdout.strip() if failed else "unknown"
        raise LabError(f"{host.name} booted with failed units:\n{units}\nsee `run {host.name} -- journalctl -b`")
    engine = wait_docker(host, end) if host.has_docker else ""
    login = subprocess.run([*keys.command(host), "true"], capture_output=True, text=True, check=False)
    if login.returncode:
        raise LabError(f"ssh to {host.ssh_user}@{host.address} ({host.name}) fails: {login.stderr.strip()}")
    disk_of(host).ready.touch()
    return engine


def wait_docker(host: Host, end: float) -> str:
    """The engine's version, as soon as dockerd answers; systemd starts it anew where its first start failed."""
    while True:
        answer = ask(host, ["docker", "version", "--format", "{{.Server.Version}}"])
        if answer and not answer.returncode:
            return answer.stdout.strip()
        if time.monotonic() > end:
            journal = ask(host, ["journalctl", "--no-pager", "--lines=20", "--unit=docker", "--unit=containerd"])
            said = f"{answer.stderr}\n{journal.stdout}" if answer and journal else "host is gone"
            raise LabError(f"dockerd on {host.name} does not answer: {said}")
        time.sleep(0.2)


def kill(host: Host) -> None:
    """End a host at once, with its end of the bridge, which the kernel removes a moment later."""
    disk_of(host).ready.unlink(missing_ok=True)
    cgroup.kill(group_of(host))
    network.unplug(host.name)


def shut_down(host: Host) -> None:
    """Let the host shut itself down, as the first half of a reboot does, and wait for its end."""
    disk_of(host).ready.unlink(missing_ok=True)
    ask(host, ["systemctl", "poweroff"])
    if not cgroup.wait_empty(group_of(host), BOOT_SECONDS):
        raise LabError(f"{host.name} did not shut down within {BOOT_SECONDS:.0f} s; `reset {host.name}` ends it")

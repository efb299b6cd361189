"""ssh: one key pair for the person who tests, one stable host key for each host, and the list of them all."""

from __future__ import annotations

from pathlib import Path

from lab.command import run
from lab.settings import DOMAIN, SSH
from lab.topology import HOSTS, VMS, Host

CLIENT_KEY = SSH / "id_ed25519"
KNOWN_HOSTS = SSH / "known_hosts"


def host_key(host: Host) -> Path:
    """The private host key of a host."""
    return SSH / f"host_{host.name}_ed25519"


def public(key: Path) -> str:
    """The public half of a key."""
    return key.with_name(f"{key.name}.pub").read_text().strip()


def ensure() -> None:
    """Make the keys that are missing, and write known_hosts for all of them."""
    SSH.mkdir(parents=True, exist_ok=True, mode=0o755)
    for key in (CLIENT_KEY, *map(host_key, (*HOSTS, *VMS))):
        if not key.exists() or not key.with_name(f"{key.name}.pub").exists():
            key.unlink(missing_ok=True)
            comment = f"{key.name}@{DOMAIN}"
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(key)])
    lines = [f"{host.name},{host.name}.{DOMAIN},{host.address} {public(host_key(host))}" for host in (*HOSTS, *VMS)]
    text = "\n".join(lines) + "\n"
    if not KNOWN_HOSTS.exists() or KNOWN_HOSTS.read_text() != text:  # somebody may be reading it
        new = KNOWN_HOSTS.with_name(f"{KNOWN_HOSTS.name}.new")
        new.write_text(text)
        new.replace(KNOWN_HOSTS)


def command(host: Host, timeout: int = 5) -> list[str]:
    """The ssh command line that a test would use too: real host key checking, nothing of the user's own.

    *timeout* is in seconds, until the connection is there.
    """
    options = [f"UserKnownHostsFile={KNOWN_HOSTS}", "StrictHostKeyChecking=yes", "BatchMode=yes"]
    options.append(f"ConnectTimeout={timeout}")
    flags = [part for option in options for part in ("-o", option)]
    return ["ssh", "-F", "none", "-i", str(CLIENT_KEY), *flags, f"{host.ssh_user}@{host.address}"]

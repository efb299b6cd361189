"""The files that make a host this one of the lab: its name, address, resolver and ssh."""

from __future__ import annotations

from lab import keys, package_mirror
from lab.disk import File
from lab.settings import DOMAIN, NETWORK
from lab.topology import HOSTS, Host

RESOLVER = next(host.address for host in HOSTS if host.is_registry)

# Named by nspawn, or by udev in a virtual machine. No gateway: what is not on the bridge cannot be reached, and fails
# at once.
LINK = """\
[Match]
Name=host0 en*

[Network]
Address={address}/{prefix}
DNS={resolver}
LinkLocalAddressing=no
LLDP=no
"""


def files(host: Host) -> list[File]:
    """What to plant before the first boot."""
    authorized = keys.public(keys.CLIENT_KEY) + "\n"
    link = LINK.format(address=host.address, prefix=NETWORK.prefixlen, resolver=RESOLVER)
    planted = [
        File("/etc/hostname", f"{host.name}\n"),
        File("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {host.name}.{DOMAIN} {host.name}\n"),
        File("/etc/resolv.conf", f"nameserver {RESOLVER}\nsearch {DOMAIN}\n"),
        File("/etc/apt/sources.list", f"deb {package_mirror.ADDRESS} {host.base.suite} main\n"),
        File("/etc/systemd/network/10-lab.network", link),
        File("/etc/ssh/ssh_host_ed25519_key", keys.host_key(host).read_text(), mode=0o600),
        File("/etc/ssh/ssh_host_ed25519_key.pub", keys.public(keys.host_key(host)) + "\n"),
        *(File(f"/home/{user}/.ssh/authorized_keys", authorized, 0o600, user) for user in ("ci", "ops")),
    ]
    if host.ssh_user == "root":
        return [*planted, File("/root/.ssh/authorized_keys", authorized, mode=0o600)]
    return [*planted, File("/etc/ssh/sshd_config.d/10-lab.conf", "PermitRootLogin no\n")]

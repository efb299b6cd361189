"""Every constant of the lab in one place: where it lies, its network, its names."""

from __future__ import annotations

import os
from ipaddress import IPv4Network
from pathlib import Path

CACHE = Path(os.environ.get("MULTIARCH_LAB_CACHE", "/var/cache/multiarch-lab"))
STATE = Path(os.environ.get("MULTIARCH_LAB_STATE", "/var/lib/multiarch-lab"))
DISKS = os.environ.get("MULTIARCH_LAB_DISKS", "disk")  # where those of hosts lie: disk or memory
LOCK = Path("/run/lock/multiarch-lab")  # one bridge and one range, so one lab a machine, whatever STATE is
PACKAGES = CACHE / "packages"
VM_DISKS = CACHE / "vm"  # never in memory: a virtual machine takes enough of it
HOSTS = STATE / "hosts"
SSH = STATE / "ssh"
PKI = STATE / "pki"
CHOSEN_IMAGES = HOSTS / ".images"  # a link to the images this lab was started with; gone with the disks
IMAGES_FILE = STATE / "images.json"
REGISTRY_PASSWORD = STATE / "registry-password"

CGROUP = "multiarch-lab"

BRIDGE = "multiarch-lab"
NETWORK = IPv4Network("198.51.100.0/24")  # TEST-NET-2 (RFC 5737): in use nowhere
MACHINE_ADDRESS = NETWORK.network_address + 1

PACKAGE_PORT = 3142  # what apt-cacher-ng uses; here only on the bridge
DOCKER_PACKAGE_PORT = 3143  # the stand-in for the repository of Docker's own packages

DOMAIN = "lab.test"  # .test is reserved (RFC 6761)
MIRROR_NAME = f"mirror.{DOMAIN}"
MIRROR_PORT = 5000
HARBOR_NAME = f"harbor.{DOMAIN}"
HARBOR_PORT = 443
BASIC_NAME = f"basic.{DOMAIN}"
BASIC_PORT = 5001
TOKEN_NAME = f"token.{DOMAIN}"  # for token endpoints that tests have elsewhere than their registry
ROBOT = "robot$ci"  # Harbor's robot accounts have a dollar sign in their names

UID_BASE = 524288  # nspawn's own range for containers starts here
UID_COUNT = 65536

KERNEL_NEEDED = (6, 7)  # the first with one binfmt_misc registry for each user namespace

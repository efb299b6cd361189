# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution's QEMU: which package, and its installation.

Debian 12 has static emulators in qemu-user-static; since Debian 13 those of qemu-user are static, and qemu-user-binfmt
registers them with flag F. Up to Ubuntu 24.04 qemu-user-binfmt registers dynamic ones, which do not work in containers.
None registers the 32-bit sibling of its own architecture (arm on arm64, i386 on amd64), though it has the emulator.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import parse_registration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor

BINFMT_D = "/usr/lib/binfmt.d"
_LAST_STATIC = {"debian": 12.0, "ubuntu": 24.04}
_APT = {"DEBIAN_FRONTEND": "noninteractive"}


def os_release() -> t.Dict[str, str]:
    """The host's /etc/os-release (freedesktop.org, os-release(5))."""
    return parse_os_release(read("/etc/os-release") or "")


def parse_os_release(text: str) -> t.Dict[str, str]:
    """{name: value without quotes}. Pure."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: value.strip().strip("\"'") for name, _equals, value in pairs}


def name_for(release: t.Mapping[str, str]) -> str:
    """The package for a release; Debian testing has no VERSION_ID. Pure. Raises HostError for other distributions."""
    family = release.get("ID", "")
    if family not in _LAST_STATIC:
        raise HostError(
            f"builder_binfmt_source: package knows Debian and Ubuntu, this host is {family or 'unknown'}: take image"
        )
    version = float(release.get("VERSION_ID") or "inf")
    return "qemu-user-static" if version <= _LAST_STATIC[family] else "qemu-user-binfmt"


def install(name: str) -> None:
    """Install and record it; the package lists are refreshed only if needed."""
    if run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", name]).stdout != "installed":
        RECORD.update(lambda found: replace(found, packages={**found.packages, name: ""}))
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", name]
    if run(command, env=_APT).status != 0:
        must(["apt-get", "update", "--quiet"], "the package lists cannot be updated", env=_APT)
        must(command, f"package {name} cannot be installed", env=_APT)


def require(handlers: t.Iterable[str]) -> None:
    """Raise HostError for handlers that the package does not contain."""
    missing = sorted(each for each in handlers if not look.exists(f"{BINFMT_D}/{each}.conf"))
    if missing:
        raise HostError(
            f"the distribution's package brings no {', '.join(missing)}: set builder_binfmt_source: image, or remove "
            "the platforms from builder_platforms"
        )


def omission(fmt: ElfFormat, processor: Processor) -> str:
    """The message about a format that the packages for this architecture register no handler of."""
    return (
        f"builder_binfmt_source: the distribution's package for {processor.architecture} registers no handler for "
        f"linux/{fmt.architecture}, which this host's processor does not run itself: set image, or remove the platform "
        "from builder_platforms"
    )


def fault_of(path: str, text: str) -> str:
    """The fault of the emulators that *text*, the package's file *path*, registers; "" if there is none."""
    handlers = [each for line in text.splitlines() if (each := parse_registration(line))]
    gone = [each.interpreter for each in handlers if not look.may_run(each.interpreter)]
    if not gone:
        return ""
    return f"{gone[0]}, which {path} registers, is not there, or no program: `apt-get install --reinstall` its package"


def owner_of_file(path: str) -> t.Optional[str]:
    """The package of a file; "" if it has none, or there is no dpkg; None if the file does not exist."""
    if look.exists("/usr/bin/dpkg-query"):
        found = run(["dpkg-query", "--search", path])
        if found.status == 0 and found.stdout.partition(":")[0]:
            return found.stdout.partition(":")[0]
    return "" if look.exists(path) else None

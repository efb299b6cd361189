# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of platforms on a host, and what its processor runs without an emulator: by running them."""

from __future__ import annotations

import base64
import shlex
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import native_probe, probe
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import FOLDER, FOR_PROGRAMS
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import (
    SIBLINGS,
    Processor,
    features_in,
)
from testinfra.backend.base import CommandResult
from testinfra.host import Host

# In an empty directory, isolated from the host's files and where programs run: not on a file system with noexec. It is
# always removed.
_RUN = """
for place in {places}; do
    folder=$(mktemp -d $place/multiarch-verification.XXXXXX) || continue
    printf '#!/bin/sh\\n' > "$folder/probe" && chmod 755 "$folder/probe" && "$folder/probe" 2> /dev/null && break
    rm -rf "$folder"
    folder=
done
test -n "$folder" || {{ echo "{places} are all mounted with noexec or read-only" >&2; exit 1; }}
trap 'rm -rf "$folder"' EXIT
base64 -d > "$folder/probe" && chroot "$folder" /probe
""".format(places=" ".join(map(str, (FOLDER, *FOR_PROGRAMS))))


def run_program(host: Host, platform: str) -> CommandResult:
    """Run a program of *platform* that prints what the kernel calls its machine."""
    return _run(host, probe(platform))


def processor_of(host: Host) -> Processor:
    """The host's processor, with its 32-bit sibling tried, whatever handlers are registered."""
    machine = host.run("uname -m").stdout.strip()
    found = Processor(machine, features_in(host.run("cat /proc/cpuinfo").stdout))
    sibling = SIBLINGS.get(found.architecture or "")
    done = _run(host, native_probe(f"linux/{sibling}")) if sibling else None
    if done is None or done.rc != 0 or done.stdout.strip() != machine:
        return found
    return replace(found, siblings=frozenset(filter(None, (sibling,))))


def _run(host: Host, program: bytes) -> CommandResult:
    text = base64.b64encode(program).decode()
    return host.run(f"echo {text} | sh -c {shlex.quote(_RUN)}")

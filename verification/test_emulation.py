# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of every platform run: seen in the kernel's own files, in binfmt.d, and by running one."""

from __future__ import annotations

import base64
import shlex

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.probe import expected_machine, probe
from ansible_collections.multiarch.builders.plugins.module_utils.platform import architecture_of, native_platforms
from ansible_collections.multiarch.builders.verification.looking import (
    PROVISION,
    REGISTRY,
    CheckFailedError,
    handlers,
    journal,
    listed,
    output,
    parse_registration,
)
from testinfra.backend.base import CommandResult
from testinfra.host import Host

EMULATORS = "/usr/local/lib/multiarch-builders/"
# In an empty folder, so that nothing of the host helps; the folder goes whatever happens.
RUN = (
    "folder=$(mktemp -d /var/tmp/multiarch-verification.XXXXXX) && trap 'rm -rf \"$folder\"' EXIT && "
    'base64 -d > "$folder/probe" && chmod 755 "$folder/probe" && chroot "$folder" /probe'
)


def run_program(host: Host, platform: str) -> CommandResult:
    """Run a program of *platform* that prints what the kernel calls its machine."""
    program = base64.b64encode(probe(platform)).decode()
    return host.run(f"echo {program} | sh -c {shlex.quote(RUN)}")


def skip_native(host: Host, platform: str) -> None:
    machine = host.run("uname -m").stdout.strip()
    if architecture_of(platform) in {architecture_of(each) for each in native_platforms(machine)}:
        pytest.skip(f"{machine} runs it itself")


def evidence(host: Host, platform: str) -> list[str]:
    name = format_for(platform).handler
    shown = host.run(f"cd {REGISTRY}; ls; for file in {REGISTRY}/{name} /etc/binfmt.d/{name}.conf; do cat $file; done")
    return [output(shown), journal(host, "systemd-binfmt")]


def test_handler_is_registered(host: Host, platform: str) -> None:
    """Enabled, and with flag F: only then it works in containers."""
    skip_native(host, platform)
    found = handlers(host, platform)
    if not found and run_program(host, platform).stdout.strip() in expected_machine(platform):
        pytest.skip("this processor runs it itself")
    if not any(each.enabled and each.fixed for each in found):
        told = [f"{each.name}: enabled {each.enabled}, flags {each.flags}, {each.interpreter}" for each in found]
        message = f"no handler of {platform} is enabled with flag F; there is {listed(told)}"
        raise CheckFailedError(message, *evidence(host, platform), remedy=PROVISION)
    status = host.run(f"cat {REGISTRY}/status")
    if status.stdout.strip() != "enabled":
        remedy = f"`echo 1 > {REGISTRY}/status`, and find who switched it off"
        raise CheckFailedError("all of binfmt_misc is switched off", output(status), remedy=remedy)


def test_handler_survives_a_reboot(host: Host, platform: str) -> None:
    """systemd-binfmt registers it again: a line in binfmt.d with flag F, and the emulator that it names."""
    skip_native(host, platform)
    found = handlers(host, platform)
    shown = host.run("cat /etc/binfmt.d/*.conf /run/binfmt.d/*.conf /usr/lib/binfmt.d/*.conf")
    lines = [each for line in shown.stdout.splitlines() if (each := parse_registration(line))]
    lasting = [each for each in lines if each.serves(format_for(platform)) and each.fixed]
    if not lasting:
        if found and not any(each.interpreter.startswith(EMULATORS) for each in found):
            pytest.skip(f"handler {found[0].name} is somebody else's; builder_binfmt_takeover would make it last")
        message = f"no file of binfmt.d registers a handler of {platform} with flag F, so it is gone after a reboot"
        raise CheckFailedError(message, *evidence(host, platform), remedy=PROVISION)
    missing = [each.interpreter for each in lasting if host.run(f"test -x {shlex.quote(each.interpreter)}").rc != 0]
    if len(missing) == len(lasting):
        told = output(host.run(f"ls -l {shlex.quote(missing[0])}"))
        raise CheckFailedError(f"the emulator that binfmt.d names is not there: {missing[0]}", told, remedy=PROVISION)
    unit = host.run("systemctl is-enabled systemd-binfmt")
    if "masked" in unit.stdout:
        raise CheckFailedError("systemd-binfmt is masked", output(unit), remedy="`systemctl unmask systemd-binfmt`")


def test_program_runs(host: Host, platform: str) -> None:
    """A program of the platform, in an empty chroot as in a container."""
    done = run_program(host, platform)
    if done.rc != 0 or done.stdout.strip() not in expected_machine(platform):
        said = f"it ended with {done.rc} and said: {(done.stdout + done.stderr).strip() or 'nothing'}"
        remedy = f"{PROVISION}; docs/emulation.md tells about exec format error"
        raise CheckFailedError(
            f"a program of {platform} does not run: {said}", *evidence(host, platform), remedy=remedy
        )

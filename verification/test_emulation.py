# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of every platform run: seen in the kernel's own files, in binfmt.d, and by running one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from pathlib import PurePosixPath

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import boot, image
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    BINFMT_D,
    EMULATORS,
    IN_PLACE_OF_OURS,
    is_mask,
    is_ours,
    is_theirs,
    mask_fault,
    mask_of,
    needed,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    parse_registration,
    status_is_on,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import expected_machine
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import public
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import impossible
from ansible_collections.multiarch.builders.verification.looking import (
    PROVISION,
    REGISTRY,
    Asked,
    CheckFailedError,
    files_of,
    handlers,
    journal,
    listed,
    output,
    units_of,
    wrong_rights,
)
from ansible_collections.multiarch.builders.verification.processors import processor_of, run_program
from testinfra.host import Host

RECORD = "/var/lib/multiarch-builders/binfmt.json"
# Those that a reboot leaves, in systemd's order: /run is empty then. The first file of a name counts (binfmt.d(5)).
BOOT = ("/etc/binfmt.d", "/usr/local/lib/binfmt.d", "/usr/lib/binfmt.d")
_FILE = "# file "  # a comment, so no registration begins like this


def skip_elsewhere(host: Host, asked: Asked, platform: str) -> None:
    """Skip what only nodes on other machines build, and this host need not, or cannot, run."""
    left = "binfmt" not in asked.concerns or platform in impossible([platform], processor_of(host))
    if platform in asked.elsewhere and left:
        pytest.skip("only nodes on other machines build it")


def skip_native(host: Host, platform: str) -> None:
    """Skip what needs no handler; a foreign one in front of the processor is not ours to judge."""
    if platform in processor_of(host).platforms and not has_ours(host, platform):
        pytest.skip("this host's processor runs it itself")


def evidence(host: Host, platform: str) -> list[str]:
    name = format_for(platform).handler
    files = f"{REGISTRY}/{name} {BINFMT_D}/{name}.conf"
    shown = host.run(f"cd {REGISTRY}; ls; for file in {files}; do cat $file; done; ls -lL {EMULATORS}/* {BINFMT_D}")
    return [output(shown), journal(host, "systemd-binfmt")]


def test_handler_is_registered(host: Host, asked: Asked, platform: str) -> None:
    """Enabled, and with flag F, without which it does not work in containers."""
    skip_elsewhere(host, asked, platform)
    skip_native(host, platform)
    found = handlers(host, platform)
    if not any(each.enabled and each.fixed for each in found):
        told = [f"{each.name}: enabled {each.enabled}, flags {each.flags}, {each.interpreter}" for each in found]
        message = f"no handler for {platform} is enabled with flag F; registered: {listed(told)}"
        raise CheckFailedError(message, *evidence(host, platform), remedy=PROVISION)
    if has_ours(host, platform) and not any(map(is_ours, found)):
        taken = f"{listed([each.interpreter for each in found])}: {IN_PLACE_OF_OURS}"
        raise CheckFailedError(taken, *evidence(host, platform), remedy=PROVISION)
    status = host.run(f"cat {REGISTRY}/status")
    if not status_is_on(status.stdout):
        remedy = f"{PROVISION}, and find out what switched it off"
        raise CheckFailedError(f"{REGISTRY}/status, the switch of all handlers, is off", output(status), remedy=remedy)


def test_handler_survives_a_reboot(host: Host, asked: Asked, platform: str) -> None:
    """What systemd-binfmt registers: a line in binfmt.d with flag F, and the emulator that it names, as written."""
    skip_elsewhere(host, asked, platform)
    skip_native(host, platform)
    found = handlers(host, platform)
    lasting = [each for each in registered_at_boot(host) if each.serves(format_for(platform)) and each.fixed]
    theirs = bool(found) and not any(map(is_ours, found)) and not has_ours(host, platform)
    if theirs and not lasting:
        pytest.skip(f"handler {found[0].name} is not managed; with builder_binfmt_takeover it would survive a reboot")
    if not theirs:
        require_no_mask(host, platform)
    wrong, named = [], f"{BINFMT_D}/{format_for(platform).handler}.conf"
    if not lasting:
        wrong.append(f"neither {named} nor another file registers a handler with flag F, so it is lost at a reboot")
    for emulator in dict.fromkeys(each.interpreter for each in (*lasting, *found)):
        wrong += faults_of_emulator(host, emulator)
    gone = [each.interpreter for each in lasting if host.run(f"test -x {shlex.quote(each.interpreter)}").rc != 0]
    if lasting and len(gone) == len(lasting):
        wrong.append(f"the emulator named in binfmt.d does not exist: {gone[0]}")
    wrong += wrong_rights(host, [public(named)]) if not theirs else []
    if wrong:
        raise CheckFailedError("; ".join(dict.fromkeys(wrong)), *evidence(host, platform), remedy=PROVISION)


def test_emulation_starts_at_boot(host: Host, asked: Asked) -> None:
    """systemd-binfmt, its mount and its conditions, in time for docker."""
    if "binfmt" not in asked.concerns or not needed(asked.platforms, processor_of(host)):
        pytest.skip("no emulation is configured")
    units = units_of(host)
    done = host.run(shlex.join(boot.CONDITIONS)) if boot.asks_conditions(units) else None
    wrong = boot.faults_in(units, done.stdout + done.stderr if done else "")
    if wrong:
        shown = host.run("systemctl status --no-pager --lines=0 systemd-binfmt.service 'proc-sys-fs-binfmt_misc.*'")
        raise CheckFailedError("; ".join(wrong), output(shown), remedy="See the message")


def registered_at_boot(host: Host) -> list[Handler]:
    """What systemd-binfmt registers: a file of the same name in an earlier folder, also an empty one, hides another."""
    files = " ".join(f"{folder}/*.conf" for folder in BOOT)
    shown = host.run(f'for file in {files}; do test -e "$file" && echo "{_FILE}$file" && cat "$file" && echo; done')
    texts: dict[str, list[str]] = {}
    hidden: list[str] = []
    lines = hidden
    for line in shown.stdout.splitlines():
        if line.startswith(_FILE):
            name = line.rpartition("/")[2]
            lines = hidden if name in texts else texts.setdefault(name, [])
        else:
            lines.append(line)
    return [each for text in texts.values() for line in text if (each := parse_registration(line))]


def require_no_mask(host: Host, platform: str) -> None:
    """The handler's own file does not disable it."""
    fmt = format_for(platform)
    path = f"{BINFMT_D}/{fmt.handler}.conf"
    if host.run(f"test -e {path}").rc != 0:
        return
    leads_to, text = host.run(f"readlink -f {path}").stdout.strip(), host.run(f"cat {path}").stdout
    words = mask_of(path, leads_to, text, owned=fmt.handler in recorded(host))
    if words:
        told = output(host.run(f"ls -l {path}"))
        raise CheckFailedError(mask_fault(fmt, words, ours=True), told, remedy="See the message")


def has_ours(host: Host, platform: str) -> bool:
    """Whether a managed handler should exist: it is recorded, and its file is neither foreign nor a mask."""
    name = format_for(platform).handler
    file = f"{BINFMT_D}/{name}.conf"
    masked = is_mask(host.run(f"readlink -f {file}").stdout.strip())
    return name in recorded(host) and not masked and not is_theirs(host.run(f"cat {file}").stdout)


def recorded(host: Host) -> Collection[str]:
    """The managed handlers."""
    return list(json.loads(host.run(f"cat {RECORD}").stdout or "{}").get("handlers", ()))


def faults_of_emulator(host: Host, emulator: str) -> list[str]:
    """Why a managed emulator differs from the one that was written, and who else may write it."""
    if not emulator.startswith(EMULATORS):
        return []
    about = json.loads(host.run(f"cat {PurePosixPath(emulator).parent}/{image.ABOUT}").stdout or "{}")
    noted = about.get("written", {}).get(PurePosixPath(emulator).name)
    damage = image.damage(
        emulator,
        files_of(host, [emulator]).get(emulator),
        image.Written(**noted) if noted else None,
        lambda: host.run(f"sha256sum {shlex.quote(emulator)}").stdout.partition(" ")[0],
    )
    return [*([damage] if damage else []), *wrong_rights(host, image.rights_of(emulator))]


def test_program_runs(host: Host, asked: Asked, platform: str) -> None:
    """A program of the platform, in an empty chroot as in a container."""
    skip_elsewhere(host, asked, platform)
    done = run_program(host, platform)
    if done.rc != 0 or done.stdout.strip() not in expected_machine(platform):
        said = f"exit status {done.rc}, output: {(done.stdout + done.stderr).strip() or 'nothing'}"
        remedy = f"{PROVISION}; see docs/emulation.md about exec format error"
        raise CheckFailedError(
            f"a program of {platform} does not run: {said}", *evidence(host, platform), remedy=remedy
        )

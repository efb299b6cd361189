# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs of other platforms: the proof that a handler, or an emulator, works."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import (
    expected_machine,
    native_probe,
    probe,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


class BrokenError(HostError):
    """A program was tried, and does not run correctly."""


def platform_of(fmt: ElfFormat) -> str:
    """The platform whose programs prove an emulator, which runs those of all variants."""
    return f"linux/{fmt.architecture}" + ("/v7" if fmt.architecture == "arm" else "")


def prove(platform: str) -> None:
    """Run a program of *platform* in an empty chroot, as a container would. Raises BrokenError if it fails."""
    with _probe(platform) as program:
        _require(platform, "in an empty chroot", ["/probe"], root=program.parent)


def prove_emulator(emulator: str, fmt: ElfFormat) -> None:
    """Run a program under *emulator* itself, before any handler names it. Raises BrokenError if it fails."""
    platform = platform_of(fmt)
    with _probe(platform) as program:
        _require(platform, f"under {fmt.binary}", [emulator, str(program)], root=None)


def runs_itself(platform: str, machine: str) -> bool:
    """Whether processor and kernel run a program of *platform* themselves, whatever handlers are registered.

    A program that sees another *machine* (`uname -m`) ran under an emulator all the same.
    """
    with _probe(platform, native_probe) as program:
        try:
            done = subprocess.run([str(program)], capture_output=True, check=False, timeout=60)  # pylint: disable=ansible-bad-function
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0 and done.stdout.decode("utf-8", "replace").strip() == machine


@contextlib.contextmanager
def _probe(platform: str, made: t.Callable[[str], bytes] = probe) -> t.Iterator[pathlib.Path]:
    """The platform's program, alone in a directory."""
    with scratch(programs=True) as folder:
        program = folder / "probe"
        program.write_bytes(made(platform))
        program.chmod(0o755)
        yield program


def _require(platform: str, where: str, argv: t.Sequence[str], root: t.Optional[pathlib.Path]) -> None:
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            list(argv),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=60,
            preexec_fn=(lambda: os.chroot(root)) if root else None,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise BrokenError(f"{platform}: a program of that platform does not run {where}: {exc}") from exc
    machine = done.stdout.strip()
    if done.returncode != 0 or machine not in expected_machine(platform):
        told = machine or done.stderr.strip() or "nothing"
        raise BrokenError(
            f"{platform}: a program of that platform, run {where}, exited with {done.returncode} and reported {told}"
        )

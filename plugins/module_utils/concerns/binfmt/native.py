# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this host's processor runs itself, and how a platform's programs run here."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import in_front
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import runs_itself
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import architecture, here
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import architecture_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import (
    SIBLINGS,
    Processor,
    features_in,
)

NATIVE, EMULATED = "native", "emulated"


def processor(platforms: t.Iterable[str]) -> Processor:
    """The host's processor, with its 32-bit sibling tried if *platforms* (canonical) contain that.

    A trace needs none of this: all of it stays until the next boot, which ends the trace.
    Raises HostError if no program can be tried.
    """
    given, asked = here().processor, frozenset(map(architecture_of, platforms))
    if given is not None:
        return replace(given, siblings=given.siblings & asked)
    machine = architecture()
    with watch.unwatched():
        found = Processor(machine, features_in(look.text("/proc/cpuinfo") or ""))
        sibling = SIBLINGS.get(found.architecture or "", "")
        ran = sibling in asked and runs_itself(f"linux/{sibling}", machine)
    return replace(found, siblings=frozenset({sibling})) if ran else found


def ways(platforms: t.Sequence[str]) -> t.Dict[str, str]:
    """{platform: "native" or "emulated"}, how programs of *platforms* (canonical) run, if they do.

    A handler in front of a processor that could run them makes them emulated.
    """
    found = processor(platforms)
    native = found.platforms
    try:
        handlers = kernel.handlers() if found.siblings else {}
    except HostError:  # without a registry there is none
        handlers = {}
    return {
        each: NATIVE if each in native and in_front(each, found, handlers) is None else EMULATED for each in platforms
    }

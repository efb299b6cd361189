# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The binfmt.d files on the host, which restore handlers at boot: their content, owner and mode."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import file_of, mask_of
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import Rights, public
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read

if t.TYPE_CHECKING:
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import Emulator


def files_of(names: t.Iterable[str], owned: t.Container[str]) -> t.Tuple[t.Dict[str, str], t.Dict[str, str]]:
    """(how files in /etc/binfmt.d mask their handlers, the content of the others), by handler."""
    masked, texts = {}, {}
    for name in names:
        path = file_of(name)
        text = read(path, errors="replace") if ours.mask_of(name) is None else ""
        words = mask_of(path, look.real(path), text, owned=name in owned) if text is not None else None
        if words is not None:
            masked[name] = words
        elif text is not None:
            texts[name] = text
    return masked, texts


def rights_of(emulators: t.Iterable[Emulator], owned: t.Iterable[str]) -> t.List[Rights]:
    """The required rights of all files that restore handlers, each once: systemd reads and starts them as root."""
    files = [each for emulator in emulators for each in emulator.rights]
    return list(dict.fromkeys([*files, *(public(file_of(name)) for name in sorted(owned))]))

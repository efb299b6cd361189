# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list in the variables chooses, where roles and tables decide by it before any module has checked it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import CONCERNS

KNOWN: dict[str, tuple[str, ...]] = {"concerns": CONCERNS, "proofs": ("trust", "builds")}


def chosen(value: object, kind: str) -> list[str]:
    """Those of KNOWN[*kind*] that *value* names; all, unless it is a list of them.

    So what is invalid, such as text, leaves nothing out, and the module that is run for it reports it.
    """
    known = KNOWN[kind]
    names = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else None
    if names is None or any(each not in known for each in names):
        return list(known)
    return [each for each in known if each in names]

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of every module of this collection."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.host import temp_dirs
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me


class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that removes the leftovers of killed ones, except in check mode.

    It keeps its arguments out of the host's journal, which users other than root may read.

    AnsibleModule masks secrets there by repr() of a list, in which the line ends of a key are escaped, so it misses
    them (ansible-core 2.19 to 2.21, basic.py).
    """

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        os.umask(0o022)  # overrides sudo and ssh: files by docker, buildx and apt must be readable
        super().__init__(*args, **kwargs)
        if me().uid == 0 and not self.check_mode:
            temp_dirs.remove_leftovers()

    def _log_invocation(self) -> None:
        self.log("Invoked")

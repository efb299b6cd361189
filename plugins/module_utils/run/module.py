# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of this collection is."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.host import temp_dirs
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me


class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that removes what killed ones left, except in check mode.

    It keeps its arguments out of the host's journal, which more people than root may read.

    AnsibleModule masks there what it finds of a secret in repr() of a list, where the ends of a key's lines are
    escaped: it finds none of them (ansible-core 2.19, basic.py).
    """

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        os.umask(0o022)  # whatever sudo or ssh set: what docker, buildx and apt make is for others to read
        super().__init__(*args, **kwargs)
        if me().uid == 0 and not self.check_mode:
            temp_dirs.remove_leftovers()

    def _log_invocation(self) -> None:
        self.log("Invoked")

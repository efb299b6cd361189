# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of this collection is."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that keeps its arguments out of the host's journal, which more people than root may read.

    AnsibleModule masks there what it finds of a secret in repr() of a list, where the ends of a key's lines are
    escaped: it finds none of them (ansible-core 2.19, basic.py).
    """

    def _log_invocation(self) -> None:
        self.log("Invoked")

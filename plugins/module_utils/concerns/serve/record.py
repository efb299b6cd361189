# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is recorded about a served builder."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class ServeRecord:
    """serve.json: whether we created the system's *user*, with its group."""

    user: bool = False


RECORD = RecordFile("serve", ServeRecord)

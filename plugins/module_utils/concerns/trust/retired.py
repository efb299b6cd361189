# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our certificates and logins are removed; what someone else changed since is foreign, and kept."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import Logout
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import is_as_written


class RetiredTrust(Trust):
    """The empty desired state."""

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredTrust:  # noqa: ARG003  # all is in the record
        return cls((), ())

    def _why_left(self, file: RemoveFile) -> str:
        as_written = is_as_written(RECORD, file.path, file.owner)
        return "" if as_written else "it was changed by someone else, and is kept"

    def _why(self, step: t.Union[RemoveFile, Logout]) -> str:  # noqa: ARG002  # all of it is removed
        return ""

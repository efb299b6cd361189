# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker contexts of this collection are removed; what someone else changed since is foreign, and kept."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.resource import Contexts
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params


class RetiredContexts(Contexts):
    """The empty desired state."""

    again: t.ClassVar[bool] = False  # the builders go first
    why: t.ClassVar[str] = ""

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredContexts:  # noqa: ARG003  # all is in the record
        return cls(())

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module applies: a resource that variables ask for."""

from __future__ import annotations

import abc
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Resource, State


class Concern(Resource[State]):
    """A resource that variables ask for; what is only taken back is none."""

    @classmethod
    @abc.abstractmethod
    def from_params(cls, params: t.Mapping[str, t.Any], docker: Docker) -> Concern[t.Any]:
        """The concern as a module's parameters ask for it; they are checked already, on the controller."""

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module applies: a resource that variables describe."""

from __future__ import annotations

import abc
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Resource, State


class Concern(Resource[State]):
    """A resource that variables describe; one that only retires is not.

    *again* says whether a run applies it a second time, after all others: it removes what they no longer use.
    """

    again: t.ClassVar[bool] = False

    @classmethod
    @abc.abstractmethod
    def from_params(cls, params: t.Mapping[str, t.Any], docker: Docker) -> Concern[t.Any]:
        """The concern of a module's parameters, which the controller has checked."""

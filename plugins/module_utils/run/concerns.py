# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The concerns in their order."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.resource import Contexts
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.resource import Guard
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.resource import Serve
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.resource import Ssh
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust

RESOURCES: t.Tuple[t.Type[Concern[t.Any]], ...] = (Engine, Trust, Daemon, Binfmt, Contexts, Buildx, Serve, Ssh, Guard)

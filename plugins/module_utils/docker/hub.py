# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of Docker Hub, whose server differs from the name in image references: moby, registry/config.go."""

from __future__ import annotations

HUB = "docker.io"  # as in image references
SERVER = "registry-1.docker.io"
LOGIN = "https://index.docker.io/v1/"  # its key in config.json

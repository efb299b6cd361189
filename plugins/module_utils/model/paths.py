# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a host that several floors name."""

from __future__ import annotations

DAEMON_JSON = "/etc/docker/daemon.json"
"""dockerd's configuration, unless its unit names another file."""

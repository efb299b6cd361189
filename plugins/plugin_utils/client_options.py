# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be merged into config.json: any key of Docker's, but for those that have a better place."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.daemon_options import check_json
from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings

_REFUSED = {
    "auths": ("holds secrets", "Use `username` and `password` in builder_registries"),
    "proxies": ("has a place of its own", "Use builder_proxy"),
}


def check_client_options(options: Mapping[object, object], variable: str, findings: Findings) -> None:
    """Note what is wrong with *options*, a JSON merge patch: null removes a key and is always allowed."""
    for key, (message, remedy) in _REFUSED.items():
        if options.get(key) is not None:
            findings.problem(f"{variable}.{key}", None, message, remedy)
    check_json(options, variable, findings)

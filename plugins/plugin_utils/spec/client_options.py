# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be merged into config.json: any key, except those with a variable of their own."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import CLIENT_MAPPINGS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.daemon_options import check_json
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name

_REFUSED = {
    "auths": ("contains secrets", "Use `username` and `password` in builder_registries"),
    "proxies": ("is set by another variable", "Use builder_proxy"),
}


def check_client_options(options: Mapping[object, object], variable: str, findings: Findings) -> None:
    """Note what is wrong with *options*, a JSON merge patch: null removes a key and is always allowed."""
    for key, (message, remedy) in _REFUSED.items():
        if options.get(key) is not None:
            findings.problem(f"{variable}.{key}", None, message, remedy)
    for key in CLIENT_MAPPINGS:
        if key not in _REFUSED and not isinstance(options.get(key), (Mapping, type(None))):
            message = f"is {type_name(options[key])}, so docker could not read config.json"
            findings.problem(f"{variable}.{key}", None, message, "Write a mapping: {key: value}")
    check_json(options, variable, findings)

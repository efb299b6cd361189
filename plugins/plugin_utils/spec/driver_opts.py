# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks options of buildx drivers: buildx rejects unknown ones, too, but only when it creates the builder."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.driver_tables import DRIVERS, IMAGE
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import check_image
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest, type_name

_IMAGE_OF_ITS_OWN = {"image": "Use `image` of the instance"}
_TLS_OF_ITS_OWN = dict.fromkeys(("cacert", "cert", "key"), "Use `ca`, `client_cert` and `client_key` of the node")
_ELSEWHERE = {"docker-container": _IMAGE_OF_ITS_OWN, "kubernetes": _IMAGE_OF_ITS_OWN, "remote": _TLS_OF_ITS_OWN}
_WITH_ENVIRONMENT = ("docker-container", "kubernetes")


def normalise(
    options: Mapping[object, object], variable: str, findings: Findings, driver: str = "docker-container"
) -> dict[str, str]:
    """*options* with every value as the string that ``--driver-opt KEY=VALUE`` takes."""
    found: dict[str, str] = {}
    for key, value in options.items():
        name = f"{variable}.{key}"
        elsewhere = _ELSEWHERE[driver].get(str(key))
        if elsewhere:
            shown = value if key == "image" else None  # the value of `key` may be a private key
            findings.problem(name, shown, "is set by another option", elsewhere)
        elif not isinstance(key, str) or not _is_known(key, driver):
            known = [*DRIVERS[driver], *(["env.NAME"] if driver in _WITH_ENVIRONMENT else [])]
            findings.problem(name, None, f"is not an option of the {driver} driver", suggest(key, known))
        else:
            text = _checked(key, value, name, findings, driver)
            if text is not None:
                found[key] = text
    return found


def _is_known(key: str, driver: str) -> bool:
    return key in DRIVERS[driver] or bool(driver in _WITH_ENVIRONMENT and re.fullmatch(r"env\.[^=\s]+", key))


def _checked(key: str, value: object, name: str, findings: Findings, driver: str) -> str | None:
    """*value* as text, None if it is not valid for the option."""
    before = len(findings.problems)
    text = _to_text(value)
    kind = DRIVERS[driver].get(key)
    if text is None or "\n" in text or "\r" in text:
        message = f"is {type_name(value)}, not one line of text" if text is None else "has more than one line"
        findings.problem(name, None, message, "Write a string, a whole number, true or false")
    elif re.search(r"://[^/]*@", text):
        findings.problem(name, None, "contains a user name or password", "Use builder_proxy, which keeps them secret")
    elif kind and not kind.pattern.fullmatch(text):
        findings.problem(name, value, "is not valid for this driver option", kind.remedy)
    elif kind is IMAGE:
        check_image(text, name, findings)
    return text if len(findings.problems) == before else None


def _to_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int)) else None

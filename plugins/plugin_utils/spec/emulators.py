# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the emulators of single platforms, and the canary that new emulators must run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import UnknownPlatformError, canonical
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import check_image
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name


def check_images(values: Mapping[object, object], variable: str, findings: Findings) -> dict[str, str]:
    """{canonical platform: image}; an architecture has one emulator, and so one image."""
    found: dict[str, str] = {}
    by_emulator: dict[str, tuple[str, str]] = {}
    for key, image in values.items():
        name = f"{variable}[{key}]"
        if not isinstance(key, str) or not isinstance(image, str):
            wrong, what = (key, "platform") if not isinstance(key, str) else (image, "image")
            remedy = "Write {linux/s390x: IMAGE}, both in quotes"
            findings.problem(
                name, wrong, f"is {type_name(wrong)}, not the name of a{'n' * (what[0] == 'i')} {what}", remedy
            )
            continue
        try:
            platform = canonical(key)
        except UnknownPlatformError as exc:
            findings.problem(name, None, exc.what, exc.remedy)
            continue
        check_image(image, name, findings)
        emulator = format_for(platform).binary
        other, its = by_emulator.setdefault(emulator, (platform, image))
        if its != image:
            message = f"names another image than {other}, but both run under {emulator}"
            findings.problem(name, image, message, "Write one of them, or the same image for both")
        found[platform] = image
    return found


def check_canary(value: Mapping[str, Any], variable: str, findings: Findings) -> None:
    """Report problems of the canary."""
    if not value:
        return
    if ("image" in value) == ("archive" in value):
        message = "has both image and archive" if "image" in value else "has neither image nor archive"
        findings.problem(variable, None, message, "Set exactly one of them")
    if "image" in value:
        check_image(value["image"], f"{variable}.image", findings)
    if "archive" in value and not value["archive"].startswith("/"):
        remedy = "Write the path on the host, such as /var/tmp/canary.tar"
        findings.problem(f"{variable}.archive", value["archive"], "must be an absolute path", remedy)
    if not value.get("command", ["default"]):
        findings.problem(f"{variable}.command", None, "is empty", "Write a program and its arguments, or remove it")
    if value.get("timeout", 1) < 1:
        remedy = "Write seconds above 0, such as 120"
        findings.problem(f"{variable}.timeout", value["timeout"], "must be greater than 0", remedy)


def check_combination(given: bool, variable: str, prefix: str, options: Mapping[str, Any], findings: Findings) -> None:
    """Report that it is about images, if emulators are not taken out of one."""
    if given and options.get("binfmt_source", "image") != "image":
        message = f"is about emulators of images, but {prefix}binfmt_source is {options['binfmt_source']}"
        findings.problem(variable, None, message, f"Remove it, or set {prefix}binfmt_source: image")

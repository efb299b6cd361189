# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the emulators of single platforms, and the canary: what is refused, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

A, B = f"a/b:1@sha256:{'a' * 64}", f"a/b:2@sha256:{'b' * 64}"


def compiled(**given: Any) -> tuple[dict[str, Any], str]:
    """(the options, all problems)."""
    try:
        found = compile_spec(given, names=tuple(OPTIONS), read_file=dict[str, bytes]().__getitem__)
    except SpecError as exc:
        return {}, str(exc)
    return found.options, "\n".join(found.warnings)


@pytest.mark.parametrize(
    ("given", "images"),
    [
        pytest.param(None, {}, id="not given"),
        pytest.param({"s390x": A, "aarch64": B}, {"linux/s390x": A, "linux/arm64": B}, id="aliases"),
        pytest.param({"linux/arm/v6": A, "armhf": A}, {"linux/arm/v6": A, "linux/arm/v7": A}, id="the same for both"),
    ],
)
def test_images(given: dict[str, str] | None, images: dict[str, str]) -> None:
    options, told = compiled(binfmt_images=given)
    assert (options["binfmt_images"], told) == (images, "")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(
            {"binfmt_images": {"s390": A}},
            "builder_binfmt_images[s390]: is not a known platform. Did you mean linux/s390x",
            id="no platform",
        ),
        pytest.param(
            {"binfmt_images": {"linux/s390x": ["a"]}},
            "builder_binfmt_images[linux/s390x]: is a list, not the name of an image",
            id="a list",
        ),
        pytest.param(
            {"binfmt_images": {386: A}},
            "builder_binfmt_images[386] = 386: is an integer, not the name of a platform",
            id="a number",
        ),
        pytest.param(
            {"binfmt_images": {"linux/s390x": "a b"}},
            "builder_binfmt_images[linux/s390x] = 'a b': is not an",
            id="no image",
        ),
        pytest.param(
            {"binfmt_images": {"linux/arm/v6": A, "linux/arm/v7": B}},
            "names another image than linux/arm/v6, but both run under qemu-arm. Write one of them",
            id="two for one emulator",
        ),
        pytest.param(
            {"binfmt_images": {"linux/s390x": A}, "binfmt_archive": "/x.tar"},
            "builder_binfmt_images: cannot be combined with builder_binfmt_archive, which is an archive of one image. "
            "Remove one of them",
            id="with an archive",
        ),
        pytest.param(
            {"binfmt_images": {"linux/s390x": A}, "binfmt_source": "package"},
            "builder_binfmt_images: is about emulators of images, but builder_binfmt_source is package. Remove it, or "
            "set builder_binfmt_source: image",
            id="with the package",
        ),
        pytest.param(
            {"binfmt_images": {"linux/s390x": "a/b"}},
            "builder_binfmt_images[linux/s390x]: 'a/b' can change",
            id="no pin",
        ),
        pytest.param(
            {"binfmt_canary": {"image": A}, "binfmt_source": "package"},
            "builder_binfmt_canary: is about emulators of images, but builder_binfmt_source is package",
            id="a canary with the package",
        ),
        pytest.param(
            {"binfmt_canary": {"image": A, "archive": "/x"}},
            "builder_binfmt_canary: has both image and archive. Set exactly one of them",
            id="two origins",
        ),
        pytest.param(
            {"binfmt_canary": {"timeout": 5}}, "builder_binfmt_canary: has neither image nor archive", id="no origin"
        ),
        pytest.param({"binfmt_canary": {"image": "a b"}}, "builder_binfmt_canary.image = 'a b': is not", id="no image"),
        pytest.param(
            {"binfmt_canary": {"image": "a/b"}}, "builder_binfmt_canary.image: 'a/b' can change", id="unpinned"
        ),
        pytest.param(
            {"binfmt_canary": {"archive": "x.tar"}},
            "builder_binfmt_canary.archive = 'x.tar': must be an absolute path. Write the path on the host",
            id="a path of the controller",
        ),
        pytest.param(
            {"binfmt_canary": {"image": A, "command": []}}, "builder_binfmt_canary.command: is empty", id="nothing"
        ),
        pytest.param(
            {"binfmt_canary": {"image": A, "timeout": 0}},
            "builder_binfmt_canary.timeout = 0: must be greater than 0",
            id="no time",
        ),
        pytest.param({"binfmt_canary": {"imgae": A}}, "builder_binfmt_canary.imgae: is not a known key", id="a typo"),
    ],
)
def test_what_is_told(given: dict[str, Any], told: str) -> None:
    assert told in compiled(**given)[1]


@pytest.mark.parametrize(
    "canary",
    [
        pytest.param({}, id="none"),
        pytest.param({"image": A}, id="an image"),
        pytest.param({"archive": "/var/tmp/c.tar", "command": ["/bin/true"], "timeout": 5}, id="all of it"),
    ],
)
def test_canary(canary: dict[str, Any]) -> None:
    options, told = compiled(binfmt_canary=canary)
    assert (options["binfmt_canary"], told) == (canary, "")

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker itself pulls what was pushed, and its base image, on the same path as users' pulls.

Builds prove BuildKit only. dockerd has its own mirrors, fetches tokens with its own trust, and since 29.1 requests the
referrers of an image's attestations.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.proof.build import Failure
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import remedy_of

_TIMEOUT = 600


def pull(image: str, platform: str, user: str) -> t.Optional[Failure]:
    """Pull *image* as *user*: None, or what is not proven. The image is removed again, unless it existed before."""
    there = run(["docker", "image", "inspect", image], user=user).status == 0
    ended = run(["docker", "pull", "--platform", platform, image], user=user, timeout=_TIMEOUT)
    if ended.status != 0:
        words = f"{user} cannot pull {image} with docker itself: {ended.cause}"
        return Failure((platform,), words, (ended.said,), remedy_of(ended.cause), ended.cause)
    if not there:
        run(["docker", "image", "rm", image], user=user)
    return None

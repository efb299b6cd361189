# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No drift, every user builds for every platform, and no leftovers on the host."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import RUN as GUARD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import BUILDKIT
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import RUN as SERVE
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import checks
from ansible_collections.multiarch.builders.verification.looking import Asked, CheckFailedError, output, require
from testinfra.host import Host

_SERVICES = (GUARD, SERVE, BUILDKIT)
"""What services of ours have in /run."""


def test_as_asked(proof: dict[str, checks.Check], concern: str) -> None:
    require(proof, checks.as_asked(concern))


def test_runs(proof: dict[str, checks.Check], platform: str) -> None:
    """A program of the platform, where the host must run it."""
    require(proof, checks.runs(platform), optional=True)


def test_build(proof: dict[str, checks.Check], user: str, builder: str, platform: str) -> None:
    """A RUN step executes a program of the platform; with a repository the image is pushed and read back."""
    name, runs = checks.build(user, builder, platform), checks.runs(platform)
    if name not in proof and runs in proof and proof[runs].outcome == checks.FAILED:
        pytest.skip(f"programs of {platform} do not run on the host, so no image was built for it")
    require(proof, name)


def test_docker_pulls(proof: dict[str, checks.Check]) -> None:
    """docker itself pulls what was pushed and its base image, with its own trust."""
    pulls = [name for name in proof if name.startswith(checks.PULLS)]
    if not pulls:
        pytest.skip("nothing was pushed or built from an image, or docker itself does not pull on this host")
    for name in pulls:
        require(proof, name)


def test_nothing_else_failed(proof: dict[str, checks.Check], asked: Asked) -> None:
    """No check of verify-builders.yml fails that no other test here tells of."""
    builds = itertools.product(asked.users, [each["name"] for each in asked.instances], asked.platforms)
    told = {
        *map(checks.as_asked, asked.concerns),
        *map(checks.runs, asked.platforms),
        *(checks.build(*each) for each in builds),
        *(checks.trust(*each) for each in asked.ways),
        *(checks.login(*each) for each in asked.logins),
    }
    for name in proof:
        if name not in told and not name.startswith(checks.PULLS):
            require(proof, name)


@pytest.mark.usefixtures("proof")
def test_nothing_is_left(host: Host) -> None:
    """No container and no file remain, only BuildKit's cache and the tag `proof` in the registry."""
    containers = host.run("docker ps --all --filter label=multiarch.builders")
    # Not multiarch-builders.lock, whose holder the kernel knows, and multiarch-builders/: both exist until reboot.
    found = "find /tmp /var/tmp /run -maxdepth 1 -name 'multiarch-builders-*'"
    files = host.run(" ".join([found, *(f"! -name {path.rpartition('/')[2]}" for path in _SERVICES)]))
    if len(containers.stdout.splitlines()) > 1 or files.stdout.strip():
        remedy = "Remove them, unless a provisioning run is in progress"
        raise CheckFailedError("leftovers of a proof exist", output(containers), output(files), remedy=remedy)

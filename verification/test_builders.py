# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders are in their users' stores, running, and configured as desired."""

from __future__ import annotations

import json
import shlex
import tomllib

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.buildkit import of_daemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import expected_machine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import condition
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import same_image
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store_rights import rights_of
from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_inspect
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner
from ansible_collections.multiarch.builders.verification.looking import (
    PROVISION,
    Asked,
    CheckFailedError,
    as_user,
    listed,
    output,
    wrong_rights,
)
from ansible_collections.multiarch.builders.verification.processors import run_program
from testinfra.host import Host

# Platforms that BuildKit may omit from its list if it has the other one (worker/base, Platforms; util/archutil). Then
# their programs are run on the host.
COVERED = {"linux/386": "linux/amd64"} | {f"linux/arm/{each}": "linux/arm64" for each in ("v5", "v6", "v7")}
# Of these it lists no variant, though it runs them.
ARM64 = "linux/arm64"


def offers(host: Host, platform: str, listed: set[str]) -> bool:
    """Whether a builder that lists these platforms runs *platform* (canonical)."""
    if platform in listed or (platform.startswith(f"{ARM64}/") and ARM64 in listed):
        return True
    return COVERED.get(platform) in listed and run_program(host, platform).stdout.strip() in expected_machine(platform)


def logs(host: Host, asked: Asked, builder: str) -> list[str]:
    return [output(host.run(f"docker logs --tail=15 {name}")) for name in asked.containers(builder)]


def containers(asked: Asked, builder: str) -> list[str]:
    found = asked.containers(builder)
    if not found:
        pytest.skip("it has no container on this host")
    return found


def test_buildkit_runs(host: Host, asked: Asked, user: str, builder: str) -> None:
    """In the user's store, with every node running."""
    shown = as_user(host, user, f"docker buildx inspect {shlex.quote(builder)}")
    told = buildx_inspect.parse(shown.stdout)  # the exit status is 0 also for a dead one
    states = [node.status or node.error for node in told.nodes]
    if not states or set(states) != {"running"} or told.errors:
        found = [host.run(f"docker logs --tail=200 {name}") for name in asked.containers(builder)]
        causes = dict.fromkeys(filter(None, (of_daemon(each.stderr) for each in found)))
        message = ": ".join([f"builder {builder} of {user} is not running", listed(states), *causes])
        raise CheckFailedError(message, output(shown), *map(output, found), remedy=PROVISION)


def test_container_does_its_work(host: Host, asked: Asked, builder: str) -> None:
    """It is running and not frozen, does not keep restarting, and is in its network."""
    for name in containers(asked, builder):
        now = host.run("docker info --format '{{.SystemTime}}'").stdout.strip()
        shown = host.run(f"docker inspect --type container {name}")
        found = json.loads(shown.stdout or "[]")
        known = bool(host.run(f"docker ps --quiet --filter name=^/{name}$").stdout.strip())
        trouble = condition(found[0], listed=known, now=now).trouble if found else ("does not exist",)
        if trouble:
            state = host.run(f"docker ps --all --no-trunc --filter name=^/{name}$")
            message = f"container {name} {'; '.join(trouble)}"
            raise CheckFailedError(message, output(state), *logs(host, asked, builder), remedy=PROVISION)


def test_secrets_are_closed_to_others(host: Host, user: str, builder: str) -> None:
    """The builder's entry in the user's store, which holds keys and passwords, and the folders above it."""
    line = host.run(f"getent passwd {shlex.quote(user)}").stdout.strip().split(":")
    if len(line) < 6:
        pytest.skip(f"{user} is not a user of this host")
    wanted = rights_of(f"{line[5]}/.docker/buildx", [builder], Owner(int(line[2]), int(line[3])))
    wrong = wrong_rights(host, wanted)
    if wrong:
        shown = host.run(f"ls -ld {shlex.join(each.path for each in wanted)}")
        raise CheckFailedError("; ".join(wrong), output(shown), remedy=PROVISION)


def test_current_builder_is_as_asked(host: Host, asked: Asked, user: str, builder: str) -> None:
    """`docker buildx build` uses it by default."""
    if not asked.instance(builder)["default"]:
        pytest.skip("another builder is the default")
    shown = as_user(host, user, "docker buildx inspect")
    if buildx_inspect.parse(shown.stdout).name != builder:
        remedy = f"{PROVISION}; check that BUILDX_BUILDER is not set for {user}"
        raise CheckFailedError(f"{user} uses another builder than {builder}", output(shown), remedy=remedy)


def test_buildkit_has_every_platform(host: Host, asked: Asked, user: str, builder: str) -> None:
    shown = as_user(host, user, f"docker buildx inspect {shlex.quote(builder)}")
    found = {each for node in buildx_inspect.parse(shown.stdout).nodes for each in node.platforms}
    missing = [each for each in asked.platforms if not offers(host, canonical(each), found)]
    if missing:
        remedy = f"Check that programs of these platforms run on the host. {PROVISION}"
        raise CheckFailedError(f"builder {builder} does not offer {listed(missing)}", output(shown), remedy=remedy)


def test_buildkit_has_the_image(host: Host, asked: Asked, builder: str) -> None:
    for name in containers(asked, builder):
        shown = host.run(f"docker inspect --type container --format '{{{{.Config.Image}}}}' {name}")
        if not same_image(shown.stdout.strip(), asked.instance(builder)["image"]):
            message = f"container {name} does not use {asked.instance(builder)['image']}"
            raise CheckFailedError(message, output(shown), remedy=PROVISION)


def test_buildkitd_toml_is_as_asked(host: Host, asked: Asked, builder: str) -> None:
    """Read from the container, as BuildKit did; values are compared, not the format."""
    wanted = asked.instance(builder)["config"]
    for name in containers(asked, builder) if wanted else ():
        shown = host.run(f"docker cp {name}:/etc/buildkit/buildkitd.toml - | tar -xO")
        try:
            same = tomllib.loads(shown.stdout) == tomllib.loads(wanted)
        except tomllib.TOMLDecodeError:
            same = False
        if not same or shown.rc != 0:
            message = f"buildkitd.toml in {name} differs from the desired one"
            raise CheckFailedError(message, output(shown), f"desired:\n{wanted}", remedy=PROVISION)


def test_certificates_are_in_the_builder(host: Host, asked: Asked, builder: str) -> None:
    for name in containers(asked, builder):
        for path, digest in asked.instance(builder)["certificates"].items():
            shown = host.run(f"docker cp {name}:/etc/buildkit/certs/{shlex.quote(path)} - | tar -xO | sha256sum")
            if not shown.stdout.startswith(digest):
                message = f"certificate {path} in {name} differs from the desired one"
                remedy = "Run playbooks/trust-registries.yml; running builds are unaffected"
                raise CheckFailedError(message, output(shown), remedy=remedy)

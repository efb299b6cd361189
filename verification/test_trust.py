# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries are trusted by each of the four clients of a host, and accept the logins of its users."""

from __future__ import annotations

import shlex

from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import checks
from ansible_collections.multiarch.builders.verification.looking import CheckFailedError, output, require
from testinfra.host import Host

REMEDY = "Run playbooks/trust-registries.yml"


def test_dockerd_has_the_ca(host: Host, registry: str, asked_digest: str) -> None:
    """The file that dockerd reads on every connection."""
    shown = host.run(f"sha256sum /etc/docker/certs.d/{shlex.quote(registry)}/ca.crt")
    if not shown.stdout.startswith(asked_digest):
        raise CheckFailedError(f"dockerd does not have the CA of {registry}", output(shown), remedy=REMEDY)


def test_registry_is_trusted(proof: dict[str, checks.Check], registry: str, way: str, who: str) -> None:
    """`plain` is the operating system's store, `dockerd` a pull, `client` buildx itself, `builder` BuildKit."""
    require(proof, checks.trust(registry, way, who), optional=True)  # hosts behind mirrors contact no others


def test_login_is_taken(proof: dict[str, checks.Check], registry: str, who: str) -> None:
    """As `docker login` does it, with what the user's docker would send; skipped if none is configured."""
    require(proof, checks.login(registry, who), optional=True)

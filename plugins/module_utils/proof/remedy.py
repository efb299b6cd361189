# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remedy for a failed proof, by its message. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import (
    NO_ARTIFACT,
    NO_ATTESTATIONS,
    NO_CLIENT_TOKEN,
    SETTINGS,
    is_set,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model import default_network
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes

PROVISION = "playbooks/provision-builders.yml"

_BUILDER_ALONE = (
    f"If only the builder can connect there, set builder_environment: {{{NO_CLIENT_TOKEN}: true}}: then the builder "
    "fetches them, with the user's login"
)
# Failures that a client setting fixes, if it is not set yet: (pattern, setting, remedy). Messages of registries
# that refuse attestations as pushed since BuildKit 0.32: GitLab (moby/buildkit#7007), Aliyun
# (koordinator-sh/koordinator#3194), Artifactory 6 (docker/buildx#1513), others (moby/buildkit#3579).
_SETTINGS: t.Tuple[t.Tuple[t.Pattern[str], str, str], ...] = (
    (
        re.compile(
            r"failed to push .*(?:blob unknown|manifest invalid|unknown manifest class|MANIFEST_INVALID"
            r"|(?:PUT request to \S+/manifests/|\"manifest-sha256)\S*: (?:unexpected status: )?(?:40[045]|415|422) )",
            re.IGNORECASE,
        ),
        NO_ATTESTATIONS,
        "The registry refuses the attestations that BuildKit 0.32 and newer push with each image: set "
        f"builder_environment: {{{NO_ARTIFACT}: true}} (buildx {text_of(SETTINGS[NO_ARTIFACT].since)} and newer) or "
        f"{{{NO_ATTESTATIONS}: true}}, with builder_environment_file, and run {PROVISION}",
    ),
    (
        re.compile(f"{outcomes.FETCHING}.*(?:x509|tls: )", re.IGNORECASE),
        NO_CLIENT_TOKEN,
        "buildx itself fetches tokens, with this host's system trust store: set the `ca` of the token endpoint in "
        f"builder_registries, and run {TRUST}. {_BUILDER_ALONE}",
    ),
    (
        re.compile(
            f"{outcomes.FETCHING}.*(?:no such host|name resolution|server misbehaving|connection refused|i/o timeout"
            "|no route to host|unreachable|handshake timeout|proxyconnect|: EOF)",
            re.IGNORECASE,
        ),
        NO_CLIENT_TOKEN,
        "buildx itself fetches tokens: check that the registry's token endpoint runs, and that this host resolves its "
        f"name and reaches it. {_BUILDER_ALONE}",
    ),
)

HANDLERS = f"Run {PROVISION}, which registers missing handlers; docs/emulation.md explains exec format error"
TOO_SLOW = "Find out what it waits for (`docker buildx build` shows it), or raise builder_verify_timeout"
READ_BACK = "Check that the user may pull what it pushed, and that the registry does not alter indexes"
_OF_BUILDKIT = f"The message is BuildKit's. If the builder is not in its desired state, {PROVISION} repairs it"
CONTAINER_NETWORK = f"If nothing else routes the builder's packets, {default_network.REMEDY}, and run {PROVISION}"

# The first match counts.
_REMEDIES: t.Tuple[t.Tuple[t.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            "exec format error",
            HANDLERS,
        ),
        (
            "/referrers/",
            "docker requests attestations from the registry itself, as hosts.toml does not list them for the mirror: "
            f"run {PROVISION}, or add `referrers` to `capabilities` if that file is unmanaged",
        ),
        (
            "x509|certificate|server gave HTTP response",
            f"Set the registry's `ca` in builder_registries, and run {TRUST}",
        ),
        (
            r"request to http://\S+: 400 ",
            f"The registry requires TLS: remove `http: true` from builder_registries, and run {PROVISION}",
        ),
        (
            r"dial tcp (?:127\.|\[::1\])",
            "A loopback name refers to the builder's own container: set `driver_opts: {network: host}`, or give the "
            "registry a name that other machines resolve",
        ),
        (
            rf"{outcomes.STATUS}5\d\d\b|{outcomes.FETCHING}(?:unknown|unavailable|internal server error)",
            "The registry or its token endpoint answers with an error: check its logs (for Harbor: core, and what is "
            "behind its proxy). This cannot be fixed on this host",
        ),
        (
            rf"{outcomes.FETCHING}{outcomes.STATUS}(?:400|404|405)\b",
            "The registry refers its clients there for tokens: fix the address or the service in its settings "
            "(auth.token.realm and service; for Harbor, external_url)",
        ),
        (
            "server message: invalid_token",
            "The registry rejects the tokens of its own token endpoint: check that the clocks of both are right, "
            "and that it trusts the key that they are signed with",
        ),
        (
            "denied|unauthorized|insufficient_scope|no basic auth credentials|authorization failed|40[13] ",
            "Check that the project of builder_verify_repository exists and that its login, `username` and `password` "
            f"in builder_registries, may push and pull there; then run {TRUST}",
        ),
        (
            "no builder|failed to find instance",
            f"Run {PROVISION}, which creates the builders of all builder_users",
        ),
        (
            "no such host|name resolution|server misbehaving|connection refused|i/o timeout|network is unreachable"
            "|handshake timeout",
            "Check that the registry runs, and that this host resolves its name and reaches it; mirrors and proxy are "
            "in builder_registries and builder_proxy",
        ),
        (
            f"{outcomes.FETCHING}.*(?:EOF|connection reset|timed out|deadline exceeded|no route to host|Timeout)",
            "Check that the registry's token endpoint runs, and that this host resolves its name and reaches it",
        ),
        ("no space left", "Free space where Docker keeps its data, or set builder_gc"),
        ("not found|manifest unknown", "Check that builder_verify_base names an image that exists for all platforms"),
    )
)


def of_settings(words: str, environment: t.Mapping[str, str]) -> str:
    """The remedy for a build that failed with *words*, if a client setting fixes it; else "".

    *environment* has the settings that were in effect.
    """
    return next((each for fits, name, each in _SETTINGS if fits.search(words) and not is_set(environment, name)), "")


def remedy_of(words: str, otherwise: str = _OF_BUILDKIT) -> str:
    """The remedy for a docker program's message; *otherwise* if *words* are not known."""
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(words)), otherwise)

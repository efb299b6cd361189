# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose tokens docker cannot fetch before it is restarted: by its version, its image store, and who gives them out."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.tokens import (
    Tokens,
    authorities_of,
    notes_on,
    restart_reason,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

OLD, NEW, OTHER = (make(name).pem for name in ("old", "new", "other"))
HARBOR, AUTH, ANOTHER = "harbor.example", "auth.example:8443", "gitlab.example"
TABLE = (Registry(HARBOR, ca=OLD + NEW), Registry(AUTH, ca=OTHER))
SAME_CA = (Registry(HARBOR, ca=OLD + NEW), Registry(AUTH, ca=NEW))
PUBLIC = (Registry(HARBOR), Registry(AUTH, ca=OTHER))
ITSELF, ELSEWHERE, WITHOUT_ENTRY = {HARBOR: HARBOR}, {HARBOR: AUTH}, {HARBOR: ANOTHER}
BY_ITSELF = "harbor.example"
BY_AUTH = "harbor.example (issued by auth.example:8443)"
BY_ANOTHER = "harbor.example (issued by gitlab.example)"


@pytest.mark.parametrize("engine", ["26.1.5+dfsg1", "28.5.2", "29.4.3"])
@pytest.mark.parametrize(
    ("registries", "unread", "hosts", "told"),
    [
        pytest.param(TABLE, OLD + NEW, ITSELF, BY_ITSELF, id="a new registry"),
        pytest.param(TABLE, NEW, ITSELF, BY_ITSELF, id="a rotation with both CAs"),
        pytest.param(TABLE, OTHER, ITSELF, None, id="the CA of another registry"),
        pytest.param(TABLE, OTHER, ELSEWHERE, BY_AUTH, id="who gives out tokens has another CA"),
        pytest.param(TABLE, NEW, ELSEWHERE, None, id="the registry's own CA is not asked for then"),
        pytest.param(SAME_CA, NEW, ELSEWHERE, BY_AUTH, id="both have one CA"),
        pytest.param(
            (Registry(HARBOR, ca=OLD), Registry("gitlab.example:443", ca=OTHER)),
            OTHER,
            WITHOUT_ENTRY,
            BY_ANOTHER,
            id="the entry of who gives them out has the usual port",
        ),
        pytest.param(TABLE, NEW, WITHOUT_ENTRY, BY_ANOTHER, id="who gives them out has no entry: the registry's CA"),
        pytest.param(TABLE, OTHER, WITHOUT_ENTRY, None, id="and that of nobody else"),
        pytest.param(PUBLIC, OTHER, WITHOUT_ENTRY, None, id="registry and who gives them out are publicly trusted"),
        pytest.param(TABLE, OLD + NEW + OTHER, {}, None, id="no tokens"),
        pytest.param(TABLE, "", ITSELF, None, id="all was read"),
        pytest.param(TABLE, OLD + OTHER, {HARBOR: HARBOR, AUTH: AUTH}, f"{BY_ITSELF}, {AUTH}", id="two registries"),
    ],
)
def test_until_29_4_the_systems_authorities_count(
    registries: tuple[Registry, ...], unread: str, hosts: dict[str, str], told: str | None, engine: str
) -> None:
    reason = restart_reason(registries, Tokens(frozenset(blocks(unread)), hosts), engine, containerd_store=True)
    assert reason == (
        told
        and "docker reads the system's authorities only at its start, and needs them for tokens of "
        f"{told}; builders do not"
    )


@pytest.mark.parametrize(
    ("engine", "containerd_store"),
    [
        pytest.param("29.5.0", True, id="29.5"),
        pytest.param("29.7.2", True, id="29.7"),
        pytest.param("26.1.5", False, id="a graph driver"),
    ],
)
@pytest.mark.parametrize(
    ("registries", "hosts", "told"),
    [
        pytest.param(TABLE, ITSELF, None, id="certs.d has what the registry's own tokens need"),
        pytest.param(SAME_CA, ELSEWHERE, None, id="and those that somebody else with that CA gives out"),
        pytest.param(TABLE, WITHOUT_ENTRY, None, id="and those of somebody without an entry"),
        pytest.param(TABLE, ELSEWHERE, BY_AUTH, id="but not another CA"),
    ],
)
def test_others_trust_for_tokens_what_they_trust_for_the_registry(
    registries: tuple[Registry, ...], hosts: dict[str, str], told: str | None, engine: str, containerd_store: bool
) -> None:
    tokens = Tokens(frozenset(blocks(OLD + NEW + OTHER)), hosts)
    reason = restart_reason(registries, tokens, engine, containerd_store=containerd_store)
    assert (reason is None) is (told is None)
    assert told is None or f"tokens of {told};" in (reason or "")


@pytest.mark.parametrize(
    ("engine", "containerd_store", "restarts"),
    [
        pytest.param("28.5.2", False, True, id="a graph driver reads no certs.d for Docker Hub"),
        pytest.param("29.7.2", False, True, id="of any version"),
        pytest.param("28.5.2", True, True, id="containerd's store: for the tokens"),
        pytest.param("29.7.2", True, False, id="no more since 29.5"),
    ],
)
def test_docker_hub_behind_a_proxy_that_ends_tls(engine: str, containerd_store: bool, restarts: bool) -> None:
    tokens = Tokens(frozenset(blocks(NEW)), {HUB: "auth.docker.io"})
    reason = restart_reason((Registry(HUB, ca=NEW),), tokens, engine, containerd_store=containerd_store)
    assert (reason is not None) is restarts


def test_a_registry_that_does_not_answer_is_told_if_its_ca_was_not_read() -> None:
    tokens = Tokens(frozenset(blocks(NEW)), silent={HARBOR: "timed out", AUTH: "timed out"})
    assert notes_on(TABLE, tokens) == [
        "harbor.example does not answer (timed out), so it is unknown whether docker must be restarted for its "
        "tokens: run again when it answers"
    ]


def test_the_authorities_of_the_table() -> None:
    assert authorities_of((*TABLE, Registry("a.example"), Registry("b.example", ca=NEW))) == (OLD, NEW, OTHER)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked, by which ways, and what counts."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node, Registry
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import (
    Places,
    Row,
    Target,
    places_of,
    row,
    settle,
    targets_of,
)

ALL = ("plain", "dockerd", "client", "builder")
NOT_CLIENT = ("plain", "dockerd", "builder")
MIRROR = "mirror.example:5000"


@pytest.mark.parametrize(
    ("registries", "targets"),
    [
        pytest.param([], (), id="none"),
        pytest.param([Registry("a.b", ca="PEM")], (Target("a.b"),), id="one"),
        pytest.param(
            [Registry("docker.io", mirrors=(f"{MIRROR}/hub", "m.b"))],
            (Target("docker.io", (MIRROR, "m.b"), optional=True), Target(MIRROR), Target("m.b")),
            id="mirrors without entries of their own",
        ),
        pytest.param(
            [Registry("docker.io", mirrors=(MIRROR,)), Registry(MIRROR, http=True)],
            (Target("docker.io", (MIRROR,), optional=True), Target(MIRROR, http=True)),
            id="a mirror with one",
        ),
        pytest.param(
            [Registry("q.io", mirrors=("m.b",)), Registry("r.io", mirrors=("m.b",))],
            (Target("q.io", ("m.b",), optional=True), Target("r.io", ("m.b",), optional=True), Target("m.b")),
            id="one mirror of two",
        ),
        pytest.param(
            [Registry("docker.io", mirrors=("m.b",), username="u", password="p")],
            (Target("docker.io", ("m.b",)), Target("m.b")),
            id="whoever has a login goes there",
        ),
        pytest.param(
            [Registry("a.b", mirrors=("m.b",), ca="PEM"), Registry("c.d", insecure=True)],
            (Target("a.b", ("m.b",)), Target("c.d", insecure=True), Target("m.b")),
            id="whoever has a CA goes there",
        ),
        pytest.param(
            [Registry("a.b", client_cert="PEM", client_key="PEM")], (Target("a.b", has_pair=True),), id="a pair"
        ),
    ],
)
def test_targets_of(registries: list[Registry], targets: tuple[Target, ...]) -> None:
    assert targets_of(registries) == targets


@pytest.mark.parametrize(
    ("target", "ways"),
    [
        pytest.param(Target("a.b"), ALL, id="a registry"),
        pytest.param(Target("docker.io"), ALL, id="Docker Hub"),
        pytest.param(Target("harbor:5000"), ALL, id="a port"),
        pytest.param(Target("localhost"), ALL, id="localhost"),
        pytest.param(Target("mirror"), ("plain",), id="docker.io/mirror/… to docker"),
        pytest.param(Target("a.b", http=True), NOT_CLIENT, id="without TLS"),
        pytest.param(Target("a.b", insecure=True), NOT_CLIENT, id="insecure"),
        pytest.param(Target("a.b", has_pair=True), NOT_CLIENT, id="mutual TLS"),
    ],
)
def test_ways(target: Target, ways: tuple[str, ...]) -> None:
    assert target.ways == ways


@pytest.mark.parametrize(
    ("target", "address"),
    [
        (Target("a.b"), ("a.b", 443)),
        (Target("a.b:5000"), ("a.b", 5000)),
        (Target("a.b", http=True), ("a.b", 80)),
        (Target("docker.io"), ("registry-1.docker.io", 443)),
        (Target("[2001:db8::1]"), ("2001:db8::1", 443)),
        (Target("[2001:db8::1]:5000"), ("2001:db8::1", 5000)),
    ],
)
def test_address(target: Target, address: tuple[str, int]) -> None:
    assert target.address == address


def builder(driver: str = "docker-container", network: str = "", nodes: tuple[Node, ...] = ()) -> Instance:
    return Instance("b", driver, "image", {"network": network} if network else {}, (), True, "", {}, nodes)


HOST = {"network": "host"}


@pytest.mark.parametrize(
    ("instance", "on_host", "configured"),
    [
        pytest.param(builder(), False, True, id="a network of its own"),
        pytest.param(builder(network="ci"), False, True, id="a network with a name"),
        pytest.param(builder(network="host"), True, True, id="the host's"),
        pytest.param(builder(nodes=(Node("n", driver_opts=HOST),)), True, True, id="the host's, by its node"),
        pytest.param(builder(nodes=(Node("n", driver_opts=HOST), Node("m"))), False, True, id="one node has it"),
        pytest.param(
            builder(network="host", nodes=(Node("n"), Node("m", "ssh://a.b"))), False, True, id="a node elsewhere"
        ),
        pytest.param(builder("kubernetes", nodes=(Node("n"),)), False, True, id="a pod"),
        pytest.param(builder("remote", nodes=(Node("n", "tcp://localhost:1"),)), False, False, id="remote"),
    ],
)
def test_places_of(instance: Instance, on_host: bool, configured: bool) -> None:
    one = frozenset({"b"})
    assert places_of([instance]) == Places(one if on_host else frozenset(), one if configured else frozenset())


UNKNOWN = "tls: failed to verify certificate: x509: certificate signed by unknown authority"


@pytest.mark.parametrize(
    ("host", "said", "outcome", "at"),
    [
        pytest.param("a.b", "a.b/multiarch-builders/proof:absent: not found", "trusted", "a.b", id="itself"),
        pytest.param(
            "a.b", f'ERROR: x\nERROR: Head "https://a.b/v2/": {UNKNOWN}', "unknown authority", "a.b", id="url"
        ),
        pytest.param(
            "docker.io",
            f'Head "https://registry-1.docker.io/v2/x": {UNKNOWN}',
            "unknown authority",
            "docker.io",
            id="Docker Hub by its other name",
        ),
        pytest.param(
            "docker.io",
            f'Head "https://{MIRROR}/v2/x?ns=docker.io": {UNKNOWN}',
            "unknown authority",
            MIRROR,
            id="a mirror, Docker 28.5 and buildx",
        ),
        pytest.param(
            "gitlab.example:5050",
            f'Get "https://gitlab.example/jwt/auth?service=x": {UNKNOWN}',
            "unknown authority",
            "gitlab.example",
            id="who gives out tokens",
        ),
        pytest.param(
            "gitlab.example:5050",
            "failed to fetch oauth token: unexpected status from POST request to "
            "https://gitlab.example/jwt/auth: 500 x",
            "server error",
            "gitlab.example",
            id="who fails to give out tokens",
        ),
        pytest.param(
            "docker.io",
            f"unexpected status from HEAD request to https://{MIRROR}/v2/x?ns=docker.io: 502 Bad Gateway",
            "server error",
            MIRROR,
            id="a mirror that fails",
        ),
    ],
)
def test_row(host: str, said: str, outcome: str, at: str) -> None:
    found = row(Target(host), "client", "ci", said)
    assert (found.registry, found.way, found.who, found.outcome, found.at) == (host, "client", "ci", outcome, at)


HUB = Target("docker.io", (MIRROR,), optional=True)
NOWHERE = Row("docker.io", "plain", "", "no answer", 'Head "https://registry-1.docker.io/v2/": EOF', "docker.io")
BY_MIRROR = Row("docker.io", "dockerd", "", "trusted", "not found", "docker.io")
BAD_MIRROR = Row("docker.io", "builder", "b", "unknown authority", UNKNOWN, MIRROR)
NOTE = "docker.io itself: no answer (EOF); its mirrors are tested by their own names"


@pytest.mark.parametrize(
    ("rows", "targets", "kept", "notes"),
    [
        pytest.param((BY_MIRROR,), (HUB,), (BY_MIRROR,), (), id="the mirror answered"),
        pytest.param((NOWHERE, BY_MIRROR, NOWHERE), (HUB,), (BY_MIRROR,), (NOTE,), id="out of reach"),
        pytest.param((NOWHERE, BAD_MIRROR), (HUB,), (BAD_MIRROR,), (NOTE,), id="the mirror is not trusted"),
        pytest.param((NOWHERE,), (Target("docker.io", (MIRROR,)),), (NOWHERE,), (), id="needed, and out of reach"),
        pytest.param((NOWHERE,), (Target("docker.io"),), (NOWHERE,), (), id="without mirrors"),
    ],
)
def test_settle(rows: tuple[Row, ...], targets: tuple[Target, ...], kept: tuple[Row, ...], notes: tuple[str]) -> None:
    assert settle(rows, targets) == (kept, notes)


def test_a_connection_that_was_closed_has_the_reason_that_another_way_was_told() -> None:
    wanted = Row("a.b", "plain", "", "client certificate wanted", "alert", "a.b")
    closed = Row("a.b", "client", "ci", "no answer", "write: broken pipe", "a.b")
    refused = Row("a.b", "builder", "b", "no answer", "connection refused", "a.b")
    other = Row("c.d", "client", "ci", "no answer", "write: broken pipe", "c.d")
    rows, _notes = settle([wanted, closed, refused, other], [Target("a.b"), Target("c.d")])
    assert [each.outcome for each in rows] == [wanted.outcome, wanted.outcome, "no answer", "no answer"]


def test_a_token_that_is_not_valid_is_the_reason_that_others_were_not_told() -> None:
    told = Row("a.b", "client", "ci", "token not valid", "server message: invalid_token", "a.b")
    denied = Row("a.b", "dockerd", "", "trusted", "pull access denied for a.b/x, repository does not exist", "a.b")
    status = "unexpected status from HEAD request to https://a.b/v2/x/manifests/absent: 401 Unauthorized"
    untold = Row("a.b", "builder", "b", "trusted", status, "a.b")
    let_in = Row("a.b", "builder", "c", "trusted", "a.b/x:absent: not found", "a.b")
    other = Row("c.d", "dockerd", "", "trusted", "pull access denied for c.d/x", "c.d")
    rows, _notes = settle([told, denied, untold, let_in, other], [Target("a.b"), Target("c.d")])
    invalid = told.outcome
    assert [each.outcome for each in rows] == [invalid, invalid, invalid, "trusted", "trusted"]


def test_a_login_that_works_is_kept() -> None:
    works = Row(
        "docker.io", "login", "ci", "logged in", "u: https://registry-1.docker.io/v2/ answered 200 OK", "docker.io"
    )
    assert settle([works], [Target("docker.io", (MIRROR,))]) == ((works,), ())


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (Target("a.b:5000"), "https://a.b:5000/v2/"),
        (Target("a.b", http=True), "http://a.b/v2/"),
        (Target("docker.io"), "https://registry-1.docker.io/v2/"),
    ],
)
def test_url(target: Target, url: str) -> None:
    assert target.url == url

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure of a host that does not trust its registries: what it is, and what to do."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import PROVEN
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.trust_report import failures, message, remedies
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import load_certificates
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.served_chain import Chain
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.every_outcome import OUTCOMES
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import (
    Pair,
    make,
    weakly_signed,
)

CA = make("CA")
SERVER = make("a.b", ca=False, issuer=CA, names=("a.b", "c.d"), end=90)
ALONE = make("a.b", ca=False, names=("a.b",))
NAMELESS = make("a.b", ca=False, issuer=CA)
HOST = "a.b:5000"


def row(outcome: str, way: str = "dockerd", who: str = "", **more: str) -> dict[str, str]:
    words = f'Head "https://{HOST}/v2/x": tls: because'
    found = {"registry": HOST, "way": way, "who": who, "outcome": outcome, "words": words, "at": HOST, "about": ""}
    return found | more


def whole(rows: list[dict[str, str]], entries: list[dict[str, t.Any]], chains: dict[str, Chain]) -> str:
    """All that people are told."""
    return message(rows, failures(rows, entries, chains))


def test_one_line_for_each_registry_and_outcome() -> None:
    rows = [
        row("no answer", "plain", words="a.b port 5000: timed out"),
        row("no answer"),
        row("trusted", "client", "root"),
        row("no answer", "client", "ci"),
        row("no answer", "client", "jane"),
        row("expired", "builder", "multiarch", words="because."),
        row("other", registry="e.f", at="e.f"),
        row("trusted", registry="g.h", at="g.h"),
    ]
    assert whole(rows, [{"host": HOST}], {}).splitlines() == [
        "2 of 3 registries are not proven:",
        "- a.b:5000: no answer (plain TLS, dockerd, client as ci and jane): a.b port 5000: timed out. "
        "Check that it runs, and that this host can resolve its name and reach its port.",
        "- a.b:5000: expired (builder multiarch): because. Have it reissued, and check the host's clock.",
        "- e.f: other (dockerd): tls: because. The message is that of the client.",
    ]


def test_a_failure_is_data_of_which_the_line_is_made() -> None:
    (found,) = failures([row("no answer", words="timed out."), row("trusted", "plain")], [{"host": HOST}], {})
    assert (found["message"], found["cause"]) == (f"{HOST}: no answer (dockerd): timed out", "timed out")
    assert found["remedy"].startswith("Check that it runs")


def test_a_builder_whose_container_has_no_network() -> None:
    rows = [row("no answer", "builder", "b", about=outcomes.NETWORK), row("no answer", "dockerd")]
    builder, dockerd = remedies(rows, [{"host": HOST}], {})
    assert "driver_opts: {network: host}" in builder
    assert dockerd.startswith("Check that it runs")


FETCHING = f'failed to fetch oauth token: Post "https://{HOST}/service/token": x509: because'


@pytest.mark.parametrize(
    ("entry", "remedy"),
    [
        pytest.param(
            {"ca": CA.pem},
            "docker reads the system trust store once, when it starts, and has not read this CA yet: run "
            "playbooks/trust-registries.yml, which restarts docker as builder_disruption allows.",
            id="the right CA in the table",
        ),
        pytest.param(
            {"insecure": True},
            "`insecure` does not apply to docker's token requests: also set `ca` of a.b:5000, and run "
            "playbooks/trust-registries.yml.",
            id="insecure",
        ),
        pytest.param(
            {},
            "Set `ca` of a.b:5000 in builder_registries to its CA, and run playbooks/trust-registries.yml (CN=CA "
            "signed it).",
            id="no CA in the table",
        ),
        pytest.param(
            {"ca": make("CA").pem},
            "Its `ca` in builder_registries did not sign its certificate (CN=CA signed it): add that one too, or have "
            "the server send its whole chain.",
            id="another CA",
        ),
    ],
)
def test_tokens_that_docker_alone_cannot_fetch(entry: dict[str, t.Any], remedy: str) -> None:
    chains = {HOST: [SERVER.certificate]}
    told = whole([row("unknown authority", words=FETCHING)], [{"host": HOST, **entry}], chains)
    assert told.endswith(remedy)


def test_who_gives_out_tokens_has_the_cas_of_its_registry_if_it_has_no_entry() -> None:
    words, entries = FETCHING.replace(HOST, "gitlab.b"), [{"host": HOST, "ca": CA.pem}]
    unread = row("unknown authority", at="gitlab.b", words=words)
    mended = "has not read this CA yet: run playbooks/trust-registries.yml, which restarts docker as"
    assert mended in whole([unread], entries, {"gitlab.b": [SERVER.certificate]})
    assert "Set `ca` of gitlab.b" in whole([unread], entries, {"gitlab.b": [make("another").certificate]})


@pytest.mark.parametrize(
    ("outcome", "entry", "server", "remedy"),
    [
        pytest.param(
            "unknown authority",
            {},
            SERVER,
            "Set `ca` of a.b:5000 in builder_registries to its CA, and run playbooks/trust-registries.yml "
            "(CN=CA signed it).",
            id="unknown, without a CA in the table",
        ),
        pytest.param(
            "unknown authority",
            {"ca": make("CA").pem},
            SERVER,
            "Its `ca` in builder_registries did not sign its certificate (CN=CA signed it): add that one too, or have "
            "the server send its whole chain.",
            id="unknown, another CA of the same name in the table",
        ),
        pytest.param(
            "unknown authority",
            {"ca": CA.pem},
            SERVER,
            "Its `ca` in builder_registries is right, but is not installed everywhere: run "
            "playbooks/trust-registries.yml with all its concerns, and without builder_disruption: never.",
            id="unknown, the right CA in the table",
        ),
        pytest.param(
            "unknown authority",
            {"ca": ALONE.pem},
            ALONE,
            "Run playbooks/trust-registries.yml with all its concerns. Its `ca` in builder_registries is a server's "
            "own certificate and not a CA, which the trust store of Fedora and similar systems does not accept: "
            "there, have it issued by a CA.",
            id="unknown, the server's own in the table",
        ),
        pytest.param(
            "weak signature",
            {"ca": CA.pem},
            weakly_signed("leaf-sha1"),
            "Certificates signed with SHA-1 or MD5 are rejected: CN=leaf-sha1 (SHA-1). Have them reissued with "
            "SHA-256; until then, an intermediate CA is accepted if it is in `ca` itself.",
            id="SHA-1",
        ),
        pytest.param(
            "name mismatch",
            {},
            SERVER,
            "The certificate is for a.b, c.d: use one of these names in builder_registries and images, or have it "
            "reissued for a.b.",
            id="name",
        ),
        pytest.param(
            "name mismatch",
            {},
            NAMELESS,
            "The certificate has no subject alternative name: have it reissued for a.b.",
            id="no name",
        ),
        pytest.param(
            "expired",
            {},
            SERVER,
            "Have it reissued (the chain expires: CN=a.b on 2026-08-30), and check the host's clock.",
            id="expired",
        ),
        pytest.param(
            "not yet valid",
            {},
            SERVER,
            "Check the host's clock; it is valid from 2026-05-02.",
            id="too new",
        ),
        pytest.param(
            "client certificate wanted",
            {},
            SERVER,
            "Set `client_cert` and `client_key` of a.b:5000 in builder_registries, and run "
            "playbooks/trust-registries.yml.",
            id="client certificate",
        ),
        pytest.param(
            "client certificate wanted",
            {"client_cert": "PEM"},
            SERVER,
            "The registry does not accept `client_cert` of a.b:5000, or it is not installed everywhere: run "
            "playbooks/trust-registries.yml.",
            id="client certificate, another",
        ),
        pytest.param(
            "no TLS",
            {},
            None,
            "Give the server a certificate, or set `http: true` for a.b:5000 in builder_registries.",
            id="no TLS",
        ),
        pytest.param(
            "no TLS",
            {"http": True},
            None,
            "`http: true` of a.b:5000 is not configured everywhere: run playbooks/trust-registries.yml.",
            id="no TLS, as asked",
        ),
        pytest.param(
            "TLS wanted",
            {"http": True},
            None,
            "Remove `http: true` of a.b:5000 from builder_registries, as its server uses TLS.",
            id="TLS, and http asked for",
        ),
        pytest.param(
            "TLS wanted",
            {},
            None,
            "It was contacted without TLS but requires it: find out what redirects there.",
            id="TLS",
        ),
    ],
)
def test_remedies(outcome: str, entry: dict[str, t.Any], server: Pair | str | None, remedy: str) -> None:
    pem = server.pem if isinstance(server, Pair) else server
    chains = {HOST: load_certificates(pem.encode())} if pem else {}
    (_head, line) = whole([row(outcome)], [{"host": HOST, **entry}], chains).splitlines()
    assert line == f"- {HOST}: {outcome} (dockerd): tls: because. {remedy}"


@pytest.mark.parametrize(
    ("outcome", "remedy"),
    [
        pytest.param("no answer", "Check that it runs on this host: in a container, a loopback name is", id="down"),
        pytest.param("TLS wanted", "Docker's programs use HTTP for loopback names: run playbooks/pro", id="TLS"),
    ],
)
@pytest.mark.parametrize("host", ["localhost:5443", "127.0.0.1", "[::1]:5000"])
def test_remedies_for_names_of_loopback(host: str, outcome: str, remedy: str) -> None:
    told = whole([row(outcome, registry=host, at=host)], [{"host": host, "ca": CA.pem}], {})
    assert f"- {host}: {outcome} (dockerd): tls: because. {remedy}" in told


def test_a_mirror_that_is_the_reason_is_named() -> None:
    told = whole([row("unknown authority", at="m.b")], [{"host": HOST}, {"host": "m.b", "ca": CA.pem}], {})
    assert (
        "- a.b:5000: unknown authority at m.b (dockerd): tls: because. Its `ca` in builder_registries is right" in told
    )


def test_every_outcome_has_a_remedy() -> None:
    found = dict(zip(OUTCOMES, remedies([row(each) for each in OUTCOMES], [{"host": HOST}], {}), strict=True))
    assert {outcome for outcome, remedy in found.items() if not remedy} == PROVEN


def test_logins_are_told_with_the_ways_that_failed_alike() -> None:
    words = "token endpoint https://a.b:5000/service/token answered 500 Internal Server Error"
    rows = [
        row("server error", "plain", words=words, about=outcomes.ENDPOINT),
        row("server error", "client", "ci", words=f"failed to fetch oauth token: {words}", about=outcomes.ENDPOINT),
        row("server error", "login", "ci", words=f"robot$ci: {words}", about=outcomes.ENDPOINT),
        row("logged in", "login", "jane"),
        row("not logged in", "login", "root", words="config.json of root keeps no login"),
    ]
    assert whole(rows, [{"host": HOST, "username": "robot$ci"}], {}).splitlines() == [
        "1 of 1 registries are not proven:",
        f"- a.b:5000: server error (plain TLS, client as ci, login of ci): {words}. Its token endpoint "
        f"responds with an error: "
        "see its logs at a.b:5000 (of Harbor: core, and what is behind its proxy). This host needs no change.",
        "- a.b:5000: not logged in (login of root): config.json of root keeps no login. It was not tested. Run "
        "playbooks/trust-registries.yml, which logs root in to a.b:5000 with this login.",
    ]


def test_the_words_about_a_token_are_those_of_who_was_told_most() -> None:
    rows = [
        row("token not valid", words="pull access denied"),
        row("token not valid", "login", "ci", words="ci: https://a.b/v2/ does not take the token of token endpoint x"),
    ]
    line = whole(rows, [{"host": HOST}], {}).splitlines()[1]
    assert line.startswith(
        "- a.b:5000: token not valid (dockerd, login of ci): ci: https://a.b/v2/ does not take the token"
    )

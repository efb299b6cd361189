# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about logins, tokens, failing servers and clocks."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.login_messages import Clocks, clocks_apart
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.trust_report import remedies
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

HOST = "a.b:5000"
NOW = 1795930224  # 2026-11-29 05:30:24
TABLE = [{"host": HOST, "username": "robot$ci"}, {"host": "auth.b"}]
LOGS = "This host needs no change"


def row(outcome: str, words: str = "because", at: str = HOST, who: str = "ci", about: str = "") -> dict[str, str]:
    return {"registry": HOST, "way": "login", "who": who, "outcome": outcome, "words": words, "at": at, "about": about}


def by(seconds: int) -> Clocks:
    """The clock of HOST is ahead by so many seconds."""
    return {HOST: {"here": NOW, "there": NOW + seconds}}


BEHIND = "his host's clock shows 2026-11-29 05:30:24 UTC, that of a.b:5000 2026-11-29 05:12:01 UTC: 18 minutes apart"


@pytest.mark.parametrize(
    ("clocks", "at", "words"),
    [
        pytest.param({}, HOST, None, id="nobody told"),
        pytest.param({"c.d": {"here": 0, "there": NOW}}, HOST, None, id="another server's"),
        pytest.param(by(0), HOST, "", id="the same"),
        pytest.param(by(-60), HOST, "", id="a minute is nothing"),
        pytest.param(by(61), HOST, "05:31:25 UTC: 61 seconds apart", id="more than a minute"),
        pytest.param(by(-1103), HOST, f"t{BEHIND}", id="minutes behind"),
        pytest.param(by(3 * 3600), HOST, "08:30:24 UTC: 3 hours apart", id="hours ahead"),
        pytest.param(by(-40 * 86400), HOST, "2026-10-20 05:30:24 UTC: 40 days apart", id="days behind"),
        pytest.param(by(-1103), "auth.b", f"t{BEHIND}", id="that of the registry, where the token endpoint told none"),
        pytest.param(
            {**by(0), "auth.b": {"here": NOW, "there": NOW + 600}},
            "auth.b",
            "that of auth.b",
            id="that of the endpoint",
        ),
    ],
)
def test_clocks_apart(clocks: Clocks, at: str, words: str | None) -> None:
    found = clocks_apart(row("expired", at=at), clocks)
    assert (found or "").endswith(words or "") or words == "that of auth.b"
    assert (found is None, found == "") == (words is None, words == "")
    if words == "that of auth.b":
        assert words in (found or "")


CA = make("CA")
SERVER = make("a.b", ca=False, issuer=CA, names=("a.b",), end=90)


@pytest.mark.parametrize(
    ("outcome", "clocks", "server", "remedy"),
    [
        pytest.param(
            "expired",
            by(-1103),
            SERVER,
            f"T{BEHIND}. Set the wrong one (timedatectl on this host); if this host's is right, have it reissued "
            "(the chain expires: CN=a.b on 2026-08-30)",
            id="expired, and the clocks differ",
        ),
        pytest.param(
            "expired",
            by(1),
            SERVER,
            "Have it reissued (the chain expires: CN=a.b on 2026-08-30); the clocks of this host and of the "
            "server agree",
            id="expired, and the clocks agree",
        ),
        pytest.param("expired", {}, None, "Have it reissued, and check the host's clock", id="expired"),
        pytest.param(
            "not yet valid",
            by(-1103),
            SERVER,
            f"T{BEHIND}. Set the wrong one (timedatectl on this host); it is valid from 2026-05-02",
            id="too new, and the clocks differ",
        ),
        pytest.param(
            "not yet valid",
            by(1),
            SERVER,
            "The clocks of this host and of the server agree, so the certificate was issued with a later start, "
            "or by a machine whose clock is wrong: have it reissued; it is valid from 2026-05-02",
            id="too new, and the clocks agree",
        ),
        pytest.param("not yet valid", {}, None, "Check the host's clock", id="too new"),
    ],
)
def test_certificates_and_clocks(outcome: str, clocks: Clocks, server: Pair | None, remedy: str) -> None:
    chains = {HOST: [server.certificate]} if server else {}
    assert remedies([row(outcome)], TABLE, chains, clocks) == [remedy]


KEY = f"{HOST} may not know the key that its tokens are signed with (rootcertbundle in the registry's settings)"


@pytest.mark.parametrize(
    ("given", "clocks", "remedy"),
    [
        pytest.param(
            row("login refused"),
            {},
            "Correct `username` (robot$ci) or `password` of a.b:5000 in builder_registries, and run "
            "playbooks/trust-registries.yml; Harbor gives the same answer for a robot account that is disabled or has "
            "expired",
            id="refused",
        ),
        pytest.param(
            row("forbidden", at="auth.b"),
            {},
            "auth.b accepts the login but grants no access: check the permissions and addresses of robot$ci there, or "
            "set another `username` of a.b:5000 in builder_registries, and run playbooks/trust-registries.yml",
            id="forbidden",
        ),
        pytest.param(
            row("not logged in"),
            {},
            "It was not tested. Run playbooks/trust-registries.yml, which logs ci in to a.b:5000 with this login",
            id="not logged in",
        ),
        pytest.param(
            row("token not valid"),
            by(1),
            f"The clocks of this host and of the servers agree: the clock of {HOST} or that of its token "
            f"endpoint is wrong, "
            f"or {KEY}. {LOGS}",
            id="a token, and the clocks agree",
        ),
        pytest.param(
            row("token not valid"),
            by(-1103),
            f"T{BEHIND}. Set the wrong one; if that is not the reason, {KEY}",
            id="a token, and the clocks differ",
        ),
        pytest.param(
            row("token not valid"),
            {},
            f"The clock of {HOST} or that of its token endpoint is wrong, or {KEY}. {LOGS}",
            id="a token, and no clock is known",
        ),
        pytest.param(
            row("server error", at="auth.b", about=outcomes.ENDPOINT),
            {},
            f"Its token endpoint responds with an error: see its logs at auth.b (of Harbor: core, and what is "
            f"behind its proxy). {LOGS}",
            id="the token endpoint fails",
        ),
        pytest.param(
            row("server error", "HTTP 502 Bad Gateway"),
            {},
            f"The registry responds with an error: see its logs at a.b:5000 (of Harbor: core, and what is behind "
            f"its proxy). {LOGS}",
            id="the registry fails",
        ),
        pytest.param(
            row("other", at="auth.b", about=outcomes.NO_ENDPOINT),
            {},
            "a.b:5000 sends its clients there for tokens: fix the address or the service in its settings "
            f"(auth.token.realm and service; of Harbor, external_url). {LOGS}",
            id="nobody gives out tokens there",
        ),
        pytest.param(
            row("other", at="auth.b", about=outcomes.PLAIN_ENDPOINT),
            {},
            "a.b:5000 sends its clients there for tokens, and docker and BuildKit send the password: fix the address "
            "in its settings (auth.token.realm; of Harbor, external_url), or, if others may read the password, "
            "add an entry for auth.b with `http: true` to builder_registries",
            id="the token endpoint has no TLS",
        ),
        pytest.param(
            row("other", at="auth.b", about=outcomes.ENDPOINT),
            {},
            "The message is that of the client",
            id="the token endpoint, and another reason",
        ),
    ],
)
def test_remedies(given: dict[str, str], clocks: Clocks, remedy: str) -> None:
    assert remedies([given], TABLE, {}, clocks) == [remedy]

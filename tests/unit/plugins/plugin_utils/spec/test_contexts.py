# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker contexts as users write them: what is accepted, and what is told of all else."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.contexts import Users, check_builders, normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.tls_files import Sources
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

CA = make("CA")
CLIENT = make("client", ca=False, issuer=CA)
OTHER = make("other", ca=False, issuer=CA)
SOON = make("soon", ca=False, issuer=CA, end=3)
OVER = make("over", ca=False, issuer=CA, end=-1)
FILES = {
    "ca.der": CA.der,
    "client.pem": CLIENT.pem.encode(),
    "client.key": CLIENT.key_bytes(),
    "other.key": OTHER.key_bytes(),
}
TCP = {"name": "big", "host": "tcp://big.example.com:2376"}
PAIR = {"client_cert": CLIENT.pem, "client_key": CLIENT.key_pem}
USERS = Users(["root", "ci"])


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return FILES[path]


def run(*contexts: dict[str, t.Any]) -> tuple[list[dict[str, t.Any]], list[str], list[str]]:
    """(the normalised entries, problems, warnings)."""
    findings = Findings()
    found = normalise(contexts, "c", USERS, Sources(read_file, NOW, 30), findings)
    return found, [str(each) for each in findings.problems], findings.warnings


@pytest.mark.parametrize(
    ("given", "made"),
    [
        pytest.param({"name": "arm", "host": "ssh://ci@arm-1"}, {"users": ["root", "ci"]}, id="by ssh, for all"),
        pytest.param({"name": "arm", "host": "ssh://arm-1:2222/run/user/1000/docker.sock"}, {}, id="a socket there"),
        pytest.param({"name": "a+b._-1", "host": "ssh://[2001:db8::1]"}, {}, id="an address"),
        pytest.param({"name": "rootless", "host": "unix:///run/user/1000/docker.sock"}, {}, id="a socket here"),
        pytest.param(
            {**TCP, "ca": "ca.der", "client_cert": "client.pem", "client_key": "client.key", "users": ["ci", "ci"]},
            {"ca": CA.pem, **PAIR, "users": ["ci"]},
            id="by TLS, with files",
        ),
        pytest.param({**TCP, **PAIR}, {}, id="a server of a public CA"),
        pytest.param({**TCP, "ca": CA.pem}, {}, id="a server that wants no certificate"),
    ],
)
def test_what_is_accepted(given: dict[str, t.Any], made: dict[str, t.Any]) -> None:
    found, problems, warnings = run(given)
    assert (problems, warnings) == ([], [])
    assert found == [{"users": ["root", "ci"], **given, **made}]


def test_users_may_have_different_ones_of_one_name() -> None:
    mine, theirs = ({"name": "arm", "host": f"ssh://{user}@arm-1", "users": [user]} for user in ("root", "ci"))
    assert run(mine, theirs) == ([mine, theirs], [], [])


URLS = "Write ssh://user@host, tcp://host:port or unix:///path."


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(
            {"name": "default"}, "c[0].name = 'default': is the name of docker's own context. ", id="reserved"
        ),
        pytest.param({"name": "a"}, "c[0].name = 'a': is not a valid context name. Write two or more", id="short"),
        pytest.param({"name": "a/b"}, "c[0].name = 'a/b': is not a valid context name. ", id="a slash"),
        pytest.param({"name": "a" * 201}, "is longer than 200 characters. Use a shorter name.", id="long"),
        pytest.param({"host": "arm-1"}, f"c[0].host = 'arm-1': is not the URL of a Docker. {URLS}", id="a bare name"),
        pytest.param({"host": "https://a:1"}, f"'https://a:1': is not the URL of a Docker. {URLS}", id="https"),
        pytest.param({"host": "ssh://a b"}, f"is not the URL of a Docker. {URLS}", id="a space"),
        pytest.param({"host": "ssh://[a"}, f"c[0].host = 'ssh://[a': is not a valid URL. {URLS}", id="no address"),
        pytest.param({"host": "tcp://a:x"}, f"is not a valid URL. {URLS}", id="no number"),
        pytest.param({"host": "ssh://"}, f"c[0].host = 'ssh://': has no valid host. {URLS}", id="no host"),
        pytest.param({"host": "ssh://-oProxyCommand=x"}, "has no valid host. ", id="an option of ssh"),
        pytest.param({"host": "ssh://ci:pw@a"}, "c[0].host = '***@a': contains credentials", id="a password"),
        pytest.param({"host": "tcp://ci@a:2376"}, "c[0].host = '***@a:2376': contains credentials", id="a user"),
        pytest.param({"host": "tcp://a:2376?x=1"}, "has a query or fragment. Remove it.", id="a query"),
        pytest.param({"host": "tcp://a"}, "has no port. Write that at which this Docker listens", id="no port"),
        pytest.param({"host": "tcp://a:0"}, "has no valid port. Write a port from 1 to 65535.", id="port 0"),
        pytest.param({"host": "unix://run/a.sock"}, "has no path. Write unix:///run/docker.sock.", id="two slashes"),
        pytest.param({"description": "a\nb"}, "c[0].description: has a line break or a control character", id="lines"),
        pytest.param({"users": []}, "c[0].users: is empty. Name one of builder_users, or remove it", id="nobody"),
        pytest.param(
            {"users": ["ci", "roots"]},
            "c[0].users[1] = 'roots': is not one of builder_users. Did you mean root?",
            id="another user",
        ),
        pytest.param(
            {"host": "ssh://a", "ca": CA.pem},
            "c[0].ca: is set, but ssh has no TLS. Remove it, or use tcp://.",
            id="ssh",
        ),
        pytest.param(
            {"host": "unix:///a", "skip_tls_verify": True},
            "c[0].skip_tls_verify: is set, but unix has no TLS",
            id="unix",
        ),
        pytest.param(
            {"client_key": CLIENT.key_pem}, "c[0].client_cert: is missing, but `client_key` is given", id="key"
        ),
        pytest.param(
            {"client_cert": CLIENT.pem}, "c[0].client_key: is missing, but `client_cert` is given", id="no key"
        ),
        pytest.param(
            {**PAIR, "client_key": "other.key"},
            "c[0].client_key: does not belong to the client certificate CN=client. Use the key of this certificate",
            id="another key",
        ),
        pytest.param({"ca": CLIENT.pem}, "c[0].ca: certificate CN=client is not a CA", id="no CA"),
        pytest.param(
            {"ca": "ca.pem"}, "c[0].ca: cannot be read: No such file or directory. Use a path on", id="no file"
        ),
        pytest.param(
            {"client_cert": OVER.pem, "client_key": OVER.key_pem},
            "c[0].client_cert: certificate CN=over expired on 2026-05-31. Have the client certificate reissued.",
            id="expired",
        ),
    ],
)
def test_what_is_refused(given: dict[str, t.Any], told: str) -> None:
    _found, problems, _warnings = run({**TCP, **given})
    (problem,) = problems
    assert told in problem
    assert "PRIVATE KEY" not in problem


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({}, "c[0].host: without TLS everyone on the network is root there; set `ca`", id="plain"),
        pytest.param(
            {"skip_tls_verify": True},
            "c[0].skip_tls_verify: any certificate is accepted: who is in between is root there",
            id="not verified",
        ),
        pytest.param(
            {"skip_tls_verify": True, "ca": CA.pem},
            "c[0].skip_tls_verify: any certificate is accepted, and `ca` has no effect: who is in between is root "
            "there",
            id="not verified although it could be",
        ),
        pytest.param(
            {"client_cert": SOON.pem, "client_key": SOON.key_pem},
            "c[0].client_cert: certificate CN=soon expires on 2026-06-04, in 3 days",
            id="soon over",
        ),
    ],
)
def test_what_is_warned_of(given: dict[str, t.Any], told: str) -> None:
    _found, problems, warnings = run({**TCP, **given})
    assert (problems, warnings) == ([], [told])


def test_a_user_has_one_context_of_a_name() -> None:
    one, other = ({"name": "arm", "host": "ssh://a", "users": users} for users in (["root", "ci"], ["ci"]))
    assert run(one, other)[1] == [
        "c[1].name = 'arm': is also the name of c[0], for one of its users. Use another name, or other users."
    ]


def test_an_entry_of_the_wrong_type_was_reported_already() -> None:
    assert run({}) == ([{"users": ["root", "ci"]}], [], [])


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        pytest.param({"nodes": [{"context": "all"}, {"host": "a"}]}, [], id="all have it"),
        pytest.param({"nodes": [{"context": "each"}]}, [], id="each has one of the name"),
        pytest.param({"nodes": [{"context": "elsewhere"}]}, [], id="one that is not in the table"),
        pytest.param(
            {"nodes": [{}, {"context": "some"}]},
            ["i[0].nodes[1].context = 'some': is in builder_contexts, but not for root. Add root to its `users`."],
            id="not all have it",
        ),
        pytest.param(
            {"name": "all"},
            [
                "i[0].name = 'all': is also the name of a context, and buildx creates no builder of that name. Rename "
                "one of them."
            ],
            id="a builder of the same name",
        ),
    ],
)
def test_builders_fit_contexts(instance: dict[str, t.Any], told: list[str]) -> None:
    users = {"all": [["root", "ci"]], "some": [["ci"]], "each": [["ci"], ["root"]]}
    contexts = [{"name": name, "users": each} for name, rows in users.items() for each in rows]
    findings = Findings()
    check_builders([{"name": "multiarch", **instance}], contexts, USERS, "i", findings)
    assert [str(each) for each in findings.problems] == told

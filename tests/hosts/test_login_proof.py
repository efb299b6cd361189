"""Logins are proven, and what fails in a registry, its token endpoint or a login is told as that, with what to do.

The registry is a Harbor of the test's own, with token authentication and faults (tests/hosts/own_registry.py).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.settings import BASIC_NAME, BASIC_PORT, REGISTRY_PASSWORD, ROBOT
from lab.standins.token_service import Faults
from tests.hosts import own_registry
from tests.hosts.lab import Run, on, playbook
from tests.hosts.own_registry import HOST, LOGIN, NOBODY, Token, authority, fail
from tests.hosts.sampling import sampled

CA = authority("own CA")
MIRRORED = [
    {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
    {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"},
]
WRONG = "another-" + LOGIN["password"]
LEAST: dict[str, Any] = {
    "builder_users": ["root", "ci"],
    "builder_platforms": ["amd64"],
    "builder_concerns": ["trust", "daemon", "buildx"],
    "builder_verify_repository": "",
    "builder_verify_trust": True,
}
TRUST_ALONE = {**LEAST, "builder_concerns": ["trust"]}
REPOSITORY = {**LEAST, "builder_verify_repository": f"{HOST}/ci/proof"}
TOKENS = f"https://{HOST}/service/token"
DOCKERD, CLIENTS, BUILDER = ("dockerd",), ("client-root", "client-ci"), ("builder-multiarch",)
ALL = ("plain", *DOCKERD, *CLIENTS, *BUILDER)


def run(name: str, host: str, variables: dict[str, Any], *arguments: str, **entry: Any) -> Run:
    """A playbook with our registry, whose entry has *entry* beside the right login."""
    table = [*MIRRORED, {"host": HOST, "ca": CA.pem, **LOGIN, **entry}]
    return playbook(name, *arguments, limit=host, variables={**variables, "builder_registries": table})


def told(outcome: str, ways: tuple[str, ...], at: str = "") -> str:
    """How the checks of our registry that failed in one way are told."""
    names = [f"trust[{HOST}-{way}]" for way in ways] + [f"login[{HOST}-{user}]" for user in LEAST["builder_users"]]
    return f"- {', '.join(names)}: {HOST}: {outcome}{f' at {at}' if at else ''} "


def secrets_in(text: str, *passwords: str) -> list[str]:
    tokens = [base64.b64encode(f"{LOGIN['username']}:{each}".encode()).decode() for each in passwords]
    return [each for each in (*passwords, *tokens, '"token"', "eyJ") if each in text]


@pytest.fixture(scope="module", autouse=True)
def _registry() -> Iterator[None]:
    own_registry.serve(CA, token=Token())
    yield
    own_registry.stop()


@pytest.mark.thorough
def test_what_fails_is_told_apart(engine: str) -> None:
    fail(Faults())
    passwords = LOGIN["password"], base64.b64encode(":".join(LOGIN.values()).encode()).decode()
    with sampled(*passwords) as seen:
        done = run("provision-builders", engine, REPOSITORY, "-vvv")
    assert done.status == 0, done.output
    assert done.output.strip().splitlines()[-1].endswith("; proven")
    assert (secrets_in(done.output, LOGIN["password"]), seen) == ([], [])
    verified = run("verify-builders", engine, REPOSITORY)
    assert verified.status == 0, verified.output
    assert verified.says(" days, logged in")

    fails = f"responds with an error: see its logs at {HOST} (of Harbor: core, and what is behind its proxy)"
    nobody = NOBODY.split("/")[2]
    expected = {
        Faults(token_status=500): [
            told("server error", ALL),
            f"| login root: {LOGIN['username']}: token endpoint {TOKENS} answered 500 Internal Server Error",
            f"| builder multiarch: token endpoint {TOKENS} answered 500 Internal Server Error",
            f"Its token endpoint {fails}",
        ],
        Faults(core_down=True): [
            told("server error", ALL),
            "| plain: HTTP 502 Bad Gateway",
            f"The registry {fails}",
        ],
        Faults(realm=NOBODY): [
            told("no answer", ALL, nobody),
            f"| plain: token endpoint {NOBODY}: ",
            "Check that it runs, and that this host can resolve its name and reach its port",
        ],
        Faults(valid_in=86400): [
            told("token not valid", (*CLIENTS, *BUILDER)),
            f"| login ci: {LOGIN['username']}: https://{HOST}/v2/ rejects the token of token endpoint {TOKENS}, ",
            ", which is valid from ",
            f"clocks of this host and of the servers agree: the clock of {HOST} or that of its token endpoint is wrong",
        ],
    }
    for faults, words in expected.items():
        fail(faults)
        failed = run("verify-builders", engine, TRUST_ALONE)
        assert failed.status == 2
        assert [each for each in words if not failed.says(each)] == [], failed.output
        assert secrets_in(failed.output, LOGIN["password"]) == []


def test_a_login_that_is_refused_or_may_not_push(spare: str) -> None:
    fail(Faults())
    with sampled(WRONG) as seen:
        refused = run("provision-builders", spare, LEAST, "-vvv", password=WRONG)
    assert refused.status == 2
    assert refused.says(
        f"- {HOST}: login refused (login of root and ci): {LOGIN['username']}: token endpoint {TOKENS} answered 401 "
        f"Unauthorized. Correct `username` ({LOGIN['username']}) or `password` of {HOST} in builder_registries, and "
        "run playbooks/trust-registries.yml; Harbor gives the same answer for a robot account that is disabled or has "
        "expired."
    ), refused.output
    assert not refused.says(": proven")
    assert (secrets_in(refused.output, WRONG, LOGIN["password"]), seen) == ([], [])

    # The push that fails for it tells the same, where Harbor itself tells a status alone.
    pushed = run("provision-builders", spare, {**REPOSITORY, "builder_verify_trust": False}, password=WRONG)
    assert pushed.status == 2
    whose = f"{LOGIN['username']}, the login of root at {HOST}"
    assert pushed.says(f"The registry refuses {whose} (")
    assert pushed.says(f": fix `username` and `password` of {HOST} in builder_registries, and run ")

    # Right again; then a robot that may pull only.
    fail(Faults(actions=("pull",)))
    weak = run("provision-builders", spare, REPOSITORY)
    assert weak.status == 2
    assert weak.says(
        f"{whose}, may pull from ci/proof but not push to it: grant it push there (Harbor: Push Repository)"
    )
    assert not weak.says("login refused")
    assert secrets_in(weak.output, WRONG, LOGIN["password"]) == []

    # Logins that somebody else took away or replaced are not tried, and that is told.
    fail(Faults())
    on(
        spare,
        "rm ~/.docker/config.json; cat > ~ci/.docker/config.json",
        stdin=json.dumps({"auths": {HOST: {"auth": "eDp5"}}}),
    )
    lost = run("verify-builders", spare, TRUST_ALONE)
    assert lost.status == 2
    for words in (
        f"| login root: config.json of root has no login with a password for {HOST}",
        f"| login ci: config.json of ci has another login for {HOST} than builder_registries, of x",
        f"It was not tested. Run playbooks/trust-registries.yml, which logs ci in to {HOST} with this login",
    ):
        assert lost.says(words), lost.output
    assert not lost.says("days, logged in")


@pytest.mark.parametrize(("password", "status"), [("right", 0), ("wrong", 2)])
def test_a_registry_with_passwords_alone(password: str, status: int, spare: str) -> None:
    host = f"{BASIC_NAME}:{BASIC_PORT}"
    given = {"right": REGISTRY_PASSWORD.read_text().strip(), "wrong": WRONG}[password]
    entry = {"host": host, "ca": "{{ lab_state }}/pki/ca.crt", "username": ROBOT, "password": given}
    variables = {**TRUST_ALONE, "builder_registries": [entry]}
    done = playbook("trust-registries", limit=spare, variables=variables)
    assert done.status == status, done.output
    assert secrets_in(done.output, given) == []
    words = f"- {host}: login refused (login of root and ci): {ROBOT}: https://{host}/v2/ answered 401 Unauthorized. "
    assert done.says(words) == (password == "wrong")

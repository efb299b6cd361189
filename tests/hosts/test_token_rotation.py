"""A Harbor's CA, with tokens: docker itself is restarted where it has to be, once, and never without being told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.settings import IMAGES_FILE
from tests.hosts import own_registry
from tests.hosts.daemon import BUILDER, build_status, process, start_build
from tests.hosts.lab import Run, on, playbook
from tests.hosts.own_registry import HOST, LOGIN, TOKEN_HOST, Token, authority, renewed

BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
TABLE: list[dict[str, Any]] = [
    {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
    {"host": "mirror.lab.test:5000", "ca": "{{ lab_state }}/pki/ca.crt"},
]
LEAST = {
    "builder_users": ["root"],
    "builder_platforms": ["amd64"],
    "builder_verify_repository": "",
    "builder_verify_trust": True,
}
# All that users do with a registry.
USES = {
    "builder's push": f"""
        mkdir -p /var/tmp/own; printf 'FROM {BASE}\nRUN echo kept > /kept\n' > /var/tmp/own/Dockerfile
        docker buildx build --progress plain --tag {HOST}/ci/own:1 --push /var/tmp/own""",
    "pull": f"docker pull {HOST}/ci/own:1",
    "push": f"tar c /etc/hostname | docker import - {HOST}/ci/again:1; docker push {HOST}/ci/again:1",
    "index": f"docker buildx imagetools inspect {HOST}/ci/own:1",
    "login": f"docker login --username '{LOGIN['username']}' --password-stdin {HOST} < /var/tmp/password",
}
FOR_TOKENS = "docker reads the system's authorities only at its start, and needs them for tokens of"
STEP = "sleep 1006"


def failing(host: str) -> dict[str, str]:
    """{use: words} of what users cannot do."""
    on(host, "umask 077; cat > /var/tmp/password", stdin=LOGIN["password"])
    found = {
        use: on(host, f"({script}) > /var/tmp/use.log 2>&1 || cat /var/tmp/use.log") for use, script in USES.items()
    }
    return {use: words for use, words in found.items() if words}


def trust(
    host: str, *cas: str, more: tuple[dict[str, Any], ...] = (), name: str = "trust-registries", **variables: Any
) -> Run:
    """A playbook with our registry, trusted by *cas*; *variables* without `builder_`."""
    table = [*TABLE, {"host": HOST, "ca": "".join(cas), **LOGIN}, *more]
    given = {f"builder_{name}": value for name, value in variables.items()}
    return playbook(name, limit=host, variables={**LEAST, "builder_registries": table, **given})


@pytest.fixture
def _registry() -> Iterator[None]:
    yield
    own_registry.stop()


@pytest.mark.both_engines
@pytest.mark.usefixtures("_registry")
def test_a_rotation_restarts_docker_once_when_it_may(engine: str) -> None:
    old, new, other = authority("old CA"), authority("new CA"), authority("CA of the token endpoint")
    own_registry.serve(old, token=Token())
    run = trust(engine, old.pem)
    assert run.status == 0, run.output
    assert failing(engine) == {}
    docker, builder = process(engine), on(engine, f"docker inspect --format '{{{{.Id}}}}' {BUILDER}")

    # Both CAs, at a time at which nothing may be disturbed.
    run = trust(engine, old.pem, new.pem, disruption="never")
    assert run.status == 0, run.output
    assert run.says(
        f"docker must restart, but builder_disruption: never forbids it: {FOR_TOKENS} {HOST}; builders do not"
    )
    assert process(engine) == docker
    assert failing(engine) == {}

    # And at another one: a build ends first.
    start_build(engine, "slow", f"{STEP}; echo slept", command=f"docker buildx build --tag {HOST}/ci/slow:1 --push")
    run = trust(engine, old.pem, new.pem, drain_timeout=1)
    assert run.recap(engine)["failed"] == 1
    assert run.says("builder_drain_timeout")
    assert process(engine) == docker
    on(engine, f"pkill --full --exact '{STEP}'")
    assert build_status(engine, "slow") == "0"
    run = trust(engine, old.pem, new.pem)
    assert run.status == 0, run.output
    assert run.says(f"restart docker: {FOR_TOKENS} {HOST}; builders do not")
    restarted = process(engine)
    assert restarted != docker

    own_registry.serve(new, token=Token())
    assert failing(engine) == {}
    run = trust(engine, new.pem)
    assert run.status == 0, run.output
    assert failing(engine) == {}
    assert trust(engine, new.pem).recap(engine)["changed"] == 0
    assert process(engine) == restarted, "the old CA went without a restart"
    assert on(engine, f"docker inspect --format '{{{{.Id}}}}' {BUILDER}") == builder

    # Tokens come from elsewhere, with another CA.
    own_registry.serve(new, token=Token(ca=other))
    run = trust(engine, new.pem)
    assert run.recap(engine)["changed"] == 0, "nothing differs, so nothing is proven"
    assert "x509" in failing(engine)["pull"]
    run = trust(engine, new.pem, more=({"host": TOKEN_HOST, "ca": other.pem},))
    assert run.status == 0, run.output
    assert run.says(f"restart docker: {FOR_TOKENS} {HOST} (issued by {TOKEN_HOST}); builders do not")
    assert failing(engine) == {}


@pytest.mark.usefixtures("_registry")
def test_a_ca_that_was_renewed_with_its_key_restarts_nothing(engine: str) -> None:
    former = authority("lasting CA")
    own_registry.serve(former, token=Token())
    assert trust(engine, former.pem).status == 0
    docker = process(engine)

    again = renewed(former)
    run = trust(engine, again.pem)
    assert run.status == 0, run.output
    assert not run.says("restart docker")
    own_registry.serve(again, token=Token())
    assert failing(engine) == {}
    assert trust(engine, again.pem).recap(engine)["changed"] == 0
    assert process(engine) == docker


@pytest.mark.usefixtures("_registry")
def test_who_gives_out_tokens_has_the_ca_of_its_registry_without_an_entry(engine: str) -> None:
    """As a company's GitLab, which gives out tokens for its registry of another name."""
    old, new = authority("old CA"), authority("new CA")
    own_registry.serve(old, token=Token(ca=old))
    assert trust(engine, old.pem).status == 0
    assert failing(engine) == {}
    run = trust(engine, old.pem, new.pem)
    assert run.status == 0, run.output
    assert run.says(f"restart docker: {FOR_TOKENS} {HOST} (issued by {TOKEN_HOST}); builders do not")
    own_registry.serve(new, token=Token(ca=new))
    assert failing(engine) == {}


@pytest.mark.usefixtures("_registry")
def test_where_builders_alone_pull_nothing_restarts(engine: str) -> None:
    old, new = authority("old CA"), authority("new CA")
    own_registry.serve(old, token=Token())
    assert trust(engine, old.pem, docker_pulls=False).status == 0
    docker = process(engine)
    assert trust(engine, old.pem, new.pem, docker_pulls=False).status == 0
    own_registry.serve(new, token=Token())
    assert trust(engine, new.pem, docker_pulls=False).status == 0
    run = trust(engine, new.pem, docker_pulls=False, name="verify-builders")
    assert run.status == 0, run.output
    assert run.says(f"docker itself cannot fetch tokens of {HOST} before it is restarted, which is skipped, as")
    assert process(engine) == docker
    assert set(failing(engine)) == {"pull", "push"}, "as was said"

    # Somebody wants docker to pull after all.
    run = trust(engine, new.pem)
    assert run.status == 0, run.output
    assert process(engine) != docker
    assert failing(engine) == {}


@pytest.mark.usefixtures("_registry")
def test_what_docker_turns_out_not_to_have_read_is_mended_by_the_next_run(engine: str) -> None:
    """As where somebody else put the CA into the system's store, and nothing tells when."""
    old, new = authority("old CA"), authority("new CA")
    own_registry.serve(old, token=Token())
    assert trust(engine, old.pem).status == 0
    on(engine, "cat > /usr/local/share/ca-certificates/theirs.crt; update-ca-certificates", stdin=new.pem)
    own_registry.serve(new, token=Token())
    run = trust(engine, new.pem)
    assert run.recap(engine)["failed"] == 1
    assert run.says("has not read this CA yet: run playbooks/trust-registries.yml, which restarts docker")
    run = trust(engine, new.pem)
    assert run.status == 0, run.output
    assert run.says(f"restart docker: {FOR_TOKENS} {HOST}; builders do not")
    assert failing(engine) == {}

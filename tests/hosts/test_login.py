"""Logins: the password is where it belongs and nowhere else; helpers are used; what left the table is logged out."""

from __future__ import annotations

import base64
import json
from typing import Any

from lab.settings import REGISTRY_PASSWORD, ROBOT
from tests.hosts.lab import Run, on, playbook
from tests.hosts.sampling import sampled

PASSWORD = REGISTRY_PASSWORD.read_text().strip()
TOKEN = base64.b64encode(f"{ROBOT}:{PASSWORD}".encode()).decode()
ENTRY = {"harbor.lab.test": {"auth": TOKEN}}
WITHOUT_HARBOR: dict[str, list[str]] = {"builder_registries": []}

# As docker's own helpers, for one login: https://github.com/docker/docker-credential-helpers
HELPER = """#!/bin/sh
umask 077
kept=$HOME/kept-by-the-helper
case $1 in
store) cat >"$kept" ;;
get) grep -qsF "\\"$(cat)\\"" "$kept" && cat "$kept" || { echo credentials not found in native keychain; exit 1; } ;;
erase) grep -qsF "\\"$(cat)\\"" "$kept" && rm "$kept" ;;
esac
"""


def trust(host: str, *arguments: str, **variables: Any) -> Run:
    run = playbook("provision-builders", *arguments, limit=host, variables={"builder_concerns": ["trust"], **variables})
    assert run.status == 0, run.output
    return run


def config_of(host: str, home: str) -> Any:
    return json.loads(on(host, f"cat {home}/.docker/config.json"))


def pull(host: str, user: str) -> str:
    """What the registry answers a user who wants an image that it does not have."""
    return on(host, f"runuser -u {user} -- docker pull harbor.lab.test/none/none:1 2>&1 || true")


def files_with_the_password(host: str) -> list[str]:
    folders = "/etc /home /opt /root /run /srv /tmp /usr/local /var"
    found = on(host, f"grep -rlF -f - {folders} --exclude-dir=docker || true", stdin=f"{PASSWORD}\n{TOKEN}\n")
    return sorted(found.split())


def test_the_password_is_in_no_output_no_process_and_no_file_but_config_json(spare: str) -> None:
    theirs: Any = {"auths": {"other.example": {"auth": "eDp5"}}, "psFormat": "{{.ID}}", "detachKeys": "ctrl-q"}
    on(spare, "install -d -o ci -g ci -m 700 ~ci/.docker; cat > ~ci/.docker/config.json", stdin=json.dumps(theirs))
    on(spare, "chown ci:ci ~ci/.docker/config.json; chmod 644 ~ci/.docker/config.json")
    with sampled(PASSWORD, TOKEN) as seen:
        for check in (["--check"], []):  # the second really logs in
            run = trust(spare, "--diff", "-vvv", *check)
            assert run.says(f"log ci in to harbor.lab.test as {ROBOT}")
            assert [secret for secret in (PASSWORD, TOKEN) if secret in run.output] == []
    assert seen == []
    assert files_with_the_password(spare) == ["/home/ci/.docker/config.json", "/root/.docker/config.json"]

    assert config_of(spare, "/home/ci") == {**theirs, "auths": {**theirs["auths"], **ENTRY}}
    assert config_of(spare, "/root") == {"auths": ENTRY}
    modes = on(spare, "stat --format '%a %U:%G' ~ci/.docker/config.json ~/.docker/config.json")
    assert modes.splitlines() == ["600 ci:ci", "600 root:root"]
    assert "manifest unknown" in pull(spare, "ci")

    run = trust(spare, **WITHOUT_HARBOR)
    assert run.says("log ci out of harbor.lab.test, no longer in builder_registries")
    assert config_of(spare, "/home/ci") == theirs
    assert files_with_the_password(spare) == []
    assert trust(spare, **WITHOUT_HARBOR).recap(spare)["changed"] == 0


def test_a_credential_helper_keeps_the_login_until_its_user_or_registry_leaves(spare: str) -> None:
    on(spare, "cat > /usr/local/bin/docker-credential-test; chmod 755 /usr/local/bin/docker-credential-test", HELPER)
    on(spare, 'install -d -o ci -g ci -m 700 ~ci/.docker; echo \'{"credsStore": "test"}\' > ~ci/.docker/config.json')
    on(spare, "chown ci:ci ~ci/.docker/config.json")
    with sampled(PASSWORD, TOKEN) as seen:
        trust(spare)
    assert seen == []
    assert config_of(spare, "/home/ci") == {"credsStore": "test"}
    assert files_with_the_password(spare) == ["/home/ci/kept-by-the-helper", "/root/.docker/config.json"]
    assert "manifest unknown" in pull(spare, "ci")
    assert trust(spare).recap(spare)["changed"] == 0

    run = trust(spare, builder_users=["root"])
    assert run.says("log ci out of harbor.lab.test, no longer in builder_users")
    assert files_with_the_password(spare) == ["/root/.docker/config.json"]
    assert "manifest unknown" not in pull(spare, "ci")

    trust(spare)
    run = trust(spare, **WITHOUT_HARBOR)
    for user in ("ci", "root"):
        assert run.says(f"log {user} out of harbor.lab.test, no longer in builder_registries")
    assert files_with_the_password(spare) == []
    assert trust(spare, **WITHOUT_HARBOR).recap(spare)["changed"] == 0


def test_a_login_that_somebody_else_changed_meanwhile_is_left_alone(spare: str) -> None:
    trust(spare)
    theirs = {"auths": {"harbor.lab.test": {"auth": "eDp5"}}}
    on(spare, "cat > ~ci/.docker/config.json", stdin=json.dumps(theirs))
    on(spare, "rm ~/.docker/config.json")
    run = trust(spare, **WITHOUT_HARBOR)
    for user in ("ci", "root"):
        assert run.says(f"drop the login of {user} to harbor.lab.test from the record")
    assert config_of(spare, "/home/ci") == theirs
    assert trust(spare, **WITHOUT_HARBOR).recap(spare)["changed"] == 0

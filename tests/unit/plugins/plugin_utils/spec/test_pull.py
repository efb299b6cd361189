# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of pull mode: nothing that ansible-pull's unquoted command line would take for something else."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.pull import settings
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError


class TaggedInt(int):
    """A number of an inventory, as ansible-core 2.19 passes it on."""


GIVEN = {
    "program": "/usr/bin/ansible-pull",
    "repository": "ssh://git@git.example.com:2222/fleet.git",
    "version": "main",
    "playbook": "playbooks/provision-builders.yml",
    "inventory": "inventory/fleet",
    "limit": "ci-1.example.com",
    "every": "1h",
    "spread": "10min",
    "verify_commit": False,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("repository", "git@git.example.com:fleet.git", id="the short form of ssh"),
        pytest.param("repository", "https://git.example.com/ci/fleet.git", id="https"),
        pytest.param("repository", "/srv/fleet.git", id="a folder of the host"),
        pytest.param("version", "release/1.2", id="a branch with a slash"),
        pytest.param("playbook", "site.yml", id="a playbook at the top"),
        pytest.param("inventory", "hosts", id="an inventory at the top"),
        pytest.param("every", "1h 30min", id="two spans"),
        pytest.param("every", "90", id="seconds"),
        pytest.param("spread", TaggedInt(90), id="seconds without quotes"),
    ],
)
def test_good(name: str, value: object) -> None:
    assert settings({**GIVEN, name: value})[name] == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("repository", "", "is required", id="no repository"),
        pytest.param("repository", "https://ci:token@git.example.com/x", "is not valid", id="a login"),
        pytest.param("repository", "https://a/b c", "is not valid", id="a space"),
        pytest.param("repository", "--upload-pack=x", "is not valid", id="an option"),
        pytest.param("version", "--force", "is not valid", id="an option as version"),
        pytest.param("version", "main; rm", "is not valid", id="a shell's word"),
        pytest.param("inventory", "", "is required", id="no inventory"),
        pytest.param("inventory", "/etc/ansible/hosts", "is not valid", id="an inventory outside"),
        pytest.param("inventory", "../hosts", "points outside the repository", id="an inventory above"),
        pytest.param("playbook", "site", "is not valid", id="no playbook"),
        pytest.param("program", "ansible-pull", "is not valid", id="a program without path"),
        pytest.param("every", "hourly", "is not valid", id="a calendar word"),
        pytest.param("limit", "ci-1,ci-2", "is not valid", id="two hosts"),
        pytest.param("limit", "-x", "is not valid", id="an option as host"),
        pytest.param("version", 1.2, "is a number, not text", id="a tag that YAML takes for a number"),
        pytest.param("version", TaggedInt(1234567), "is an integer, not text", id="a commit of digits"),
        pytest.param("verify_commit", "maybe", "is a string, not a boolean", id="neither yes nor no"),
    ],
)
def test_bad(name: str, value: object, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        settings({**GIVEN, name: value})
    (problem,) = caught.value.problems
    assert (problem.variable, problem.message) == (f"builder_pull_{name}", message)
    assert "token" not in str(problem)


@pytest.mark.parametrize("name", ["verify_commit", "enabled"])
@pytest.mark.parametrize(("value", "then"), [("false", False), ("yes", True), (True, True)])
def test_a_boolean_of_the_command_line_is_one(name: str, value: object, then: bool) -> None:
    assert settings({**GIVEN, name: value})[name] is then


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("vault_password", "", "is empty", id="empty: it would replace the one on the host"),
        pytest.param("git_credentials", " \n", "is empty", id="nothing but space"),
        pytest.param("deploy_key", "ssh-ed25519 AAAA secret", "is not a private ssh key", id="the public key"),
        pytest.param("known_hosts", ["secret"], "is a list, not text", id="a list"),
        pytest.param("vault_password", True, "is a boolean, not text", id="yes, which YAML takes for true"),
    ],
)
def test_bad_secrets_are_named_and_not_shown(name: str, value: object, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        settings(GIVEN, {name: value})
    (problem,) = caught.value.problems
    assert (problem.variable, problem.message) == (f"builder_pull_{name}", message)
    assert "secret" not in str(problem)


@pytest.mark.parametrize(("name", "default"), [("verify_commit", False), ("enabled", True)])
def test_a_boolean_without_a_value_is_the_default(name: str, default: bool) -> None:
    """As verification counts it: `builder_pull_enabled:` alone is no stopped timer."""
    assert settings({**GIVEN, name: None})[name] is default


def test_good_secrets_are_not_among_the_settings() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    assert settings(GIVEN, {"deploy_key": key, "vault_password": 12345, "known_hosts": None}) == GIVEN


def test_all_problems_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        settings({**GIVEN, "repository": "x", "every": "x"})
    assert [each.variable for each in caught.value.problems] == ["builder_pull_repository", "builder_pull_every"]

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML makes of what people write: read by Ansible's own loader, then checked as the spec step does."""

from __future__ import annotations

import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

NO_FILES: dict[str, bytes] = {}


def compiled(text: str) -> dict[str, t.Any]:
    """The options that the YAML *text* compiles to."""
    variables = transform_to_native_types(DataLoader().load(text), redact=False)
    return compile_spec(variables, names=tuple(OPTIONS), read_file=NO_FILES.__getitem__).options


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("users: [no]", "builder_users[0] = False: is a boolean, not a string. Put it in quotes.", id="no"),
        pytest.param("users: [on]", "builder_users[0] = True: is a boolean, not a string. Put it in quotes.", id="on"),
        pytest.param("users: [~]", "builder_users[0]: is null, not a string. Put it in quotes, or", id="~"),
        pytest.param(
            "users: root", "builder_users = 'root': is a string, not a list. Write a list: [a, b].", id="bare"
        ),
        pytest.param("users: [017]", "builder_users[0] = 15: is an integer, not a string.", id="017"),
        pytest.param("users: [1_000]", "builder_users[0] = 1000: is an integer, not a string.", id="1_000"),
        pytest.param("users: [12:30:45]", "builder_users[0] = 45045: is an integer, not a string.", id="12:30:45"),
        pytest.param("users: [2026-01-02]", "is of type date, not a string. Put it in quotes.", id="a date"),
        pytest.param("users: [!!binary aGk=]", "is of type bytes, not a string. Put it in quotes.", id="!!binary"),
        pytest.param("users: ['{{ ci_user }}']", "= '{{ ci_user }}': is not a valid user name.", id="not templated"),
        pytest.param("users: ['$USER']\ninstances: [{name: $x}]", "= '$x': is not a valid builder name.", id="$"),
        pytest.param("drain_timeout: 1e3", "= '1e3': is a string, not an integer. Write a whole number.", id="1e3"),
        pytest.param("drain_timeout: 1.0", "= 1.0: is a number, not an integer. Write a whole number.", id="1.0"),
        pytest.param("drain_timeout: .inf", "builder_drain_timeout: is not a valid JSON number.", id=".inf"),
        pytest.param("drain_timeout: 15m", "= '15m': is a string, not an integer. Write a whole number.", id="15m"),
        pytest.param(
            "proxy: {https: http://p, no_proxy: 'a,b'}", "no_proxy = 'a,b': is a string, not a list.", id="a,b"
        ),
        pytest.param("registries: [{host: a.b, mirrors: x.y}]", "mirrors = 'x.y': is a string, not a list.", id="x.y"),
        pytest.param("registries: {host: a.b}", "builder_registries: is a mapping, not a list.", id="no dash"),
        pytest.param(
            "registries: [{host: 10.5}]", "host = 10.5: is a number, not a string. Put it in quotes", id="10.5"
        ),
        pytest.param(
            "registries: [{host: a.b, username: me, password: 0123}]",
            "builder_registries[0].password: is an integer, not a string. Put it in quotes.",
            id="a password of digits: an octal number, and not shown",
        ),
        pytest.param(
            "registries: [{host: a.b, username: me, password: yes}]",
            "builder_registries[0].password: is a boolean, not a string. Put it in quotes.",
            id="a password that YAML takes for true",
        ),
        pytest.param("buildkit_options: {debug: 'yes'}", "debug = 'yes': is a string that buildkitd", id="quoted"),
        pytest.param("daemon_options: {1: 2}", "builder_daemon_options.1: has a key that is not a string.", id="key 1"),
        pytest.param("daemon_options: {on: 2}", "builder_daemon_options.True: has a key that is no", id="key on"),
        pytest.param(
            "daemon_options: {a: 2026-01-02}", "is of type date, which JSON does not support.", id="a date in JSON"
        ),
        pytest.param("daemon_options: {a: .nan}", "builder_daemon_options.a: is not a valid JSON number.", id=".nan"),
        pytest.param('users: ["a\\0"]', "has a character that no text file can hold (U+0000).", id="NUL"),
    ],
)
def test_a_trap_is_told(text: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(text)
    assert told in str(caught.value.problems[0])


ODD = "p'a\"s`s $HOME ${x} $(id) {{ x }} {% y %} # ; & | \\ ä \t"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        pytest.param("users: [0o17]", "users", ["0o17"], id="0o17 is text"),
        pytest.param("users: ['no', \"1e3\"]", "users", ["no", "1e3"], id="in quotes"),
        pytest.param("drain_timeout: '60'", "drain_timeout", 60, id="digits in quotes"),
        pytest.param("docker_group: yes", "docker_group", True, id="yes"),
        pytest.param("docker_group: 'no'", "docker_group", False, id="no in quotes"),
        pytest.param(
            "daemon_options: {a: 1e3, b: 1.5e+3}", "daemon_options", {"a": "1e3", "b": 1500.0}, id="exponents"
        ),
        pytest.param("daemon_options: {a: '{{ x }}'}", "daemon_options", {"a": "{{ x }}"}, id="braces of --format"),
        pytest.param("users: [a]\nusers: [b]", "users", ["b"], id="a key twice: the last one, and Ansible warns"),
        pytest.param("gc: {max: 1_000}", "gc", {"max": "1000"}, id="a number of bytes"),
    ],
)
def test_what_is_meant_arrives(text: str, name: str, value: object) -> None:
    assert compiled(text)[name] == value


def test_odd_characters_of_a_login_arrive_as_they_are() -> None:
    registries = [{"host": "a.b", "username": "robot$ci+x", "password": ODD}]
    found = compile_spec({"registries": registries}, names=tuple(OPTIONS), read_file=NO_FILES.__getitem__)
    assert (found.options["registries"][0]["username"], found.options["registries"][0]["password"]) == (
        "robot$ci+x",
        ODD,
    )


def test_very_long_lists_are_checked_and_told_in_full() -> None:
    hosts = [{"host": f"r{number}.example.com", "mirrors": [f"m{number}.example.com"]} for number in range(500)]
    found = compile_spec({"registries": hosts}, names=tuple(OPTIONS), read_file=NO_FILES.__getitem__)
    assert len(found.options["registries"]) == 500
    with pytest.raises(SpecError) as caught:
        compile_spec({"registries": [{"host": "a b"}] * 500}, names=("registries",), read_file=NO_FILES.__getitem__)
    assert len(caught.value.problems) == 500

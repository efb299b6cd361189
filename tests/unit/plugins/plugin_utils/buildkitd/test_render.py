# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""buildkitd.toml, rendered. Origin of the paths: docker/buildx, util/confutil/container.go."""

from __future__ import annotations

import tomllib
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import parse, render

REGISTRIES: list[dict[str, t.Any]] = [
    {"host": "docker.io", "mirrors": ["harbor.example.com:8443/hub", "m.example"], "http": False},
    {"host": "harbor.example.com:8443", "mirrors": [], "ca": "CA\n", "client_cert": "CERT\n", "client_key": "KEY\n"},
    {"host": "lab:5000", "mirrors": [], "http": True, "insecure": True},
    {"host": "other.example", "mirrors": [], "username": "u", "password": "s3cret"},
]
PATH = "/etc/buildkit/certs/harbor.example.com_8443"
SECTIONS = {
    "docker.io": {"mirrors": ["harbor.example.com:8443/hub", "m.example"]},
    "harbor.example.com:8443": {
        "ca": [f"{PATH}/ca.crt"],
        "keypair": [{"key": f"{PATH}/client.key", "cert": f"{PATH}/client.cert"}],
    },
    "lab:5000": {"http": True, "insecure": True},
}


def test_the_table_of_registries_becomes_sections_and_files() -> None:
    rendered = render(REGISTRIES, {})
    assert tomllib.loads(rendered.text) == {"registry": SECTIONS}
    assert rendered.files == {
        "harbor.example.com_8443/ca.crt": ("harbor.example.com:8443", "ca"),
        "harbor.example.com_8443/client.cert": ("harbor.example.com:8443", "client_cert"),
        "harbor.example.com_8443/client.key": ("harbor.example.com:8443", "client_key"),
    }
    assert "s3cret" not in rendered.text


def test_options_are_merged_over_it() -> None:
    options = {
        "debug": True,
        "registry": {"docker.io": {"mirrors": ["other.example"]}, "lab:5000": None, "new.example": {"http": True}},
        "worker": {"oci": {"gcpolicy": [{"all": True, "maxUsedSpace": "20GB"}], "labels": {"a.b": "c"}}},
    }
    assert tomllib.loads(render(REGISTRIES, options).text) == {
        "debug": True,
        "registry": {
            "docker.io": {"mirrors": ["other.example"]},
            "harbor.example.com:8443": SECTIONS["harbor.example.com:8443"],
            "new.example": {"http": True},
        },
        "worker": options["worker"],
    }


@pytest.mark.parametrize(
    ("registries", "sections"),
    [
        pytest.param([{"host": "localhost:5443"}], {"localhost:5443": {"http": False}}, id="TLS, and nothing else"),
        pytest.param(
            [{"host": "127.0.0.1", "ca": "CA\n"}],
            {"127.0.0.1": {"http": False, "ca": ["/etc/buildkit/certs/127.0.0.1/ca.crt"]}},
            id="TLS with a CA",
        ),
        pytest.param(
            [{"host": "[::1]:5000", "insecure": True, "http": False}],
            {"[::1]:5000": {"http": False, "insecure": True}},
            id="TLS that is not verified",
        ),
        pytest.param([{"host": "localhost", "http": True}], {"localhost": {"http": True}}, id="without TLS"),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["localhost:5000/hub", "m.example"]}],
            {
                "docker.io": {"mirrors": ["localhost:5000/hub", "m.example"]},
                "localhost:5000": {"http": False},
            },
            id="a mirror without an entry",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["localhost:5000"]}, {"host": "localhost:5000", "http": True}],
            {"docker.io": {"mirrors": ["localhost:5000"]}, "localhost:5000": {"http": True}},
            id="a mirror without TLS",
        ),
        pytest.param([{"host": "registry.localhost"}], {}, id="below localhost, where BuildKit takes TLS"),
        pytest.param([{"host": "harbor.example.com"}], {}, id="another machine's"),
    ],
)
def test_names_of_loopback_have_tls_unless_the_table_says_otherwise(
    registries: list[dict[str, t.Any]], sections: dict[str, t.Any]
) -> None:
    """Origin: moby/buildkit, util/resolver/resolver.go, fillInsecureOpts (PlainHTTP nil and MatchLocalhost)."""
    assert parse(render(registries, {}).text).get("registry", {}) == sections


@pytest.mark.parametrize(
    ("dns", "options", "section"),
    [
        pytest.param([], {}, None, id="none: those of the host"),
        pytest.param(["1.1.1.1", "2606:4700:4700::1111"], {}, ["1.1.1.1", "2606:4700:4700::1111"], id="in order"),
        pytest.param(["1.1.1.1"], {"dns": {"nameservers": ["9.9.9.9"]}}, ["9.9.9.9"], id="options are merged over it"),
        pytest.param(["1.1.1.1"], {"dns": None}, None, id="null removes it"),
    ],
)
def test_name_servers(dns: list[str], options: dict[str, t.Any], section: list[str] | None) -> None:
    expected = {} if section is None else {"dns": {"nameservers": section}}
    assert tomllib.loads(render([], options, dns).text) == expected


def test_other_options_of_dns_are_merged_with_the_name_servers() -> None:
    options = {"dns": {"options": ["edns0"], "searchDomains": ["example.com"]}}
    text = render(REGISTRIES, options, ["1.1.1.1"]).text
    assert tomllib.loads(text) == {"registry": SECTIONS, "dns": {"nameservers": ["1.1.1.1"], **options["dns"]}}


@pytest.mark.parametrize(
    ("worker", "options", "written"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({"gc": False}, {}, {"worker": {"oci": {"gc": False}}}, id="a key"),
        pytest.param(
            {"maxUsedSpace": "5GB", "reservedSpace": "2GB"},
            {"worker": {"oci": {"maxUsedSpace": "9GB", "reservedSpace": None, "selinux": True}}},
            {"worker": {"oci": {"maxUsedSpace": "9GB", "selinux": True}}},
            id="options are merged over it",
        ),
        pytest.param(
            {"gcpolicy": [{"keepBytes": 1}, {"all": True, "keepBytes": 2}]},
            {},
            {"worker": {"oci": {"gcpolicy": [{"keepBytes": 1}, {"all": True, "keepBytes": 2}]}}},
            id="policies in their order",
        ),
    ],
)
def test_keys_of_the_worker(worker: dict[str, t.Any], options: dict[str, t.Any], written: dict[str, t.Any]) -> None:
    assert tomllib.loads(render([], options, (), worker).text) == written


@pytest.mark.parametrize(
    ("patch", "left"),
    [
        pytest.param({"harbor.example.com:8443": None}, set(), id="the registry"),
        pytest.param({"harbor.example.com:8443": {"ca": None}}, {"client.cert", "client.key"}, id="the CA"),
        pytest.param({"harbor.example.com:8443": {"keypair": None}}, {"ca.crt"}, id="the client certificate"),
    ],
)
def test_what_null_removes_leaves_no_file_behind(patch: dict[str, t.Any], left: set[str]) -> None:
    files = render(REGISTRIES, {"registry": patch}).files
    assert set(files) == {f"harbor.example.com_8443/{name}" for name in left}


def test_the_text_is_for_people() -> None:
    options = {"worker": {"oci": {"gc": True, "gcpolicy": [{"all": True}, {"keepDuration": "48h"}]}}, "debug": True}
    assert render(REGISTRIES[1:2], options).text == (
        "# Managed by Ansible, collection multiarch.builders.\n"
        "# Made from builder_registries and builder_buildkit_options: change it there.\n"
        "\n"
        "debug = true\n"
        "\n"
        '[registry."harbor.example.com:8443"]\n'
        f'ca = ["{PATH}/ca.crt"]\n'
        "\n"
        '[[registry."harbor.example.com:8443".keypair]]\n'
        f'cert = "{PATH}/client.cert"\n'
        f'key = "{PATH}/client.key"\n'
        "\n"
        "[worker.oci]\n"
        "gc = true\n"
        "\n"
        "[[worker.oci.gcpolicy]]\n"
        "all = true\n"
        "\n"
        "[[worker.oci.gcpolicy]]\n"
        'keepDuration = "48h"\n'
    )


def test_the_same_input_in_another_order_is_the_same_text() -> None:
    options = {"trace": True, "debug": True, "log": {"level": "info", "format": "json"}}
    backwards = {"log": {"format": "json", "level": "info"}, "debug": True, "trace": True}
    assert render(REGISTRIES, options) == render(REGISTRIES[::-1], backwards)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"root": 'a"b\\c\n\t\u00e9\u2028'}, id="characters to escape"),
        pytest.param({"worker": {"oci": {"labels": {"": "x", "a b.c": "", "ä": "ö"}}}}, id="keys to quote"),
        pytest.param({"worker": {"oci": {}}, "log": {}}, id="empty tables"),
        pytest.param({"worker": {"oci": {"stargzSnapshotter": {"a": [[1], {"b": 1.5}], "c": []}}}}, id="free table"),
    ],
)
def test_whatever_is_written_is_read_back(options: dict[str, t.Any]) -> None:
    assert tomllib.loads(render([], options).text) == options


def test_parsing_gives_plain_data() -> None:
    found = parse('debug = true\n[registry."a.b"]\nmirrors = ["x"]')
    assert found == {"debug": True, "registry": {"a.b": {"mirrors": ["x"]}}}
    assert found["debug"].__class__ is bool
    assert found["registry"]["a.b"]["mirrors"][0].__class__ is str

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the guard: what is refused, and what the controller adds."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import options_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.guard import nodes_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, SpecError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

NO_FILES: dict[str, bytes] = {}
DEFAULT = {"metrics": "/var/lib/prometheus/node-exporter/multiarch_builders.prom", "heals_per_hour": 12}


def compiled(reader: str = "plan", **variables: t.Any) -> t.Any:
    spec = compile_spec(variables, names=options_of(reader), read_file=NO_FILES.__getitem__, now=NOW)
    return spec.options["guard_options"]


def test_without_a_guard_nothing_is_added() -> None:
    assert compiled() == DEFAULT


def test_the_program_and_each_certificate_once() -> None:
    old, new = make("CA"), make("CA")
    registries = [{"host": "h", "ca": old.pem + new.pem + old.pem}]
    row = {"registry": "h", "kind": "ca", "subject": "CN=CA"}
    ends = {each.fingerprint: int(each.certificate.not_valid_after_utc.timestamp()) for each in (old, new)}
    assert compiled(guard=True, guard_options={"metrics": ""}, registries=registries) == {
        "metrics": "",
        "heals_per_hour": 12,
        "program": program.digest(program.GUARD),
        "certificates": [{**row, "fingerprint": digest, "ends": end} for digest, end in ends.items()],
    }


SWEPT = {"after": 86400, "patterns": [], "keep": [], "images": True, "dry_run": False}


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        pytest.param({}, {}, id="the defaults"),
        pytest.param({"after": 90, "free": "20%"}, {"after": 90, "free": "20%"}, id="seconds, a share"),
        pytest.param({"after": "36h", "free": "50GB"}, {"after": 129600, "free": str(50 * 1024**3)}, id="text"),
        pytest.param({"free": 1000, "patterns": [" a* "]}, {"free": "1000", "patterns": ["a*"]}, id="bytes"),
    ],
)
def test_a_sweep_in_numbers(sweep: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    found = compiled(guard=True, guard_options={"sweep": sweep})
    assert (found["sweep"], found["nodes"]) == (SWEPT | expected, [])
    assert "sweep" not in compiled(guard=True, guard_options={"metrics": ""})


INSTANCES = [
    {"name": "fleet", "nodes": [{"host": "arm-1"}, {"name": "own", "endpoint": "ssh://ci@b"}, {"context": "far away"}]},
    {"name": "other", "nodes": [{"endpoint": "ssh://ci@10.0.0.5:2222"}, {"endpoint": "default"}, "x", {}]},
    {"name": "local"},
    7,
]


class Untemplatable(dict[str, t.Any]):
    """The variables of a host that refers to what is not there."""

    def get(self, key: str, default: t.Any = None) -> t.Any:
        raise AnsibleError(f"{key} of this test is undefined: {default}")


def test_the_nodes_of_all_hosts_are_kept() -> None:
    hosts = {
        "amd-1": {"builder_instances": INSTANCES},
        "arm-1": {},
        "b": Untemplatable(),
        "c": {"builder_instances": 7},
    }
    findings = Findings()
    assert nodes_of(Inventory("arm-1", hosts.get, tuple(hosts)), "sweep", findings) == [
        "fleet-arm-1",
        "fleet-far-away",
        "other-10.0.0.5",
        "other-amd-1",
        "own",
    ]
    (warning,) = findings.warnings
    assert "may remove nodes of b here, as builder_instances of b cannot be templated" in warning


def test_the_certificates_of_a_served_builder() -> None:
    ca, server, client = make("CA"), make("h", ca=False, issuer=None), make("ci", ca=False)
    given = {"ca": ca.pem, "certificate": server.pem, "key": server.key_pem}
    serve = {**given, "address": "::", "clients": [{"name": "gitlab-ci", "certificate": client.pem}]}
    rows = compiled(guard=True, serve=serve)["certificates"]
    assert [(each["registry"], each["kind"], each["subject"]) for each in rows] == [
        ("served builder multiarch", "ca", "CN=CA"),
        ("served builder multiarch", "server", "CN=h"),
        ("served builder multiarch", "client", "gitlab-ci"),
    ]
    assert rows[2]["fingerprint"] == client.fingerprint


@pytest.mark.parametrize("reader", ["plan", "guard"])
@pytest.mark.parametrize(
    ("contexts", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([{"name": "arm", "host": "ssh://ci@arm"}], [], id="by ssh"),
        pytest.param([{}], [("ca", "CN=CA"), ("client", "CN=ci")], id="of all users"),
        pytest.param([{"users": ["ci"]}], [("ca", "CN=CA"), ("client", "CN=ci")], id="of one user"),
    ],
)
def test_the_certificates_of_docker_contexts(
    contexts: list[dict[str, t.Any]], expected: list[tuple[str, str]], reader: str
) -> None:
    """With all concerns, and of the guard alone."""
    ca, client = make("CA"), make("ci", ca=False)
    tls = {"name": "arm", "host": "tcp://arm:2376", "ca": ca.pem, "client_cert": client.pem}
    given = [each if "host" in each else {**tls, "client_key": client.key_pem, **each} for each in contexts]
    rows = compiled(reader, guard=True, contexts=given, users=["root", "ci"])["certificates"]
    assert [(each["kind"], each["subject"]) for each in rows] == expected
    assert {each["registry"] for each in rows} <= {"context arm"}
    assert [each["fingerprint"] for each in rows] == [ca.fingerprint, client.fingerprint][: len(rows)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"metrics": "builders.prom"}, "builder_guard_options.metrics = 'builders.prom': is not the path of a .prom"),
        ({"metrics": "/builders.prom"}, "is not the path of a .prom file in a folder"),
        ({"metrics": "/srv/a b.prom"}, "is not the path of a .prom file in a folder"),
        ({"metrics": "/srv/builders.txt"}, "is not the path of a .prom file in a folder"),
        ({"heals_per_hour": 0}, "builder_guard_options.heals_per_hour = 0: must be greater than 0"),
        (
            {"sweep": {"after": "3 days"}},
            "builder_guard_options.sweep.after = '3 days': is a string that is not a dura",
        ),
        ({"sweep": {"after": 0}}, "builder_guard_options.sweep.after = 0: is zero or too large"),
        ({"sweep": {"free": "a lot"}}, "sweep.free = 'a lot': is a string that is not a size or share of the disk"),
        ({"sweep": {"free": "101%"}}, "builder_guard_options.sweep.free = '101%': is more than the whole disk"),
        ({"sweep": {"patterns": ["a", " "]}}, "builder_guard_options.sweep.patterns[1] = ' ': is empty"),
        ({"sweep": {"pattern": "a"}}, "builder_guard_options.sweep.pattern: is not a known key"),
        ({"nodes": ["x"]}, "builder_guard_options.nodes: is internal"),
        ({"program": "x"}, "builder_guard_options.program: is internal"),
        ({"metric": ""}, "builder_guard_options.metric: is not a known key"),
    ],
)
def test_what_is_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(guard=True, guard_options=options)
    assert words in str(caught.value)

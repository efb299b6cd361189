# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that serve and their clients, from the variables to what modules get."""

from __future__ import annotations

import errno
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Settings, fleet_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import Folder
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import Pair as Issued
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import issue, new_authority
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    dump,
    fingerprint,
    load_certificates,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import NOW, AVault, run

Variables = dict[str, t.Any]

OWN = new_authority(NOW)
SERVER = issue(OWN, "theirs", days=90, now=NOW, names=["theirs.example.com"])
CLIENT = issue(OWN, "gitlab-ci", days=90, now=NOW)
LATER = issue(OWN, "gitlab-ci", days=90, now=NOW)


def pem(pair: Issued) -> str:
    return dump([pair.certificate])


GIVEN = {"ca": pem(OWN), "certificate": pem(SERVER), "key": SERVER.key}
FILES = {"gitlab.pem": (pem(LATER) + pem(CLIENT) + pem(OWN)).encode()}


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return FILES[path]


SERVE: Variables = {"address": "192.0.2.1"}


def fleet_node(**node: t.Any) -> Variables:
    return {"instances": [{"name": "fleet", "driver": "remote", "nodes": [node]}]}


HOSTS: dict[str, Variables] = {
    "big": {"serve": SERVE | {"names": ["big.example.com"], "clients": [{"name": "gitlab-ci", "days": 30}]}},
    "arm": {"serve": SERVE},
    "theirs": {"serve": SERVE | GIVEN | {"names": ["theirs.example.com"]}},
    "ci-1": fleet_node(serve="big"),
    "web": {},
}


class Spec:
    """Compiles the variables of hosts of one inventory."""

    def __init__(self, folder: Path, hosts: dict[str, Variables]) -> None:
        self.folder, self.hosts = folder, hosts
        self.fleet = fleet_of(
            {
                name: Settings(
                    each.get("serve"),
                    each.get("instances"),
                    each.get("folder", str(folder)),
                    address="198.51.100.9" if name == "arm" else "",
                )
                for name, each in hosts.items()
            }
        )

    def provisioned(self) -> Spec:
        run(self.fleet, Folder(self.folder, AVault()))
        return self

    def compiled(self, host: str, **more: t.Any) -> Variables:
        source = Source(lambda: self.fleet, lambda path: Folder(Path(path), AVault()), NOW, **more)
        found = compile_spec(
            {name: each for name, each in self.hosts[host].items() if name != "folder"},
            names=("instances", "serve"),
            read_file=read_file,
            now=NOW,
            inventory=Inventory(host, {name: {} for name in self.hosts}.get),
            source=source,
        )
        return found.options

    def node(self, host: str) -> Variables:
        (node,) = self.compiled(host)["instances"][0]["nodes"]
        return t.cast("Variables", node)

    def problems(self, host: str, **more: t.Any) -> list[str]:
        with pytest.raises(SpecError) as raised:
            self.compiled(host, **more)
        return [str(each) for each in raised.value.problems]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "authority"


def test_a_host_that_serves(folder: Path) -> None:
    spec = Spec(folder, HOSTS).provisioned()
    found = spec.compiled("big")["serve"]
    assert {name: each for name, each in found.items() if name not in ("ca", "certificate", "key", "allowed")} == {
        "address": "192.0.2.1",
        "port": 1234,
        "names": ["big.example.com"],
        "builder": "multiarch",
        "program": program.digest(program.SERVE),
    }
    assert [row["name"] for row in found["allowed"]] == ["ci-1", "gitlab-ci"]
    (client,) = load_certificates(spec.node("ci-1")["client_cert"].encode())
    assert fingerprint(client) == found["allowed"][0]["fingerprint"]
    assert found["ca"] == spec.node("ci-1")["ca"]
    assert "PRIVATE KEY" in found["key"]
    assert spec.compiled("arm")["serve"]["names"] == ["198.51.100.9", "arm"]


def test_a_host_that_serves_nothing_reads_nothing(folder: Path) -> None:
    spec = Spec(folder, HOSTS)
    assert spec.compiled("web")["serve"] == {}
    assert not folder.exists()


@pytest.mark.parametrize(
    ("node", "endpoint", "name"),
    [
        pytest.param({"serve": "big"}, "tcp://big.example.com:1234", "fleet-big", id="its first name"),
        pytest.param({"serve": "arm"}, "tcp://198.51.100.9:1234", "fleet-arm", id="its address"),
        pytest.param(
            {"serve": "arm", "endpoint": "tcp://ARM:4321", "name": "n"},
            "tcp://ARM:4321",
            "n",
            id="another of its names",
        ),
        pytest.param(
            {"serve": "big", "endpoint": "tcp://10.0.0.1:1", "driver_opts": {"servername": "big.example.com"}},
            "tcp://10.0.0.1:1",
            "fleet-big",
            id="another address",
        ),
        pytest.param(
            {"serve": "big", "endpoint": "unix:///run/b.sock"}, "unix:///run/b.sock", "fleet-big", id="tunnel"
        ),
    ],
)
def test_a_node_that_is_served(folder: Path, node: Variables, endpoint: str, name: str) -> None:
    found = Spec(folder, HOSTS | {"ci-1": fleet_node(**node)}).provisioned().node("ci-1")
    assert (found["endpoint"], found["name"], found["serve"]) == (endpoint, name, node["serve"])
    assert "PRIVATE KEY" in found["client_key"]


def test_several_servers_see_one_certificate_of_a_client(folder: Path) -> None:
    both = [{"name": "fleet", "driver": "remote", "nodes": [{"serve": "big"}, {"serve": "arm"}]}]
    spec = Spec(folder, HOSTS | {"ci-1": {"instances": both}}).provisioned()
    nodes = spec.compiled("ci-1")["instances"][0]["nodes"]
    assert len({node["client_cert"] for node in nodes}) == 1
    rows = [row for host in ("big", "arm") for row in spec.compiled(host)["serve"]["allowed"] if row["name"] == "ci-1"]
    assert rows[0] == rows[1]


N = "builder_instances[0].nodes[0]"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param(fleet_node(serve="bg"), f"{N}.serve = 'bg': is not a host of the inventory", id="unknown"),
        pytest.param(fleet_node(serve="web"), f"{N}.serve = 'web': is a host that serves no builder", id="no server"),
        pytest.param(fleet_node(serve="ci-1"), f"{N}.serve = 'ci-1': is this host itself", id="itself"),
        pytest.param(
            {"instances": [{"name": "fleet", "nodes": [{"serve": "big"}]}]},
            f"{N}.serve = 'big': is for the driver remote only, not for docker-container",
            id="another driver",
        ),
        pytest.param(fleet_node(serve="big", host="arm"), f"{N}.host: is set beside `serve`", id="two machines"),
        pytest.param(
            fleet_node(serve="big", endpoint="ssh://big"), f"{N}.endpoint = 'ssh://big': is not a valid", id="ssh"
        ),
        pytest.param(
            fleet_node(serve="big", endpoint="tcp://10.0.0.1:1"),
            f"{N}.endpoint = '10.0.0.1': is not a name in the certificate of big. Add it to `names`",
            id="another name",
        ),
        pytest.param(
            fleet_node(serve="big", ca=pem(OWN)), f"{N}.ca: is set, but big and its clients have", id="a CA of its own"
        ),
        pytest.param(
            fleet_node(serve="theirs"), f"{N}: theirs has certificates of another CA than the fleet's", id="no CA"
        ),
        pytest.param(
            fleet_node(serve="big") | {"folder": "/other"},
            "builder_serve_authority = '/other': differs from that of big, which is /",
            id="another folder",
        ),
        pytest.param(
            {"serve": SERVE | {"clients": [{"name": "gitlab-ci"}]}, "folder": "/other"},
            "builder_serve_authority = '/other': differs from /",
            id="another folder of a server with the same client",
        ),
        pytest.param(
            {"serve": SERVE | {"names": ["a b", "https://x"]}},
            "builder_serve.names[0] = 'a b': is not a valid name",
            id="names",
        ),
        pytest.param({"serve": SERVE | {"allowed": []}}, "builder_serve.allowed: is internal", id="internal"),
        pytest.param(
            {"serve": SERVE | {"clients": [{"name": "a", "days": 0}]}},
            "builder_serve.clients[0].days = 0: must be greater than 0",
            id="days",
        ),
        pytest.param(
            {"serve": SERVE | {"clients": [{"name": "a", "renew": "soon"}]}},
            "builder_serve.clients[0].renew = 'soon': is not a date",
            id="no date",
        ),
        pytest.param(
            {"serve": SERVE | {"clients": [{"name": "a", "renew": "2026-06-02"}]}},
            "builder_serve.clients[0].renew = '2026-06-02': is in the future",
            id="a later date",
        ),
        pytest.param(
            {"serve": SERVE | {"clients": [{"name": "a", "certificate": "gitlab.pem"}]}},
            "builder_serve.clients[0].certificate: is for another CA only",
            id="a certificate without its CA",
        ),
        pytest.param({"serve": SERVE | {"ca": pem(OWN)}}, "builder_serve.certificate: is missing", id="half a CA"),
    ],
)
def test_what_is_refused(folder: Path, variables: Variables, told: str) -> None:
    problems = Spec(folder, HOSTS | {"ci-1": variables}).problems("ci-1", stand_ins=True)
    assert problems[0].startswith(told)


def test_a_certificate_that_is_not_issued_is_a_problem_but_for_a_plan(folder: Path) -> None:
    spec = Spec(folder, HOSTS)
    told = (
        f"builder_serve_authority: {folder}: has no certificate for client ci-1. Run playbooks/provision-builders.yml"
    )
    assert [each[: len(told)] for each in spec.problems("ci-1")] == [told]
    assert len(spec.problems("big")) == 1
    assert "not issued yet" in str(
        load_certificates(spec.compiled("big", stand_ins=True)["serve"]["certificate"].encode())
    )


def test_the_user_s_own_authority(folder: Path) -> None:
    rows = [{"name": "gitlab-ci", "certificate": "gitlab.pem"}]
    node = fleet_node(serve="theirs", ca=pem(OWN), client_cert=pem(CLIENT), client_key=CLIENT.key)
    theirs = {"serve": HOSTS["theirs"]["serve"] | {"clients": rows}}
    spec = Spec(folder, HOSTS | {"theirs": theirs, "ci-1": node})
    found = spec.compiled("theirs")["serve"]
    assert {key: found[key] for key in GIVEN} == GIVEN
    assert [(row["name"], row["fingerprint"]) for row in found["allowed"]] == [
        ("ci-1", fingerprint(CLIENT.certificate)),
        ("gitlab-ci", fingerprint(LATER.certificate)),
        ("gitlab-ci", fingerprint(CLIENT.certificate)),
    ]
    assert spec.node("ci-1")["endpoint"] == "tcp://theirs.example.com:1234"
    assert spec.node("ci-1")["client_key"] == CLIENT.key
    assert not folder.exists()


@pytest.mark.parametrize(
    ("serve", "told"),
    [
        pytest.param({"key": CLIENT.key}, "builder_serve.key: does not belong to the certificate CN=theirs", id="key"),
        pytest.param(
            {"certificate": pem(CLIENT)}, "builder_serve.certificate: has an extendedKeyUsage", id="a client's"
        ),
        pytest.param({"names": ["x"]}, "builder_serve.certificate: is not for x, by which clients connect", id="names"),
        pytest.param({"ca": pem(SERVER)}, "builder_serve.ca: certificate CN=theirs is not a CA", id="no CA"),
        pytest.param(
            {"clients": [{"name": "a"}]}, "builder_serve.clients[0].certificate: is missing. Set the", id="no client"
        ),
        pytest.param(
            {"clients": [{"name": "a", "certificate": "none.pem"}]},
            "builder_serve.clients[0].certificate: cannot be read",
            id="no file",
        ),
    ],
)
def test_what_is_refused_of_the_user_s_own(folder: Path, serve: Variables, told: str) -> None:
    problems = Spec(folder, {"theirs": {"serve": HOSTS["theirs"]["serve"] | serve}}).problems("theirs")
    assert [each[: len(told)] for each in problems] == [told]
    assert not any("PRIVATE KEY" in each for each in problems)

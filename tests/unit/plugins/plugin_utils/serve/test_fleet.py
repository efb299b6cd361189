# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves whom, from the variables of the inventory."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import (
    Client,
    Settings,
    fleet_of,
    from_data,
    plain_keys,
    renewal,
    to_data,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import fleet

SERVES = {"address": "0.0.0.0"}
FOLDER = Path("/fleet/serve-authority")


def utc(*date: int) -> datetime.datetime:
    return datetime.datetime(*date, tzinfo=datetime.UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("host", "names", "endpoint"),
    [
        pytest.param({"serve": SERVES}, ("big",), "tcp://big:1234", id="its name"),
        pytest.param({"serve": SERVES, "address": "198.51.100.7"}, ("198.51.100.7", "big"), "tcp://198.51.100.7:1234"),
        pytest.param({"serve": SERVES, "address": "fe80::7%eth0"}, ("big",), "tcp://big:1234", id="a zone"),
        pytest.param({"serve": SERVES, "address": "2001:db8::7"}, ("2001:db8::7", "big"), "tcp://[2001:db8::7]:1234"),
        pytest.param(
            {"serve": SERVES | {"names": ["b.example.com", "198.51.100.7"], "port": "4321"}, "address": "198.51.100.9"},
            ("b.example.com", "198.51.100.7"),
            "tcp://b.example.com:4321",
            id="those of the variables, with a port",
        ),
        pytest.param({"serve": SERVES | {"names": [5, None, "a b"], "port": []}}, ("big",), "tcp://big:1234", id="bad"),
    ],
)
def test_a_server_is_found_by_its_first_name(host: dict[str, t.Any], names: tuple[str, ...], endpoint: str) -> None:
    found = fleet(FOLDER, big=host).servers["big"]
    assert (found.names, found.endpoint) == (names, endpoint)


def test_the_same_name_is_the_same_client() -> None:
    listed = {"clients": [{"name": "gitlab-ci", "days": 30}, {"name": "ci-1", "renew": "2026-05-01"}]}
    also = {"clients": [{"name": "gitlab-ci", "renew": utc(2026, 5, 2)}]}
    found = fleet(
        FOLDER,
        big={"serve": SERVES | listed},
        arm={"serve": SERVES | also},
        **{"ci-1": {"of": ["big", "arm", "no-server"]}, "ci-2": {"of": ["arm"]}, "web": {}},
    )
    folder = str(FOLDER)
    assert list(found.servers) == ["big", "arm"]
    assert found.clients == {
        "gitlab-ci": Client("gitlab-ci", folder, ("big", "arm"), False, 30, utc(2026, 5, 2)),
        "ci-1": Client("ci-1", folder, ("big", "arm"), True, 90, utc(2026, 5, 1)),
        "ci-2": Client("ci-2", folder, ("arm",), True, 365),
    }
    assert [each.name for each in found.clients_of("big")] == ["ci-1", "gitlab-ci"]


def test_a_fleet_survives_json() -> None:
    serve = SERVES | {"ca": "x", "clients": [{"name": "a", "renew": "2026-05-01 10:00", "certificate": "y"}]}
    found = fleet(FOLDER, big={"serve": serve}, **{"ci-1": {"of": ["big"]}})
    assert from_data(json.loads(json.dumps(to_data(found)))) == found


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(serve=5, instances="x"),
        Settings(serve={}, instances=[5, {"nodes": 5}, {"nodes": [5, {"serve": 5}, {"serve": "nobody"}]}]),
        Settings(serve=[], instances={"nodes": []}),
    ],
)
def test_what_is_neither_server_nor_client(settings: Settings) -> None:
    found = fleet_of({"web": settings})
    assert (found.servers, found.clients) == ({}, {})


def test_wrong_clients_are_left_to_the_check_of_their_host() -> None:
    rows = [5, {}, {"name": 5}, {"name": ""}, {"name": "a", "days": "x", "renew": "soon"}]
    found = fleet(FOLDER, big={"serve": SERVES | {"clients": rows}})
    assert found.clients == {"a": Client("a", str(FOLDER), ("big",), False, 90)}
    assert fleet(FOLDER, big={"serve": SERVES | {"clients": 5}}).clients == {}
    assert fleet(FOLDER, big={"serve": SERVES, "of": ["big"]}).clients == {}


def test_certificates_of_another_authority_are_given_with_their_clients() -> None:
    serve = SERVES | {"ca": "ca.pem", "clients": [{"name": "gitlab-ci", "certificate": "gitlab.pem"}]}
    nodes = [{"serve": "big", "client_cert": "ci.pem"}]
    found = fleet_of({"big": Settings(serve), "ci-1": Settings(instances=[{"nodes": nodes}])})
    assert found.servers["big"].own
    assert {name: each.given for name, each in found.clients.items()} == {
        "gitlab-ci": {"big": ("gitlab.pem",)},
        "ci-1": {"big": ("ci.pem",)},
    }


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(datetime.date(2026, 11, 30), utc(2026, 11, 30), id="as YAML reads it"),
        pytest.param("2026-11-30", utc(2026, 11, 30), id="in quotes"),
        pytest.param("2026-11-30 14:05", utc(2026, 11, 30, 14, 5), id="with a time"),
        pytest.param(datetime.datetime(2026, 11, 30, 14, 5), utc(2026, 11, 30, 14, 5), id="the same of YAML"),
        pytest.param("2026-11-30T14:05+02:00", utc(2026, 11, 30, 12, 5), id="elsewhere"),
    ],
)
def test_a_renewal(value: object, moment: datetime.datetime | None) -> None:
    assert renewal(value) == moment


@pytest.mark.parametrize("value", ["soon", "", 5, [], True])
def test_no_renewal(value: object) -> None:
    with pytest.raises(ValueError, match=r"isoformat|is not a date"):
        renewal(value)


@pytest.mark.parametrize(
    ("closed", "permitted"),
    [
        pytest.param((), True, id="all say so"),
        pytest.param(("web",), True, id="but for one that is neither"),
        pytest.param(("ci-1",), False, id="but for a client"),
        pytest.param(("big",), False, id="but for a server"),
    ],
)
def test_who_permits_plain_keys(closed: tuple[str, ...], permitted: bool) -> None:
    nodes = [{"name": "fleet", "driver": "remote", "nodes": [{"serve": "big"}]}]
    hosts = {
        name: Settings(serve, instances, str(FOLDER), name not in closed)
        for name, serve, instances in (("big", SERVES, None), ("ci-1", None, nodes), ("web", None, [{"name": "own"}]))
    }
    assert plain_keys(fleet_of(hosts), hosts) == {str(FOLDER): permitted}

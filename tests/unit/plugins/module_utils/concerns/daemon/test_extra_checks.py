# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `dockerd --validate` does not find: which documents are refused or noted, for which versions, in what words."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.extra_checks import (
    contradictions,
    notes,
    refusals,
    unknown_names,
)

Document = dict[str, t.Any]
DEBIAN_12, DEBIAN_13, TESTING, NEWEST = "20.10.24+dfsg1", "26.1.5+dfsg1", "28.5.2+dfsg4", "29.7.2"
ENGINES = (DEBIAN_12, DEBIAN_13, TESTING, NEWEST, None)
ON = {"features": {"containerd-snapshotter": True}}
OFF = {"features": {"containerd-snapshotter": False}}


def mirror(text: str) -> Document:
    return {"registry-mirrors": ["https://good.example", text]}


def gc(**keys: t.Any) -> Document:
    return {"builder": {"gc": keys}}


# (document, the engines that refuse it, what is told)
REFUSED = [
    pytest.param(mirror("m.example"), ENGINES, 'registry-mirrors = "m.example": does not begin', id="no scheme"),
    pytest.param(mirror("m.example:5000"), ENGINES, "does not begin with https://", id="a port is no scheme"),
    pytest.param(mirror("ftp://m.example"), ENGINES, "does not begin with https://", id="another scheme"),
    pytest.param(mirror("//m.example"), ENGINES, "does not begin with https://", id="half a scheme"),
    pytest.param(mirror("https://u:p@m.example"), ENGINES, "has a user name or password", id="credentials"),
    pytest.param(mirror("https://@m.example"), ENGINES, "has a user name or password", id="an at alone"),
    pytest.param(mirror("https://m.example/?ns=x"), ENGINES, "has a query or fragment", id="query"),
    pytest.param(mirror("https://m.example#top"), ENGINES, "has a query or fragment", id="fragment"),
    pytest.param(mirror("https://m.example:port"), ENGINES, "is no URL", id="no port"),
    pytest.param(mirror("https://m.example/hub"), (DEBIAN_12, "24.0.7"), "came with 24.0.8", id="a path before 24.0.8"),
    pytest.param(
        {"insecure-registries": ["a.example", "ftp://b.example"]}, ENGINES, '"ftp://b.example": has a scheme', id="ftp"
    ),
    pytest.param(
        {**ON, "storage-driver": "overlay2"},
        (DEBIAN_13, TESTING, None),
        "every pull and build fails (moby/moby#46254)",
        id="overlay2 as a snapshotter, before 29",
    ),
    pytest.param(
        {**ON, "storage-driver": "overlay2"},
        (NEWEST, "29.0.0"),
        " does not start. Remove it with",
        id="overlay2 as a snapshotter, since 29 (configured driver not available)",
    ),
    pytest.param({**ON, "storage-driver": "vfs"}, (DEBIAN_13, NEWEST, None), "or write native", id="vfs"),
    pytest.param({**ON, "storage-driver": "overlay"}, (DEBIAN_13, NEWEST, None), "or write overlayfs", id="overlay"),
    pytest.param(
        {**ON, "storage-driver": "devicemapper"}, (DEBIAN_13, NEWEST, None), "or write devmapper", id="devicemapper"
    ),
    pytest.param({"storage-driver": "overlayfs"}, (DEBIAN_12, DEBIAN_13, TESTING), "is a snapshotter", id="overlayfs"),
    pytest.param({**OFF, "storage-driver": "native"}, ENGINES, "is a snapshotter", id="native, and the store is off"),
    pytest.param(
        {**ON, "storage-driver": "overlayfs"}, (DEBIAN_12,), "(since 24.0) is off", id="the feature is unknown yet"
    ),
    pytest.param(
        {**ON, "userns-remap": "default"},
        (DEBIAN_13, TESTING),
        "starts, but every RUN of a build fails (moby/moby#47377)",
        id="userns-remap with containerd's store, before 29",
    ),
    pytest.param({**ON, "userns-remap": "1000:1000"}, (NEWEST,), "29.7.2 does not start", id="userns-remap, since 29"),
    pytest.param(
        {**ON, "userns-remap": "default"}, (None,), "since 29.0 it does not start", id="userns-remap, unknown version"
    ),
    *(
        pytest.param({"insecure-registries": ["a", each]}, ENGINES, "is neither host[:port] nor a network", id=each)
        for each in ("https://a/x", "10.0.0.0/255.0.0.0", "010.0.0.0/8", "10.0.0.0/33")
    ),
    pytest.param({"bridge": "none", "bip": "10.9.0.1/24"}, ENGINES, "conflicts with bip: dockerd", id="bridge"),
    pytest.param({"iptables": False, "icc": False}, ENGINES, "conflicts with icc: false", id="iptables and icc"),
    pytest.param({"graph": "/srv"}, (DEBIAN_13, TESTING, NEWEST), "`data-root` replaces it", id="graph"),
    pytest.param({"cluster-store": "etcd://a"}, ("23.0.0", DEBIAN_13), "which was removed in 23.0", id="cluster-store"),
    pytest.param({"oom-score-adjust": -500}, (DEBIAN_13, NEWEST), "OOMScoreAdjust=", id="oom-score-adjust"),
    pytest.param({"api-cors-header": "*"}, (TESTING, NEWEST), "which was removed in 28.0", id="api-cors-header"),
    pytest.param(
        {"default-network-opts": {}}, (DEBIAN_12, "23.0.6"), "which came with 24.0", id="default-network-opts"
    ),
    pytest.param(
        {"min-api-version": "1.24"}, (DEBIAN_13, TESTING), "install Docker 29.0 or newer", id="min-api-version"
    ),
    pytest.param(
        {"proxies": {"no-proxy": "a"}}, (DEBIAN_12,), "20.10.24+dfsg1 does not know `proxies`, which came", id="proxies"
    ),
    pytest.param({"dnss": ["192.0.2.1"]}, (DEBIAN_12, DEBIAN_13, NEWEST), "Use `dns`, if that", id="misspelled"),
    pytest.param({"Debug": True}, (DEBIAN_12, NEWEST), "Use `debug`, if that is meant", id="another case"),
    pytest.param({"log-opt": {"max-size": "1m"}}, (DEBIAN_13,), "Use `log-opts`", id="a mapping is taken apart"),
    pytest.param(
        {"resolv-conf": "/r"}, (DEBIAN_13,), "is not a key that dockerd 26.1.5+dfsg1 supports", id="a tag alone"
    ),
    pytest.param({"http-proxy": "http://a"}, (DEBIAN_12,), "is not a key that dockerd", id="a flag of later versions"),
]


@pytest.mark.parametrize(("document", "engines", "told"), REFUSED)
def test_refused(document: Document, engines: tuple[str | None, ...], told: str) -> None:
    for engine in engines:
        (refusal,) = refusals(document, engine)
        assert told in refusal
        assert refusal.startswith(tuple(document))
        assert "builder_" in refusal, "no remedy names a variable"
        assert engine is None or f"dockerd {engine}" in refusal


ACCEPTED = [
    pytest.param({}, ENGINES, id="nothing"),
    pytest.param({"debug": True, "builder": {}, "features": {}, "restart": False}, ENGINES, id="keys of all versions"),
    pytest.param(mirror("http://192.0.2.1:5000/"), ENGINES, id="a mirror with a slash"),
    pytest.param(mirror("HTTPS://m.example"), ENGINES, id="a scheme in capitals"),
    pytest.param(mirror("https://[2001:db8::1]:443"), ENGINES, id="an address of IPv6"),
    pytest.param(mirror("https://m.example/?"), ENGINES, id="an empty query"),
    pytest.param(mirror("https://m.example/hub"), ("24.0.8", DEBIAN_13, NEWEST, None), id="a path since 24.0.8"),
    pytest.param({"registry-mirrors": "m.example"}, ENGINES, id="no list: --validate finds that"),
    pytest.param({"registry-mirrors": [1, None]}, ENGINES, id="no strings: --validate finds that"),
    pytest.param({"insecure-registries": ["http://a", "b:5000", "192.0.2.0/24"]}, ENGINES, id="insecure ones"),
    pytest.param({**ON, "storage-driver": "overlayfs"}, (DEBIAN_13, TESTING, NEWEST, None), id="a snapshotter"),
    pytest.param({**ON, "storage-driver": "zfs"}, ENGINES, id="zfs is both"),
    pytest.param({**ON, "storage-driver": "btrfs"}, ENGINES, id="btrfs is both"),
    pytest.param({**ON, "storage-driver": "fuse-overlayfs"}, ENGINES, id="fuse-overlayfs may be a plugin"),
    pytest.param({**ON, "storage-driver": "stargz"}, ENGINES, id="a snapshotter of a plugin"),
    pytest.param({**ON, "storage-driver": "overlay2"}, (DEBIAN_12,), id="the feature is ignored before 24"),
    pytest.param({**OFF, "storage-driver": "overlay2"}, ENGINES, id="a graph driver"),
    pytest.param({"storage-driver": "overlay2"}, ENGINES, id="a graph driver, nothing said about the store"),
    pytest.param({"storage-driver": "overlayfs"}, (NEWEST, None), id="29 knows that a snapshotter is meant"),
    pytest.param({**ON, "storage-driver": ["overlay2"]}, ENGINES, id="no text: --validate finds that"),
    pytest.param({**OFF, "userns-remap": "default"}, ENGINES, id="userns-remap with a graph driver"),
    pytest.param({"userns-remap": "default"}, ENGINES, id="userns-remap turns containerd's store off in 29"),
    pytest.param({**ON, "userns-remap": ""}, ENGINES, id="no userns-remap"),
    pytest.param({**ON, "userns-remap": "default"}, (DEBIAN_12,), id="userns-remap, the feature is ignored"),
    pytest.param({"features": None}, ENGINES, id="null"),
    pytest.param({"graph": "/srv"}, (DEBIAN_12, None), id="graph, where it is known or may be"),
    pytest.param({"proxies": {"http-proxy": "http://a"}}, ("23.0.0", DEBIAN_13, NEWEST, None), id="proxies"),
    pytest.param({"min-api-version": "1.24"}, (NEWEST, "31.0.0", None, "library-import"), id="min-api-version"),
    pytest.param({"of-tomorrow": 1}, ("29.8.0", "31.0.0", None), id="what newer versions know is not known here"),
]


@pytest.mark.parametrize(("document", "engines"), ACCEPTED)
def test_not_refused(document: Document, engines: tuple[str | None, ...]) -> None:
    for engine in engines:
        assert refusals(document, engine) == (), engine


# (document, the engines that ignore it, what is told)
NOTED = [
    pytest.param(
        {"features": {"containerd-snapshoter": True}},
        ENGINES,
        "Use `containerd-snapshotter`, if that is meant",
        id="a feature misspelled",
    ),
    pytest.param({"features": {"CDI": True}}, ENGINES, "Use `cdi`", id="a feature in another case"),
    pytest.param(
        {"features": {"zzz": True}}, ENGINES, "ignores it. Remove it; it is set by builder_d", id="no feature"
    ),
    pytest.param(ON, (DEBIAN_12, "23.0.6"), "requires 24.0", id="a feature of later versions"),
    pytest.param({"features": {"cdi": True}}, ("24.0.9",), "requires 25.0", id="another one"),
    pytest.param({"builder": {"gcc": {}}}, ENGINES, "Use `gc`, if that is meant", id="a key of builder misspelled"),
    pytest.param({"builder": {"history": {}}}, (DEBIAN_12, "23.0.6"), "requires 24.0", id="builder.history"),
    pytest.param(
        {"builder": {"entitlements": {"device": True}}}, (DEBIAN_13, TESTING), "requires 29.0", id="of devices"
    ),
    pytest.param(gc(enabeld=True), ENGINES, "builder.gc.enabeld = true: dockerd", id="a key of gc misspelled"),
    pytest.param(
        gc(policy=[{"all": True}, {"keepDuration": "48h"}]),
        ENGINES,
        'builder.gc.policy[1].keepDuration = "48h": dockerd',
        id="keepDuration, which no version has",
    ),
    pytest.param(
        gc(defaultReservedSpace="20GB"),
        (DEBIAN_12, DEBIAN_13, "27.5.1"),
        "(requires 28.0). Use `defaultKeepStorage`; it is set by builder_daemon_options or in /etc/docker/daemon.json",
        id="defaultReservedSpace before 28",
    ),
    pytest.param(gc(defaultMaxUsedSpace="1GB"), (DEBIAN_13,), "Use `defaultKeepStorage`", id="defaultMaxUsedSpace"),
    pytest.param(gc(DefaultMinFreeSpace="1GB"), (DEBIAN_13,), "Use `defaultKeepStorage`", id="in another case"),
    pytest.param(gc(policy=[{"reservedSpace": "1GB"}]), (DEBIAN_13,), "Use `keepStorage`", id="reservedSpace"),
    pytest.param(
        {"registry-mirror": ["https://m.example"]},
        (DEBIAN_12, DEBIAN_13, NEWEST),
        "Use `registry-mirrors`",
        id="the name of a flag",
    ),
    pytest.param({"http-proxy": "http://a"}, (DEBIAN_13,), "Use `proxies.http-proxy`", id="a flag below proxies"),
    pytest.param({"containerd-plugins-namespace": "x"}, (DEBIAN_13,), "a flag, not a key", id="a flag without a key"),
    pytest.param({"_comment": {}}, (DEBIAN_12, DEBIAN_13), "is not a key: dockerd", id="an empty mapping"),
    pytest.param({"site": {"mtu": 1400}}, (DEBIAN_13,), "is not a key: dockerd", id="keys in a mapping"),
    pytest.param(
        {"deprecated-key-path": "/k"}, ("24.0.0", NEWEST), "as it was removed in 24.0", id="deprecated-key-path"
    ),
    pytest.param(
        {"allow-nondistributable-artifacts": ["a"]}, (TESTING, NEWEST), "always pushed", id="nondistributable artifacts"
    ),
]


@pytest.mark.parametrize(("document", "engines", "told"), NOTED)
def test_noted(document: Document, engines: tuple[str | None, ...], told: str) -> None:
    for engine in engines:
        (note,) = notes(document, engine)
        assert told in note
        assert note.startswith(tuple(document))
        assert "builder_" in note, "no remedy names a variable"
        assert refusals(document, engine) == ()


@pytest.mark.parametrize(
    ("document", "engines"),
    [
        pytest.param({}, ENGINES, id="nothing"),
        pytest.param(ON, ("24.0.0", DEBIAN_13, NEWEST, None), id="the image store"),
        pytest.param({"features": {"buildkit": True}}, ENGINES, id="buildkit"),
        pytest.param(gc(enabled=True, policy=[{"all": True, "filter": ["a=b"]}]), ENGINES, id="builder.gc"),
        pytest.param(gc(policy=[{"filter": {"unused-for": {"48h": True}}}]), ENGINES, id="a filter in its old form"),
        pytest.param({"builder": {"GC": {"ENABLED": True}}}, ENGINES, id="in another case"),
        pytest.param(gc(defaultReservedSpace="1GB"), (TESTING, NEWEST, None), id="defaultReservedSpace since 28"),
        pytest.param(gc(defaultKeepStorage="1GB", defaultReservedSpace="1GB"), ENGINES, id="for old and new versions"),
        pytest.param({"features": [], "builder": "x"}, ENGINES, id="no mappings: --validate finds that"),
        pytest.param({"allow-nondistributable-artifacts": ["a"]}, (DEBIAN_13, None), id="nondistributable artifacts"),
        pytest.param(
            {"features": {"lazy-pull": True}, "builder": {"new": {}}},
            ("29.8.0", "30.0.1"),
            id="what came after the table",
        ),
        pytest.param({"registry-mirror": ["https://m.example"]}, (None,), id="a flag of who knows which version"),
    ],
)
def test_not_noted(document: Document, engines: tuple[str | None, ...]) -> None:
    for engine in engines:
        assert notes(document, engine) == (), engine


@pytest.mark.parametrize(
    ("document", "engine", "shown"),
    [
        pytest.param(mirror("https://u:s3cret@m.example"), None, '"https://***@m.example"', id="credentials"),
        pytest.param(mirror("u:s3cret@m.example"), None, '"***@m.example"', id="credentials without a scheme"),
        pytest.param(mirror("https://u:s3/cr@et@m.example"), None, '"https://***@m.example"', id="a slash in them"),
        pytest.param(mirror("https://m.example?t=s3cret"), None, '"https://m.example?***"', id="a query"),
        pytest.param(mirror("https://m.example#s3cret"), None, '"https://m.example#***"', id="a fragment"),
        pytest.param(
            {"proxies": {"http-proxy": "http://u:s3cret@p.example:3128"}},
            DEBIAN_12,
            '{"http-proxy": "http://***@p.example:3128"}',
            id="below a key",
        ),
        pytest.param({"graph": ["https://u:s3cret@a"]}, DEBIAN_13, '["https://***@a"]', id="in a list"),
        pytest.param({"graph": "x" * 100}, DEBIAN_13, '"' + "x" * 78 + "…:", id="long"),
    ],
)
def test_values_are_shown_without_secrets_and_short(document: Document, engine: str | None, shown: str) -> None:
    (refusal,) = refusals(document, engine)
    assert f" = {shown}" in refusal
    assert "s3" not in refusal


def test_a_note_shows_no_secrets_either() -> None:
    (note,) = notes({"http-proxy": "http://u:s3cret@p.example:3128"}, DEBIAN_13)
    assert note == (
        'http-proxy = "http://***@p.example:3128": is a flag, not a key: dockerd 26.1.5+dfsg1 ignores it. '
        "Use `proxies.http-proxy`; it is set by builder_daemon_options or in /etc/docker/daemon.json"
    )


def test_all_are_told_at_once() -> None:
    document = {
        **ON,
        **mirror("a"),
        "storage-driver": "vfs",
        "userns-remap": "default",
        "graph": "/",
        "registry-mirror": 1,
    }
    assert [each.partition(" ")[0] for each in refusals(document, DEBIAN_13)] == [
        "graph",
        "registry-mirrors",
        "storage-driver",
        "userns-remap",
    ]
    assert [each.partition(" ")[0] for each in notes(document, DEBIAN_13)] == ["registry-mirror"]


def test_the_remedies_of_a_contradiction_remove_it() -> None:
    driver, remap = contradictions({**ON, "storage-driver": "overlay2", "userns-remap": "default"}, DEBIAN_13)
    assert "builder_daemon_options: {storage-driver: null} (or write overlayfs)" in driver.remedy
    assert "builder_daemon_options: {userns-remap: null}" in remap.remedy
    for spot in (driver, remap):
        assert "builder_daemon_options: {features: {containerd-snapshotter: null}}" in spot.remedy


def test_unknown_names_come_with_those_that_are_known_there() -> None:
    found = list(unknown_names({"features": {"cdi": True, "x": True}, "builder": {"gc": {"policy": [{"y": 1}]}}}))
    assert [(path, name) for path, name, _known in found] == [("features.x", "x"), ("builder.gc.policy[0].y", "y")]
    assert "cdi" in found[0][2]
    assert "keepStorage" in found[1][2]

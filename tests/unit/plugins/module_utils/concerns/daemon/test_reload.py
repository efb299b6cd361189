# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running dockerd takes over at SIGHUP, after moby/moby daemon/reload.go (v26.1.5, v28.5.2, v29.7.2)."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import known
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.reload import needs_restart, shortfall
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import switches
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import changes

CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]], "Driver": "overlayfs"}
OVERLAY2 = {"DriverStatus": [["Backing Filesystem", "extfs"]], "Driver": "overlay2"}
ON, OFF = {"features": {"containerd-snapshotter": True}}, {"features": {"containerd-snapshotter": False}}


# What it takes to (set, change, remove) a key.
AT_START = ("restart", "restart", "restart")
SET = ("reload", "reload", "restart")
SET_AND_REMOVED = ("reload", "reload", "reload")
# What is not AT_START is read in daemon/reload.go, daemon/reload_unix.go or reloadConfig of cmd/dockerd/daemon.go.
IN_ALL = {
    "authorization-plugins": SET_AND_REMOVED,  # reloadConfig: SetPlugins(c.AuthorizationPlugins), whatever it is
    "bip": AT_START,
    "bridge": AT_START,
    "builder": AT_START,
    "cdi-spec-dirs": AT_START,
    "cgroup-parent": AT_START,
    "containerd": AT_START,
    "containerd-namespace": AT_START,
    "cpu-rt-period": AT_START,
    "cpu-rt-runtime": AT_START,
    "cri-containerd": AT_START,
    "data-root": AT_START,
    "debug": SET,  # reloadDebug, IsValueSet
    "default-address-pools": AT_START,
    "default-cgroupns-mode": SET,  # reloadPlatform, != ""
    "default-gateway": AT_START,
    "default-gateway-v6": AT_START,
    "default-ipc-mode": SET,  # reloadPlatform, != ""
    "default-network-opts": AT_START,
    "default-runtime": SET,  # reloadPlatform, != ""
    "default-shm-size": SET,  # reloadPlatform, IsValueSet
    "default-ulimits": AT_START,
    "dns": AT_START,
    "dns-opts": AT_START,
    "dns-search": AT_START,
    "exec-opts": AT_START,
    "exec-root": AT_START,
    "experimental": AT_START,
    "features": SET_AND_REMOVED,  # reloadFeatures: replaced; for what is looked up at start see below
    "fixed-cidr": AT_START,
    "fixed-cidr-v6": AT_START,
    "group": AT_START,
    "host-gateway-ip": AT_START,
    "hosts": AT_START,
    "icc": AT_START,
    "init": AT_START,
    "init-path": AT_START,
    "insecure-registries": SET,  # reloadRegistryConfig, IsValueSet
    "ip": AT_START,
    "ip-forward": AT_START,
    "ip-masq": AT_START,
    "ip6tables": AT_START,
    "iptables": AT_START,
    "ipv6": AT_START,
    "labels": SET,  # reloadLabels, IsValueSet
    "live-restore": SET,  # reloadLiveRestore, IsValueSet
    "log-driver": AT_START,
    "log-format": AT_START,
    "log-level": AT_START,
    "log-opts": AT_START,
    "max-concurrent-downloads": SET_AND_REMOVED,  # reloadMaxConcurrentDownloadsAndUploads: reset to the default first
    "max-concurrent-uploads": SET_AND_REMOVED,  # reloadMaxConcurrentDownloadsAndUploads
    "max-download-attempts": AT_START,  # reloadMaxDownloadAttempts: a copy that nothing reads
    "metrics-addr": AT_START,
    "mtu": AT_START,
    "network-control-plane-mtu": AT_START,
    "network-diagnostic-port": SET_AND_REMOVED,  # reloadNetworkDiagnosticPort: else StopDiagnostic
    "no-new-privileges": AT_START,
    "node-generic-resources": AT_START,
    "pidfile": AT_START,
    "proxies": AT_START,
    "raw-logs": AT_START,
    "registry-mirrors": SET,  # reloadRegistryConfig, IsValueSet
    "restart": AT_START,
    "rootless": AT_START,
    "runtimes": SET,  # reloadPlatform, IsValueSet
    "seccomp-profile": AT_START,
    "selinux-enabled": AT_START,
    "shutdown-timeout": SET,  # reloadShutdownTimeout, IsValueSet
    "storage-driver": AT_START,
    "storage-opts": AT_START,
    "swarm-default-advertise-addr": AT_START,
    "tls": AT_START,
    "tlscacert": AT_START,
    "tlscert": AT_START,
    "tlskey": AT_START,
    "tlsverify": AT_START,
    "userland-proxy": AT_START,
    "userland-proxy-path": AT_START,
    "userns-remap": AT_START,
}
IN_28 = {
    **IN_ALL,
    "allow-direct-routing": AT_START,
    "bip6": AT_START,
    "host-gateway-ips": AT_START,
    "ip-forward-no-drop": AT_START,
}
DECISIONS = {
    "26.1.5": {
        **IN_ALL,
        "allow-nondistributable-artifacts": SET,  # reloadRegistryConfig, IsValueSet
        "api-cors-header": AT_START,
    },
    "28.5.2": IN_28,
    "29.7.2": {
        **IN_28,
        "bridge-accept-fwmark": AT_START,
        "default-stop-timeout": SET,  # reloadDefaultStopTimeout, IsValueSet
        "firewall-backend": AT_START,
        "min-api-version": AT_START,
        "nri-opts": SET_AND_REMOVED,  # reloadNRI: else NRIOpts{}
    },
}


def decision(before: dict[str, t.Any], after: dict[str, t.Any]) -> str:
    if not changes(before, after):
        return "nothing"
    return "restart" if needs_restart(before, after) else "reload"


@pytest.mark.parametrize("engine", DECISIONS)
def test_every_key_of_dockerd_is_in_the_table(engine: str) -> None:
    assert set(DECISIONS[engine]) == known(version_of(engine))


@pytest.mark.parametrize(
    ("key", "decisions"),
    [pytest.param(key, row, id=f"{engine} {key}") for engine, table in DECISIONS.items() for key, row in table.items()],
)
def test_nothing_or_a_reload_or_a_restart(key: str, decisions: tuple[str, str, str]) -> None:
    one, other = ({"buildkit": True}, {"buildkit": False}) if key == "features" else ("one", "other")
    found = (decision({}, {key: one}), decision({key: one}, {key: other}), decision({key: one}, {}))
    assert found == decisions
    assert decision({key: one}, {key: one}) == "nothing"
    assert needs_restart({key: one}, {key: one}) == ()
    assert needs_restart({key: one}, {key: one, "debug": True}) == ()
    assert needs_restart({}, {key: one}) == ((key,) if decisions[0] == "restart" else ())
    assert needs_restart({key: one}, {}) == ((key,) if decisions[2] == "restart" else ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("buildkit", "reload", id="buildkit: asked for with every request (router/build)"),
        pytest.param("swarm-nftables", "reload", id="swarm-nftables: when a swarm is made (IsSwarmCompatible)"),
        pytest.param("no-such-feature", "reload", id="ignored anyway"),
        pytest.param("cdi", "restart", id="cdi: RegisterCDIDriver at start"),
        pytest.param("containerd-migration", "restart", id="containerd-migration: NewDaemon"),
        pytest.param("containerd-snapshotter", "restart", id="containerd-snapshotter: NewDaemon"),
        pytest.param("embedded-containerd", "restart", id="embedded-containerd: before NewDaemon"),
        pytest.param("time-namespaces", "restart", id="time-namespaces: RawSysInfo, once"),
    ],
)
def test_features_are_looked_up_live_or_at_start(name: str, expected: str) -> None:
    one, other = {"features": {"x": True, name: True}}, {"features": {"x": True, name: False}}
    none: dict[str, t.Any] = {"features": {"x": True}}
    assert [decision(none, one), decision(one, other), decision(one, none)] == [expected] * 3
    assert decision(one, {}) == expected
    assert decision(one, one) == "nothing"


@pytest.mark.parametrize(("before", "after"), [({}, ON), (ON, OFF), (ON, {}), ({**ON, "debug": True}, {"debug": True})])
def test_the_image_store_is_chosen_at_start(before: dict[str, t.Any], after: dict[str, t.Any]) -> None:
    assert "features" in needs_restart(before, after)


@pytest.mark.parametrize(
    ("before", "after", "info", "keys"),
    [
        pytest.param({}, ON, CONTAINERD | {"ServerVersion": "29.7.2"}, (), id="the image store of 29, which is said"),
        pytest.param(
            {}, ON, OVERLAY2 | {"ServerVersion": "29.7.2"}, ("features",), id="a host of 29 that kept another"
        ),
        pytest.param(ON, {}, CONTAINERD | {"ServerVersion": "29.7.2"}, (), id="no longer said, 29 keeps it"),
        pytest.param(ON, {}, CONTAINERD | {"ServerVersion": "28.5.2"}, ("features",), id="no longer said, before 29"),
        pytest.param({}, ON, CONTAINERD | {"ServerVersion": "28.5.2"}, (), id="the file was put back by hand"),
        pytest.param(
            {"features": {"cdi": True}}, {"features": {"cdi": False}}, CONTAINERD, ("features",), id="another feature"
        ),
        pytest.param({}, {"log-driver": "json-file"}, {"LoggingDriver": "json-file"}, (), id="a default that is said"),
        pytest.param({}, {"log-driver": "local"}, {"LoggingDriver": "json-file"}, ("log-driver",), id="no default"),
        pytest.param({}, {"mtu": 1500}, {"LoggingDriver": "json-file"}, ("mtu",), id="what nothing shows"),
    ],
)
def test_what_dockerd_does_already_needs_no_restart(
    before: dict[str, t.Any], after: dict[str, t.Any], info: dict[str, t.Any], keys: tuple[str, ...]
) -> None:
    assert needs_restart(before, after, info) == keys


@pytest.mark.parametrize(
    ("document", "info", "told"),
    [
        pytest.param({}, {"Debug": True}, None, id="what is not asked for is not missed"),
        pytest.param(ON, OVERLAY2, "image store overlay2", id="the image store"),
        pytest.param(
            {"registry-mirrors": ["https://a"]},
            {"RegistryConfig": {"Mirrors": ["https://a/"]}},
            None,
            id="dockerd adds a slash to a mirror",
        ),
        pytest.param({"registry-mirrors": ["https://a"]}, {"RegistryConfig": {}}, "registry-mirrors", id="no mirror"),
        pytest.param({"debug": True}, {"Debug": False}, "debug False in place of True", id="debug"),
        pytest.param({"labels": ["a=b"]}, {"Labels": None}, "labels", id="labels"),
        pytest.param(
            {"insecure-registries": ["a:5000", "10.0.0.0/8"]},
            {
                "RegistryConfig": {
                    "IndexConfigs": {"a:5000": {"Secure": False}, "docker.io": {"Secure": True}},
                    "InsecureRegistryCIDRs": ["10.0.0.0/8", "127.0.0.0/8"],
                }
            },
            None,
            id="insecure ones are names and networks",
        ),
        pytest.param({"insecure-registries": ["b"]}, {"RegistryConfig": {}}, "insecure-registries", id="not insecure"),
        pytest.param(
            {"insecure-registries": ["HTTP://a:5000"]},
            {"RegistryConfig": {"IndexConfigs": {"a:5000": {"Secure": False}}}},
            None,
            id="dockerd drops the scheme of an insecure one",
        ),
        pytest.param(
            {"insecure-registries": ["192.168.1.10/24", "FD00::1/8"]},
            {"RegistryConfig": {"InsecureRegistryCIDRs": ["192.168.1.0/24", "fd00::/8"]}},
            None,
            id="dockerd shows networks without the bits of a host",
        ),
    ],
)
def test_what_docker_info_shows_otherwise_is_told(
    document: dict[str, t.Any], info: dict[str, t.Any], told: str | None
) -> None:
    found = shortfall(document, info)
    assert found is None if told is None else told in (found or "")


@pytest.mark.parametrize(
    ("document", "info", "version", "switch"),
    [
        pytest.param(ON, OVERLAY2, "26.1.5", True, id="on"),
        pytest.param(ON, CONTAINERD, "26.1.5", False, id="on already"),
        pytest.param(OFF, CONTAINERD, "28.5.2", True, id="off"),
        pytest.param({}, CONTAINERD, "28.5.2", True, id="no longer asked for, before 29"),
        pytest.param({}, CONTAINERD, "29.0.1", False, id="the default since 29"),
        pytest.param({}, OVERLAY2, "29.0.1", False, id="a host of 29 that has a graph driver keeps it"),
        pytest.param({}, OVERLAY2, "26.1.5", False, id="the default before"),
    ],
)
def test_another_image_store_after_a_start(
    document: dict[str, t.Any], info: dict[str, t.Any], version: str, switch: bool
) -> None:
    assert switches(document, {**info, "ServerVersion": version}) is switch

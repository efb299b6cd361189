# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a wanted builder and a recorded one, each kind alone, in the words of the plan."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import drift, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container, parse
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import (
    Remembered,
    certificate_drift,
    container_drift,
    digest,
    endpoint_of,
    plain_image,
    same_toml,
    store_drift,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import StoredBuilder, StoredNode
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    CA,
    CONTAINER,
    CREATED,
    DATA,
    NODE,
    STORED,
    WANTED,
    made,
    with_file,
    with_node,
)

IMAGE = WANTED.image
NETWORK = "--allow-insecure-entitlement=network.host"
HARBOR_CA = "certs/harbor.lab.test/ca.crt"
MIRROR_CA = "certs/mirror.lab.test_5000/ca.crt"


def running_drift(wanted: Instance, container: Container, memory: Remembered | None = None) -> tuple[str, ...]:
    """Differences in the container of the only node."""
    return container_drift(wanted, wanted.nodes[0], container, memory)


def test_a_recorded_builder_does_not_differ() -> None:
    assert store_drift(WANTED, STORED, None) == ()
    assert running_drift(WANTED, CONTAINER) == ()
    assert certificate_drift(WANTED, NODE.files, "anywhere") == ()


@pytest.mark.parametrize(
    ("wanted", "stored", "told"),
    [
        pytest.param(
            WANTED, replace(STORED, driver="remote"), ("driver remote → docker-container",), id="driver: all else waits"
        ),
        pytest.param(
            WANTED,
            replace(STORED, nodes=(NODE, replace(NODE, name="other0"))),
            ("node other0 is not asked for",),
            id="a node too many",
        ),
        pytest.param(WANTED, replace(STORED, nodes=()), ("node multiarch0 is not in the store",), id="no node"),
        pytest.param(replace(WANTED, image="x:2"), STORED, (f"image {IMAGE} → x:2",), id="image"),
        pytest.param(WANTED, with_node(driver_opts={}), (f"image absent → {IMAGE}",), id="image: buildx's own default"),
        pytest.param(
            replace(WANTED, driver_opts={"memory": "1g"}), STORED, ("memory absent → 1g",), id="new driver option"
        ),
        pytest.param(
            WANTED,
            with_node(driver_opts={**NODE.driver_opts, "network": "host"}),
            ("network host → absent",),
            id="driver option no longer wanted",
        ),
        pytest.param(
            replace(WANTED, driver_opts={"env.a": "1", "memory": "2g"}),
            with_node(driver_opts={**NODE.driver_opts, "env.a": "1", "memory": "1g"}),
            ("memory 1g → 2g",),
            id="changed driver option",
        ),
        pytest.param(replace(WANTED, flags=("--debug",)), STORED, (f"flags {NETWORK} → --debug",), id="new flag"),
        pytest.param(
            WANTED,
            with_node(flags=("--debug", NETWORK)),
            (f"flags --debug {NETWORK} → none",),
            id="flag no longer wanted",
        ),
        pytest.param(WANTED, with_node(flags=()), (), id="the flag that buildx adds is missing: before 0.13"),
        pytest.param(replace(WANTED, flags=(NETWORK,)), STORED, (), id="the flag that buildx adds is wanted"),
        pytest.param(
            replace(WANTED, flags=("--a", "--b")), with_node(flags=("--b", "--a", NETWORK)), (), id="order of flags"
        ),
        pytest.param(WANTED, replace(STORED, name="MultiArch"), (), id="case of the name"),
        pytest.param(WANTED, with_node(name="MultiArch0"), (), id="case of the node's name"),
        pytest.param(
            WANTED,
            with_node(endpoint="tcp://127.0.0.1:1"),
            ("endpoint tcp://127.0.0.1:1 → unix:///var/run/docker.sock",),
            id="another dockerd",
        ),
        pytest.param(WANTED, with_node(endpoint="default"), (), id="this host by another name"),
        pytest.param(
            replace(WANTED, image="x:2", flags=("--debug",), driver_opts={"memory": "1g"}),
            with_node(files=with_file("buildkitd.toml", b"debug = true\n")),
            (
                f"image {IMAGE} → x:2",
                "memory absent → 1g",
                f"flags {NETWORK} → --debug",
                "buildkitd.toml in the store differs",
            ),
            id="several, in a fixed order",
        ),
    ],
)
def test_store_drift(wanted: Instance, stored: StoredBuilder, told: tuple[str, ...]) -> None:
    assert store_drift(wanted, stored, None) == told


@pytest.mark.parametrize(
    ("wanted", "container", "told"),
    [
        pytest.param(
            replace(WANTED, image="moby/buildkit:v1"),
            replace(CONTAINER, image="docker.io/moby/buildkit:v1"),
            (),
            id="the same image, written out",
        ),
        pytest.param(
            replace(WANTED, image="moby/buildkit:v2"),
            replace(CONTAINER, image="moby/buildkit:v1"),
            ("the container's image moby/buildkit:v1 → moby/buildkit:v2",),
            id="another tag",
        ),
        pytest.param(
            replace(WANTED, image="moby/buildkit:v1@sha256:bb"),
            replace(CONTAINER, image="moby/buildkit:v1@sha256:aa"),
            ("the container's image moby/buildkit:v1@sha256:aa → moby/buildkit:v1@sha256:bb",),
            id="another digest",
        ),
        pytest.param(
            replace(WANTED, image="moby/buildkit:v1@sha256:aa"),
            replace(CONTAINER, image="moby/buildkit:v1"),
            ("the container's image moby/buildkit:v1 → moby/buildkit:v1@sha256:aa",),
            id="pinned since",
        ),
        pytest.param(
            replace(WANTED, image="moby/buildkit:v1"),
            replace(CONTAINER, image="docker.io/moby/buildkit:v1@sha256:aa"),
            (),
            id="buildx 0.36 adds the digest of what it verified (BUILDX_DEFAULT_POLICY)",
        ),
        pytest.param(
            replace(WANTED, image="moby/buildkit:v2"),
            replace(CONTAINER, image="docker.io/moby/buildkit:v1@sha256:aa"),
            ("the container's image docker.io/moby/buildkit:v1@sha256:aa → moby/buildkit:v2",),
            id="another tag, with a digest",
        ),
        pytest.param(
            WANTED,
            replace(CONTAINER, files={}),
            ("buildkitd.toml in the container differs",),
            id="another user's builder of that name was adopted",
        ),
        pytest.param(WANTED, replace(CONTAINER, running=False), (), id="stopped: no drift, it is started"),
        pytest.param(
            WANTED,
            replace(CONTAINER, files={**CONTAINER.files, "provenance.d/x.json": b"{}"}),
            (),
            id="a file that buildx 0.29 puts there",
        ),
    ],
)
def test_container_drift(wanted: Instance, container: Container, told: tuple[str, ...]) -> None:
    assert running_drift(wanted, container) == told


# The recorded cluster: a node for amd64, and one for all else.
AMD, REST = (
    Node("multiarch-spare-9", "ssh://ci@198.51.100.31", ("linux/amd64",)),
    Node("multiarch-spare-2", "ssh://ci@198.51.100.24", ("linux/arm64", "linux/s390x")),
)
CLUSTER = replace(WANTED, nodes=(AMD, REST))
NODES = store.parse((DATA / "nodes.json").read_text())
STORED_AMD, STORED_REST = NODES.nodes


def entry_of(*nodes: StoredNode) -> StoredBuilder:
    return replace(NODES, nodes=nodes)


@pytest.mark.parametrize(
    ("wanted", "stored", "told"),
    [
        pytest.param(CLUSTER, NODES, (), id="as recorded, of buildx 0.13.1 and 0.29.1"),
        pytest.param(replace(CLUSTER, nodes=(REST, AMD)), NODES, (), id="the order of nodes"),
        pytest.param(
            CLUSTER,
            entry_of(STORED_AMD),
            ("node multiarch-spare-2 is not in the store",),
            id="one is missing: added, or the entry is an old one",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(AMD,)),
            NODES,
            ("node multiarch-spare-2 is not asked for",),
            id="one too many: taken off, the others stay",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(AMD, replace(REST, name="multiarch-arm"))),
            NODES,
            ("node multiarch-arm is not in the store", "node multiarch-spare-2 is not asked for"),
            id="one has another name",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(replace(AMD, name="MultiArch-Spare-9"), REST)),
            NODES,
            (),
            id="one has capitals: buildx writes names in lower case",
        ),
        pytest.param(
            WANTED,
            NODES,
            (
                "node multiarch0 is not in the store",
                "node multiarch-spare-9 is not asked for",
                "node multiarch-spare-2 is not asked for",
            ),
            id="no nodes any more: this host alone",
        ),
        pytest.param(
            CLUSTER,
            STORED,
            (
                "node multiarch-spare-9 is not in the store",
                "node multiarch-spare-2 is not in the store",
                "node multiarch0 is not asked for",
            ),
            id="nodes for the first time",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(replace(AMD, endpoint="ssh://ci@198.51.100.40"), REST)),
            NODES,
            ("node multiarch-spare-9: endpoint ssh://ci@198.51.100.31 → ssh://ci@198.51.100.40",),
            id="one is elsewhere",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(replace(AMD, endpoint=""), REST)),
            NODES,
            ("node multiarch-spare-9: endpoint ssh://ci@198.51.100.31 → unix:///var/run/docker.sock",),
            id="one is this host now",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(AMD, replace(REST, platforms=("linux/arm64",)))),
            NODES,
            ("node multiarch-spare-2: platforms linux/arm64, linux/s390x → linux/arm64",),
            id="a platform less",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(AMD, replace(REST, platforms=("linux/s390x", "linux/arm64")))),
            NODES,
            (),
            id="the order of platforms",
        ),
        pytest.param(
            CLUSTER,
            entry_of(STORED_AMD, replace(STORED_REST, platforms=())),
            ("node multiarch-spare-2: platforms any → linux/arm64, linux/s390x",),
            id="platforms for the first time, or taken by another node",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(AMD, replace(REST, platforms=()))),
            NODES,
            (),
            id="platforms are not asked for: those of the entry are as good as others",
        ),
        pytest.param(
            replace(CLUSTER, nodes=(AMD, replace(REST, driver_opts={"memory": "4g"}))),
            NODES,
            ("node multiarch-spare-2: memory absent → 4g",),
            id="an option of one node",
        ),
        pytest.param(
            replace(CLUSTER, driver_opts={"memory": "4g"}, nodes=(AMD, replace(REST, driver_opts={"memory": "8g"}))),
            entry_of(
                replace(STORED_AMD, driver_opts={**STORED_AMD.driver_opts, "memory": "4g"}),
                replace(STORED_REST, driver_opts={**STORED_REST.driver_opts, "memory": "4g"}),
            ),
            ("node multiarch-spare-2: memory 4g → 8g",),
            id="an option of one node in place of that of all",
        ),
        pytest.param(
            replace(CLUSTER, image="x:2", flags=("--debug",)),
            NODES,
            (
                f"node multiarch-spare-9: image {IMAGE} → x:2",
                f"node multiarch-spare-9: flags {NETWORK} → --debug",
                f"node multiarch-spare-2: image {IMAGE} → x:2",
                f"node multiarch-spare-2: flags {NETWORK} → --debug",
            ),
            id="what is the same for all is told for each",
        ),
        pytest.param(
            CLUSTER,
            entry_of(STORED_AMD, replace(STORED_REST, files={})),
            ("node multiarch-spare-2: buildkitd.toml in the store differs",),
            id="buildkitd.toml of one: an append by hand has none",
        ),
        pytest.param(
            CLUSTER,
            store.parse((DATA / "emptied.json").read_text()),
            (
                "node multiarch-spare-9: platforms any → linux/amd64",
                f"node multiarch-spare-9: image a/b:v1 → {IMAGE}",
                "node multiarch-spare-9: buildkitd.toml in the store differs",
                "node multiarch-spare-2: platforms any → linux/arm64, linux/s390x",
                f"node multiarch-spare-2: image a/b:v1 → {IMAGE}",
                "node multiarch-spare-2: buildkitd.toml in the store differs",
            ),
            id="what a failed append of somebody else left, recorded of both versions",
        ),
    ],
)
def test_store_drift_of_several_nodes(wanted: Instance, stored: StoredBuilder, told: tuple[str, ...]) -> None:
    assert store_drift(wanted, stored, None) == told


REMOTE = replace(
    WANTED,
    driver="remote",
    config="",
    certificates={},
    nodes=(Node("r1", "tcp://192.0.2.1:1234", ca="CA\n", client_cert="cert\n", client_key="key\n"),),
)
PATHS = {"cacert": "/x/cacert.pem", "cert": "/x/cert.pem", "key": "/x/key.pem"}
FAR = StoredBuilder("multiarch", "remote", (StoredNode("r1", "tcp://192.0.2.1:1234", PATHS, (), {}),))


def far(**changes: object) -> StoredBuilder:
    return replace(FAR, nodes=(replace(FAR.nodes[0], **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "stored", "told"),
    [
        pytest.param(REMOTE, FAR, (), id="as recorded, of buildx 0.13.1 and 0.29.1"),
        pytest.param(
            replace(REMOTE, nodes=(replace(REMOTE.nodes[0], ca="new CA\n", client_key="new key\n"),)),
            FAR,
            (),
            id="rotated: the entry has paths, the files are written",
        ),
        pytest.param(replace(REMOTE, config="debug = true"), FAR, (), id="its buildkitd is configured elsewhere"),
        pytest.param(replace(REMOTE, image="x:2"), FAR, (), id="it has no image"),
        pytest.param(
            replace(REMOTE, driver_opts={"env.HTTPS_PROXY": "http://proxy"}),
            FAR,
            (),
            id="a proxy is none of its options: buildx refuses variables",
        ),
        pytest.param(
            REMOTE,
            far(driver_opts={}),
            ("certificates none → cacert, cert, key",),
            id="certificates for the first time",
        ),
        pytest.param(
            replace(REMOTE, nodes=(replace(REMOTE.nodes[0], client_cert=None, client_key=None),)),
            FAR,
            ("certificates cacert, cert, key → cacert",),
            id="no client certificate any more",
        ),
        pytest.param(
            replace(REMOTE, nodes=(Node("r1", "tcp://192.0.2.1:1234"),)),
            FAR,
            ("certificates cacert, cert, key → none",),
            id="no TLS any more",
        ),
        pytest.param(
            replace(REMOTE, nodes=(replace(REMOTE.nodes[0], driver_opts={"servername": "build"}),)),
            FAR,
            ("servername absent → build",),
            id="servername",
        ),
        pytest.param(
            REMOTE,
            far(endpoint="tcp://192.0.2.2:1234"),
            ("endpoint tcp://192.0.2.2:1234 → tcp://192.0.2.1:1234",),
            id="another buildkitd",
        ),
        pytest.param(REMOTE, STORED, ("driver docker-container → remote",), id="a container before"),
        pytest.param(
            replace(WANTED, driver="kubernetes", nodes=(Node("pod"),)),
            StoredBuilder(
                "multiarch",
                "kubernetes",
                (replace(NODE, name="pod", endpoint="kubernetes:///multiarch?deployment=pod&kubeconfig="),),
            ),
            (),
            id="kubernetes: its endpoint is buildx' own",
        ),
    ],
)
def test_store_drift_of_other_drivers(wanted: Instance, stored: StoredBuilder, told: tuple[str, ...]) -> None:
    assert store_drift(wanted, stored, None) == told


def running(**changes: object) -> Container:
    """A container of the recorded builder on a host with all limits, made of no options but these."""
    options = {"network": "bridge", "restart-policy": "unless-stopped", "cgroup-parent": "/docker/buildx"}
    given = {name.replace("_", "-"): str(value) for name, value in changes.items()}
    return replace(
        CONTAINER,
        options={name: value for name, value in {**options, **given}.items() if value != "None"},
        unlimited=frozenset(),
    )


LIMITLESS = frozenset({"memory", "memory-swap", "cpu-quota", "cpu-period", "cpu-shares", "cpuset-cpus", "cpuset-mems"})
SYSTEMD = replace(running(cgroup_parent=None), unlimited=frozenset({"cgroup-parent"}))


@pytest.mark.parametrize(
    ("asked", "shown", "told"),
    [
        pytest.param({}, running(), (), id="nothing asked, nothing set"),
        pytest.param({"memory": "1g"}, running(memory=1024**3), (), id="memory: as asked, in other words"),
        pytest.param({"memory": "1g"}, running(), ("memory absent → 1073741824",), id="memory: new"),
        pytest.param(
            {"memory": "2g"}, running(memory=1024**3), ("memory 1073741824 → 2147483648",), id="memory: changed"
        ),
        pytest.param({}, running(memory=1024**3), ("memory 1073741824 → absent",), id="memory: left, or set by hand"),
        pytest.param({"memory": "0"}, running(), (), id="memory: 0 is none"),
        pytest.param(
            {"memory": "1g"}, running(memory=1024**3, memory_swap=2 * 1024**3), (), id="swap: Docker's default is twice"
        ),
        pytest.param(
            {"memory": "1g", "memory-swap": "0"},
            running(memory=1024**3, memory_swap=2 * 1024**3),
            (),
            id="swap: 0 is Docker's default",
        ),
        pytest.param(
            {"memory": "1g", "memory-swap": "-1"},
            running(memory=1024**3, memory_swap=-1),
            (),
            id="swap: without bounds",
        ),
        pytest.param(
            {"memory": "1g", "memory-swap": "-1"},
            running(memory=1024**3, memory_swap=2 * 1024**3),
            ("memory-swap 2147483648 → -1",),
            id="swap: was Docker's default",
        ),
        pytest.param({"memory-swap": "-1"}, running(), (), id="swap: alone it says nothing"),
        pytest.param({"cpu-quota": "50000"}, running(), ("cpu-quota absent → 50000",), id="quota"),
        pytest.param({"cpu-period": "100000"}, running(cpu_period=100000), (), id="period"),
        pytest.param({"cpu-shares": "512"}, running(cpu_shares=256), ("cpu-shares 256 → 512",), id="shares"),
        pytest.param({"cpu-shares": "0"}, running(), (), id="shares: 0 is none"),
        pytest.param({"cpuset-cpus": "0"}, running(), ("cpuset-cpus absent → 0",), id="processor 0"),
        pytest.param({"cpuset-mems": "0"}, running(cpuset_mems=0), (), id="memory node 0"),
        pytest.param(
            {"memory": "1g", "memory-swap": "2g", "cpu-quota": "5", "cpu-shares": "2", "cpuset-cpus": "0"},
            replace(running(), unlimited=LIMITLESS),
            (),
            id="limits that the host does not have are left out by dockerd, with a warning",
        ),
        pytest.param({"network": "host"}, running(network="host"), (), id="network: as asked"),
        pytest.param({"network": "host"}, running(), ("network bridge → host",), id="network: changed"),
        pytest.param({}, running(network="host"), ("network host → bridge",), id="network: left"),
        pytest.param({"network": "default"}, running(), (), id="network: another name for the default"),
        pytest.param(
            {"restart-policy": "always"},
            running(),
            ("restart-policy unless-stopped → always",),
            id="restart: changed",
        ),
        pytest.param({}, running(restart_policy="no"), ("restart-policy no → unless-stopped",), id="restart: by hand"),
        pytest.param(
            {"restart-policy": "on-failure:0"}, running(restart_policy="on-failure"), (), id="restart: for ever"
        ),
        pytest.param({"cgroup-parent": "/ci"}, running(cgroup_parent="/ci"), (), id="cgroup: as asked"),
        pytest.param(
            {"cgroup-parent": "/ci"}, running(), ("cgroup-parent /docker/buildx → /ci",), id="cgroup: changed"
        ),
        pytest.param({}, running(cgroup_parent="/ci"), ("cgroup-parent /ci → /docker/buildx",), id="cgroup: left"),
        pytest.param({}, SYSTEMD, (), id="cgroup: none with systemd"),
        pytest.param({"cgroup-parent": "/ci"}, SYSTEMD, (), id="cgroup: with systemd the driver sets none"),
        pytest.param({"env.A": "1"}, running(**{"env.A": 1, "env.PATH": "/bin"}), (), id="variable: as asked"),
        pytest.param({"env.A": "1"}, running(), ("env.A absent → 1",), id="variable: new"),
        pytest.param({"env.A": "1"}, running(**{"env.A": 2}), ("env.A 2 → 1",), id="variable: changed"),
        pytest.param({"env.A": ""}, running(**{"env.A": ""}), (), id="variable: empty"),
        pytest.param({"env.A": ""}, running(), ("env.A absent → ",), id="variable: empty is not absent"),
        pytest.param({}, running(**{"env.A": 1}), (), id="variable: left, or the image's: the entry tells which"),
        pytest.param({"default-load": "true"}, running(), (), id="an option that no container shows"),
        pytest.param(
            {"memory": "1g", "network": "host", "env.A": "1"},
            running(),
            ("env.A absent → 1", "memory absent → 1073741824", "network bridge → host"),
            id="several, sorted",
        ),
    ],
)
def test_options_that_a_container_shows(asked: dict[str, str], shown: Container, told: tuple[str, ...]) -> None:
    words = tuple(f"the container's {each}" for each in told)
    assert running_drift(replace(WANTED, driver_opts=asked), shown) == words
    of_a_node = replace(WANTED, nodes=(Node("multiarch0", driver_opts=asked),))
    assert running_drift(of_a_node, shown) == words


@pytest.mark.parametrize("version", ["26.1.5", "28.5.2"])
@pytest.mark.parametrize("created", CREATED, ids=lambda each: ", ".join(each["stored"]["DriverOpts"]))
def test_what_buildx_makes_of_its_options_does_not_differ_from_them(created: dict[str, t.Any], version: str) -> None:
    """Recorded of buildx 0.13.1 and 0.29.1: or the builder would be made anew at each run."""
    options = {name: value for name, value in created["stored"]["DriverOpts"].items() if name != "image"}
    wanted = replace(WANTED, image="a/b:v1", driver_opts=options)
    info = {"CgroupDriver": "cgroupfs"}
    assert running_drift(wanted, parse(made(created, version), info, NODE.files)) == ()


@pytest.mark.parametrize(
    ("flags", "runs_with", "told"),
    [
        pytest.param((), (NETWORK,), (), id="what buildx adds"),
        pytest.param((), ("--config", "/etc/buildkit/buildkitd.toml", NETWORK), (), id="and the file"),
        pytest.param((), (), (), id="nothing: before 0.13"),
        pytest.param(("--debug",), ("--debug", NETWORK), (), id="as asked"),
        pytest.param(("--debug",), (NETWORK,), f"{NETWORK} → --debug", id="new"),
        pytest.param((), ("--debug",), "--debug → none", id="left"),
        pytest.param(("--debug",), (), "none → --debug", id="made by somebody else, without any"),
        pytest.param(("--a", "--b"), ("--b", "--a"), (), id="the order"),
    ],
)
def test_flags_of_a_container(flags: tuple[str, ...], runs_with: tuple[str, ...], told: str) -> None:
    words = (f"the container's flags {told}",) if told else ()
    assert running_drift(replace(WANTED, flags=flags), replace(CONTAINER, flags=runs_with)) == words


def test_a_container_of_several_is_named_by_its_node() -> None:
    changed = replace(CLUSTER, nodes=(AMD, replace(REST, driver_opts={"network": "host"})), image="x:2")
    assert container_drift(changed, changed.nodes[1], CONTAINER, None) == (
        f"node multiarch-spare-2: the container's image {IMAGE} → x:2",
        "node multiarch-spare-2: the container's network bridge → host",
    )
    assert container_drift(changed, AMD, CONTAINER, None) == (
        f"node multiarch-spare-9: the container's image {IMAGE} → x:2",
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("", "unix:///var/run/docker.sock", True, id="this host: docker/cli, opts/hosts_unix.go"),
        pytest.param("", "default", True, id="this host: its context"),
        pytest.param("ssh://ci@a", "ssh://ci@a", True, id="elsewhere"),
        pytest.param("ssh://ci@a", "ssh://a", False, id="another user"),
        pytest.param("", "ssh://localhost", False, id="this host by ssh is reached in another way"),
    ],
)
def test_endpoints(one: str, other: str, same: bool) -> None:
    assert (endpoint_of(one) == endpoint_of(other)) is same


@pytest.mark.parametrize(
    ("wanted", "files", "told"),
    [
        pytest.param(WANTED, with_file(HARBOR_CA, b"old CA\n"), (f"{HARBOR_CA} there differs",), id="changed"),
        pytest.param(WANTED, with_file(HARBOR_CA, b""), (f"{HARBOR_CA} there differs",), id="emptied"),
        pytest.param(WANTED, with_file(HARBOR_CA, CA.encode().strip()), (f"{HARBOR_CA} there differs",), id="cut"),
        pytest.param(WANTED, with_file(HARBOR_CA, None), (f"{HARBOR_CA} there is missing",), id="missing"),
        pytest.param(
            WANTED, {}, (f"{HARBOR_CA} there is missing", f"{MIRROR_CA} there is missing"), id="all missing, sorted"
        ),
        pytest.param(
            replace(WANTED, certificates={**WANTED.certificates, "new/ca.crt": CA}),
            NODE.files,
            ("certs/new/ca.crt there is missing",),
            id="a registry came",
        ),
        pytest.param(WANTED, with_file("certs/old/ca.crt", b"CA"), (), id="a registry left: nobody reads its file"),
        pytest.param(replace(WANTED, certificates={}), NODE.files, (), id="all left"),
        pytest.param(WANTED, with_file("buildkitd.toml", None), (), id="the TOML is no certificate"),
    ],
)
def test_certificate_drift(wanted: Instance, files: dict[str, bytes], told: tuple[str, ...]) -> None:
    assert certificate_drift(wanted, files, "there") == told
    # they need neither another entry nor another container
    assert [each for each in store_drift(wanted, with_node(files=files), None) if "certs/" in each] == []
    assert [each for each in running_drift(wanted, replace(CONTAINER, files=files)) if "certs/" in each] == []


@pytest.mark.parametrize(
    ("wanted", "files", "differs"),
    [
        pytest.param(WANTED, NODE.files, False, id="as recorded"),
        pytest.param(WANTED, with_file("buildkitd.toml", b"debug = true\n"), True, id="other TOML"),
        pytest.param(WANTED, with_file("buildkitd.toml", b""), True, id="emptied TOML"),
        pytest.param(WANTED, with_file("buildkitd.toml", None), True, id="no TOML"),
        pytest.param(replace(WANTED, config="", certificates={}), {}, False, id="no file wanted, none there"),
        pytest.param(replace(WANTED, config=""), NODE.files, True, id="no TOML wanted, one there"),
    ],
)
def test_the_toml_in_both_places(wanted: Instance, files: dict[str, bytes], differs: bool) -> None:
    stored = store_drift(wanted, with_node(files=files), None)
    running = running_drift(wanted, replace(CONTAINER, files=files))
    assert stored == (("buildkitd.toml in the store differs",) if differs else ())
    assert running == (("buildkitd.toml in the container differs",) if differs else ())


@pytest.mark.parametrize(
    ("wanted", "actual", "same"),
    [
        pytest.param('[a]\nx = 1\n[b]\ny = "2"', b'[b]\n  y = "2"\n\n[a]\n  x = 1\n', True, id="another order"),
        pytest.param("a.x = 1", b"[a]\nx = 1", True, id="other groups"),
        pytest.param("a = {x = 1}", b"[a]\nx = 1", True, id="an inline table"),
        pytest.param("# words\nx = 1 # words", b"x = 1", True, id="comments"),
        pytest.param("x = 'a'", b'x = "a"', True, id="quotes"),
        pytest.param("x = 0x10", b"x = 16", True, id="how a number is written"),
        pytest.param("x = [1, 2]", b"x = [2, 1]", False, id="the order of a list counts: mirrors are tried in it"),
        pytest.param("x = 1", b'x = "1"', False, id="a number is no text"),
        pytest.param("x = true", b"x = 1", False, id="true is no number"),
        pytest.param("", b"x = 1", False, id="a key too many"),
        pytest.param("x = 1", b"x = 1\ny = 2", False, id="another key too many"),
        pytest.param("x = 1979-05-27", b"x = 1979-05-27", True, id="a date"),
        pytest.param("x = 1", b"x = ", False, id="no TOML"),
        pytest.param("x = 1", b"\xff\xfe", False, id="no text"),
        pytest.param("", b"", True, id="empty"),
        pytest.param(" \n", None, True, id="blank, and no file"),
        pytest.param("x = 1", None, False, id="no file"),
        pytest.param("# words", None, False, id="comments only: buildx keeps a file of them"),
    ],
)
def test_same_toml(wanted: str, actual: bytes | None, same: bool) -> None:
    assert same_toml(wanted, actual, None) is same


RENDERED, WRITTEN = "a.x = 1\n", b"[a]\n  x = 1\n"
MEMORY = Remembered(digest(RENDERED.encode()), digest(WRITTEN))


@pytest.mark.parametrize(
    ("wanted", "actual", "memory", "same"),
    [
        pytest.param(RENDERED, WRITTEN, MEMORY, True, id="what buildx made of the same text"),
        pytest.param(RENDERED, WRITTEN, None, False, id="nothing remembered: made anew once"),
        pytest.param("a.x = 2\n", WRITTEN, MEMORY, False, id="something else is wanted"),
        pytest.param(RENDERED, b"[a]\n  x = 2\n", MEMORY, False, id="something else is there"),
        pytest.param(RENDERED, None, MEMORY, False, id="nothing is there"),
        pytest.param("", None, None, True, id="nothing wanted, nothing there"),
    ],
)
def test_same_toml_on_a_host_without_tomllib(
    wanted: str, actual: bytes | None, memory: Remembered | None, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.9 and 3.10."""
    monkeypatch.setattr(drift, "tomllib", None)
    assert same_toml(wanted, actual, memory) is same


def test_a_host_without_tomllib_remembers_a_recorded_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "tomllib", None)
    memory = Remembered(digest(WANTED.config.encode()), digest(NODE.files["buildkitd.toml"]))
    assert store_drift(WANTED, STORED, memory) == running_drift(WANTED, CONTAINER, memory) == ()
    assert store_drift(WANTED, STORED, None) == ("buildkitd.toml in the store differs",)


@pytest.mark.parametrize(
    ("reference", "plain"),
    [
        ("docker.io/moby/buildkit:v1", "moby/buildkit:v1"),
        ("moby/buildkit:v1", "moby/buildkit:v1"),
        ("docker.io/library/busybox", "busybox"),
        ("library/busybox", "busybox"),
        ("harbor.example.com/docker.io/moby/buildkit", "harbor.example.com/docker.io/moby/buildkit"),
        ("harbor.example.com/library/busybox", "harbor.example.com/library/busybox"),
        ("localhost:5000/x", "localhost:5000/x"),
    ],
)
def test_plain_image(reference: str, plain: str) -> None:
    assert plain_image(reference) == plain

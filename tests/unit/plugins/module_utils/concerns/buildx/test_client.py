# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What buildx is told, and how its answers are read; buildx itself does not run here."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import stat
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import client, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.client import (
    create,
    create_arguments,
    environment_of,
    quoted,
    require_running,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import UseBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    CA,
    DATA,
    ENTRY,
    WANTED,
    entry,
)

USER = "ci"
pytestmark = pytest.mark.usefixtures("homes")
PLAIN = Instance("b", "docker-container", "a/b:v1", {}, (), False, "", {})
CONTAINER = ("--driver", "docker-container")
IMAGED = ("--driver-opt", "image=a/b:v1")
FAR = Node("r1", "tcp://192.0.2.1:1234", ca="CA\n", client_cert="cert\n", client_key="key\n")
REMOTE = replace(PLAIN, driver="remote", nodes=(FAR,))
# What both versions say of a node that does not answer.
LOST = [
    f'error during connect: Get "http://docker.example.com/{api}/containers/buildx_buildkit_two/json": command [ssh '
    f"{options} -- 198.51.100.24 docker system dial-stdio] has exited with exit status 255, {please}make sure the URL "
    "is valid, and Docker 18.09 or later is installed on the remote host: stderr=ssh: connect to host 198.51.100.24 "
    "port 22: Connection refused"
    for api, options, please in (
        ("v1.45", "-o ConnectTimeout=30 -l ci", "please "),
        ("v1.51", "-l ci -o ConnectTimeout=30 -T", ""),
    )
]
REFUSED = "ssh: connect to host 198.51.100.24 port 22: Connection refused"
UNREACHABLE = "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?"


@pytest.mark.parametrize(
    ("wanted", "config", "rest"),
    [
        pytest.param(PLAIN, None, (), id="nothing special"),
        pytest.param(PLAIN, "/tmp/x/buildkitd.toml", ("--config", "/tmp/x/buildkitd.toml"), id="TOML"),
        pytest.param(
            replace(PLAIN, driver_opts={"memory": "1g", "cpuset-cpus": "0,1"}),
            None,
            ("--driver-opt", "memory=1g", "--driver-opt", '"cpuset-cpus=0,1"'),
            id="driver options",
        ),
        pytest.param(
            replace(PLAIN, driver_opts={"memory": "1g", "env.HTTPS_PROXY": "http://me:s3cret@proxy"}),
            None,
            ("--driver-opt", "memory=1g"),
            id="the environment is no argument, and the container is made later, with it",
        ),
        pytest.param(
            replace(PLAIN, flags=("--debug", "--allow-insecure-entitlement=security.insecure")),
            None,
            ("--buildkitd-flags", "--debug --allow-insecure-entitlement=security.insecure"),
            id="flags are one argument",
        ),
    ],
)
def test_create_arguments(wanted: Instance, config: str | None, rest: tuple[str, ...]) -> None:
    assert create_arguments(wanted, wanted.nodes[0], config, USER) == (
        *("create", "--name", "b", "--node", "b0"),
        *CONTAINER,
        *IMAGED,
        *rest,
    )


@pytest.mark.parametrize(
    ("wanted", "node", "rest"),
    [
        pytest.param(PLAIN, Node("B-Arm"), ("--node", "B-Arm", *CONTAINER, *IMAGED), id="its name"),
        pytest.param(
            PLAIN,
            Node("b-arm", platforms=("linux/arm64", "linux/arm/v7")),
            ("--node", "b-arm", *CONTAINER, "--platform", "linux/arm64,linux/arm/v7", *IMAGED),
            id="its platforms are one argument",
        ),
        pytest.param(
            replace(PLAIN, driver_opts={"memory": "4g", "network": "host"}),
            Node("b-arm", driver_opts={"memory": "8g", "env.A": "1"}),
            ("--node", "b-arm", *CONTAINER, *IMAGED, "--driver-opt", "memory=8g", "--driver-opt", "network=host"),
            id="its options have the last word",
        ),
        pytest.param(
            replace(REMOTE, driver_opts={"env.HTTPS_PROXY": "http://proxy"}),
            Node("r1", "tcp://192.0.2.1:1234", driver_opts={"servername": "build"}),
            ("--node", "r1", "--driver", "remote", "--driver-opt", "servername=build"),
            id="remote: neither an image nor the proxy's variables",
        ),
        pytest.param(
            REMOTE,
            FAR,
            (
                *("--node", "r1", "--driver", "remote"),
                *("--driver-opt", "cacert={home}/.docker/multiarch-builders/b/r1/cacert.pem"),
                *("--driver-opt", "cert={home}/.docker/multiarch-builders/b/r1/cert.pem"),
                *("--driver-opt", "key={home}/.docker/multiarch-builders/b/r1/key.pem"),
            ),
            id="remote: certificates as files of the user",
        ),
        pytest.param(
            replace(PLAIN, driver="kubernetes"),
            Node("pod", platforms=("linux/arm64",), driver_opts={"nodeselector": "a=b,c=d"}),
            (
                *("--node", "pod", "--driver", "kubernetes", "--platform", "linux/arm64"),
                *(*IMAGED, "--driver-opt", '"nodeselector=a=b,c=d"'),
            ),
            id="kubernetes",
        ),
    ],
)
def test_create_arguments_of_a_node(wanted: Instance, node: Node, rest: tuple[str, ...], homes: Path) -> None:
    arguments = create_arguments(wanted, node, None, "ci")
    assert arguments[:3] == ("create", "--name", "b")
    assert arguments[3:] == tuple(each.format(home=homes / "ci") for each in rest)
    assert "\n" not in "".join(arguments), "no certificate or key: everybody can read arguments"


def test_flags_come_apart_again_as_they_were() -> None:
    """buildx splits them as a shell does (recorded: "'--label=a b'" became one flag, of both versions)."""
    flags = ("--debug", "--label=a b", "--label=it's", "--label=$HOME", '--label="q"', "--label=\\")
    arguments = create_arguments(replace(PLAIN, flags=flags), PLAIN.nodes[0], None, USER)
    assert tuple(shlex.split(arguments[arguments.index("--buildkitd-flags") + 1])) == flags


@pytest.mark.parametrize(
    "value",
    ["memory=1g", "env.no_proxy=a,b", 'env.x="q"', "env.x=a b", "env.x=", 'env.x=a,"b",c', "env.x=ä=b"],
)
def test_quoted_is_one_field_of_csv(value: str) -> None:
    assert list(csv.reader([quoted(value)])) == [[value]]


def test_what_needs_no_quotes_has_none() -> None:
    assert quoted("image=docker.io/moby/buildkit:v1@sha256:ab") == "image=docker.io/moby/buildkit:v1@sha256:ab"


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        pytest.param("inspect-0.13.1.txt", None, id="runs, buildx 0.13.1"),
        pytest.param("inspect-0.29.1.txt", None, id="runs, buildx 0.29.1"),
        pytest.param("inspect-inactive.txt", "b10 is inactive", id="inactive"),
        pytest.param("inspect-unreachable.txt", UNREACHABLE, id="unreachable"),
        pytest.param("inspect-lost-0.13.1.txt", f"node two: {REFUSED}", id="0.13.1: one lost"),
        pytest.param("inspect-lost-0.29.1.txt", f"node two: {REFUSED}", id="0.29.1: one lost"),
        pytest.param(None, "it has no node", id="no builder"),
    ],
)
def test_require_running(recorded: str | None, told: str | None, programs: Programs) -> None:
    """The answer of buildx is a recorded one; its exit status was 0 in all of them but the last. No log says more."""
    programs("docker", f'test "$1" = buildx && cat {DATA / recorded}' if recorded else "exit 1")
    former = Outcome((), 0, "", "what create said")
    if told is None:
        require_running("b", USER, former)
        return
    with pytest.raises(HostError) as caught:
        require_running("b", USER, former)
    assert (caught.value.what, caught.value.cause) == (f"builder b of {USER} does not run", told)
    assert caught.value.said == "`` said:\nwhat create said"


def test_configuration_is_there_for_its_user_while_buildx_reads_it() -> None:
    with client._configuration(WANTED, USER) as path:
        assert path is not None
        folder = Path(path).parent
        text = Path(path).read_text()
        assert "/etc/buildkit" not in text
        assert f'"{folder}/certs/harbor.lab.test/ca.crt"' in text
        assert (folder / "certs/harbor.lab.test/ca.crt").read_text() == CA
        assert (folder / "certs/mirror.lab.test_5000/ca.crt").read_text() == CA
        files = [each for each in folder.rglob("*") if each.is_file()]
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {each.stat().st_uid for each in (folder, *folder.rglob("*"))} == {os.geteuid()}
    assert not folder.exists()


def test_configuration_goes_also_after_an_error() -> None:
    seen: list[Path] = []
    with pytest.raises(HostError, match="of this test"), client._configuration(WANTED, USER) as path:
        assert path is not None
        seen.append(Path(path).parent)
        raise HostError("of this test")
    assert not seen[0].exists()


def test_an_empty_configuration_is_one() -> None:
    """Without any, buildx takes ~/.docker/buildx/buildkitd.default.toml (docker/buildx, util/confutil)."""
    with client._configuration(PLAIN, USER) as path:
        assert Path(path).read_text() == ""


@pytest.mark.parametrize(
    ("options", "of_the_node", "environment"),
    [
        pytest.param({}, {}, {}, id="none"),
        pytest.param({"memory": "1g", "network": "env.x"}, {}, {}, id="other options"),
        pytest.param(
            {"memory": "1g", "env.HTTPS_PROXY": "http://p", "env.NO_PROXY": "a,b"},
            {},
            {"env.HTTPS_PROXY": "http://p", "env.NO_PROXY": "a,b"},
            id="some",
        ),
        pytest.param(
            {"env.A": "1", "env.B": "1"},
            {"env.B": "2", "env.C": "2", "memory": "1g"},
            {"env.A": "1", "env.B": "2", "env.C": "2"},
            id="some of the node's own",
        ),
    ],
)
def test_environment_of(options: dict[str, str], of_the_node: dict[str, str], environment: dict[str, str]) -> None:
    node = Node("b0", driver_opts=of_the_node)
    assert environment_of(replace(PLAIN, driver_opts=options), node) == environment
    assert environment_of(replace(REMOTE, driver_opts=options), node) == {}, "buildx refuses them there"


# A stand-in for docker: each `create` copies the next recorded entry into the store, as buildx does, `inspect` says
# that all runs. *seen* is the entry as the start of the containers finds it.
BUILDX = """\
umask 077
entry="${{BUILDX_CONFIG:-$HOME/.docker/buildx}}/instances/b"
case "$2 $3" in
"create "*)
    ls "${{entry%/instances/b}}" >>{recorded}.found 2>&1
    mkdir -p "${{entry%/*}}"
    for next in {recorded}/*.json; do test -e "$next" && mv "$next" "$entry" && break; done
    test -z "$(ls {recorded})" && test -e {recorded}.words && cat {recorded}.words >&2 && exit 1
    ;;
"inspect --bootstrap") cp "$entry" {seen};;
esac
cat {running}
"""
IMAGE = {"image": "a/b:v1"}
PROXY = {"env.HTTPS_PROXY": "http://me:p%40ss@proxy:3128", "env.NO_PROXY": "a,b"}
LOCAL = "unix:///var/run/docker.sock"
Programs = t.Callable[[str, str], Path]


@dataclass
class BuildxStandIn:
    """*entries* are what each `create` leaves; after the last one it fails with *words*, if there are any."""

    programs: Programs
    folder: Path
    homes: Path

    def with_entries(self, *entries: list[dict[str, t.Any]], words: str = "") -> Path:
        """The file with its calls."""
        recorded = self.folder / "recorded"
        recorded.mkdir()
        for number, nodes in enumerate(entries):
            (recorded / f"{number}.json").write_text(json.dumps({**json.loads(ENTRY), "Name": "b", "Nodes": nodes}))
        if words:
            Path(f"{recorded}.words").write_text(words)
        running = DATA / "inspect-0.29.1.txt"
        return self.programs("docker", BUILDX.format(recorded=recorded, seen=self.folder / "seen", running=running))

    @property
    def stored(self) -> Path:
        return self.homes / "ci/.docker/buildx/instances/b"

    @property
    def started_with(self) -> Path:
        return self.folder / "seen"


@pytest.fixture
def stand_in(programs: Programs, tmp_path: Path, homes: Path) -> BuildxStandIn:
    return BuildxStandIn(programs, tmp_path, homes)


def stored_node(name: str, **changes: object) -> dict[str, t.Any]:
    """One node of the recorded entry, of another name."""
    found: dict[str, t.Any] = json.loads(entry(Name=name, **{"DriverOpts": IMAGE, **changes}))["Nodes"][0]
    return found


def without_files(call: str) -> str:
    """A call of buildx without the file of its configuration, which has a name of its own each time."""
    return re.sub(r" --config \S+/buildkitd\.toml", "", call)


def create_call(node: str, endpoint: str, *more: str) -> str:
    options = " ".join(("--driver-opt image=a/b:v1", *more))
    return f"buildx create --name b --node {node} --driver docker-container {options} {endpoint}"


ARM = Node("b-arm", "ssh://ci@198.51.100.24", driver_opts={"memory": "8g"})


@pytest.mark.parametrize(
    ("wanted", "nodes", "calls"),
    [
        pytest.param(
            replace(PLAIN, driver_opts={"memory": "1g"}),
            ["b0"],
            [create_call("b0", LOCAL, "--driver-opt memory=1g --bootstrap"), "buildx inspect b"],
            id="one node, no environment: buildx makes all of it at once",
        ),
        pytest.param(
            replace(PLAIN, nodes=(Node("b-here"), ARM)),
            ["b-here", "b-arm"],
            [
                create_call("b-here", LOCAL),
                create_call("b-arm", ARM.endpoint, "--driver-opt memory=8g --append"),
                "buildx inspect --bootstrap b",
                "buildx inspect b",
            ],
            id="several: one after the other, then they start together",
        ),
        pytest.param(
            replace(PLAIN, nodes=(Node("B-Here"),)),
            ["b-here"],
            [create_call("B-Here", LOCAL, "--bootstrap"), "buildx inspect b"],
            id="buildx writes names in lower case",
        ),
    ],
)
def test_create(wanted: Instance, nodes: list[str], calls: list[str], stand_in: BuildxStandIn) -> None:
    asked = stand_in.with_entries(*([stored_node(name) for name in nodes[: count + 1]] for count in range(len(nodes))))
    create(wanted, "ci")
    assert [without_files(call) for call in asked.read_text().splitlines()] == calls
    assert [node.name for node in store.parse(stand_in.stored.read_text()).nodes] == nodes


@pytest.mark.parametrize(
    ("wanted", "nodes", "options"),
    [
        pytest.param(replace(PLAIN, driver_opts=PROXY), ["b0"], [{**IMAGE, **PROXY}], id="one node"),
        pytest.param(
            replace(PLAIN, driver_opts=PROXY, nodes=(Node("b-here"), Node("B-Arm", ARM.endpoint))),
            ["b-here", "b-arm"],
            [{**IMAGE, **PROXY}, {**IMAGE, **PROXY}],
            id="all nodes, whatever the case of their names",
        ),
        pytest.param(
            replace(PLAIN, nodes=(Node("b-here", driver_opts={"env.A": "1"}), Node("b-arm", ARM.endpoint))),
            ["b-here", "b-arm"],
            [{**IMAGE, "env.A": "1"}, IMAGE],
            id="one of several",
        ),
    ],
)
def test_an_environment_is_in_the_entry_before_the_containers_are_made_and_in_no_argument(
    wanted: Instance, nodes: list[str], options: list[dict[str, str]], stand_in: BuildxStandIn
) -> None:
    asked = stand_in.with_entries(*([stored_node(name) for name in nodes[: count + 1]] for count in range(len(nodes))))
    create(wanted, "ci")
    calls = asked.read_text()
    assert "env." not in calls
    assert [call.split()[1] for call in calls.splitlines()] == [*["create"] * len(nodes), "inspect", "inspect"]
    assert "--bootstrap" not in calls.partition("buildx inspect")[0]
    found = json.loads(stand_in.stored.read_text())
    assert [node["DriverOpts"] for node in found["Nodes"]] == options
    assert found["Nodes"] == [stored_node(name, DriverOpts=each) for name, each in zip(nodes, options)]
    assert json.loads(stand_in.started_with.read_text()) == found
    assert stat.S_IMODE(stand_in.stored.stat().st_mode) == 0o600


APPEND_FAILED = f"ERROR: failed to initialize builder b (b-arm): {LOST[0]}"


@pytest.mark.parametrize(
    ("wanted", "entries", "words", "told", "cause"),
    [
        pytest.param(
            PLAIN,
            [],
            "ERROR: no valid drivers found",
            "node b0 of builder b of ci cannot be created",
            "no valid drivers found",
            id="the only one",
        ),
        pytest.param(
            replace(PLAIN, nodes=(Node("b-here"), ARM)),
            [["b-here"]],
            APPEND_FAILED,
            "node b-arm of builder b of ci cannot be created",
            REFUSED,
            id="the second one: buildx takes it out again, and empties the first (recorded of both versions)",
        ),
    ],
)
def test_a_node_that_is_not_in_the_entry_then_is_told_with_the_cause(
    wanted: Instance, entries: list[list[str]], words: str, told: str, cause: str, stand_in: BuildxStandIn
) -> None:
    asked = stand_in.with_entries(*([stored_node(name) for name in names] for names in entries), words=words)
    with pytest.raises(HostError) as caught:
        create(wanted, "ci")
    assert str(caught.value) == f"{told}: {cause}"
    assert words in caught.value.said
    assert "inspect" not in asked.read_text(), "nothing is started"


def test_the_way_to_other_drivers(stand_in: BuildxStandIn) -> None:
    asked = stand_in.with_entries([stored_node("r1")], [stored_node("pod")])
    create(REMOTE, "ci")
    create(replace(PLAIN, driver="kubernetes", nodes=(Node("pod"),)), "ci")
    creations = [without_files(call).split() for call in asked.read_text().splitlines() if "create" in call]
    assert creations[0][-1] == "tcp://192.0.2.1:1234"
    assert "--bootstrap" not in creations[0], "it runs already"
    assert creations[1][-2:] == ["image=a/b:v1", "--bootstrap"], "kubectl's current context is no argument"


def test_a_builder_elsewhere_is_made_whatever_the_user_wants_of_others(stand_in: BuildxStandIn) -> None:
    """With a buildkitd.default.toml in the store buildx would refuse it (docker/buildx, driver/remote/factory.go)."""
    store = stand_in.stored.parents[1]
    store.mkdir(parents=True)
    (store / "buildkitd.default.toml").write_text("debug = true\n")
    two = replace(REMOTE, nodes=(Node("r1", "tcp://192.0.2.1:1234"), Node("r2", "tcp://192.0.2.2:1234")))
    asked = stand_in.with_entries([stored_node("r1")], [stored_node("r1"), stored_node("r2")])
    create(two, "ci")
    assert (stand_in.folder / "recorded.found").read_text().split() == ["instances"], "empty, and what the first made"
    entry = json.loads(stand_in.stored.read_text())
    assert [each["Name"] for each in entry["Nodes"]] == ["r1", "r2"]
    assert stat.S_IMODE(stand_in.stored.stat().st_mode) == 0o600
    calls = asked.read_text().splitlines()
    assert ["--append" in call for call in calls if "create" in call] == [False, True]
    assert [call for call in calls if "inspect" in call] == ["buildx inspect --bootstrap b", "buildx inspect b"]
    assert not list((stand_in.folder / "var/tmp").iterdir())


def test_a_builder_of_a_host_that_serves_is_made_before_that_host_may_answer(stand_in: BuildxStandIn) -> None:
    """One run provisions both; the proof, after all hosts are done, is what uses it."""
    asked = stand_in.with_entries([stored_node("r1")])
    create(replace(REMOTE, nodes=(Node("r1", "tcp://192.0.2.1:1234", serve="big"),)), "ci")
    assert json.loads(stand_in.stored.read_text())["Nodes"][0]["Name"] == "r1"
    assert [call for call in asked.read_text().splitlines() if "inspect" in call] == []


def test_the_builder_of_a_user(programs: Programs, homes: Path) -> None:
    assert homes.exists()
    asked = programs("docker", "")
    client.use(UseBuilder(PLAIN, "ci"))
    assert asked.read_text() == "buildx use --global b\n"

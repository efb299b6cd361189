# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What buildx is told, and how its answers are read; buildx itself does not run here."""

from __future__ import annotations

import csv
import json
import os
import pwd
import shlex
import stat
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import client, store
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.client import (
    create,
    create_arguments,
    environment_of,
    node_states,
    quoted,
    require_running,
)
from ansible_collections.multiarch.builders.plugins.module_utils.command import Outcome
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.buildx.recorded import (
    CA,
    DATA,
    NODE,
    STORED,
    WANTED,
    entry,
)

USER = pwd.getpwuid(os.geteuid()).pw_name
PLAIN = Instance("b", "docker-container", "a/b:v1", {}, (), False, "", {})
START = ("create", "--name", "b", "--driver", "docker-container", "--driver-opt", "image=a/b:v1")
UNREACHABLE = "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?"


@pytest.mark.parametrize(
    ("wanted", "config", "rest"),
    [
        pytest.param(PLAIN, None, ("--bootstrap",), id="nothing special"),
        pytest.param(PLAIN, "/tmp/x/buildkitd.toml", ("--config", "/tmp/x/buildkitd.toml", "--bootstrap"), id="TOML"),
        pytest.param(
            replace(PLAIN, driver_opts={"memory": "1g", "cpuset-cpus": "0,1"}),
            None,
            ("--driver-opt", "memory=1g", "--driver-opt", '"cpuset-cpus=0,1"', "--bootstrap"),
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
            ("--buildkitd-flags", "--debug --allow-insecure-entitlement=security.insecure", "--bootstrap"),
            id="flags are one argument",
        ),
    ],
)
def test_create_arguments(wanted: Instance, config: str | None, rest: tuple[str, ...]) -> None:
    assert create_arguments(wanted, config) == (*START, *rest)


def test_flags_come_apart_again_as_they_were() -> None:
    """buildx splits them as a shell does (recorded: "'--label=a b'" became one flag, of both versions)."""
    flags = ("--debug", "--label=a b", "--label=it's", "--label=$HOME", '--label="q"', "--label=\\")
    arguments = create_arguments(replace(PLAIN, flags=flags), None)
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
    ("shown", "statuses", "errors"),
    [
        pytest.param((DATA / "inspect-0.13.1.txt").read_text(), ("running",), (), id="buildx 0.13.1"),
        pytest.param((DATA / "inspect-0.29.1.txt").read_text(), ("running",), (), id="buildx 0.29.1, with its files"),
        pytest.param((DATA / "inspect-inactive.txt").read_text(), ("inactive",), (), id="never started"),
        pytest.param((DATA / "inspect-unreachable.txt").read_text(), (), (UNREACHABLE,), id="unreachable"),
        pytest.param(
            (DATA / "inspect-0.13.1.txt").read_text() + "\nName:     multiarch1\nError:    gone: x\n",
            ("running",),
            ("gone: x",),
            id="the second node is gone",
        ),
        pytest.param(
            "Name:   b\nDriver: docker-container\nError:  failed to find driver\n",
            (),
            ("failed to find driver",),
            id="the builder as a whole",
        ),
        pytest.param("", (), (), id="no builder: the words are on stderr"),
    ],
)
def test_node_states(shown: str, statuses: tuple[str, ...], errors: tuple[str, ...]) -> None:
    assert node_states(shown) == (statuses, errors)


def test_a_files_own_words_are_no_status() -> None:
    shown = (DATA / "inspect-0.29.1.txt").read_text() + "File#x:\n > Status: stopped\n > Error: none\n"
    assert node_states(shown) == (("running",), ())


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        pytest.param("inspect-0.13.1.txt", None, id="runs, buildx 0.13.1"),
        pytest.param("inspect-0.29.1.txt", None, id="runs, buildx 0.29.1"),
        pytest.param("inspect-inactive.txt", "(status inactive)", id="inactive"),
        pytest.param("inspect-unreachable.txt", f"({UNREACHABLE})", id="unreachable"),
        pytest.param(None, "(no node)", id="no builder"),
    ],
)
def test_require_running(recorded: str | None, told: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of buildx is a recorded one; its exit status was 0 in all of them but the last."""
    answer = Outcome((), 0 if recorded else 1, (DATA / recorded).read_text() if recorded else "", "")
    monkeypatch.setattr(client, "buildx", lambda *_arguments: answer)
    former = Outcome((), 0, "", "what create said")
    if told is None:
        require_running("b", USER, former)
        return
    with pytest.raises(HostError) as caught:
        require_running("b", USER, former)
    assert str(caught.value) == f"builder b of {USER} does not run {told}: what create said"


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


def test_no_configuration() -> None:
    with client._configuration(PLAIN, USER) as path:
        assert path is None


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"memory": "1g", "network": "env.x"}, {}, id="other options"),
        pytest.param(
            {"memory": "1g", "env.HTTPS_PROXY": "http://p", "env.NO_PROXY": "a,b"},
            {"env.HTTPS_PROXY": "http://p", "env.NO_PROXY": "a,b"},
            id="some",
        ),
    ],
)
def test_environment_of(options: dict[str, str], environment: dict[str, str]) -> None:
    assert environment_of(replace(PLAIN, driver_opts=options)) == environment


# A stand-in for docker: `create` copies a recorded entry into the store, as buildx does, `inspect` says that it runs.
BUILDX = """\
umask 077
case "$2 $3" in
"create "*) mkdir -p "$HOME/.docker/buildx/instances"; cp {recorded} "$HOME/.docker/buildx/instances/b";;
"inspect --bootstrap") grep -c PROXY "$HOME/.docker/buildx/instances/b" >{seen};;
esac
cat {running}
"""
CREATE = "buildx create --name b --driver docker-container --driver-opt image=a/b:v1 --driver-opt memory=1g"
PROXY = {"env.HTTPS_PROXY": "http://me:p%40ss@proxy:3128", "env.NO_PROXY": "a,b"}
Programs = t.Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("options", "calls", "stored"),
    [
        pytest.param(
            {"memory": "1g"},
            [f"{CREATE} --bootstrap", "buildx inspect b"],
            {"image": "a/b:v1"},
            id="no environment: buildx makes all of it",
        ),
        pytest.param(
            {"memory": "1g", **PROXY},
            [CREATE, "buildx inspect --bootstrap b", "buildx inspect b"],
            {"image": "a/b:v1", **PROXY},
            id="an environment: in the entry before the container is made, and in no argument",
        ),
    ],
)
def test_create(
    options: dict[str, str],
    calls: list[str],
    stored: dict[str, str],
    tmp_path: Path,
    homes: Path,
    programs: Programs,
) -> None:
    recorded, seen = tmp_path / "recorded.json", tmp_path / "seen"
    recorded.write_text(entry(DriverOpts={"image": "a/b:v1"}))
    script = BUILDX.format(recorded=recorded, seen=seen, running=DATA / "inspect-0.29.1.txt")
    asked = programs("docker", script)
    create(replace(PLAIN, driver_opts=options), "ci")
    assert asked.read_text().splitlines() == calls
    path = homes / "ci/.docker/buildx/instances/b"
    was, now = json.loads(recorded.read_text()), json.loads(path.read_text())
    assert now["Nodes"][0].pop("DriverOpts") == stored
    was["Nodes"][0].pop("DriverOpts")
    assert now == was, "all else is as buildx wrote it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert seen.exists() is ("env.NO_PROXY" in options)
    assert not seen.exists() or seen.read_text() == "1\n"


@pytest.mark.usefixtures("homes")
def test_an_environment_without_an_entry_is_told_in_the_words_of_buildx(programs: Programs) -> None:
    programs("docker", "echo 'ERROR: no valid drivers found' >&2; exit 1")
    with pytest.raises(HostError, match=r"^builder b of ci cannot be created: ERROR: no valid drivers found$"):
        create(replace(PLAIN, driver_opts=PROXY), "ci")


@pytest.mark.parametrize(
    ("former", "then"),
    [
        pytest.param({"image": "i"}, {"image": "i", **PROXY}, id="added"),
        pytest.param({"env.NO_PROXY": "old"}, PROXY, id="replaced"),
        pytest.param(None, PROXY, id="null is none"),
    ],
)
def test_options_of_an_entry(former: dict[str, str] | None, then: dict[str, str]) -> None:
    found = store.parse(store.with_driver_opts(entry(DriverOpts=former), PROXY))
    assert found == replace(STORED, nodes=(replace(NODE, driver_opts=then),))

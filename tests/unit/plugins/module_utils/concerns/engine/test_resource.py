# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine's plan does with the decision, and how docker is started, at stand-ins for systemctl and dockerd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    EnableDocker,
    EngineState,
    InstallPackages,
    PlacePlugin,
    Plugin,
    PluginState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import (
    KEYRING,
    SOURCES,
    Repository,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Arrival,
    Difference,
    Effect,
    Kind,
    Note,
    Plan,
    arrival,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import rollback

Programs = Callable[[str, str], Path]
RUNNING, STOPPED = EngineState("26.1.5", "0.13.1", True), EngineState(None, "0.13.1", True)
VERSIONS = {"docker": "26.1.5", "buildx": "0.13.1"}
FORMER, GOOD, BAD, WORSE = '{"mtu": 1400}', '{"mtu": 9000}', '{"bip": "bad"}', '{"bip": "worse"}'


@pytest.fixture
def engine(docker: Docker) -> Engine:
    return Engine(builders=True, docker=docker)


def test_a_host_that_serves_needs_nothing(engine: Engine) -> None:
    assert engine.plan(RUNNING, NO_EFFECTS) == Plan(facts=VERSIONS)


def test_a_stopped_docker_is_started_and_the_concerns_after_it_know(engine: Engine) -> None:
    plan = engine.plan(STOPPED, NO_EFFECTS)
    assert [action.summary for action in plan.actions] == ["start docker, which is installed but not running"]
    assert plan.effects == {Effect.DAEMON_RESTARTS}
    assert plan.facts == {"docker": None, "buildx": "0.13.1"}


def test_a_host_that_does_not_serve_is_refused_with_every_reason(engine: Engine) -> None:
    with pytest.raises(HostError, match=r"the docker client is not installed.*; the buildx plugin is not installed"):
        engine.plan(EngineState("20.10.24", None, installed=True, client=False), NO_EFFECTS)


def test_what_the_distribution_does_not_have_is_told_with_its_cause(engine: Engine) -> None:
    offer = Offer(("docker-buildx",), unknown=("docker-buildx",), fresh=True, unfetched="http://a: Could not connect")
    with pytest.raises(HostError) as caught:
        engine.plan(EngineState("26.1.5", None, installed=True, offer=offer), NO_EFFECTS)
    assert caught.value.short.endswith("cannot fetch fresh lists: http://a: Could not connect")
    assert caught.value.remedy.startswith("Check that this host reaches its archive")


OFFER = Offer(("docker.io", "docker-buildx"), {"docker.io": "26.1.5", "docker-buildx": "0.13.1", "runc": "1.1"})
PLUGIN = Plugin("a" * 64, url="https://a.example/buildx", version="0.29.1")
NOTHING = EngineState(None, None, installed=False, client=False)


def test_what_is_missing_is_installed_and_the_concerns_after_it_know_what_comes(engine: Engine) -> None:
    plan = engine.plan(replace(NOTHING, offer=replace(OFFER, upgraded={"libseccomp2": ("2.5", "2.6")})), NO_EFFECTS)
    assert [action.summary for action in plan.actions] == [
        "install docker.io 26.1.5, docker-buildx 0.13.1 from the distribution, with runc; upgrade libseccomp2 2.5 → 2.6"
    ]
    assert plan.effects == {Effect.DAEMON_RESTARTS, Arrival("26.1.5", "0.13.1")}
    assert plan.actions[0].difference == Difference(
        "packages", "libseccomp2 2.5\n", "docker-buildx 0.13.1\ndocker.io 26.1.5\nlibseccomp2 2.6\nrunc 1.1\n"
    )
    assert plan.facts == {"docker": None, "buildx": None}


def test_the_plugin_comes_first_as_it_can_fail_without_harm(engine: Engine) -> None:
    offer = Offer(("docker.io",), {"docker.io": "20.10.24"}, fresh=True)
    plan = replace(engine, plugin=PLUGIN).plan(replace(NOTHING, offer=offer), NO_EFFECTS)
    assert [type(action.step) for action in plan.actions] == [PlacePlugin, InstallPackages]
    assert "lists are incomplete and are refreshed first" in plan.actions[1].summary
    assert arrival(plan.effects) == Arrival("20.10.24", "0.29.1")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        pytest.param(
            PluginState(),
            "install buildx 0.29.1 from https://a.example/buildx (sha256:aaaaaaaaaaaa…) as",
            id="none there",
        ),
        pytest.param(PluginState("b"), "in place of another", id="another is there"),
    ],
)
def test_what_is_said_of_a_plugin_that_comes(place: PluginState, words: str, engine: Engine) -> None:
    (action,) = replace(engine, plugin=PLUGIN).plan(replace(RUNNING, place=place), NO_EFFECTS).actions
    assert words in action.summary
    assert action.effects == {Arrival(buildx="0.29.1")}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        pytest.param(PluginState("a", "a", "0.13.1", former=True), "restore buildx 0.13.1 as /usr/local/", id="former"),
        pytest.param(PluginState("a", "a", "0.13.1"), "remove /usr/local/lib/docker/cli-plugins/", id="none before"),
        pytest.param(PluginState("b", "a", "0.13.1"), "drop /usr/local/lib/docker/cli-plugins/", id="replaced"),
    ],
)
def test_what_is_said_of_a_plugin_that_goes(place: PluginState, words: str, engine: Engine) -> None:
    (action,) = engine.plan(replace(RUNNING, place=place), NO_EFFECTS).actions
    assert action.summary.startswith(words)


OFF = "nothing starts docker at boot (docker.service is disabled, docker.socket is disabled), and with it no builder"


def test_a_docker_that_nothing_starts_is_told_and_enabled_where_it_is_ours_to_look_after(engine: Engine) -> None:
    left_out = replace(RUNNING, left_out=OFF)
    plan = engine.plan(left_out, NO_EFFECTS)
    assert (plan.actions, plan.notes) == ((), (Note(Kind.LEFT_ALONE, OFF),))
    plan = replace(engine, source="distro").plan(left_out, NO_EFFECTS)
    assert (plan.actions, plan.notes) == ((Action(f"enable docker: {OFF}", EnableDocker()),), ())


MASKED = "docker does not start again, as docker.socket is masked: `systemctl unmask docker.socket`"


@pytest.mark.parametrize("builders", [True, False])
def test_a_docker_that_would_not_start_again_is_refused(builders: bool, engine: Engine) -> None:
    with pytest.raises(HostError) as caught:
        replace(engine, builders=builders).plan(replace(RUNNING, faults=(MASKED,)), NO_EFFECTS)
    assert str(caught.value) == MASKED


@pytest.mark.parametrize(
    ("state", "told"),
    [
        pytest.param(
            replace(NOTHING, snap="/snap/docker/current"),
            "Docker is here as a snap (/snap/docker/current), whose files are elsewhere and which is not "
            "supported: `snap remove docker` removes it, then set builder_engine: distro, or install",
            id="a snap",
        ),
        pytest.param(
            replace(NOTHING, client=True, podman="/usr/bin/docker"),
            "/usr/bin/docker is podman, which does not support buildx builders: `apt-get remove podman-docker` "
            "removes it",
            id="podman-docker",
        ),
        pytest.param(
            replace(RUNNING, podman="/usr/bin/docker"), "/usr/bin/docker is podman", id="podman-docker beside a dockerd"
        ),
    ],
)
@pytest.mark.parametrize("distro", [True, False])
def test_beside_what_calls_itself_docker_nothing_is_installed(
    state: EngineState, told: str, distro: bool, engine: Engine
) -> None:
    with pytest.raises(HostError) as caught:
        asked = replace(engine, source="distro" if distro else "present")
        asked.plan(replace(state, offer=OFFER if distro else None), NO_EFFECTS)
    assert str(caught.value).startswith(told)


def test_a_snap_beside_a_docker_of_packages_is_nobodys_concern(engine: Engine) -> None:
    assert engine.plan(replace(RUNNING, snap="/snap/docker/current"), NO_EFFECTS).actions == ()


REPOSITORY = Repository("https://packages.example.com/debian", "a key", "trixie")


@pytest.mark.parametrize(
    ("package", "files", "elsewhere"),
    [
        pytest.param("docker.io", "/usr/sbin/dockerd\n", "from the package docker.io", id="the distribution's"),
        pytest.param("moby-engine", "/usr/bin/dockerd\n", "from the package moby-engine", id="Microsoft's"),
        pytest.param("docker.io", "/etc/default/docker\n", "/dockerd, from no package that is known here", id="none"),
        pytest.param("docker-ce", "/usr/bin/dockerd\n", "", id="Docker's own"),
    ],
)
def test_whose_dockerd_it_is(
    package: str, files: str, elsewhere: str, no_docker: Docker, programs: Programs, tmp_path: Path
) -> None:
    for name in ("dockerd", "docker", "systemctl", "update-ca-certificates", "apt-get"):
        programs(name, "")
    programs("apt-cache", "echo ' 500 https://packages.example.com/debian trixie/stable amd64 Packages'")
    (tmp_path / "var/lib/dpkg/info").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/info" / f"{package}.list").write_text(files)
    (tmp_path / "var/tmp").mkdir()
    state = Engine(builders=False, docker=no_docker, source="docker", repository=REPOSITORY).observe()
    assert state.elsewhere.endswith(elsewhere)
    assert bool(state.elsewhere) is bool(elsewhere)
    assert state.offer is None
    plan = [each.path for each in state.repository.write]
    assert plan == [KEYRING, SOURCES]


def interrupted(daemon_json: Path, former: str | None, new: str) -> None:
    """A run that was killed before it saw dockerd run with the new file."""
    daemon_json.parent.mkdir(parents=True)
    if former is not None:
        daemon_json.write_text(former)
    rollback.prepare(new)
    daemon_json.write_text(new)


@pytest.fixture
def calls(daemon_json: Path, programs: Callable[[str, str], Path]) -> Path:
    """What systemctl is asked; docker does not start with a daemon.json that says `bad` or `worse`."""
    line = '{"_SYSTEMD_UNIT":"docker.service","MESSAGE":"%s"}\\n'
    programs("journalctl", f"grep -Eo 'bad|worse' {daemon_json} | xargs printf '{line}'")
    return programs("systemctl", f'case "$1" in start) ! grep -Eqs "bad|worse" {daemon_json} ;; esac')


def starts(calls: Path) -> int:
    return calls.read_text().splitlines().count("start docker.service")


def test_the_way_back_is_part_of_the_plan(engine: Engine, daemon_json: Path) -> None:
    interrupted(daemon_json, FORMER, BAD)
    state = replace(STOPPED, way_back=rollback.is_open())
    assert [action.summary for action in engine.plan(state, NO_EFFECTS).actions] == [
        "start docker, which is installed but not running; if it does not start, with the daemon.json that an "
        "interrupted run replaced"
    ]


def test_without_actions_nothing_is_started(engine: Engine, calls: Path) -> None:
    engine.apply(())
    assert not calls.exists()


@pytest.mark.parametrize(
    ("former", "new", "then", "times"),
    [
        pytest.param(FORMER, GOOD, GOOD, 1, id="it starts with the new file, which stays"),
        pytest.param(FORMER, BAD, FORMER, 2, id="it does not: back to the former one"),
        pytest.param(None, BAD, None, 2, id="it does not: there was none"),
    ],
)
def test_docker_starts_after_an_interrupted_run(
    former: str | None, new: str, then: str | None, times: int, engine: Engine, daemon_json: Path, calls: Path
) -> None:
    interrupted(daemon_json, former, new)
    engine.apply(engine.plan(STOPPED, NO_EFFECTS).actions)
    assert (daemon_json.read_text() if daemon_json.exists() else None) == then
    assert starts(calls) == times


def test_docker_starts_with_neither_file(engine: Engine, daemon_json: Path, calls: Path) -> None:
    interrupted(daemon_json, WORSE, BAD)
    with pytest.raises(HostError) as caught:
        engine.apply(engine.plan(STOPPED, NO_EFFECTS).actions)
    assert str(caught.value) == "docker does not start: worse"
    assert daemon_json.read_text() == WORSE
    assert starts(calls) == 2


@pytest.mark.parametrize(
    "after_a_run", [pytest.param(True, id="changed since a run was killed"), pytest.param(False, id="never ours")]
)
def test_a_file_of_somebody_else_is_left_alone(
    after_a_run: bool, engine: Engine, daemon_json: Path, calls: Path
) -> None:
    if after_a_run:
        interrupted(daemon_json, FORMER, GOOD)
    daemon_json.parent.mkdir(parents=True, exist_ok=True)
    daemon_json.write_text(BAD)
    with pytest.raises(HostError) as caught:
        engine.apply(engine.plan(STOPPED, NO_EFFECTS).actions)
    assert str(caught.value) == "docker does not start: bad"
    assert daemon_json.read_text() == BAD
    assert starts(calls) == 1

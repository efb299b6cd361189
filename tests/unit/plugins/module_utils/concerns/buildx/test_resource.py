# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the builders: what is made, made anew, started or left for later, from states made by hand."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.client_settings import (
    Settings,
    WriteSettings,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    Builder,
    BuildxState,
    DropNode,
    MakeBuilder,
    ReplaceCertificates,
    StartBuilder,
    Stray,
    UseBuilder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.inherit import SetDefaults
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import OwnBuilder, OwnNode
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.silence import Silence
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import StoredBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Inherited,
    Instance,
    Node,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Arrival,
    ContextWrite,
    Effect,
    Effects,
    Kind,
    NodeDeparture,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Owned, owned_after
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    CONTAINER,
    ENTRY,
    NODE,
    STORED,
    WANTED,
    shown_by,
    with_file,
    with_node,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dial_stand_in import DockerdElsewhere
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

pytestmark = pytest.mark.usefixtures("homes")

NODES = tuple(node.name for node in WANTED.nodes)
RESTART: Effects = frozenset({Effect.DAEMON_RESTARTS})
SWITCH: Effects = frozenset({Effect.DAEMON_RESTARTS, Effect.CONTAINERS_VANISH})
OLD = replace(STORED, nodes=(replace(NODE, driver_opts={"image": "moby/buildkit:old"}),))
OLD_CONTAINER = replace(CONTAINER, image="moby/buildkit:old")
STOPPED = replace(CONTAINER, running=False)
OLD_FILES = with_file("certs/harbor.lab.test/ca.crt", b"old CA\n")
OLD_CA = with_node(files=OLD_FILES)
NO_CA = with_node(files=with_file("certs/harbor.lab.test/ca.crt", None))


def planned(
    docker: Docker,
    container: Container | None,
    entries: dict[str, StoredBuilder | str | None],
    effects: Effects = NO_EFFECTS,
    *,
    mode: str = "wait",
    current: str | None = "multiarch",
    wanted: Instance = WANTED,
    patch: dict[str, t.Any] | None = None,
) -> Plan:
    users = tuple(entries)
    builder = Builder(
        {wanted.nodes[0].name: container}, entries, dict.fromkeys(users, current) if wanted.default else {}, None
    )
    state = BuildxState({wanted.name: builder}, tuple(Settings(user, {}, {}) for user in users))
    return Buildx((wanted,), users, patch or {}, Disruption(mode, 900), docker).plan(state, effects)


def test_a_builder_that_runs_as_asked_needs_nothing(no_docker: Docker) -> None:
    assert planned(no_docker, CONTAINER, {"root": STORED, "ci": STORED}) == Plan()


@pytest.mark.parametrize(
    ("container", "entries", "users", "replaced", "verb"),
    [
        pytest.param(None, {"root": None}, ("root",), False, "create", id="nothing there"),
        pytest.param(CONTAINER, {"root": None}, ("root",), False, "create", id="the store was lost: adopted"),
        pytest.param(
            CONTAINER, {"root": STORED, "ci": None}, ("ci",), False, "create", id="one more user: the others stay"
        ),
        pytest.param(CONTAINER, {"root": "ValueError: x"}, ("root",), False, "create", id="a broken entry"),
        pytest.param(OLD_CONTAINER, {"root": OLD}, ("root",), True, "recreate", id="another image"),
        pytest.param(
            OLD_CONTAINER,
            {"root": STORED, "ci": STORED},
            ("root", "ci"),
            True,
            "recreate",
            id="only the container differs: made anew for all",
        ),
        pytest.param(
            CONTAINER,
            {"root": OLD, "ci": STORED},
            ("root",),
            False,
            "update",
            id="one user's entry alone: what runs stays",
        ),
        pytest.param(OLD_CONTAINER, {"root": None}, ("root",), True, "recreate", id="a strange one of that name"),
        pytest.param(
            replace(OLD_CONTAINER, files=OLD_FILES),
            {"root": with_node(files=OLD_FILES)},
            ("root",),
            True,
            "recreate",
            id="another image, and a CA was rotated: it comes with the new container",
        ),
    ],
)
def test_builders_that_are_made(
    container: Container | None,
    entries: dict[str, StoredBuilder | str | None],
    users: tuple[str, ...],
    replaced: bool,
    verb: str,
    no_docker: Docker,
) -> None:
    plan = planned(no_docker, container, entries)
    assert [action.step for action in plan.actions] == [MakeBuilder(WANTED, users, NODES if replaced else ())]
    summary = plan.actions[0].summary
    assert summary.startswith(f"{verb} builder multiarch for {', '.join(users)}: ")
    assert summary.endswith(", its cache is kept") is replaced
    assert plan.notes == ()


IN_CONTAINER = "certs/harbor.lab.test/ca.crt in the container differs"
IN_STORE = "certs/harbor.lab.test/ca.crt in the store differs"


@pytest.mark.parametrize(
    ("container", "entries", "users", "inside", "told"),
    [
        pytest.param(
            replace(CONTAINER, files=OLD_FILES),
            {"root": OLD_CA, "ci": OLD_CA},
            ("root", "ci"),
            True,
            f"{IN_CONTAINER}; {IN_STORE}",
            id="a CA was rotated: in all places, each reason told once",
        ),
        pytest.param(CONTAINER, {"root": STORED, "ci": OLD_CA}, ("ci",), False, IN_STORE, id="one user's entry alone"),
        pytest.param(
            replace(CONTAINER, files=OLD_FILES), {"root": STORED}, (), True, IN_CONTAINER, id="the container alone"
        ),
        pytest.param(
            CONTAINER,
            {"root": NO_CA},
            ("root",),
            False,
            "certs/harbor.lab.test/ca.crt in the store is missing",
            id="a file is missing",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["wait", "now", "never"])
def test_certificates_are_replaced_where_they_are(
    container: Container,
    entries: dict[str, StoredBuilder | str | None],
    users: tuple[str, ...],
    inside: bool,
    told: str,
    mode: str,
    no_docker: Docker,
) -> None:
    (action,) = planned(no_docker, container, entries, mode=mode).actions
    assert action.step == ReplaceCertificates(WANTED, users, NODES if inside else ())
    assert action.summary == (f"replace certificates of builder multiarch in place (builds are unaffected): {told}")


@pytest.mark.parametrize(
    ("container", "entries", "effects", "steps"),
    [
        pytest.param(
            replace(STOPPED, files=OLD_FILES),
            {"root": OLD_CA},
            NO_EFFECTS,
            [ReplaceCertificates(WANTED, ("root",), NODES), StartBuilder(WANTED, "root")],
            id="a stopped one starts with them",
        ),
        pytest.param(
            None,
            {"root": OLD_CA},
            NO_EFFECTS,
            [ReplaceCertificates(WANTED, ("root",), ()), StartBuilder(WANTED, "root")],
            id="a container that is gone is made from the entry",
        ),
        pytest.param(
            replace(CONTAINER, files=OLD_FILES),
            {"root": OLD_CA},
            SWITCH,
            [ReplaceCertificates(WANTED, ("root",), ()), StartBuilder(WANTED, "root")],
            id="as one that vanishes is",
        ),
        pytest.param(
            replace(CONTAINER, files=OLD_FILES),
            {"root": OLD_CA, "ci": None},
            NO_EFFECTS,
            [MakeBuilder(WANTED, ("ci",), ()), ReplaceCertificates(WANTED, ("root",), NODES)],
            id="one more user: its entry is new, all else is replaced",
        ),
        pytest.param(
            replace(OLD_CONTAINER, files=OLD_FILES),
            {"root": OLD_CA, "ci": OLD_CA},
            NO_EFFECTS,
            [MakeBuilder(WANTED, ("root", "ci"), NODES)],
            id="what is made anew has them",
        ),
    ],
)
def test_certificates_beside_other_steps(
    container: Container | None,
    entries: dict[str, StoredBuilder | str | None],
    effects: Effects,
    steps: list[object],
    no_docker: Docker,
) -> None:
    assert [action.step for action in planned(no_docker, container, entries, effects).actions] == steps


def test_a_reason_of_several_users_is_told_once(no_docker: Docker) -> None:
    plan = planned(no_docker, None, {"root": None, "ci": None})
    assert plan.actions[0].summary == "create builder multiarch for root, ci: not in the store"


@pytest.mark.parametrize(
    ("container", "effects", "starts"),
    [
        pytest.param(CONTAINER, NO_EFFECTS, False, id="runs"),
        pytest.param(STOPPED, NO_EFFECTS, True, id="stopped"),
        pytest.param(None, NO_EFFECTS, True, id="gone: made again from the store"),
        pytest.param(CONTAINER, RESTART, True, id="docker restarts"),
        pytest.param(CONTAINER, SWITCH, True, id="another image store: it vanishes"),
        pytest.param(OLD_CONTAINER, SWITCH, True, id="what vanishes need not be compared"),
    ],
)
def test_builders_that_are_started(
    container: Container | None, effects: Effects, starts: bool, no_docker: Docker
) -> None:
    plan = planned(no_docker, container, {"root": STORED, "ci": STORED}, effects)
    assert [action.step for action in plan.actions] == ([StartBuilder(WANTED, "root")] if starts else [])


@pytest.mark.parametrize("container", [CONTAINER, STOPPED, OLD_CONTAINER, None])
@pytest.mark.parametrize("entry", [STORED, OLD, None])
def test_no_effect_makes_a_builder_that_would_not_be_made_without(
    container: Container | None, entry: StoredBuilder | None, no_docker: Docker
) -> None:
    """What is observed for the sake of a builder that is made is asked without them."""

    def made(effects: Effects) -> bool:
        actions = planned(no_docker, container, {"root": entry}, effects).actions
        return any(isinstance(action.step, MakeBuilder) for action in actions)

    assert made(NO_EFFECTS) >= max(made(effects) for effects in (RESTART, SWITCH))


def test_a_builder_that_is_made_is_not_started_too(no_docker: Docker) -> None:
    plan = planned(no_docker, STOPPED, {"root": None}, RESTART)
    assert [type(action.step) for action in plan.actions] == [MakeBuilder]


def test_after_a_switch_of_the_image_store_it_is_created_where_its_entry_differs_too(no_docker: Docker) -> None:
    plan = planned(no_docker, OLD_CONTAINER, {"root": None}, SWITCH)
    assert [action.step for action in plan.actions] == [MakeBuilder(WANTED, ("root",), ())]


@pytest.mark.parametrize(
    ("current", "default", "uses"),
    [
        pytest.param("multiarch", True, False, id="it is"),
        pytest.param(None, True, True, id="docker's own is"),
        pytest.param("other", True, True, id="another is"),
        pytest.param("other", False, False, id="another is, and may be"),
    ],
)
def test_the_builder_of_a_user(current: str | None, default: bool, uses: bool, no_docker: Docker) -> None:
    wanted = replace(WANTED, default=default)
    plan = planned(no_docker, CONTAINER, {"ci": STORED}, current=current, wanted=wanted)
    assert [action.step for action in plan.actions] == ([UseBuilder(wanted, "ci")] if uses else [])
    if uses:
        told = f"select multiarch as the builder of ci, in place of {current or 'default'}"
        assert plan.actions[0].summary == told


@pytest.mark.parametrize(
    ("container", "entries", "acts"),
    [
        pytest.param(OLD_CONTAINER, {"root": OLD}, False, id="a running builder would end its builds"),
        pytest.param(replace(OLD_CONTAINER, running=False), {"root": OLD}, True, id="a stopped one has none"),
        pytest.param(None, {"root": None}, True, id="a new one has none"),
        pytest.param(CONTAINER, {"root": STORED, "ci": None}, True, id="it is adopted, and goes on running"),
        pytest.param(STOPPED, {"root": STORED}, True, id="a start ends nothing"),
    ],
)
def test_disruption_never(
    container: Container | None, entries: dict[str, StoredBuilder | str | None], acts: bool, no_docker: Docker
) -> None:
    plan = planned(no_docker, container, entries, mode="never")
    assert bool(plan.actions) is acts
    assert bool(plan.notes) is not acts
    if not acts:
        assert plan.notes[0].kind is Kind.WAITS
        assert plan.notes[0].text.startswith(
            "pending, as builder_disruption is never: recreate builder multiarch for root"
        )


def test_the_difference_is_that_of_the_file_in_the_container(no_docker: Docker) -> None:
    files = with_file("buildkitd.toml", b"debug = true\n")
    plan = planned(no_docker, replace(CONTAINER, files=files), {"root": STORED})
    difference = plan.actions[0].difference
    assert difference is not None
    assert (difference.name, difference.before) == ("multiarch/buildkitd.toml", "debug = true\n")
    assert difference.after == WANTED.config
    assert "PRIVATE" not in difference.after


def test_the_clients_are_set_before_builders_are_made_and_whatever_disruption_allows(no_docker: Docker) -> None:
    """RUN steps of a first build need the proxy, and a file of a user ends no build."""
    entries: dict[str, StoredBuilder | str | None] = {"ci": None, "jane": None}
    plan = planned(no_docker, None, entries, mode="never", patch={"detachKeys": "ctrl-q"})
    assert [type(action.step) for action in plan.actions] == [WriteSettings, WriteSettings, MakeBuilder]
    assert [action.step.user for action in plan.actions if isinstance(action.step, WriteSettings)] == ["ci", "jane"]


def test_what_is_observed_of_the_users(no_docker: Docker, home: Path, homes: Path) -> None:
    for user in ("ci", "jane"):
        (homes / user / ".docker").mkdir()

    def of(user: str, document: dict[str, str], owned: Owned) -> Settings:
        return Settings(user, document, owned, path=str(homes / user / ".docker/config.json"))

    (homes / "ci/.docker/config.json").write_text('{"detachKeys": "ctrl-q"}')
    builder = Buildx((WANTED,), ("ci", "jane"), {"detachKeys": "ctrl-q"}, Disruption("wait", 900), no_docker)
    state = builder.observe()
    assert state.settings == (of("ci", {"detachKeys": "ctrl-q"}, {}), of("jane", {}, {}))
    nobody = {"ci": None, "jane": None}
    assert state.builders == {"multiarch": Builder({"multiarch0": None}, nobody, nobody, None)}
    builder.apply([action for action in builder.plan(state, NO_EFFECTS).actions if "config.json" in action.summary])
    assert json.loads((homes / "jane/.docker/config.json").read_text()) == {"detachKeys": "ctrl-q"}
    ours = owned_after({}, {}, {"detachKeys": "ctrl-q"})
    assert builder.observe().settings[1] == of("jane", {"detachKeys": "ctrl-q"}, ours)
    assert home.exists()


ARM = Node("arm", "ssh://ci@198.51.100.24")
TWO = replace(WANTED, default=False, nodes=(Node("multiarch0"), ARM))
IN_ARM = replace(NODE, name="arm", endpoint=ARM.endpoint)
WITH_ARM = replace(STORED, nodes=(NODE, IN_ARM))
LEFT = Stray("old", "ssh://ci@198.51.100.40", "ci")
WITH_LEFT = replace(WITH_ARM, nodes=(*WITH_ARM.nodes, replace(NODE, name="old", endpoint=LEFT.endpoint)))


def seen(entry: StoredBuilder | str | None, **changes: t.Any) -> BuildxState:
    """The state of TWO, whose containers run as asked, for the user `ci`."""
    builder = Builder({"multiarch0": CONTAINER, "arm": CONTAINER}, {"ci": entry}, {}, None)
    return BuildxState({"multiarch": replace(builder, **changes)}, ())


def silence(words: str, user: str = "ci", endpoint: str = ARM.endpoint) -> Silence:
    return Silence("arm", endpoint, user, words)


def resource(docker: Docker, mode: str = "wait", *users: str, wanted: Instance = TWO) -> Buildx:
    return Buildx((wanted,), users or ("ci",), {}, Disruption(mode, 900), docker)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        pytest.param(seen(WITH_ARM, silent=(silence("x"),)), "x", id="a node does not answer"),
        pytest.param(seen(None, silent=(silence("x"), silence("y", "jane"))), "x; y", id="for one reason a user"),
        pytest.param(seen(WITH_LEFT, silent=(silence("x"),), strays=(LEFT,)), "x", id="nothing else is planned then"),
    ],
)
@pytest.mark.parametrize("mode", ["wait", "now", "never"])
def test_a_node_that_does_not_answer_is_told_before_anything_is_done(
    state: BuildxState, told: str, mode: str, no_docker: Docker
) -> None:
    with pytest.raises(HostError) as caught:
        resource(no_docker, mode).plan(state, NO_EFFECTS)
    assert str(caught.value) == told


IN_CONTEXT = replace(TWO, nodes=(Node("multiarch0"), replace(ARM, endpoint="arm-1")))
ENTRY_THERE = replace(WITH_ARM, nodes=(NODE, replace(IN_ARM, endpoint="arm-1")))


@pytest.mark.parametrize(
    ("entry", "steps"),
    [
        pytest.param(None, [MakeBuilder], id="a new user: it is created once the context is there"),
        pytest.param(ENTRY_THERE, [], id="nothing is known of its container, which may run"),
    ],
)
def test_a_node_whose_context_this_run_writes_was_not_asked_yet(
    entry: StoredBuilder | None, steps: list[type], no_docker: Docker
) -> None:
    state = seen(entry, silent=(silence("context not found", endpoint="arm-1"),))
    state.builders["multiarch"].containers["arm"] = None  # type: ignore[index]
    buildx = resource(no_docker, wanted=IN_CONTEXT)
    plan = buildx.plan(state, frozenset({ContextWrite("ci", "arm-1")}))
    assert [type(action.step) for action in plan.actions] == steps
    assert plan.notes == (Note(Kind.LIMIT, "node arm was not asked yet as ci: this run writes context arm-1"),)
    for effects in (NO_EFFECTS, frozenset({ContextWrite("jane", "arm-1"), ContextWrite("ci", "other")})):
        with pytest.raises(HostError, match="context not found"):
            buildx.plan(state, effects)


@pytest.mark.parametrize(
    ("strays", "mode", "steps", "notes"),
    [
        pytest.param((), "wait", [MakeBuilder], [], id="its container is gone: the entry alone"),
        pytest.param((LEFT,), "wait", [DropNode, MakeBuilder], [], id="its container goes first"),
        pytest.param(
            (replace(LEFT, gone="it is down"),),
            "wait",
            [MakeBuilder],
            [Note(Kind.LEFT_ALONE, "node old is lost: it is down")],
            id="it is lost",
        ),
        pytest.param(
            (replace(LEFT, gone="it is down"),),
            "never",
            [MakeBuilder],
            [Note(Kind.LEFT_ALONE, "node old is lost: it is down")],
            id="it is lost: no build of ours ends there",
        ),
        pytest.param(
            (LEFT,),
            "never",
            [],
            [
                Note(
                    Kind.WAITS,
                    "pending, as builder_disruption is never: take node old at ssh://ci@198.51.100.40 off builder "
                    "multiarch: its container is removed, its cache is kept; update builder multiarch for ci: node old "
                    "is not asked for, its containers keep running",
                )
            ],
            id="it may build: later, with all that belongs to it",
        ),
    ],
)
def test_a_node_that_nobody_asks_for_any_more(
    strays: tuple[Stray, ...], mode: str, steps: list[type], notes: list[Note], no_docker: Docker
) -> None:
    plan = resource(no_docker, mode).plan(seen(WITH_LEFT, strays=strays), NO_EFFECTS)
    assert [type(action.step) for action in plan.actions] == steps
    assert list(plan.notes) == notes
    gone = {each for each in plan.effects if isinstance(each, NodeDeparture)}
    assert gone == ({NodeDeparture("ci", "multiarch", LEFT.endpoint)} if steps else set())


@pytest.mark.parametrize(
    ("options", "version", "told"),
    [
        pytest.param({"memory": "1g"}, "0.13.1", None, id="every version has it"),
        pytest.param({"default-load": "true"}, "0.29.1", None, id="this version has it"),
        pytest.param({"default-load": "true"}, None, None, id="an unknown version is not judged"),
        pytest.param(
            {"default-load": "true"},
            "0.13.1",
            "builder multiarch: buildx 0.13.1 does not support `default-load` of the docker-container driver, which "
            "requires 0.14: install a newer buildx, or leave it out",
            id="this version refuses it, after the container went",
        ),
    ],
)
def test_options_that_came_with_a_later_buildx(
    options: dict[str, str], version: str | None, told: str | None, no_docker: Docker
) -> None:
    state = replace(seen(None), versions={"buildx": version})
    buildx = resource(no_docker, wanted=replace(TWO, nodes=(replace(ARM, driver_opts=options),)))
    if told is None:
        assert [type(action.step) for action in buildx.plan(state, NO_EFFECTS).actions] == [MakeBuilder]
        return
    with pytest.raises(HostError) as caught:
        buildx.plan(state, NO_EFFECTS)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("here", "comes", "told"),
    [
        pytest.param("0.29.1", None, "buildx 0.29.1 does not support it (requires 0.36.1)", id="the one that is here"),
        pytest.param("0.36.1", None, None, id="new enough"),
        pytest.param(None, "0.13.1", "buildx 0.13.1 does not support it (requires 0.36.1)", id="the one that comes"),
        pytest.param("0.13.1", "0.36.1", None, id="a newer one comes"),
    ],
)
def test_a_setting_that_buildx_is_too_old_for_is_told(
    here: str | None, comes: str | None, told: str | None, no_docker: Docker
) -> None:
    state = replace(seen(None), versions={"buildx": here})
    settings = {"BUILDX_NO_DEFAULT_OCI_ARTIFACT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    buildx = replace(resource(no_docker), client_environment=settings)
    effects: Effects = frozenset({Arrival(buildx=comes)}) if comes else NO_EFFECTS
    notes = [note.text for note in buildx.plan(state, effects).notes]
    words = f"builder_environment.BUILDX_NO_DEFAULT_OCI_ARTIFACT has no effect here: {told}"
    assert [each for each in notes if "builder_environment" in each] == ([words] if told else [])


# docker of the users: *jane* has no key for the node, and `ci` reaches a dockerd there.
DOCKER = """\
case "$USER $*" in
"jane "*) echo 'ci@198.51.100.24: Permission denied (publickey).' >&2; exit 255;;
"ci "*) {dial};;
esac
"""
NO_KEY = (
    "node arm at ssh://ci@198.51.100.24: it does not accept a key of jane: create a key with `ssh-keygen` as "
    "jane and add its public key to ~/.ssh/authorized_keys there"
)


@dataclass
class Fleet:
    """A dockerd here and one elsewhere, and the users' stores."""

    here: Docker
    elsewhere: DockerdElsewhere
    homes: Path
    calls: Path

    def has_entry(self, user: str, found: StoredBuilder) -> None:
        path = self.homes / user / ".docker/buildx/instances/multiarch"
        path.parent.mkdir(parents=True)
        document = json.loads(ENTRY)
        first = document["Nodes"][0]
        document["Nodes"] = [{**first, "Name": node.name, "Endpoint": node.endpoint} for node in found.nodes]
        path.write_text(json.dumps(document))


@pytest.fixture
def fleet(dockerd: DockerdStandIn, docker: Docker, homes: Path, tmp_path: Path, programs: t.Any) -> t.Iterator[Fleet]:
    dockerd.answers["GET /volumes"] = as_json({})
    dockerd.answers["GET /info"] = as_json({"CgroupDriver": "systemd", "Architecture": "x86_64"})
    with DockerdElsewhere(tmp_path) as elsewhere:
        yield Fleet(docker, elsewhere, homes, programs("docker", DOCKER.format(dial=elsewhere.command)))


@pytest.mark.parametrize(
    ("users", "entries", "containers", "silent"),
    [
        pytest.param(("ci",), {}, {"multiarch0": None, "arm": STOPPED}, [], id="a new user who reaches it"),
        pytest.param(
            ("ci", "jane"), {}, {"multiarch0": None, "arm": None}, [NO_KEY], id="a new user who does not: all wait"
        ),
        pytest.param(
            ("ci", "jane"),
            {"jane": WITH_ARM},
            {"multiarch0": None, "arm": STOPPED},
            [],
            id="who has the node already is not asked anew",
        ),
        pytest.param(
            ("jane",),
            {"jane": WITH_ARM},
            {"multiarch0": None, "arm": None},
            [NO_KEY],
            id="but the container is looked at as the first user",
        ),
    ],
)
def test_what_is_observed_elsewhere(
    users: tuple[str, ...],
    entries: dict[str, StoredBuilder],
    containers: dict[str, Container | None],
    silent: list[str],
    fleet: Fleet,
) -> None:
    shown = shown_by("26.1.5")
    shown["State"]["Running"] = False
    fleet.elsewhere.answers["GET /containers/buildx_buildkit_arm/json"] = as_json(shown)
    fleet.elsewhere.answers["GET /info"] = as_json({"CgroupDriver": "systemd"})
    for user, found in entries.items():
        fleet.has_entry(user, found)
    builder = resource(fleet.here, "wait", *users).observe().builders["multiarch"]
    known = {
        name: found and replace(found, files={}, flags=(), options={}) for name, found in builder.containers.items()
    }
    expected = {name: each and replace(each, files={}, flags=(), options={}) for name, each in containers.items()}
    assert known == expected
    assert list(builder.silent) == [silence(words, "jane") for words in silent]


def test_each_platform_is_built_by_the_node_that_runs_it(fleet: Fleet) -> None:
    """The machines are asked; the entry, made when BuildKit alone knew what they run, is changed, and no container."""
    fleet.elsewhere.answers["GET /info"] = as_json({"CgroupDriver": "systemd", "Architecture": "aarch64"})
    fleet.has_entry("ci", WITH_ARM)
    builders = replace(resource(fleet.here), platforms=("linux/amd64", "linux/arm64", "linux/riscv64"))
    state = builders.observe()
    assert state.builders["multiarch"].machines == {"multiarch0": "x86_64", "arm": "aarch64"}
    running = replace(state.builders["multiarch"], containers={"multiarch0": CONTAINER, "arm": CONTAINER})
    then = replace(state, builders={"multiarch": running}, network=seen(None).network)
    (action,) = [each for each in builders.plan(then, NO_EFFECTS).actions if "builder multiarch for ci" in each.summary]
    assert isinstance(action.step, MakeBuilder)
    assert action.step.renewed == ()
    assert [node.platforms for node in action.step.instance.nodes] == [
        ("linux/amd64", "linux/riscv64"),
        ("linux/arm64",),
    ]
    assert "node multiarch0: platforms any → linux/amd64, linux/riscv64; node arm: platforms any → linux/arm64" in (
        action.summary
    )


def test_a_list_that_has_an_emulated_platform_is_a_note(no_docker: Docker) -> None:
    named = replace(TWO, nodes=(replace(TWO.nodes[0], platforms=("linux/arm64",)), ARM))
    state = seen(None, machines={"multiarch0": "x86_64", "arm": "aarch64"})
    plan = replace(resource(no_docker, wanted=named), platforms=("linux/arm64",)).plan(state, NO_EFFECTS)
    assert [note.kind for note in plan.notes if "emulates linux/arm64" in note.text] == [Kind.LIMIT]


@pytest.mark.parametrize("driver", ["remote", "kubernetes"])
def test_nobody_is_asked_for_containers_of_other_drivers(driver: str, fleet: Fleet) -> None:
    wanted = replace(TWO, driver=driver, nodes=(Node("far", "tcp://192.0.2.1:1234"),))
    builder = resource(fleet.here, "wait", "ci", "jane", wanted=wanted).observe().builders["multiarch"]
    assert (builder.containers, builder.silent, builder.strays) == ({}, (), ())
    assert not fleet.calls.exists()


def test_builders_that_users_make_are_part_of_the_plan(dockerd: DockerdStandIn, docker: Docker, homes: Path) -> None:
    """Ours are none of them, whoever's store they are in; the report learns who has what."""
    rows = [{"Names": [f"/buildx_buildkit_{name}"]} for name in ("multiarch0", "own0")]
    dockerd.answers |= {"GET /containers/json": as_json(rows), "GET /volumes": as_json({"Volumes": []})}
    wanted = Inherited(("ci",), "", {"harbor.lab.test/ca.crt": "CA\n"})
    ours.remember(
        OwnBuilder("multiarch", "docker-container", {"jane": None}, (OwnNode("multiarch0", "", "jane", True),))
    )
    concern = Buildx((), ("ci",), {}, Disruption("wait", 900), docker, inherited=wanted)
    plan = concern.plan(concern.observe(), NO_EFFECTS)
    (action,) = [each for each in plan.actions if isinstance(each.step, SetDefaults)]
    assert action.effects == {Effect.BUILDER_TRUST_CHANGES}
    assert [each.text.partition(" ")[0] for each in plan.notes if "--config" in each.text] == ["buildx_buildkit_own0"]
    none: dict[str, list[str]] = {"builders": [], "outdated": [], "strangers": ["buildx_buildkit_own0"]}
    assert plan.facts == {"inherit": {"users": [], "others": ["ci"], **none}}
    concern.apply([action])
    after = concern.plan(concern.observe(), NO_EFFECTS)
    assert after.facts == {"inherit": {"users": ["ci"], "others": [], **none}}
    assert [each for each in after.notes if "own0" in each.text] == [], "told once, when others get something"
    assert (homes / "ci/.docker/buildx/buildkitd.default.toml").read_text() == ""

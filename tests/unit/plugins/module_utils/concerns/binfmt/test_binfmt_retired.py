# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the emulators goes when a host retires, and what stays with somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS, BinfmtState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.plan import DropHandler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.retired import (
    RemoveEmulators,
    RemoveMomentary,
    RemoveReaders,
    RetiredBinfmt,
    RetiredState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.readers import Reader
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Departure
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage, RemoveImage
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)

NONE = BinfmtState(Processor("x86_64"), {}, {}, {}, frozenset(), {})
OURS = BinfmtState(Processor("x86_64"), {}, {}, {}, frozenset({"qemu-arm"}), {})
IMAGE = PulledImage("tonistiigi/binfmt:v1")
READER = Reader("an-id", "a-name")
ASIDE = "multiarch-builders/set-aside:0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("state", "steps", "note"),
    [
        pytest.param(RetiredState(NONE), [], "", id="nothing of ours"),
        pytest.param(RetiredState(OURS, folder=True), [DropHandler("qemu-arm"), RemoveEmulators()], "", id="all of it"),
        pytest.param(
            RetiredState(NONE, folder=True, users=("x",)),
            [],
            "the emulators of x are kept: unmanaged handlers use them",
            id="what somebody else uses",
        ),
        pytest.param(
            RetiredState(NONE, folder=True, momentary=("multiarch-builders-x",)),
            [RemoveMomentary(("multiarch-builders-x",)), RemoveEmulators()],
            "",
            id="what an interrupted run left",
        ),
        pytest.param(RetiredState(NONE, images={IMAGE: ()}), [RemoveImage(IMAGE)], "", id="the image"),
        pytest.param(
            RetiredState(NONE, images={IMAGE: ("c",)}),
            [],
            "image tonistiigi/binfmt:v1 is kept: a container uses it",
            id="an image with containers",
        ),
        pytest.param(
            RetiredState(NONE, images={IMAGE: ("a-name",)}, readers=(READER,)),
            [RemoveReaders((READER,)), RemoveImage(IMAGE)],
            "",
            id="an image that an interrupted run reads",
        ),
        pytest.param(
            RetiredState(NONE, images={IMAGE: ("a-name", "c")}, readers=(READER,)),
            [RemoveReaders((READER,))],
            "image tonistiigi/binfmt:v1 is kept: a container uses it",
            id="the same of somebody else, too",
        ),
        pytest.param(
            RetiredState(NONE, packages=("qemu-user",)),
            [],
            "package qemu-user, which was installed for the builders, is kept: `apt-get remove qemu-user` removes it",
            id="a package",
        ),
        pytest.param(
            RetiredState(NONE, aside=(ASIDE,)),
            [],
            f"image {ASIDE} is kept: it is the canary's image as it was before an interrupted run, which a pull by its "
            f"digest names again; `docker image rm {ASIDE}` then removes this name",
            id="an image that an interrupted run has set aside",
        ),
    ],
)
def test_what_goes(state: RetiredState, steps: list[object], note: str, no_docker: Docker) -> None:
    plan = RetiredBinfmt.from_params({}, no_docker).plan(state, NO_EFFECTS)
    assert [action.step for action in plan.actions] == steps
    assert [each.text for each in plan.notes] == ([note] if note else [])


def test_a_host_without_a_record_has_no_handler_of_ours(no_docker: Docker) -> None:
    state = RetiredBinfmt.from_params({}, no_docker).observe()
    assert (state.handlers.owned, state.images, state.packages) == (frozenset(), {}, ())


@pytest.mark.parametrize(
    ("tags", "aside"),
    [
        pytest.param([ASIDE], (ASIDE,), id="one"),
        pytest.param([ASIDE, "debian:trixie"], (ASIDE,), id="with a name of its own"),
        pytest.param(["debian:trixie"], (), id="of somebody else"),
        pytest.param(None, (), id="without a name"),
    ],
)
def test_images_that_killed_runs_have_set_aside_are_told(
    tags: list[str] | None, aside: tuple[str, ...], dockerd: DockerdStandIn, docker: Docker
) -> None:
    dockerd.answers["GET /containers/json"] = as_json([])
    dockerd.answers["GET /images/json"] = as_json([{"Id": "sha256:0", "RepoTags": tags}])
    assert RetiredBinfmt.from_params({}, docker).observe().aside == aside


def test_readers_of_killed_runs_go(dockerd: DockerdStandIn, docker: Docker) -> None:
    row = {"Id": "an-id", "Names": ["/a-name"], "State": "created", "Labels": {"multiarch.builders": "reader"}}
    dockerd.answers["GET /containers/json"] = as_json([row])
    dockerd.answers["GET /images/json"] = as_json([])
    dockerd.answers["DELETE /containers/an-id"] = Answer(204)
    retired = RetiredBinfmt.from_params({}, docker)
    plan = retired.plan(retired.observe(), NO_EFFECTS)
    told = "remove container a-name, by which an interrupted run read an image (it never ran)"
    assert [each.summary for each in plan.actions] == [told]
    assert plan.effects == {Departure("container", "a-name")}
    retired.apply(plan.actions)
    assert [each.path for each in dockerd.asked if each.method == "DELETE"] == ["/v1.45/containers/an-id?force=1&v=1"]


def test_the_handlers_of_killed_runs_go_and_the_emulators_with_them(no_docker: Docker, tmp_path: Path) -> None:
    registry, emulator = tmp_path / REGISTRY.lstrip("/"), f"{EMULATORS}/0123456789ab/qemu-arm"
    for path in (registry / "register", tmp_path / emulator.lstrip("/")):
        path.parent.mkdir(parents=True)
        path.touch()
    left = registry / "multiarch-builders-qemu-arm"
    left.write_text(f"enabled\ninterpreter {emulator}\nflags: F\noffset 0\nmagic 7f\n")
    retired = RetiredBinfmt.from_params({}, no_docker)
    plan = retired.plan(retired.observe(), NO_EFFECTS)
    assert plan.notes == ()
    retired.apply(plan.actions)
    assert left.read_text()[:2] == "-1"
    assert not (tmp_path / EMULATORS.lstrip("/")).parent.exists()


@pytest.mark.parametrize("installed", [True, False])
def test_an_image_that_a_stopped_dockerd_has_is_not_forgotten(
    installed: bool, no_docker: Docker, programs: Callable[[str, str], Path]
) -> None:
    programs("dockerd", "echo Docker version 28.5.2, build 1" if installed else "exit 127")
    RECORD.update(lambda found: replace(found, images=(IMAGE,)))
    retired = RetiredBinfmt.from_params({}, no_docker)
    if installed:
        with pytest.raises(HostError, match=r"docker does not run, so image tonistiigi/binfmt:v1 cannot be removed"):
            retired.observe()
    else:
        assert retired.observe().images == {}

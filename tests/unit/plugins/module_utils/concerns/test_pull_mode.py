# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull mode ends: its timer is stopped before anything else, and what is not of the role stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.pull_mode import RetiredPull
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Plan

REPOSITORY = Path(__file__).parents[5]
UNIT = "etc/systemd/system/multiarch-builders-pull"
FILES = (
    f"{UNIT}.timer",
    f"{UNIT}.service",
    "usr/local/sbin/multiarch-builders-pull",
    "etc/multiarch-builders/pull.json",
)
STOPPED, FORGOTTEN = ("stop multiarch-builders-pull.service",), ("reset-failed multiarch-builders-pull.service",)


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.mark.parametrize(
    ("more", "left"),
    [
        pytest.param((), [], id="as the role wrote it"),
        pytest.param(("etc/multiarch-builders/vault-password",), [], id="with a secret"),
        pytest.param(
            ("etc/multiarch-builders/mine",), ["etc/multiarch-builders/mine"], id="with something of somebody else"
        ),
    ],
)
def test_all_of_the_role_goes(
    more: tuple[str, ...], left: list[str], tmp_path: Path, programs: Callable[[str, str], Path]
) -> None:
    calls = programs("systemctl", "")
    put(tmp_path, *FILES, *more)
    pull = RetiredPull()
    plan = pull.plan(pull.observe(), NO_EFFECTS)
    pull.apply(plan.actions)
    there = (each for folder in ("etc", "usr") for each in (tmp_path / folder).rglob("*") if each.is_file())
    assert [str(each.relative_to(tmp_path)) for each in there] == left
    assert (tmp_path / "etc/multiarch-builders").exists() is bool(left)
    asked = ["disable --now multiarch-builders-pull.timer", *STOPPED, "daemon-reload", *FORGOTTEN]
    assert calls.read_text().splitlines() == asked
    assert pull.plan(pull.observe(), NO_EFFECTS) == Plan()


def test_a_timer_whose_unit_someone_removed_is_stopped_too(
    tmp_path: Path, programs: Callable[[str, str], Path]
) -> None:
    calls = programs("systemctl", "")
    put(tmp_path, *FILES[1:])
    pull = RetiredPull()
    pull.apply(pull.plan(pull.observe(), NO_EFFECTS).actions)
    asked = ["stop multiarch-builders-pull.timer", *STOPPED, "daemon-reload", *FORGOTTEN]
    assert calls.read_text().splitlines() == asked


@pytest.mark.parametrize(
    ("cgroup", "stops"),
    [
        pytest.param("0::/user.slice/user-0.slice/session-3.scope", True, id="pushed: a run would provision again"),
        pytest.param("0::/system.slice/multiarch-builders-pull.service", False, id="a run of pull mode itself"),
    ],
)
def test_a_run_of_pull_mode_is_stopped_unless_it_is_this_one(
    cgroup: str, stops: bool, tmp_path: Path, programs: Callable[[str, str], Path]
) -> None:
    calls = programs("systemctl", "")
    put(tmp_path, *FILES, "proc/self/cgroup")
    (tmp_path / "proc/self/cgroup").write_text(f"{cgroup}\n")
    pull = RetiredPull()
    pull.apply(pull.plan(pull.observe(), NO_EFFECTS).actions)
    assert (STOPPED[0] in calls.read_text().splitlines()) is stops


def test_a_timer_that_does_not_stop_keeps_all_of_it(tmp_path: Path, programs: Callable[[str, str], Path]) -> None:
    programs("systemctl", "echo of this test >&2; exit 1")
    put(tmp_path, *FILES)
    pull = RetiredPull()
    with pytest.raises(HostError, match="pull mode cannot be stopped"):
        pull.apply(pull.plan(pull.observe(), NO_EFFECTS).actions)
    assert len(pull.observe()) == len(FILES)


@pytest.mark.parametrize("name", ["pull.json", "deploy-key", "known_hosts", "git-credentials", "vault-password"])
def test_the_names_are_those_of_the_role(name: str, tmp_path: Path) -> None:
    put(tmp_path, f"etc/multiarch-builders/{name}")
    assert RetiredPull().observe() == (f"/etc/multiarch-builders/{name}",)
    assert name in (REPOSITORY / "roles/builder_pull/tasks/main.yml").read_text()

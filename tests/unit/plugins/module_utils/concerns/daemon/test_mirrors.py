# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mirrors dockerd can use, by its version and its image store, and what is told of the others."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import (
    for_daemon_json,
    hosts_files,
    need_system_store,
    unusable,
    without_login,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

# dockerd's versions, and whether it reads hosts.toml.
ENGINES = [
    pytest.param(None, False, id="unknown"),
    pytest.param("26.1.5+dfsg1", False, id="26.1.5"),
    pytest.param("27.5.1", False, id="27.5.1"),
    pytest.param("28.0.0", True, id="28.0.0"),
    pytest.param("28.5.2+dfsg4", True, id="28.5.2"),
    pytest.param("29.0.0", True, id="29.0.0"),
]

HUB = Registry("docker.io", mirrors=("a.example", "a.example/hub"), hosts_toml="of docker.io")
QUAY = Registry("quay.example", mirrors=("b.example", "c.example:5000/quay"), hosts_toml="of quay.example")
PLAIN = Registry("a.example", ca="PEM")


@pytest.mark.parametrize(
    ("registries", "urls"),
    [
        pytest.param([], [], id="none"),
        pytest.param([PLAIN], [], id="docker.io is not in the table"),
        pytest.param([QUAY], [], id="of another registry"),
        pytest.param(
            [Registry("docker.io", mirrors=("b.example:5000", "a.example"))],
            ["https://b.example:5000", "https://a.example"],
            id="in order",
        ),
        pytest.param([HUB], ["https://a.example"], id="one with a path is left out"),
        pytest.param(
            [Registry("a.example", http=True), Registry("docker.io", mirrors=("a.example", "a.example:80"))],
            ["http://a.example", "https://a.example:80"],
            id="without TLS, as its own entry says: host and port are the name",
        ),
        pytest.param(
            [Registry("docker.io", mirrors=("[2001:db8::1]:5000",))], ["https://[2001:db8::1]:5000"], id="IPv6"
        ),
    ],
)
def test_for_daemon_json(registries: list[Registry], urls: list[str]) -> None:
    assert for_daemon_json(registries) == urls


@pytest.mark.parametrize(("engine", "reads"), ENGINES)
def test_hosts_files(engine: str | None, reads: bool) -> None:
    """As they were rendered, where there is nothing to be changed for a version."""
    files = (
        WriteFile("/etc/docker/certs.d/docker.io/hosts.toml", "of docker.io"),
        WriteFile("/etc/docker/certs.d/quay.example/hosts.toml", "of quay.example"),
    )
    assert hosts_files([HUB, QUAY, PLAIN], engine) == (files if reads else ())


@pytest.mark.parametrize(("engine", "reads"), ENGINES)
@pytest.mark.parametrize("containerd_store", [True, False], ids=["containerd's store", "graph driver"])
def test_which_mirrors_are_unusable(engine: str | None, reads: bool, containerd_store: bool) -> None:
    told = unusable([HUB, QUAY, PLAIN], engine, containerd_store)
    if reads and containerd_store:
        assert told == ()
        return
    assert [note.partition(": BuildKit uses it, ")[0] for note in told] == [
        "mirror a.example/hub of docker.io",
        "mirror b.example of quay.example",
        "mirror c.example:5000/quay of quay.example",
    ]


NEEDS_STORE = "`docker pull` needs the containerd image store for it (features.containerd-snapshotter)"


@pytest.mark.parametrize(
    ("registry", "engine", "containerd_store", "why"),
    [
        pytest.param(
            HUB,
            "27.5.1",
            True,
            "dockerd 27.5.1 puts a path before /v2/ (28.0 and newer can use it)",
            id="a path, docker.io",
        ),
        pytest.param(
            QUAY,
            "26.1.5+dfsg1",
            False,
            "dockerd 26.1.5+dfsg1 has mirrors of docker.io only (28.0 and newer can use it)",
            id="another registry",
        ),
        pytest.param(
            QUAY, None, True, "dockerd has mirrors of docker.io only (28.0 and newer can use it)", id="dockerd is down"
        ),
        pytest.param(HUB, "28.5.2+dfsg4", False, NEEDS_STORE, id="graph driver, docker.io"),
        pytest.param(QUAY, "29.0.0", False, NEEDS_STORE, id="graph driver, another registry"),
    ],
)
def test_why_they_are_unusable(registry: Registry, engine: str | None, containerd_store: bool, why: str) -> None:
    told = unusable([registry], engine, containerd_store)
    assert {note.partition(": BuildKit uses it, ")[2] for note in told} == {why}


@pytest.mark.parametrize(("engine", "_reads"), ENGINES)
def test_mirrors_of_docker_hub_without_a_path_are_always_usable(engine: str | None, _reads: bool) -> None:
    table = [Registry("docker.io", mirrors=("a.example", "b.example:5000"))]
    assert unusable(table, engine, True) == unusable(table, engine, False) == ()


THEIRS = ("/etc/docker/certs.d/quay.example/hosts.toml",)


@pytest.mark.parametrize(
    ("registries", "theirs", "needed"),
    [
        pytest.param([QUAY, PLAIN], THEIRS, True, id="somebody else's hosts.toml"),
        pytest.param([QUAY, PLAIN], (), False, id="ours names it"),
        pytest.param([HUB, PLAIN], THEIRS, False, id="of a registry that is not in the table"),
        pytest.param([], THEIRS, False, id="no registries"),
    ],
)
@pytest.mark.parametrize(("engine", "reads"), ENGINES)
def test_need_system_store(
    registries: list[Registry], theirs: tuple[str, ...], needed: bool, engine: str | None, reads: bool
) -> None:
    """Before 28.0 certs.d is all, read at every connection."""
    assert need_system_store(registries, engine, theirs) is (needed and reads)


NOTE = (
    "mirror {} of {} needs a login (`username` in its entry), which docker itself never sends to a mirror; builders do"
)


@pytest.mark.parametrize(
    ("registries", "told"),
    [
        pytest.param([HUB, QUAY, PLAIN], [], id="open mirrors"),
        pytest.param(
            [HUB, Registry("a.example", username="u")],
            [("a.example", "docker.io"), ("a.example/hub", "docker.io")],
            id="both ways",
        ),
        pytest.param(
            [QUAY, Registry("c.example:5000", username="u"), Registry("quay.example", username="u")],
            [("c.example:5000/quay", "quay.example")],
            id="a port is part of the name; the registry's own login is sent",
        ),
        pytest.param([Registry("a.example", username="u")], [], id="no mirror"),
    ],
)
def test_mirrors_that_need_a_login_are_told(registries: list[Registry], told: list[tuple[str, str]]) -> None:
    assert list(without_login(registries)) == [NOTE.format(*each) for each in told]

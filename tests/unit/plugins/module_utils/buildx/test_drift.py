# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a wanted builder and a recorded one, each kind alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import drift
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.container import Container
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.drift import (
    Remembered,
    certificate_drift,
    container_drift,
    digest,
    plain_image,
    same_toml,
    store_drift,
)
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.store import StoredBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.buildx.recorded import (
    CA,
    CONTAINER,
    NODE,
    STORED,
    WANTED,
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
        pytest.param(WANTED, replace(STORED, nodes=()), ("not in the store",), id="no node"),
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

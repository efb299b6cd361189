# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a canary's programs come from: a dockerd that has, or has not, the image; an archive."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.canary_image import (
    NoPlatformError,
    archived,
    pulled,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.binfmt.archives import tar
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    Asked,
    DockerdStandIn,
    as_json,
)

pytestmark = pytest.mark.usefixtures("home", "var_tmp")

INDEX = f"sha256:{'0' * 64}"
PINNED = f"r.example/debian@{INDEX}"
TAGGED = "r.example/debian:1"
OLD: dict[str, Any] = {
    "Id": "sha256:old",
    "Os": "linux",
    "Architecture": "arm64",
    "Variant": "v8",
    "RepoTags": ["debian:1"],
}


class Dockerd(DockerdStandIn):
    """It has the images *there*, by reference and id; with a graph driver a pull puts another in the place of one."""

    def __init__(self, path: Path, image: str, there: dict[str, dict[str, Any]], *, containerd: bool) -> None:
        super().__init__(path)
        self.image, self.there, self.containerd = image, there, containerd
        self.did: list[str] = []

    def answer(self, asked: Asked) -> Answer:
        path, _mark, query = asked.path.removeprefix("/v1.45").partition("?")
        if asked.method != "GET":
            self.did.append(f"{asked.method} {path} {platform_in(query)}".rstrip())
        if path.startswith("/images/"):
            return self._image(asked.method, path.removeprefix("/images/"), query)
        self.answers["GET /containers/json"] = as_json([])
        self.answers["POST /containers/create"] = as_json({"Id": "reader"})
        self.answers["DELETE /containers/reader"] = Answer(204)
        content = self.there.get(self.image, {}).get("Id", "")
        self.answers["GET /containers/reader/export"] = Answer(200, tar({"bin/sh": content.encode()}))
        return super().answer(asked)

    def _image(self, method: str, name: str, query: str) -> Answer:
        if name == "create":
            return self._pull(platform_in(query))
        if name.endswith("/tag"):
            wanted = urllib.parse.parse_qs(query)
            self.there[f"{wanted['repo'][0]}:{wanted['tag'][0]}"] = self.there[name.removesuffix("/tag")]
            return Answer(201)
        if method == "DELETE":
            if name not in self.there:
                return as_json({"message": "no such image"}, 404)
            gone = self.there.pop(name)
            if [key for key, each in self.there.items() if each == gone] == [gone["Id"]]:
                del self.there[gone["Id"]]
            return Answer(200)
        found = self.there.get(name.removesuffix("/json"))
        return as_json(found) if found else as_json({"message": "no such image"}, 404)

    def _pull(self, platform: str) -> Answer:
        if platform == "linux/mips64":
            return as_json({"message": f"no matching manifest for {platform} in the manifest list entries"}, 404)
        new: dict[str, Any] = {"Id": INDEX if self.containerd else f"sha256:{platform.split('/')[1]}"}
        if platform == "linux/arm64/v8":
            new = OLD
        if "@" in self.image and self.there.get(self.image, new)["Id"] != new["Id"]:
            return as_json({"message": "Cannot overwrite digest"}, 500)
        self.there[self.image] = self.there[new["Id"]] = new
        return Answer(200, b'{"status": "done"}\n')


def platform_in(query: str) -> str:
    return urllib.parse.parse_qs(query).get("platform", [""])[0]


def used(
    image: str, there: dict[str, dict[str, Any]], folder: Path, *, containerd: bool = False
) -> tuple[list[str], Dockerd]:
    """What the canary's programs for two platforms were, and the dockerd afterwards."""
    contents = []
    folder.mkdir(exist_ok=True)
    dockerd = Dockerd(folder / "docker.sock", image, there, containerd=containerd)
    with (
        dockerd,
        pulled(image, Docker(str(dockerd.path)), None) as opened,
    ):
        for platform in ("linux/s390x", "linux/arm/v7"):
            with opened(platform) as layers:
                contents += [file.read().decode() for each in layers() if (file := each.extractfile("bin/sh"))]
    assert [each for each in dockerd.did if "start" in each] == []
    return contents, dockerd


@pytest.mark.parametrize("image", [PINNED, TAGGED], ids=["by digest", "by tag"])
@pytest.mark.parametrize("containerd", [False, True], ids=["graph driver", "containerd"])
def test_what_was_pulled_is_removed_and_forgotten(image: str, containerd: bool, tmp_path: Path) -> None:
    contents, dockerd = used(image, {}, tmp_path, containerd=containerd)
    assert contents == ([INDEX] * 2 if containerd else ["sha256:s390x", "sha256:arm"])
    assert dockerd.there == {}
    assert RECORD.read().images == ()
    assert dockerd.did[0] == "POST /images/create linux/s390x"
    assert dockerd.did.count("DELETE /containers/reader") == 2


@pytest.mark.parametrize("image", [PINNED, TAGGED], ids=["by digest", "by tag"])
def test_an_image_that_was_there_is_there_again(image: str, tmp_path: Path) -> None:
    contents, dockerd = used(image, {image: OLD, OLD["Id"]: OLD}, tmp_path)
    assert contents == ["sha256:s390x", "sha256:arm"]
    assert dockerd.there == {image: OLD, OLD["Id"]: OLD}
    assert RECORD.read().images == ()


@pytest.mark.parametrize("step", ["DELETE /images/", "POST /images/create linux/s390x"])
def test_an_image_that_a_killed_run_set_aside_is_there_again_after_the_next(step: str, tmp_path: Path) -> None:
    """The run is killed once dockerd has done the *step*; another image of the same kind is not in its way."""
    dockerd = Dockerd(tmp_path / "docker.sock", PINNED, {PINNED: OLD, OLD["Id"]: OLD}, containerd=False)
    killed: list[str] = []
    real = Docker._versioned

    def until_killed(docker: Docker, method: str, path: str, *more: Any, **others: Any) -> bytes:
        if killed:
            raise KeyboardInterrupt
        answer = real(docker, method, path, *more, **others)
        if dockerd.did and dockerd.did[-1].startswith(step):
            killed.append(dockerd.did[-1])
        return answer

    with pytest.MonkeyPatch.context() as patch, dockerd:
        patch.setattr(Docker, "_versioned", until_killed)
        with (
            pytest.raises(KeyboardInterrupt),
            pulled(PINNED, Docker(str(dockerd.path)), None) as opened,
            opened("linux/s390x"),
        ):
            pass
    assert PINNED not in dockerd.there or dockerd.there[PINNED] != OLD
    contents, after = used(PINNED, dockerd.there, tmp_path / "again")
    assert contents == ["sha256:s390x", "sha256:arm"]
    assert after.there[PINNED] == OLD
    assert [name for name in after.there if "set-aside" in name] == []


@pytest.mark.parametrize("image", [PINNED, TAGGED], ids=["by digest", "by tag"])
def test_a_store_of_all_platforms_has_nothing_to_put_back(image: str, tmp_path: Path) -> None:
    index = {"Id": INDEX, "Architecture": "amd64"}
    _contents, dockerd = used(image, {image: index, INDEX: index}, tmp_path, containerd=True)
    assert [each for each in dockerd.did if each.endswith("/tag") or each.startswith("DELETE /images")] == []
    assert dockerd.there[image]["Id"] == INDEX


def test_a_platform_that_the_image_lacks(tmp_path: Path) -> None:
    with (
        Dockerd(tmp_path / "docker.sock", PINNED, {}, containerd=False) as dockerd,
        pulled(PINNED, Docker(str(dockerd.path)), None) as opened,
        pytest.raises(NoPlatformError) as caught,
        opened("linux/mips64"),
    ):
        pass
    assert str(caught.value) == (
        f"linux/mips64: builder_binfmt_canary {PINNED} has no such platform. Take a builder_binfmt_canary that has all "
        "emulated platforms"
    )
    assert RECORD.read().images == ()


def test_a_registry_that_does_not_answer_is_no_fault_of_an_emulator(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["POST /images/create"] = as_json({"message": "dial tcp: no route to host"}, 500)
    with (
        pytest.raises(HostError, match=r"builder_binfmt_canary: .*no route to host") as caught,
        pulled(PINNED, docker, None) as opened,
        opened("linux/s390x"),
    ):
        pass
    assert type(caught.value) is HostError
    assert RECORD.read().images == ()


def oci(folder: Path, *platforms: dict[str, str], nested: bool = True, before: str = "") -> str:
    """An OCI archive with an image for each platform, in an index below the first one if *nested*.

    *before* is what its names begin with.
    """
    files: dict[str, bytes] = {}

    def blob(name: str, content: bytes) -> dict[str, str]:
        files[f"blobs/sha256/{name}"] = content
        return {"digest": f"sha256:{name}"}

    manifests = []
    for number, platform in enumerate(platforms):
        about = blob(f"config{number}", json.dumps(platform).encode())
        layer = blob(f"layer{number}", tar({"bin/sh": json.dumps(platform).encode()}))
        manifest = json.dumps({"config": about, "layers": [layer]}).encode()
        manifests.append(blob(f"manifest{number}", manifest))
    manifests.append({"digest": "sha256:left-out"})  # as `docker save` does with platforms that it has not
    if nested:
        manifests = [blob("index", json.dumps({"manifests": manifests}).encode())]
    files["index.json"] = json.dumps({"manifests": manifests}).encode()
    path = folder / "canary.tar"
    path.write_bytes(tar({f"{before}{name}": content for name, content in files.items()}))
    return str(path)


S390X = {"os": "linux", "architecture": "s390x"}
ARM = {"os": "linux", "architecture": "arm"}
V5, V7 = {**ARM, "variant": "v5"}, {**ARM, "variant": "v7"}
ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}
ATTESTATION = {"os": "unknown", "architecture": "unknown"}


@pytest.mark.parametrize(
    ("platforms", "platform", "found"),
    [
        pytest.param([S390X, ARM64], "linux/s390x", S390X, id="by its name"),
        pytest.param([S390X, ARM64], "linux/arm64", ARM64, id="its usual variant"),
        pytest.param([V5, V7], "linux/arm/v7", V7, id="a variant"),
        pytest.param([ARM], "linux/arm/v7", ARM, id="of no variant"),
    ],
)
@pytest.mark.parametrize(("nested", "before"), [(True, ""), (False, ""), (False, "./")], ids=["nested", "flat", "./"])
def test_a_platform_of_an_archive(
    platforms: list[dict[str, str]], platform: str, found: dict[str, str], nested: bool, before: str, tmp_path: Path
) -> None:
    with archived(oci(tmp_path, *platforms, nested=nested, before=before), platform) as layers:
        for _again in range(2):
            (layer,) = [file.read() for each in layers() if (file := each.extractfile("bin/sh"))]
            assert json.loads(layer) == found


def test_a_platform_that_an_archive_lacks(tmp_path: Path) -> None:
    path = oci(tmp_path, S390X, V5, ATTESTATION)
    with pytest.raises(
        NoPlatformError, match=r"linux/arm/v7: builder_binfmt_canary .*canary.tar only has linux/s390x, linux/arm/v5"
    ):
        archived(path, "linux/arm/v7").__enter__()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "is not on this host: put the archive there first", id="no file"),
        pytest.param(b"no archive", "is not an OCI archive", id="no archive"),
        pytest.param(tar({"manifest.json": b"[]"}), "is not an OCI archive: .*index.json", id="of an old docker"),
        pytest.param(tar({"index.json": b"[]"}), "is not an OCI archive: index.json is no mapping", id="another file"),
    ],
)
def test_what_is_no_archive(content: bytes | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "canary.tar"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HostError, match=f"^builder_binfmt_canary: {path} {told}"):
        archived(str(path), "linux/s390x").__enter__()


def test_an_error_of_the_user_of_an_archive_is_not_the_archives(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mine"), archived(oci(tmp_path, S390X), "linux/s390x"):
        raise KeyError("mine")

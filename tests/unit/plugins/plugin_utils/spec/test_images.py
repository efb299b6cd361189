# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of images. Origin: the grammar of github.com/distribution/reference."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import BINFMT_IMAGE, BUILDKIT_IMAGE
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import (
    buildkit_version,
    check_image,
    check_proof_repository,
    check_reference,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BINFMT_IMAGE, id="the default for emulators"),
        pytest.param(BUILDKIT_IMAGE, id="the default of BuildKit"),
        pytest.param("moby/buildkit:v0.32.2", id="short"),
        pytest.param("localhost:5000/buildkit:v1", id="host with port"),
        pytest.param("[::1]:5000/a/b:v1", id="IPv6"),
        pytest.param(f"Lab.example:5000/a__b.c-d/e@{DIGEST}", id="digest alone"),
    ],
)
def test_good_references(text: str) -> None:
    findings = Findings()
    check_image(text, "i", findings)
    assert findings == Findings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "i = '': is not an image reference", id="empty"),
        pytest.param("https://a.b/c:v1", "is not an image reference", id="scheme"),
        pytest.param("a.b/C:v1", "is not an image reference", id="upper case in the path"),
        pytest.param("a b:v1", "is not an image reference", id="space"),
        pytest.param("a/b:v1\n", "has no valid tag", id="newline"),
        pytest.param("a/b:", "has no valid tag after the colon ('')", id="empty tag"),
        pytest.param("a/b:-x", "has no valid tag", id="tag begins with a dash"),
        pytest.param("a/b@sha256:1234", "has no valid digest", id="short digest"),
        pytest.param(f"a/b@{DIGEST}0", "has no valid digest", id="long digest"),
        pytest.param(f"a/b@{DIGEST.upper()}", "has no valid digest", id="upper case digest"),
        pytest.param("a/b@sha512:" + "0" * 64, "has no valid digest", id="another algorithm"),
        pytest.param("a/b@", "has no valid digest", id="empty digest"),
    ],
)
def test_bad_references(text: str, told: str) -> None:
    findings = Findings()
    check_image(text, "i", findings)
    assert len(findings.problems) == 1
    assert told in str(findings.problems[0])


@pytest.mark.parametrize("text", ["scratch", "debian", "a.b:5000/c/d", f"a/b@{DIGEST}"])
def test_a_reference_may_float_where_nothing_depends_on_it(text: str) -> None:
    findings = Findings()
    check_reference(text, "i", findings)
    assert (findings.problems, findings.warnings) == ([], [])


@pytest.mark.parametrize(
    ("text", "good"),
    [
        pytest.param("", True, id="none"),
        pytest.param("harbor.example.com/ci/proof", True, id="usual"),
        pytest.param("localhost:5000/proof", True, id="a port"),
        pytest.param("[2001:db8::1]:5000/ci/proof", True, id="IPv6"),
        pytest.param("ci/proof", True, id="Docker Hub"),
        pytest.param("harbor.example.com/ci/proof:latest", False, id="a tag"),
        pytest.param(f"harbor.example.com/ci/proof@{DIGEST}", False, id="a digest"),
        pytest.param("https://harbor.example.com/ci/proof", False, id="a scheme"),
        pytest.param("harbor.example.com/CI/proof", False, id="upper case"),
        pytest.param("Harbor.example.com/ci/proof", False, id="a registry in upper case, which has no certificates"),
        pytest.param("docker.io/ci/proof", True, id="Docker Hub by its name"),
        pytest.param("harbor.example.com/ci/proof/", False, id="a slash at the end"),
        pytest.param("harbor.example.com", False, id="no path"),
        pytest.param("harbor.example.com:5000", False, id="no path behind a port"),
        pytest.param("harbor.example.com/ci/proof\n", False, id="a line break"),
    ],
)
def test_a_repository(text: str, good: bool) -> None:
    findings = Findings()
    check_proof_repository(text, "builder_verify_repository", findings)
    told = [str(each) for each in findings.problems]
    assert len(told) == (0 if good else 1)
    assert all("is not a repository. Write HOST[:PORT]/PATH" in each for each in told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            "index.docker.io/ci/proof",
            "names a registry (index.docker.io) that is another name of Docker Hub. Write docker.io, as image names do",
            id="another name of Docker Hub, for which nobody has a login",
        ),
        pytest.param(
            "harbor.example.com:0/ci/proof",
            "names a registry (harbor.example.com:0) that has no valid port ('0'). Write a port from 1 to 65535",
            id="no port",
        ),
    ],
)
def test_a_repository_of_no_registry(text: str, told: str) -> None:
    findings = Findings()
    check_proof_repository(text, "builder_verify_repository", findings)
    (problem,) = findings.problems
    assert told in str(problem)


@pytest.mark.parametrize("text", ["moby/buildkit", "moby/buildkit:latest", "localhost:5000/buildkit"])
def test_a_floating_reference_is_a_warning(text: str) -> None:
    findings = Findings()
    check_image(text, "i", findings)
    assert findings.problems == []
    assert findings.warnings == [f"i: {text!r} can change from one run to the next: pin it by tag or by digest"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param(BUILDKIT_IMAGE, version_of(BUILDKIT_IMAGE.partition("@")[0]), id="the default of BuildKit"),
        pytest.param("moby/buildkit:v0.13.2-rootless", (0, 13, 2), id="rootless"),
        pytest.param("a.b:5000/hub/moby/buildkit:v0.17.0-rc1", (0, 17, 0), id="before a release, from a mirror"),
        pytest.param("moby/buildkit:0.13", (0, 13), id="short"),
        pytest.param("moby/buildkit:buildx-stable-1", (), id="a channel"),
        pytest.param("moby/buildkit:latest", (), id="what is newest"),
        pytest.param("moby/buildkit:stand-in-v0.13.2", (), id="the lab's"),
        pytest.param(f"moby/buildkit@{DIGEST}", (), id="a digest alone"),
        pytest.param("localhost:5000/buildkit", (), id="the colon of a port"),
        pytest.param("a.b/our-builder:v2.4.1", (), id="an image with versions of its own"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_the_version_of_buildkit(text: str, version: Version) -> None:
    """Origin: the tags of docker.io/moby/buildkit."""
    assert buildkit_version(text) == version

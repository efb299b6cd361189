# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples. Origin of their shape: images that BuildKit 0.13 and 0.32 pushed (moby/buildkit, writer.go)."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof import formats

IMAGE = formats.image("1")


def test_an_image_is_another_one_each_time() -> None:
    assert formats.image("1") == IMAGE
    assert formats.image("2").manifest.digest != IMAGE.manifest.digest


@pytest.mark.parametrize(
    "example",
    [
        IMAGE,
        formats.image("1", zstd=True),
        formats.artifact(IMAGE.manifest),
        formats.artifact(IMAGE.manifest, subject=False),
        formats.older_attestation(IMAGE.manifest),
    ],
)
def test_a_manifest_names_its_blobs(example: formats.Example) -> None:
    manifest = json.loads(example.manifest.data)
    named = [manifest["config"], *manifest["layers"]]
    assert [(each["digest"], each["size"]) for each in named] == [(b.digest, len(b.data)) for b in example.blobs]
    assert manifest["mediaType"] == example.manifest.media_type
    assert sum(len(each.data) for each in (example.manifest, *example.blobs)) < 2000


def test_the_attestation_is_the_one_that_buildkit_pushes() -> None:
    manifest = json.loads(formats.artifact(IMAGE.manifest).manifest.data)
    (layer,) = manifest.pop("layers")
    assert manifest == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.docker.attestation.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
            "data": "e30=",
        },
        "subject": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": IMAGE.manifest.digest,
            "size": len(IMAGE.manifest.data),
        },
    }
    assert layer["mediaType"] == "application/vnd.in-toto+json"
    assert layer["annotations"] == {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}


def test_the_older_attestation_is_an_image_of_no_platform() -> None:
    example = formats.older_attestation(IMAGE.manifest)
    manifest, config = json.loads(example.manifest.data), json.loads(example.blobs[0].data)
    assert manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    assert (config["architecture"], config["os"]) == ("unknown", "unknown")
    assert config["rootfs"]["diff_ids"] == [example.blobs[1].digest]
    assert "subject" not in manifest
    assert "artifactType" not in manifest


def test_an_index_has_the_image_and_its_attestation() -> None:
    attestation = formats.artifact(IMAGE.manifest).manifest
    rows = json.loads(formats.index(IMAGE.manifest, attestation).data)["manifests"]
    assert [each["platform"]["os"] for each in rows] == ["linux", "unknown"]
    assert rows[1]["annotations"] == {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": IMAGE.manifest.digest,
    }
    assert len(json.loads(formats.index(IMAGE.manifest, None).data)["manifests"]) == 1


def test_the_layers_are_what_their_types_say() -> None:
    (config, layer) = IMAGE.blobs
    empty = gzip.decompress(layer.data)
    assert json.loads(config.data)["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(empty).hexdigest()}"]
    assert subprocess.run(["tar", "-t"], input=empty, capture_output=True, check=True).stdout == b""


@pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd on this machine")
def test_the_layer_of_zstd_is_the_same() -> None:
    layer = formats.image("1", zstd=True).blobs[1]
    empty = subprocess.run(["zstd", "-dc"], input=layer.data, capture_output=True, check=True).stdout
    assert empty == gzip.decompress(IMAGE.blobs[1].data)

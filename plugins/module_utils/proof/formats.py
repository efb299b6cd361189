# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small examples of what BuildKit pushes. Pure.

Attestations are those of moby/buildkit, exporter/containerimage/writer.go, commitAttestationsManifest: since 0.32 a
manifest with `artifactType`, the empty config and a `subject` (#6914), before an image manifest of no platform.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import typing as t
from dataclasses import dataclass

_OCI = "application/vnd.oci"
MANIFEST, INDEX = f"{_OCI}.image.manifest.v1+json", f"{_OCI}.image.index.v1+json"
CONFIG, EMPTY = f"{_OCI}.image.config.v1+json", f"{_OCI}.empty.v1+json"
LAYER_GZIP, LAYER_ZSTD = f"{_OCI}.image.layer.v1.tar+gzip", f"{_OCI}.image.layer.v1.tar+zstd"
STATEMENT, ATTESTATION = "application/vnd.in-toto+json", "application/vnd.docker.attestation.manifest.v1+json"
_PREDICATE = "https://slsa.dev/provenance/v1"
_NOWHERE = {"architecture": "unknown", "os": "unknown"}

_TAR = bytes(1024)  # an empty archive
# The same as one zstd frame: a single segment of 1024 bytes (stored less 256), whose last block is a run of zeros
# (RFC 8878, 3.1.1). Python's standard library cannot write zstd.
_TAR_ZSTD = b"\x28\xb5\x2f\xfd\x60\x00\x03\x03\x20\x00\x00"


@dataclass(frozen=True)
class Content:
    """A blob or a manifest, as it is pushed."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        """Its digest."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    def descriptor(self, **more: t.Any) -> t.Dict[str, t.Any]:
        """Its descriptor in a manifest."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}


@dataclass(frozen=True)
class Example:
    """A manifest, and the blobs that must exist before it."""

    manifest: Content
    blobs: t.Tuple[Content, ...] = ()


_NOTHING = Content(EMPTY, b"{}")


def image(suffix: str, *, zstd: bool = False) -> Example:
    """An empty image; a different one for each *suffix*."""
    layer = Content(LAYER_ZSTD, _TAR_ZSTD) if zstd else Content(LAYER_GZIP, gzip.compress(_TAR, mtime=0))
    labels = {"multiarch.builders.proof": suffix}
    config = _config({"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}, _TAR)
    return _example({"config": config.descriptor(), "layers": [layer.descriptor()]}, config, layer)


def artifact(target: Content, *, subject: bool = True) -> Example:
    """The attestation of the image *target* as pushed by BuildKit since 0.32, with or without its *subject*."""
    statement = _statement(target)
    manifest = {
        "artifactType": ATTESTATION,
        "config": _NOTHING.descriptor(data="e30="),
        "layers": [_layer_of(statement)],
        **({"subject": target.descriptor()} if subject else {}),
    }
    return _example(manifest, _NOTHING, statement)


def older_attestation(target: Content) -> Example:
    """The same as BuildKit pushed it before, and still does without artifacts."""
    statement = _statement(target)
    config = _config({**_NOWHERE, "config": {}}, statement.data)
    return _example({"config": config.descriptor(), "layers": [_layer_of(statement)]}, config, statement)


def index(target: Content, attestation: t.Optional[Content]) -> Content:
    """The index of an image and its attestation."""
    rows = [target.descriptor(platform={"architecture": "amd64", "os": "linux"})]
    if attestation is not None:
        about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": target.digest}
        rows.append(attestation.descriptor(annotations=about, platform=_NOWHERE))
    return _document(INDEX, {"manifests": rows})


def _statement(target: Content) -> Content:
    subject = {"name": "_", "digest": {"sha256": target.digest.partition(":")[2]}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": _PREDICATE,
        "predicate": {},
    }
    return Content(STATEMENT, json.dumps(statement).encode())


def _layer_of(statement: Content) -> t.Dict[str, t.Any]:
    return statement.descriptor(annotations={"in-toto.io/predicate-type": _PREDICATE})


def _config(content: t.Mapping[str, t.Any], layer: bytes) -> Content:
    rootfs = {"type": "layers", "diff_ids": [Content("", layer).digest]}
    return Content(CONFIG, json.dumps({**content, "rootfs": rootfs}).encode())


def _example(manifest: t.Mapping[str, t.Any], *blobs: Content) -> Example:
    return Example(_document(MANIFEST, manifest), blobs)


def _document(media_type: str, content: t.Mapping[str, t.Any]) -> Content:
    text = json.dumps({"schemaVersion": 2, "mediaType": media_type, **content}, indent=2)
    return Content(media_type, text.encode())

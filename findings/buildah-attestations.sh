#!/usr/bin/env bash
# buildah 1.28.2: `manifest add --all` of what buildx pushed leaves the descriptors' annotations out. In the list that
# it pushes the attestation is an image for unknown/unknown, which belongs to none.
# Why it matters: lists of several builders' images are put together so. `docker buildx imagetools inspect` and scanners
# find no provenance nor SBOM, and what goes through the platforms has one that nobody built for.
# Upstream says otherwise: image-spec descriptor.md has annotations for every descriptor; BuildKit
# docs/attestations/attestation-storage.md ties the attestation to its image by vnd.docker.reference.digest and .type.
# buildah issue 5549, closed since, has it for artifactType.
set -euo pipefail
. "$(dirname "$0")/common.bash"
[ "$(id -u)" = 0 ] || cannot "buildah without root needs a user namespace"
debian_packages buildah=1.28.2+ds1-3+deb12u1+b3 libgpgme11 libassuan0 libdevmapper1.02.1 libsubid4
env -u LD_LIBRARY_PATH PYTHONPATH="$(dirname "$0")" python3 - "$work/buildx" <<'PY'
import json
import sys
from pathlib import Path

from oci_layout import image, index

folder = Path(sys.argv[1])
built, attestation = image(folder, "amd64"), image(folder, "unknown")
attestation["platform"] = {"architecture": "unknown", "os": "unknown"}
attestation["annotations"] = {
    "vnd.docker.reference.digest": built["digest"],
    "vnd.docker.reference.type": "attestation-manifest",
}
whole = {**index(folder, [built, attestation]), "annotations": {"org.opencontainers.image.ref.name": "1"}}
(folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [whole]}))
(folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
PY
mkdir -p "$work/home/.config/containers"
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$work/home/.config/containers/policy.json"
touch "$work/registries.conf" "$work/containers.conf"
export HOME=$work/home CONTAINERS_REGISTRIES_CONF=$work/registries.conf CONTAINERS_CONF=$work/containers.conf
buildah() { command buildah --root "$work/images" --runroot "$work/run" --storage-driver vfs "$@" 2>>"$work/log"; }
buildah manifest create list >>"$work/log" || cannot "$(tail -n 1 "$work/log")"
buildah manifest add --all list "oci:$work/buildx:1" >>"$work/log"
buildah manifest push --all list "oci:$work/pushed:1" >>"$work/log"
seen=$(env -u LD_LIBRARY_PATH python3 - "$work/buildx" "$work/pushed" <<'PY'
import json
import sys
from pathlib import Path

for folder in map(Path, sys.argv[1:]):
    [pushed] = json.loads((folder / "index.json").read_text())["manifests"]
    entries = json.loads((folder / "blobs" / pushed["digest"].replace(":", "/")).read_text())["manifests"]
    print(*(" ".join([each["platform"]["os"], *each.get("annotations", ())]) for each in entries), sep=", ")
PY
)
known="linux, unknown vnd.docker.reference.digest vnd.docker.reference.type"
as_known "entries of buildx' index and of the one that buildah pushed" "$known, twice" "$known
linux, unknown" "$seen"

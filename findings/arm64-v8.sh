#!/usr/bin/env bash
# docker 7.2.0 and python-dxf 12.1.1: an image whose index names `arm64` with variant `v8` has no linux/arm64, says the
# SDK's has_platform(); dxf raises DXFPlatformDataNotFound. Both compare text, so only linux/arm64/v8 is found.
# Why it matters: the official images of Docker Hub write v8, buildx leaves it away; whoever asks for linux/arm64
# before a build hears that the base image is not there, or gets it from one builder's images and not the other's.
# Upstream says otherwise: containerd/platforms normalizes arm64/v8 to arm64, so docker and BuildKit see one platform;
# to the SDK's has_platform an argument is os[/arch[/variant]].
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
python_packages docker==7.2.0 python-dxf==12.1.1
start_registry
put_index oci base plain linux/amd64 linux/arm64
put_index oci base v8 linux/amd64 linux/arm64/v8
seen=$(env -u LD_LIBRARY_PATH python3 - "$registry" <<'PY'
import json
import sys
from types import SimpleNamespace

from docker.models.images import RegistryData
from dxf import DXF, exceptions

dxf = DXF(sys.argv[1], "base", insecure=True)
engine = SimpleNamespace(version=lambda: {"Os": "linux", "Arch": "amd64"})
for tag in ("plain", "v8"):
    index = json.loads(dxf._request("get", f"manifests/{tag}",
                                    headers={"Accept": "application/vnd.oci.image.index.v1+json"}).content)
    # As dockerd answers GET /distribution/NAME/json
    attributes = {"Descriptor": {}, "Platforms": [each["platform"] for each in index["manifests"]]}
    found = RegistryData("base", attrs=attributes, client=engine).has_platform("linux/arm64")
    try:
        print(tag, found, "found" if dxf.get_manifest(tag, platform="linux/arm64") else "", end="; ")
    except exceptions.DXFPlatformDataNotFound as error:
        print(tag, found, type(error).__name__, end="; ")
PY
)
as_known "linux/arm64 in an index that has it plain, and as arm64/v8: docker, dxf" \
  "plain True found; v8 True found" "plain True found; v8 False DXFPlatformDataNotFound" "${seen%; }"

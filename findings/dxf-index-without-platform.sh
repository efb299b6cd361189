#!/usr/bin/env bash
# python-dxf 12.1.1: an index whose entries have no platform raises KeyError, also when one platform is asked for. An
# index whose own mediaType is left out does, too; both fields are optional.
# Why it matters: indexes of artifacts and of attestations have entries without a platform; a clean-up that walks all
# tags with dxf ends at the first.
# Upstream says otherwise: opencontainers/image-spec image-index.md: "platform: This OPTIONAL property".
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
python_packages python-dxf==12.1.1
start_registry
put_image app 1 index
seen=$(env -u LD_LIBRARY_PATH python3 - "$registry" <<'PY'
import sys

from dxf import DXF

repository = DXF(sys.argv[1], "app", insecure=True)
for tag in ("1", "index"):
    try:
        print(repository.get_digest(tag).partition(":")[0], end=" ")
    except KeyError as missing:
        print("KeyError", missing)
PY
)
as_known "the configuration's digest of an image, and of an index without platforms" "sha256 and a dict" \
  "sha256 KeyError 'platform'" "$seen"

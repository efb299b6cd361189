#!/usr/bin/env bash
# compose-spec 0.2.1 (PyPI, over the Rust crate compose_spec): `image: localhost:5000/app` is an invalid Compose file,
# and `harbor:8443/app` too; with a dot in the host, `harbor.lan:8443/app`, it is valid. Nor is a tag with a digest, nor
# the platform linux/amd64/v2, while linux/arm/v7 is.
# Why it matters: localhost:5000 and a short name with a port are what a registry beside the builder is called; files
# that `docker compose` builds from are refused by the check before it.
# Upstream says otherwise: the Compose Specification has [<registry>/][<project>/]<image>[:<tag>|@<digest>], the grammar
# in distribution/reference reference.go any host with a port, and containerd/platforms amd64's variants.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages compose-spec==0.2.1
seen=$(python3 - <<'PY'
from compose_spec import PyCompose

digest = "sha256:" + "0" * 64
for image, platform in (
    ("harbor.lan:8443/app", "linux/arm/v7"),
    ("localhost:5000/app", "linux/arm/v7"),
    ("harbor:8443/app", "linux/arm/v7"),
    (f"app:1@{digest}", "linux/arm/v7"),
    ("app", "linux/amd64/v2"),
):
    try:
        PyCompose.from_yaml(f"services: {{app: {{image: '{image}', platform: {platform}}}}}")
        print("valid", end=", ")
    except ValueError as error:
        print("image not" if "app.image" in str(error) else "platform not", end=", ")
PY
)
as_known "image harbor.lan:8443/app, localhost:5000/app, harbor:8443/app, app with tag and digest; platform amd64/v2" \
  "valid, valid, valid, valid, valid" "valid, image not, image not, image not, platform not" "${seen%, }"

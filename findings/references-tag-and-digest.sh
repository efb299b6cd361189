#!/usr/bin/env bash
# docker-parse-image 3.0.1, dockerfile-ast 0.7.1 (npm), aioregistry 0.7.3, podman 5.8.0 (PyPI), skopeo 1.9.3: five
# ways to misread `harbor:8443/app:1@sha256:…`, a tag for people with a digest for machines. The digest becomes part
# of the tag, the tag part of the name, `…/app:1@sha256` the name, and skopeo refuses it.
# Why it matters: it is the form that update bots write and `docker buildx` prints; docker and BuildKit take it.
# Upstream says otherwise: the grammar in distribution/reference reference.go: name [":" tag] ["@" digest].
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages aioregistry==0.7.3 podman==5.8.0
node_packages docker-parse-image@3.0.1 dockerfile-ast@0.7.1
reference=harbor:8443/app:1@sha256:$(printf '0%.0s' {1..64})
shorter() { sed 's/0\{64\}/000/g'; }
seen=$({
  (cd "$work/node" && node -e '
    const parse = require("docker-parse-image");
    const [from] = require("dockerfile-ast").DockerfileParser.parse("FROM " + process.argv[1]).getFROMs();
    console.log("tag", (parse.default || parse)(process.argv[1]).tag, "| name", from.getImageName());' "$reference")
  python3 - "$reference" <<'PY'
import sys

from aioregistry.parsing import parse_image_name
from podman.api.parse_utils import parse_repository

print("reference", parse_image_name(sys.argv[1]).ref, "| name", parse_repository(sys.argv[1])[0])
PY
} | shorter)
as_known "docker-parse-image, dockerfile-ast; aioregistry, podman" \
  "tag 1 | name app; reference sha256:000 | name harbor:8443/app" \
  "tag 1@sha256:000 | name app:1
reference 1@sha256:000 | name harbor:8443/app:1@sha256" "$seen"
debian_packages skopeo=1.9.3+ds1-1+b10 libgpgme11 libassuan0 libdevmapper1.02.1
HOME=$work skopeo inspect "docker://$reference" 2>"$work/error" || true
as_known "skopeo" "it looks for the digest" "both a tag and digest are currently not supported" \
  "$(grep -o 'both a tag and digest.*supported' "$work/error")"

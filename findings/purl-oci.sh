#!/usr/bin/env bash
# packageurl-python 0.17.6 and packageurl-js 2.0.1: the two official libraries make different canonical purls of one
# OCI image as soon as `repository_url` has a port or a path, and neither makes the specification's. They do not agree
# on the digest's case either, nor on `pkg:oci/team/app`, which one refuses.
# Why it matters: SBOMs of images are joined by purl, as text. Those that a Python and a Node.js tool write of the same
# image in a registry of one's own never match.
# Upstream says otherwise: package-url/purl-spec specification.md never encodes `:`, and the tests for type oci have
# `%2F` in repository_url; the type's definition forbids a namespace. packageurl-python issue 121 is open.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages packageurl-python==0.17.6
node_packages packageurl-js@2.0.1
purl='pkg:oci/app@sha256:AB12?repository_url=harbor:8443/team/app'
seen=$(python3 - "$purl" pkg:oci/team/app <<'PY'
import sys

from packageurl import PackageURL

for text in sys.argv[1:]:
    try:
        print(PackageURL.from_string(text).to_string())
    except ValueError as error:
        print("refused:", error)
PY
cd "$work/node" && node - "$purl" pkg:oci/team/app <<'JS'
const { PackageURL } = require("packageurl-js");
for (const text of process.argv.slice(2)) {
  try {
    console.log(PackageURL.fromString(text).toString());
  } catch (error) {
    console.log("refused:", error.message);
  }
}
JS
)
as_known "canonical form of $purl and pkg:oci/team/app: Python, JavaScript" \
  "pkg:oci/app@sha256:ab12?repository_url=harbor:8443%2Fteam%2Fapp and refused, twice" \
  'pkg:oci/app@sha256:ab12?repository_url=harbor:8443/team/app
pkg:oci/team/app
pkg:oci/app@sha256:AB12?repository_url=harbor%3A8443%2Fteam%2Fapp
refused: Invalid purl: oci "namespace" component must be empty' "$seen"

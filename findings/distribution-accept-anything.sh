#!/usr/bin/env bash
# docker-registry 2.8.2 (distribution): "Accept: */*" does not accept OCI manifests: an image that is there is 404,
# MANIFEST_UNKNOWN, unless its very media type is in the header.
# Why it matters: curl sends `*/*`, and so do monitoring and most HTTP libraries; a probe finds a healthy registry
# empty, and only for images made since BuildKit writes OCI types. The tag is in tags/list all the same.
# Upstream says otherwise: RFC 9110, 12.5.1: */* is all media types; the message itself is "accept header does not
# support OCI manifests" (distribution/distribution v2.8.2, registry/handlers/manifests.go).
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
put_image app 1 index
status() {
  curl --silent --output /dev/null --write-out '%{http_code} ' --header "Accept: $2" \
    "http://$registry/v2/app/manifests/$1"
}
oci=application/vnd.oci.image
seen=$(
  status 1 "$oci.manifest.v1+json"
  status 1 '*/*'
  status index "$oci.index.v1+json"
  status index 'application/*'
)
as_known "image: its type, */*; index: its type, application/*" "200 200 200 200" "200 404 200 404" "${seen% }"

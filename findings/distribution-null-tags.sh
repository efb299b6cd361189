#!/usr/bin/env bash
# docker-registry 2.8.2 (distribution): once the last tag is gone, the list of tags is null, no empty list. The
# repository stays in _catalog, so whoever walks the registry meets it.
# Why it matters: `for tag in answer["tags"]` ends with an exception in the clean-up job that emptied the repository.
# Upstream says otherwise: distribution/distribution v2.8.2 docs/spec/api.md shows `"tags": [<tag>, …]` and says
# nothing of null; opencontainers/distribution-spec, spec.md, "Listing Tags", asks for a list, which may be empty.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
put_image app 1
accept='Accept: application/vnd.oci.image.manifest.v1+json'
digest=$(curl --silent --head --header "$accept" "http://$registry/v2/app/manifests/1" |
  tr -d '\r' | sed -n 's/^docker-content-digest: //Ip')
curl --silent --fail --request DELETE "http://$registry/v2/app/manifests/$digest"
seen=$(curl --silent "http://$registry/v2/app/tags/list" "http://$registry/v2/_catalog" | tr '\n' ' ')
as_known "tags and catalog after the last tag's deletion" '{"name":"app","tags":[]} …' \
  '{"name":"app","tags":null} {"repositories":["app"]} ' "$seen"

#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1 (npm): histograms and summaries of one name are one, whatever their labels. The
# buckets of the last are left, without labels, sum and count. Counters and gauges have theirs.
# Why it matters: a registry's time for pulls is a histogram for each handler and method, BuildKit's for each service:
# what is read of it is that of the one that comes last in the text.
# Upstream says otherwise: Prometheus' page "Exposition formats" has le and quantile beside other labels; the library's
# README means its output to be prom2json's, which has each with its labels.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages parse-prometheus-text-format@1.1.1
cat >"$work/registry.prom" <<'TEXT'
# TYPE registry_http_request_duration_seconds histogram
registry_http_request_duration_seconds_bucket{handler="blob",le="1"} 3
registry_http_request_duration_seconds_bucket{handler="blob",le="+Inf"} 4
registry_http_request_duration_seconds_sum{handler="blob"} 9
registry_http_request_duration_seconds_count{handler="blob"} 4
registry_http_request_duration_seconds_bucket{handler="tags",le="1"} 1
registry_http_request_duration_seconds_bucket{handler="tags",le="+Inf"} 1
registry_http_request_duration_seconds_sum{handler="tags"} 0.5
registry_http_request_duration_seconds_count{handler="tags"} 1
TEXT
seen=$(cd "$work/node" && node -e '
  const parse = require("parse-prometheus-text-format");
  for (const { metrics } of (parse.default || parse)(fs.readFileSync(0, "utf8"))) console.log(JSON.stringify(metrics));
' <"$work/registry.prom")
as_known "histograms of handler blob (4 requests) and tags (1)" \
  '[{"buckets":{"1":"3","+Inf":"4"},"labels":{"handler":"blob"},"count":"4","sum":"9"},{…"handler":"tags"…}]' \
  '[{"buckets":{"1":"1","+Inf":"1"}}]' "$seen"

#!/usr/bin/env bash
# kubernetes-resource-parser 0.1.0 (npm): memory `1.5Gi` is 1 byte, `1e9` is 1 byte, `500m` is NaN; processor `250n`,
# a quarter of a millionth of one, is 250 processors.
# Why it matters: builders in Kubernetes have such limits (`--driver-opt requests.memory=1.5Gi`), and its metrics tell
# what they use in nanocores. What a dashboard or a scheduler adds up is off by nine digits, without an error.
# Upstream says otherwise: kubernetes/apimachinery pkg/api/resource/quantity.go: a signed number, fractions included,
# with n u m, k to E, Ki to Ei or an exponent. kubernetes 37.0.2, the client for Python, reads all of these.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages kubernetes==37.0.2
node_packages kubernetes-resource-parser@0.1.0
seen=$(python3 - <<'PY'
from kubernetes.utils import parse_quantity

print(*(float(parse_quantity(text)) for text in ("1.5Gi", "1e9", "500m", "250n")))
PY
cd "$work/node" && node -e '
const { cpuParser, memoryParser } = require("kubernetes-resource-parser");
console.log(...["1.5Gi", "1e9", "500m"].map(memoryParser), cpuParser("250n"));')
as_known "1.5Gi, 1e9, 500m of memory, 250n of a processor: kubernetes, kubernetes-resource-parser" \
  "1610612736.0 1000000000.0 0.5 2.5e-07, twice" "1610612736.0 1000000000.0 0.5 2.5e-07
1 1 NaN 250" "$seen"

#!/usr/bin/env bash
# durationpy 0.11 (Go durations for Python; Kubernetes' client uses it): to_str() of an hour and a microsecond is
# `1h1e-06s`, which neither Go nor its own from_str() reads; of a second and a microsecond it is `1s`. Seconds have six
# digits and, below 0.1 ms, an exponent.
# Why it matters: computed times end in configuration of Go programs (`keepDuration` in buildkitd.toml, health checks):
# most lose digits, which nobody sees, and now and then one is refused.
# Upstream says otherwise: its README has Go's duration format, in which Go writes 1h0m0.000001s. Pull request 15 mended
# the same for nanoseconds, 22 is open for the lost digits.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages durationpy==0.11
seen=$(python3 - <<'PY'
from datetime import timedelta

import durationpy

for hours, minutes, seconds, microseconds in ((1, 0, 0, 1), (0, 1, 0, 50), (0, 0, 1, 1)):
    duration = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)
    text = durationpy.to_str(duration)
    try:
        print(text, "=" if durationpy.from_str(text) == duration else "differs", end="; ")
    except durationpy.DurationError as error:
        print(text, str(error).split(" in ")[0], end="; ")
PY
)
as_known "1 h 1 µs, 1 min 50 µs and 1 s 1 µs to text, and back" \
  "1h0m0.000001s =; 1m0.00005s =; 1.000001s =" \
  "1h1e-06s Unknown unit e; 1m5e-05s Unknown unit e; 1s differs" "${seen%; }"

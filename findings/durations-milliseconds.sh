#!/usr/bin/env bash
# durations 0.3.3: to_seconds() rounds to hundredths, so 5ms is 0.01 s, twice as much, and 1ms is 0.0 s.
# Why it matters: health checks, retries and time-outs of registries are Go durations with milliseconds (`5ms`); as a
# time-out 0.0 means "do not wait" or "for ever", according to who takes it.
# Upstream says otherwise: the README of oleiade/durations tells of no rounding; durations/duration.py rounds each
# result.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages durations==0.3.3
seen=$(python3 -c 'from durations import Duration
print([Duration(each).to_seconds() for each in ("1ms", "5ms", "1h5ms")])')
as_known "1ms, 5ms and 1h5ms in seconds" "[0.001, 0.005, 3600.005]" "[0.0, 0.01, 3600.01]" "$seen"

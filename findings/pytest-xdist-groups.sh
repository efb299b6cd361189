#!/usr/bin/env bash
# pytest 9.2.0 with pytest-xdist 3.8.0: --dist=loadgroup runs, but the mark xdist_group is ignored without a word.
# With pytest 8.4.2 the same xdist keeps a group in one process. xdist tells the group by a suffix of the node's id,
# which pytest 9.2 no longer takes from where xdist writes it; no version of xdist refuses the new pytest.
# Why it matters: groups are what keeps tests of one host in one process; they then change it under each other's feet.
# Upstream says otherwise: pytest-dev/pytest-xdist docs/distribution.rst; reported as pytest-dev/pytest-xdist#1386.
set -euo pipefail
. "$(dirname "$0")/common.bash"
mkdir "$work/tests"
cat >"$work/tests/test_group.py" <<'PY'
import os
import pathlib
import time

import pytest


@pytest.mark.xdist_group("host")
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    time.sleep(0.2)
    (pathlib.Path(os.environ["SEEN"]) / os.environ["PYTEST_XDIST_WORKER"]).touch()
PY
python_packages pytest-xdist==3.8.0 pytest==8.4.2
processes() {
  rm -rf "$work/seen" && mkdir "$work/seen"
  (cd "$work/tests" && SEEN=$work/seen pytest -q -n 2 --dist=loadgroup -p no:cacheprovider >"$work/log") ||
    cannot "$(tail -n 1 "$work/log")"
  find "$work/seen" -type f | wc -l
}
seen="$(processes)"
"$work/python/bin/pip" install --quiet pytest==9.2.0 2>/dev/null || cannot "pip: pytest 9.2.0"
seen="$seen $(processes)"
as_known "processes that ran one group, with pytest 8.4.2 and 9.2.0" "1 1" "1 2" "$seen"

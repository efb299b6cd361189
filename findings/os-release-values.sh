#!/usr/bin/env bash
# os-release 1.0.1 (PyPI): `VARIANT=""` is an IndexError and `VARIANT=` no line; a dot in a value without quotes, as in
# Alpine's `VERSION_ID=3.20.3`, makes the file unreadable, as does a colon or a dash. The error is a BaseException,
# which `except Exception` doesn't catch.
# Why it matters: it is the package of the format's name. What chooses packages for a host or within an image with it
# ends at Alpine, and at hosts whose vendor left a value empty.
# Upstream says otherwise: os-release(5): the format is a shell's assignments, of which quotes are needed for spaces and
# other special characters; Python's platform.freedesktop_os_release() reads all of these.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages os-release==1.0.1
seen=$(python3 - <<'PY'
from os_release import parse_str

for line in 'VERSION_ID="3.20.3"', "VERSION_ID=12", "VERSION_ID=3.20.3", "ID=opensuse-leap", 'VARIANT=""', "VARIANT=":
    try:
        print(line, dict(parse_str(f"ID_LIKE=x\n{line}\n")).popitem()[1])
    except BaseException as error:
        print(line, type(error).__name__, isinstance(error, Exception))
PY
)
as_known "values, or errors and whether they are Exceptions" "each value" 'VERSION_ID="3.20.3" 3.20.3
VERSION_ID=12 12
VERSION_ID=3.20.3 OsReleaseParseException False
ID=opensuse-leap OsReleaseParseException False
VARIANT="" IndexError True
VARIANT= OsReleaseParseException False' "$seen"

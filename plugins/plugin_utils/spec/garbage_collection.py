# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one setting for the build cache's garbage collection: checked, and in the syntax of each BuildKit version.

moby/buildkit, cmd/buildkitd/main.go (getGCPolicy), cmd/buildkitd/config/gcpolicy.go and cache/manager.go, at v0.3.0,
v0.9.0, v0.11.0 to v0.13.0, v0.16.0, v0.17.0 and v0.32.2:

- Before 0.17 there is one number a policy, down to which it deletes: `gckeepstorage`, `keepBytes`.
- Since then a policy deletes down to `maxUsedSpace`, and further for `minFreeSpace`, but never below `reservedSpace`.
  Where `reservedSpace` is alone, that is what it deletes down to.
- With `minFreeSpace` but without `maxUsedSpace`, 0.17 to 0.20 delete down to `reservedSpace` despite free space.
- Where both are set, `gckeepstorage` is ignored, and `keepBytes` is the `reservedSpace` that is missing.
- Any `gcpolicy` replaces all default policies, with the limits that these take from the disk.
"""

from __future__ import annotations

import math
import re
import typing as t
from collections.abc import Mapping
from fractions import Fraction

from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import Gc
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, text_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import KINDS
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.keys import LIMITS_SINCE, TEXT_SINCE
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name

_SIZES = ("keep", "max", "free")
_POWERS = "kmgtp"
_MOST_BYTES, _MOST_SECONDS = 2**63 - 1, (2**63 - 1) // 10**9  # Go's int64, of bytes and of nanoseconds
_NANO = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
# The first default policy: what is easily recreated is deleted after two days. Up to 0.30 its filter requires all
# three types at once, and matches nothing (moby/buildkit, b69e279bc).
_EASY = ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"]
_EASY_SINCE: Version = (0, 31)
_EASY_LIMIT = 512_000_000


def check_gc(gc: Mapping[str, t.Any], variable: str, findings: Findings) -> dict[str, t.Any]:
    """*gc* normalised, sizes and duration as text; problems are reported, and left out."""
    found = {name: gc[name] for name in ("enabled",) if name in gc}
    for name in _SIZES:
        if name in gc and _is_right(gc[name], "disk", f"{variable}.{name}", findings):
            found[name] = str(gc[name])
    if "unused_for" in gc and _is_right(gc["unused_for"], "duration", f"{variable}.unused_for", findings):
        text = str(gc["unused_for"])
        found["unused_for"] = f"{text}s" if text.isdecimal() else text
    _check_together(gc, found, variable, findings)
    return found


def _is_right(value: object, kind: str, variable: str, findings: Findings) -> bool:
    fits, remedy = KINDS[kind]
    if not fits(value):
        findings.problem(variable, value, f"is {type_name(value)} that BuildKit does not accept", remedy)
        return False
    number = in_bytes(str(value)) if kind == "disk" else in_seconds(str(value))
    most = _MOST_BYTES if kind == "disk" else _MOST_SECONDS
    if not number:
        findings.problem(variable, value, "is zero, which BuildKit treats as unset", "Remove it")
    elif number > most:
        findings.problem(variable, value, "is too large for BuildKit", "Write a smaller value")
    elif kind == "disk" and _is_share(value) and number > 100:
        findings.problem(variable, value, "is more than the whole disk", "Write 1% to 100%")
    else:
        return True
    return False


def _check_together(gc: Mapping[str, t.Any], found: Mapping[str, str], variable: str, findings: Findings) -> None:
    keep, most = found.get("keep"), found.get("max")
    if keep and most and _is_share(keep) == _is_share(most) and in_bytes(keep) > in_bytes(most):
        message = f"is more than `max`, {most}, and would override it"
        findings.problem(f"{variable}.keep", gc["keep"], message, "Set a smaller `keep` or a larger `max`")
    if "free" in gc and "max" not in gc:
        message = "is set without `max`: BuildKit 0.17 to 0.20 would delete all but `keep`, even with enough free space"
        findings.problem(f"{variable}.free", gc["free"], message, "Set `max`, too")
    if "unused_for" in gc and "max" not in gc and "keep" not in gc:
        message = "is set without a limit, but replaces BuildKit's default policies, which have limits"
        findings.problem(f"{variable}.unused_for", gc["unused_for"], message, "Set `max`, too")


def check_gc_version(gc: Gc, version: Version, variable: str, findings: Findings) -> None:
    """Report what BuildKit *version* does not support; nothing if it is (), unknown."""
    if gc.off or not version:
        return
    if gc.free is not None and version < LIMITS_SINCE:
        message = f"is omitted for BuildKit {text_of(version)}, as it needs {text_of(LIMITS_SINCE)} or newer"
        findings.warn(f"{variable}.free", message)
    for name in ("keep", "max"):
        size = getattr(gc, name)
        if size is not None and _is_share(size) and version < TEXT_SINCE:
            message = f"is a share of the disk, which BuildKit {text_of(version)} does not support"
            remedy = f"Write a size such as 50GB, or use an image of BuildKit {text_of(TEXT_SINCE)} or newer"
            findings.problem(f"{variable}.{name}", size, message, remedy)


def worker_keys(gc: Gc, version: Version) -> dict[str, t.Any]:
    """The keys of ``[worker.oci]`` for BuildKit *version*; where it is unknown, (), those of old and new versions."""
    if gc.off:
        return {"gc": False}
    found: dict[str, t.Any] = {} if gc.enabled is None else {"gc": True}
    if gc.unused_for is not None:
        return {**found, "gcpolicy": _policies(gc, version)}
    return {**found, **_limits(gc, "gckeepstorage", version)}


def _limits(gc: Gc, former_name: str, version: Version) -> dict[str, t.Any]:
    old = {} if gc.limit is None else {former_name: _size(gc.limit, version)}
    if not version:
        return {**old, **gc.sizes}
    return old if version < LIMITS_SINCE else dict(gc.sizes)


def _policies(gc: Gc, version: Version) -> list[dict[str, t.Any]]:
    """The default policies, with *unused_for* instead of their 60 days, regardless of free space."""
    limits = _limits(gc, "keepBytes", version)
    if not version and gc.keep is None:
        limits["reservedSpace"] = 1  # practically zero, as otherwise keepBytes would be used for it
    kept = _limits(Gc(keep=gc.keep), "keepBytes", version)
    unused = {"keepDuration": _duration(gc.unused_for or "", version), **kept}
    policies = [unused, limits, {"all": True, **limits}]
    if version and version < _EASY_SINCE:
        return policies
    easy = {"maxUsedSpace": _EASY_LIMIT} if version else {"maxUsedSpace": _EASY_LIMIT, "keepBytes": _EASY_LIMIT}
    return [{"filters": list(_EASY), "keepDuration": "48h", **easy}, *policies]


def _size(text: str, version: Version) -> str | int:
    return in_bytes(text) if version and version < TEXT_SINCE else text


def _duration(text: str, version: Version) -> str | int:
    return max(1, in_seconds(text)) if version and version < TEXT_SINCE else text


def _is_share(size: object) -> bool:
    return str(size).endswith("%")


def in_bytes(text: str) -> int:
    """What docker/go-units makes of a size (RAMInBytes, binary); of a share of the disk, its per cent."""
    found = re.fullmatch(r"([\d.]+) ?(%|[a-z]?)(?:i?b)?", text.lower(), re.ASCII)
    number, unit = found.groups() if found else ("0", "")
    return int(Fraction(number) * 1024 ** (_POWERS.find(unit) + 1 if unit else 0))


def in_seconds(text: str) -> int:
    """What Go's time.ParseDuration makes of a duration, in whole seconds, never less; a number alone is seconds."""
    if text.isdecimal():
        return int(text)
    parts = re.findall(r"([\d.]+)([a-zµμ]+)", text)
    return math.ceil(sum(Fraction(number) * _NANO[unit] for number, unit in parts) / 10**9)

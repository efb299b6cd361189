# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbage collection of the build cache: what is refused, and what each version of BuildKit is told.

Origin of what versions do: moby/buildkit, getGCPolicy in cmd/buildkitd/main.go, and cmd/buildkitd/config/gcpolicy.go.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import NO_GC, Gc
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import check_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.garbage_collection import (
    check_gc,
    check_gc_version,
    in_bytes,
    in_seconds,
    worker_keys,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

Keys = dict[str, t.Any]
UNKNOWN: Version = ()
GIB = 1024**3
EASY = {
    "filters": ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"],
    "keepDuration": "48h",
    "maxUsedSpace": 512000000,
}
ALL = Gc("2GB", "5GB", "20%", "168h", True)
SOME = [
    pytest.param(Gc("2GB"), id="keep"),
    pytest.param(Gc(max="5GB"), id="max"),
    pytest.param(Gc("2GB", "5GB"), id="keep, max"),
    pytest.param(Gc(None, "5GB", "10GB"), id="max, free"),
    pytest.param(Gc("2GB", "5GB", "10GB"), id="keep, max, free"),
    pytest.param(Gc("2GB", unused_for="168h"), id="keep, unused_for"),
    pytest.param(Gc(max="5GB", unused_for="168h"), id="max, unused_for"),
    pytest.param(Gc("2GB", "5GB", unused_for="168h"), id="keep, max, unused_for"),
    pytest.param(Gc(None, "5GB", "10GB", "168h"), id="max, free, unused_for"),
    pytest.param(Gc("2GB", "5GB", "10GB", "168h"), id="keep, max, free, unused_for"),
]


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"keep": "2GB", "max": "5GB"}, {"keep": "2GB", "max": "5GB"}, id="sizes"),
        pytest.param({"max": 5_000_000_000}, {"max": "5000000000"}, id="bytes"),
        pytest.param({"max": "80%", "free": "100%"}, {"max": "80%", "free": "100%"}, id="shares of the disk"),
        pytest.param({"keep": "50%", "max": "5GB"}, {"keep": "50%", "max": "5GB"}, id="share and size: not compared"),
        pytest.param({"keep": "5GB", "max": "5 gib"}, {"keep": "5GB", "max": "5 gib"}, id="keep as large as max"),
        pytest.param({"max": 1, "unused_for": "48h"}, {"max": "1", "unused_for": "48h"}, id="duration"),
        pytest.param({"keep": 1, "unused_for": 3600}, {"keep": "1", "unused_for": "3600s"}, id="seconds"),
        pytest.param({"keep": 1, "unused_for": "3600"}, {"keep": "1", "unused_for": "3600s"}, id="seconds as text"),
        pytest.param({"enabled": False}, {"enabled": False}, id="off"),
    ],
)
def test_good_input(given: Keys, normal: Keys) -> None:
    findings = Findings()
    assert check_gc(given, "g", findings) == normal
    assert findings == Findings()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"max": "50X"}, "g.max = '50X': is a string that BuildKit does not accept.", id="unit"),
        pytest.param({"max": True}, "g.max = True: is a boolean", id="boolean"),
        pytest.param({"max": ["5GB"]}, "g.max: is a list", id="list"),
        pytest.param({"max": "7.5%"}, "g.max = '7.5%': is a string", id="half per cent"),
        pytest.param({"keep": 0}, "g.keep = 0: is zero, which BuildKit treats as unset.", id="no bytes"),
        pytest.param({"max": "0%"}, "g.max = '0%': is zero", id="no share"),
        pytest.param({"max": "9" * 5000}, "g.max = '999", id="digits without end"),
        pytest.param({"max": "9000P"}, "g.max = '9000P': is too large for BuildKit", id="more than 64 bits"),
        pytest.param({"keep": 1, "unused_for": "2562048h"}, "is too large for BuildKit", id="three centuries"),
        pytest.param({"max": "101%"}, "g.max = '101%': is more than the whole disk.", id="more than there is"),
        pytest.param({"keep": 1, "unused_for": "2d"}, "g.unused_for = '2d': is a string", id="days"),
        pytest.param({"keep": 1, "unused_for": 0}, "g.unused_for = 0: is zero", id="no time"),
        pytest.param({"keep": "6GB", "max": "5GB"}, "g.keep = '6GB': is more than `max`, 5GB", id="keep over max"),
        pytest.param({"keep": "20%", "max": "10%"}, "g.keep = '20%': is more than `max`, 10%", id="the same, shares"),
        pytest.param({"free": "9GB"}, "g.free = '9GB': is set without `max`", id="free alone"),
        pytest.param({"keep": 1, "free": "9GB"}, "g.free = '9GB': is set without `max`", id="free and keep alone"),
        pytest.param({"unused_for": "48h"}, "g.unused_for = '48h': is set without a limit", id="unused_for alone"),
    ],
)
def test_bad_input_is_one_problem(given: Keys, told: str) -> None:
    findings = Findings()
    check_gc(given, "g", findings)
    assert len(findings.problems) == 1
    assert told in str(findings.problems[0])


@pytest.mark.parametrize(
    ("version", "keys"),
    [
        pytest.param((0, 11, 6), {"gc": True, "gckeepstorage": 5 * GIB}, id="0.11, int64 in config.go"),
        pytest.param((0, 13, 2), {"gc": True, "gckeepstorage": "5GB"}, id="0.13, DiskSpace in config.go"),
        pytest.param((0, 16, 0), {"gc": True, "gckeepstorage": "5GB"}, id="0.16"),
        pytest.param(
            (0, 17, 0),
            {"gc": True, "reservedSpace": "2GB", "maxUsedSpace": "5GB", "minFreeSpace": "20%"},
            id="0.17: three limits",
        ),
        pytest.param(
            UNKNOWN,
            {
                "gc": True,
                "gckeepstorage": "5GB",
                "reservedSpace": "2GB",
                "maxUsedSpace": "5GB",
                "minFreeSpace": "20%",
            },
            id="unknown: both",
        ),
    ],
)
def test_sizes(version: Version, keys: Keys) -> None:
    assert worker_keys(Gc("2GB", "5GB", "20%", None, True), version) == keys


@pytest.mark.parametrize(
    ("gc", "version", "keys"),
    [
        pytest.param(NO_GC, UNKNOWN, {}, id="nothing asked"),
        pytest.param(Gc(enabled=True), (0, 33), {"gc": True}, id="on, with BuildKit's own limits"),
        pytest.param(Gc("2GB", "5GB", unused_for="1h", enabled=False), (0, 33), {"gc": False}, id="off is off"),
        pytest.param(Gc("2GB"), (0, 13), {"gckeepstorage": "2GB"}, id="keep alone, before 0.17: the one limit"),
        pytest.param(
            Gc("2GB"), (0, 33), {"reservedSpace": "2GB"}, id="keep alone, since: the same by calculateKeepBytes"
        ),
        pytest.param(Gc(max="50%"), (0, 13), {"gckeepstorage": "50%"}, id="a share of the disk"),
    ],
)
def test_parts_of_it(gc: Gc, version: Version, keys: Keys) -> None:
    assert worker_keys(gc, version) == keys


@pytest.mark.parametrize(
    ("version", "policies"),
    [
        pytest.param(
            (0, 11, 6),
            [
                {"keepDuration": 604800, "keepBytes": 2 * GIB},
                {"keepBytes": 5 * GIB},
                {"all": True, "keepBytes": 5 * GIB},
            ],
            id="0.11: numbers",
        ),
        pytest.param(
            (0, 16),
            [{"keepDuration": "168h", "keepBytes": "2GB"}, {"keepBytes": "5GB"}, {"all": True, "keepBytes": "5GB"}],
            id="0.16",
        ),
        pytest.param(
            (0, 30),
            [
                {"keepDuration": "168h", "reservedSpace": "2GB"},
                {"reservedSpace": "2GB", "maxUsedSpace": "5GB", "minFreeSpace": "20%"},
                {"all": True, "reservedSpace": "2GB", "maxUsedSpace": "5GB", "minFreeSpace": "20%"},
            ],
            id="0.30: the default for what is easily made anew matches nothing, and is left out (b69e279bc)",
        ),
        pytest.param(
            (0, 33),
            [
                EASY,
                {"keepDuration": "168h", "reservedSpace": "2GB"},
                {"reservedSpace": "2GB", "maxUsedSpace": "5GB", "minFreeSpace": "20%"},
                {"all": True, "reservedSpace": "2GB", "maxUsedSpace": "5GB", "minFreeSpace": "20%"},
            ],
            id="0.33",
        ),
    ],
)
def test_what_was_not_used_for_long_goes_first(version: Version, policies: list[Keys]) -> None:
    assert worker_keys(ALL, version) == {"gc": True, "gcpolicy": policies}


def as_before_0_17(keys: Keys) -> Keys:
    """What BuildKit reads there: it ignores the other keys."""
    rules = [{name: each[name] for name in each if not name.endswith("Space")} for each in keys.get("gcpolicy", [])]
    return {"keep": keys.get("gckeepstorage"), "rules": rules}


def since_0_17(keys: Keys) -> Keys:
    """What getGCPolicy makes of them: the three limits, each policy's keepBytes where it has no reservedSpace."""
    limits = {name: keys[name] for name in keys if name.endswith("Space")}
    former = {} if limits or "gckeepstorage" not in keys else {"reservedSpace": keys["gckeepstorage"]}
    rules = [
        {name: each[name] for name in each if name != "keepBytes"}
        | {"reservedSpace": each.get("reservedSpace", each.get("keepBytes"))}
        for each in keys.get("gcpolicy", [])
    ]
    return {**limits, **former, "rules": rules}


@pytest.mark.parametrize("gc", SOME)
def test_both_forms_together_mean_what_each_version_would_be_told(gc: Gc) -> None:
    """But for a reserved space that is none: of 1 byte, or of the 512 MB down to which the policy deletes anyway."""
    both, old, new = (worker_keys(gc, version) for version in (UNKNOWN, (0, 16), (0, 33)))
    easy = [] if gc.unused_for is None else [EASY | {"reservedSpace": 512000000}]
    assert as_before_0_17(both)["keep"] == as_before_0_17(old)["keep"]
    assert as_before_0_17(both)["rules"][len(easy) :] == as_before_0_17(old)["rules"]
    told, expected = since_0_17(both), since_0_17(new)
    for one, other in zip(told["rules"], [*easy, *expected["rules"][len(easy) :]], strict=True):
        assert one | {"reservedSpace": other["reservedSpace"]} == other
        assert one["reservedSpace"] in (other["reservedSpace"], 1)
    assert {**told, "rules": []} == {**expected, "rules": []}


@pytest.mark.parametrize("version", [UNKNOWN, (0, 11), (0, 12), (0, 16, 9), (0, 17), (0, 30), (0, 33)])
@pytest.mark.parametrize("gc", SOME)
def test_what_is_written_is_right_and_deletes_not_everything(gc: Gc, version: Version) -> None:
    keys, findings = worker_keys(gc, version), Findings()
    config = {"worker": {"oci": keys}}
    check_keys(config, "o", findings)
    check_versions(config, version, "o", findings)
    assert findings == Findings()
    for policy in keys.get("gcpolicy", []):
        assert any(name not in ("all", "filters") and each != 1 for name, each in policy.items()), "it deletes all"


@pytest.mark.parametrize(
    ("gc", "version", "problems", "warnings"),
    [
        pytest.param(ALL, UNKNOWN, [], [], id="unknown: nothing can be told"),
        pytest.param(ALL, (0, 33), [], [], id="0.33 can all of it"),
        pytest.param(
            ALL,
            (0, 13, 2),
            [],
            ["g.free: is omitted for BuildKit 0.13.2, as it needs 0.17 or newer"],
            id="free, before 0.17",
        ),
        pytest.param(
            Gc(keep="5%", max="50%"),
            (0, 11, 6),
            ["g.keep = '5%': is a share of the disk, which BuildKit 0.11.6", "g.max = '50%': is a share of the disk"],
            [],
            id="shares, before 0.12",
        ),
        pytest.param(Gc("5%", "50%", "5%", enabled=False), (0, 11), [], [], id="off: nothing to tell"),
    ],
)
def test_what_a_version_cannot_do(gc: Gc, version: Version, problems: list[str], warnings: list[str]) -> None:
    findings = Findings()
    check_gc_version(gc, version, "g", findings)
    assert [str(each)[: len(text)] for each, text in zip(findings.problems, problems, strict=True)] == problems
    assert findings.warnings == warnings


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("1024", 1024, id="bytes"),
        pytest.param("512b", 512, id="bytes, with their unit"),
        pytest.param("40MB", 40 * 1024**2, id="config/load_test.go"),
        pytest.param("1.5GiB", 3 * GIB // 2, id="parts"),
        pytest.param("2 t", 2 * 1024**4, id="space"),
        pytest.param("20%", 20, id="a share: its per cent"),
    ],
)
def test_sizes_are_binary(text: str, number: int) -> None:
    """Origin: docker/go-units, RAMInBytes."""
    assert in_bytes(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("3600", 3600, id="seconds"),
        pytest.param("48h", 172800, id="hours"),
        pytest.param("1h30m0.5s", 5401, id="parts, never less"),
        pytest.param("300ms", 1, id="less than a second"),
        pytest.param("1000ms", 1, id="exactly a second"),
        pytest.param("1µs", 1, id="hardly anything"),
    ],
)
def test_durations_are_whole_seconds(text: str, number: int) -> None:
    """Origin: Go, time.ParseDuration."""
    assert in_seconds(text) == number

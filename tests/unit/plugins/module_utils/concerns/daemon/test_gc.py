# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbage collection in dockerd's own BuildKit.

Origin: moby/moby, getGCPolicy in builder/builder-next/controller.go, daemon/config/builder.go.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.extra_checks import notes, refusals
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.gc import gc_keys, gc_notes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import NESTED
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import NO_GC, Gc, gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import merge

Document = dict[str, t.Any]
DEBIAN_13, TESTING = "26.1.5+dfsg1", "28.5.2+dfsg4"
SIZES = Gc("2GB", "5GB", "10GB")
UNUSED = Gc("2GB", "5GB", "10GB", "168h")
NEW = {"reservedSpace": "2GB", "maxUsedSpace": "5GB", "minFreeSpace": "10GB"}
DEFAULTS = {"defaultReservedSpace": "2GB", "defaultMaxUsedSpace": "5GB", "defaultMinFreeSpace": "10GB"}


def written(gc: Gc, engine: str | None, document: Document | None = None) -> t.Any:
    """builder.gc of daemon.json then."""
    return merge(document or {}, {"builder": {"gc": gc_keys(gc, engine, document or {})}})["builder"]["gc"]


@pytest.mark.parametrize(
    ("gc", "engine", "keys"),
    [
        pytest.param(SIZES, "20.10.24", {"enabled": True, "defaultKeepStorage": "5GB"}, id="20.10"),
        pytest.param(SIZES, DEBIAN_13, {"enabled": True, "defaultKeepStorage": "5GB"}, id="26.1: one limit"),
        pytest.param(Gc("2GB"), DEBIAN_13, {"enabled": True, "defaultKeepStorage": "2GB"}, id="26.1, keep alone"),
        pytest.param(SIZES, "28.0.0", {"enabled": True, **DEFAULTS}, id="28.0: three limits"),
        pytest.param(SIZES, TESTING, {"enabled": True, **DEFAULTS}, id="28.5"),
        pytest.param(Gc(max="5GB"), TESTING, {"enabled": True, "defaultMaxUsedSpace": "5GB"}, id="28.5, max alone"),
        pytest.param(Gc(enabled=True), DEBIAN_13, {"enabled": True}, id="on, which it is not by itself up to 28.1"),
        pytest.param(Gc("2GB", "5GB", enabled=False), TESTING, {"enabled": False}, id="off is off"),
        pytest.param(Gc("10%", "5GB"), TESTING, {"enabled": True}, id="in part per cent: its own defaults"),
        pytest.param(Gc("10%", unused_for="1h"), TESTING, {"enabled": True}, id="per cent in a policy, too"),
        pytest.param(
            UNUSED,
            DEBIAN_13,
            {
                "enabled": True,
                "policy": [
                    {"filter": ["unused-for=168h"], "keepStorage": "2GB"},
                    {"keepStorage": "5GB"},
                    {"all": True, "keepStorage": "5GB"},
                ],
            },
            id="26.1, unused_for",
        ),
        pytest.param(
            Gc(max="5GB", unused_for="168h"),
            DEBIAN_13,
            {
                "enabled": True,
                "policy": [
                    {"filter": ["unused-for=168h"], "keepStorage": "0"},
                    {"keepStorage": "5GB"},
                    {"all": True, "keepStorage": "5GB"},
                ],
            },
            id="26.1, unused_for without keep: it does not start without keepStorage",
        ),
        pytest.param(
            UNUSED,
            TESTING,
            {
                "enabled": True,
                "policy": [
                    {"filter": ["unused-for=168h"], "reservedSpace": "2GB"},
                    NEW,
                    {"all": True, **NEW},
                ],
            },
            id="28.5, unused_for",
        ),
        pytest.param(
            Gc(max="5GB", unused_for="3600s"),
            TESTING,
            {
                "enabled": True,
                "policy": [
                    {"filter": ["unused-for=3600s"]},
                    {"maxUsedSpace": "5GB"},
                    {"all": True, "maxUsedSpace": "5GB"},
                ],
            },
            id="28.5, unused_for without keep",
        ),
    ],
)
def test_what_each_version_is_told(gc: Gc, engine: str, keys: Document) -> None:
    assert written(gc, engine) == keys
    document = {"builder": {"gc": keys}}
    assert (refusals(document, engine), notes(document, engine)) == ((), ()), "it takes and knows all of it"


THEIRS = {"builder": {"gc": {"enabled": False, "policy": [{"keepStorage": "1GB", "all": True}]}, "history": {}}}


@pytest.mark.parametrize(
    ("gc", "engine", "document", "keys"),
    [
        pytest.param(
            Gc("2GB"),
            TESTING,
            THEIRS,
            {"enabled": True, "defaultReservedSpace": "2GB"},
            id="a policy of somebody else, which would win, goes",
        ),
        pytest.param(
            Gc(max="5GB"),
            TESTING,
            {"builder": {"gc": {"defaultKeepStorage": "20GB", "enabled": True}}},
            {"enabled": True, "defaultMaxUsedSpace": "5GB"},
            id="a former engine's limit, which would be reserved, goes",
        ),
        pytest.param(SIZES, None, THEIRS, THEIRS["builder"]["gc"], id="unknown version: it stays"),
        pytest.param(SIZES, None, {}, {}, id="unknown version: nothing comes"),
        pytest.param(SIZES, None, {"builder": {"gc": True}}, {}, id="unknown version, and no mapping"),
        pytest.param(SIZES, None, {"builder": True}, {}, id="unknown version, and no mapping above it"),
    ],
)
def test_what_somebody_else_put_there(gc: Gc, engine: str | None, document: Document, keys: Document) -> None:
    assert written(gc, engine, document) == keys


def test_nothing_asked_is_nothing_written() -> None:
    assert (gc_keys(NO_GC, TESTING, THEIRS), gc_notes(NO_GC, TESTING)) == ({}, ())


def test_all_names_of_dockerd_are_removed_or_set() -> None:
    assert set(gc_keys(Gc("1GB"), TESTING, {})) == set(NESTED["builder.gc"])


@pytest.mark.parametrize(
    ("gc", "engine", "told"),
    [
        pytest.param(SIZES, TESTING, [], id="28.5 can all of it"),
        pytest.param(SIZES, DEBIAN_13, ["builder_gc.free: the BuildKit inside dockerd 26.1.5+dfsg1 does n"], id="26.1"),
        pytest.param(
            Gc("10%", "50%", "5GB"), TESTING, ["builder_gc: dockerd does not support sizes in per cent (10%, 50%),"]
        ),
        pytest.param(Gc("10%", enabled=False), TESTING, [], id="off"),
        pytest.param(SIZES, None, [], id="unknown version"),
    ],
)
def test_what_it_cannot_do_is_told(gc: Gc, engine: str | None, told: list[str]) -> None:
    assert [note[: len(text)] for note, text in zip(gc_notes(gc, engine), told)] == told


@pytest.mark.parametrize(
    ("params", "gc"),
    [
        pytest.param({}, NO_GC, id="not an option of the module"),
        pytest.param({"gc": None}, NO_GC, id="null"),
        pytest.param({"gc": {"keep": None, "max": "5GB", "free": None}}, Gc(max="5GB"), id="as modules fill it in"),
        pytest.param({"gc": {"enabled": False}}, Gc(enabled=False), id="off"),
    ],
)
def test_the_parameters(params: Document, gc: Gc) -> None:
    assert gc_of(params) == gc
    assert gc.asked == bool([each for each in (params.get("gc") or {}).values() if each is not None])

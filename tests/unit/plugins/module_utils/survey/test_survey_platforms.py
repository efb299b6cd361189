"""Which version of QEMU a foreign emulator says it is; that platforms run is proven on hosts."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import PackageSource
from ansible_collections.multiarch.builders.plugins.module_utils.survey.platforms import coverage, qemu_in


@pytest.mark.parametrize(
    ("said", "version"),
    [
        pytest.param("qemu-aarch64 version 10.0.13 (Debian 1:10.0.13+ds-1)\nCopyright\n", "10.0.13", id="Debian"),
        pytest.param("qemu-s390x version 7.2.22\n", "7.2.22", id="plain"),
        pytest.param("box64 v0.3\n", None, id="another emulator"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_versions(said: str, version: str | None) -> None:
    assert qemu_in(said) == version


def test_native_platforms_need_no_handler() -> None:
    rows = coverage(["linux/amd64", "linux/386"], PackageSource())
    assert [(row["platform"], row["how"], row["handler"]) for row in rows] == [
        ("linux/amd64", "native", None),
        ("linux/386", "native", None),
    ]


def test_what_this_host_cannot_run_is_missing() -> None:
    (row,) = coverage(["linux/amd64/v4"], PackageSource())
    assert (row["how"], row["why"]) == (
        "missing",
        "this host's processor does not run it (of amd64, it runs linux/amd64)",
    )

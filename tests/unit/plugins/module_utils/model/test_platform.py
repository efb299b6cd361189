# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Platform names. Origin "containerd": normalizeArch in github.com/containerd/platforms, database.go."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import (
    ARCHITECTURES,
    architecture_of,
    canonical,
    known_platforms,
)

ALIASES = {
    "linux/amd64": "amd64 x86_64 x86-64 X86_64 x64 amd64/v1 amd64/1 linux/x86_64",
    "linux/amd64/v2": "amd64/v2 x86-64-v2 x86_64-v2 linux/amd64/2",
    "linux/amd64/v3": "amd64/v3 amd64v3 x86_64/v3",
    "linux/amd64/v4": "amd64/v4",
    "linux/386": "386 i386 i486 i586 i686 x86 linux/i386",
    "linux/arm64": "arm64 aarch64 AArch64 arm64v8 arm64/v8 arm64/8 aarch64/v8 arm64/v8.0 linux/arm64/v8",
    "linux/arm64/v8.2": "arm64/v8.2",
    "linux/arm64/v9": "arm64/v9 arm64/9 arm64/9.0 arm64/v9.0",
    "linux/arm/v7": "arm arm/v7 arm/7 armhf armhf/v7 arm32v7 armv7 armv7l armv8l linux/arm linux/armhf",
    "linux/arm/v6": "arm/v6 arm/6 armel arm32v6 armv6 armv6l linux/armel",
    "linux/arm/v5": "arm/v5 arm32v5 armv5tel armv5",
    "linux/ppc64le": "ppc64le ppc64el powerpc64le linux/ppc64el",
    "linux/s390x": "s390x linux/s390x S390X",
    "linux/riscv64": "riscv64",
    "linux/mips64le": "mips64le mips64el linux/mips64el",
    "linux/mips64": "mips64",
    "linux/loong64": "loong64 loongarch64 linux/loongarch64",
}


@pytest.mark.parametrize(
    ("alias", "name"), [(alias, name) for name, aliases in ALIASES.items() for alias in aliases.split()]
)
def test_every_alias_has_its_one_name(alias: str, name: str) -> None:
    assert canonical(alias) == name
    assert canonical(f"  {alias.upper()} ") == name
    assert canonical(name) == name, "the canonical name is its own name"


def test_every_architecture_is_its_own_alias_and_is_in_the_table() -> None:
    names = [canonical(name) for name in ARCHITECTURES]
    assert tuple(names) == known_platforms()
    assert {architecture_of(name) for name in names} == set(ARCHITECTURES)
    assert set(names) <= set(ALIASES)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("linux/arm46", "Did you mean linux/arm64 or ", id="letters swapped: first"),
        pytest.param("amd46", "linux/amd64", id="letters swapped, no os"),
        pytest.param("linux/aarch46", "linux/arm64", id="an alias misspelled"),
        pytest.param("arm/v8", "linux/arm64 or linux/arm/v7", id="two meanings: never guessed"),
        pytest.param("armv8", "linux/arm64 or linux/arm/v7", id="two meanings, one word"),
        pytest.param("arm/v9", "linux/arm", id="no such variant of arm"),
        pytest.param("amd64/v5", "linux/amd64", id="no such variant of amd64"),
        pytest.param("armel/v7", "linux/arm/v6", id="contradicts itself"),
        pytest.param("386/v2", "linux/386", id="variant where none is"),
        pytest.param("linux/amd64/", "linux/amd64", id="slash at the end"),
        pytest.param("windows/amd64", "linux/ARCHITECTURE", id="another operating system"),
        pytest.param("darwin/arm64", "linux/ARCHITECTURE", id="macOS"),
        pytest.param("", "linux/s390x", id="empty: all are named"),
        pytest.param("linux", "linux/s390x", id="no architecture"),
        pytest.param("zzz", "linux/s390x", id="nothing near"),
        pytest.param("all", "linux/s390x", id="binfmt's word"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match="platform") as caught:
        canonical(text)
    assert hint in str(caught.value)
    assert repr(text) in str(caught.value)

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By machine, features of the processor, and platforms: native, emulated, impossible."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import (
    Processor,
    emulated,
    features_in,
    impossible,
)

# What /proc/cpuinfo of such machines lists, of which only some words count.
NEHALEM = "fpu sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm"
HASWELL = f"{NEHALEM} fma movbe xsave avx f16c abm bmi1 avx2 bmi2"
SKYLAKE_SERVER = f"{HASWELL} avx512f avx512dq avx512cd avx512bw avx512vl"
CORTEX_A72 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
NEOVERSE_N1 = f"{CORTEX_A72} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp ssbs"
NEOVERSE_V1 = f"{NEOVERSE_N1} jscvt fcma sha3 sha512 sve asimdfhm dit uscat ilrcpc flagm paca pacg dcpodp i8mm bf16"
NEOVERSE_V2 = f"{NEOVERSE_V1} sb flagm2 frint sve2 svei8mm svebf16"


def processor(machine: str, features: str = "", *siblings: str, byteorder: str = "little") -> Processor:
    return Processor(machine, frozenset(features.split()), frozenset(siblings), byteorder)


V9 = ("linux/arm64/v9", "linux/arm64/v9.1")
ARM = ("linux/arm/v7", "linux/arm/v6", "linux/arm/v5")


@pytest.mark.parametrize(
    ("host", "platforms"),
    [
        pytest.param(processor("x86_64"), ["linux/amd64"], id="amd64 of 2003, without 32-bit programs"),
        pytest.param(processor("x86_64", "", "386"), ["linux/amd64", "linux/386"], id="amd64 of 2003"),
        pytest.param(processor("x86_64", NEHALEM), ["linux/amd64", "linux/amd64/v2"], id="amd64/v2"),
        pytest.param(processor("x86_64", HASWELL), ["linux/amd64", "linux/amd64/v2", "linux/amd64/v3"], id="amd64/v3"),
        pytest.param(
            processor("x86_64", SKYLAKE_SERVER),
            ["linux/amd64", "linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v4"],
            id="amd64/v4",
        ),
        pytest.param(
            processor("x86_64", SKYLAKE_SERVER.replace(" sse4_2", "")), ["linux/amd64"], id="a level needs those before"
        ),
        pytest.param(processor("i686", NEHALEM), ["linux/386"], id="i686"),
        pytest.param(processor("aarch64", CORTEX_A72), ["linux/arm64"], id="arm64"),
        pytest.param(processor("aarch64", CORTEX_A72, "arm"), ["linux/arm64", *ARM], id="arm64 with 32-bit programs"),
        pytest.param(
            processor("aarch64", NEOVERSE_N1), ["linux/arm64", "linux/arm64/v8.1", "linux/arm64/v8.2"], id="Neoverse N1"
        ),
        pytest.param(
            processor("aarch64", NEOVERSE_V1),
            ["linux/arm64", *(f"linux/arm64/v8.{minor}" for minor in range(1, 5))],
            id="Neoverse V1",
        ),
        pytest.param(
            processor("aarch64", NEOVERSE_V2),
            ["linux/arm64", *(f"linux/arm64/v8.{minor}" for minor in range(1, 7)), *V9],
            id="Neoverse V2",
        ),
        pytest.param(processor("armv7l"), list(ARM), id="armv7l"),
        pytest.param(processor("armv8l"), list(ARM), id="armv8l"),
        pytest.param(processor("armv6l"), ["linux/arm/v6", "linux/arm/v5"], id="armv6l"),
        pytest.param(processor("armv5tel"), ["linux/arm/v5"], id="armv5tel"),
        pytest.param(processor("ppc64le"), ["linux/ppc64le"], id="ppc64le"),
        pytest.param(processor("ppc64", byteorder="big"), [], id="ppc64"),
        pytest.param(processor("s390x", byteorder="big"), ["linux/s390x"], id="s390x"),
        pytest.param(processor("riscv64"), ["linux/riscv64"], id="riscv64"),
        pytest.param(processor("loongarch64"), ["linux/loong64"], id="loongarch64"),
        pytest.param(processor("mips64"), ["linux/mips64le"], id="mips64, little"),
        pytest.param(processor("mips64", byteorder="big"), ["linux/mips64"], id="mips64, big"),
        pytest.param(processor("vax"), [], id="an unknown machine"),
    ],
)
def test_native(host: Processor, platforms: list[str]) -> None:
    assert list(host.platforms) == platforms
    assert emulated(platforms, host) == ()
    assert impossible(platforms, host) == {}


@pytest.mark.parametrize(
    ("platforms", "host", "found"),
    [
        pytest.param(["linux/amd64", "linux/arm64"], processor("x86_64"), ["linux/arm64"], id="arm64 on amd64"),
        pytest.param(["linux/386"], processor("x86_64"), ["linux/386"], id="386 on a kernel without ia32_emulation"),
        pytest.param(["linux/386"], processor("x86_64", "", "386"), [], id="386 on any other amd64"),
        pytest.param(["linux/386"], processor("aarch64"), ["linux/386"], id="386 elsewhere"),
        pytest.param(["linux/arm/v7"], processor("aarch64"), ["linux/arm/v7"], id="arm on an arm64 without AArch32"),
        pytest.param(["linux/arm/v7"], processor("aarch64", "", "arm"), [], id="arm on an arm64 with AArch32"),
        pytest.param(["linux/amd64/v2"], processor("aarch64"), ["linux/amd64/v2"], id="amd64/v2 on arm64"),
        pytest.param(["linux/arm64/v9"], processor("x86_64"), ["linux/arm64/v9"], id="arm64/v9 on amd64"),
        pytest.param(["linux/arm64/v9"], processor("aarch64"), [], id="its own architecture is never emulated"),
        pytest.param(["linux/amd64"], processor("vax"), ["linux/amd64"], id="an unknown machine runs nothing itself"),
        pytest.param([], processor("x86_64"), [], id="none"),
    ],
)
def test_emulated(platforms: list[str], host: Processor, found: list[str]) -> None:
    assert list(emulated(platforms, host)) == found


@pytest.mark.parametrize(
    ("platform", "host", "why"),
    [
        pytest.param(
            "linux/amd64/v4",
            processor("x86_64", HASWELL),
            "this host's processor does not run it (of amd64, it runs linux/amd64, linux/amd64/v2, linux/amd64/v3)",
            id="amd64/v4 without AVX-512",
        ),
        pytest.param(
            "linux/arm64/v9",
            processor("aarch64", CORTEX_A72),
            "this host's processor does not run it (of arm64, it runs linux/arm64)",
            id="arm64/v9 on an Armv8.0",
        ),
        pytest.param(
            "linux/arm/v7",
            processor("armv6l"),
            "this host's processor does not run it (of arm, it runs linux/arm/v6, linux/arm/v5)",
            id="arm/v7 on an armv6l",
        ),
        pytest.param(
            "linux/amd64/v3",
            processor("aarch64"),
            "BuildKit runs emulated amd64 up to v2 only",
            id="amd64/v3 on arm64",
        ),
        pytest.param("linux/amd64/v2", processor("aarch64"), None, id="amd64/v2 on arm64"),
        pytest.param("linux/arm/v7", processor("aarch64"), None, id="arm/v7 on arm64"),
        pytest.param("linux/arm64/v9", processor("x86_64"), None, id="arm64/v9 on amd64"),
        pytest.param("linux/386", processor("x86_64"), None, id="386 by emulation"),
    ],
)
def test_impossible(platform: str, host: Processor, why: str | None) -> None:
    assert impossible([platform], host).get(platform) == why


@pytest.mark.parametrize(
    ("cpuinfo", "features"),
    [
        pytest.param("flags\t\t: fpu sse avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n", "fpu sse avx2", id="x86"),
        pytest.param("processor\t: 0\nFeatures\t: fp asimd\nCPU architecture: 8\n", "fp asimd", id="Arm"),
        pytest.param("processor : 0\nisa : rv64imafdc\n", "", id="others list none"),
        pytest.param("", "", id="an empty file"),
    ],
)
def test_features(cpuinfo: str, features: str) -> None:
    assert features_in(cpuinfo) == set(features.split())

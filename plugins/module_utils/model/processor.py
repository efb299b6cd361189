# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host runs itself: by its processor and kernel, not by the name of its machine. Pure.

The levels of amd64 are those of the x86-64 psABI, as BuildKit derives them (github.com/tonistiigi/go-archvariant);
those of arm64 are what Arm's architecture reference manual makes mandatory and Linux reports
(arch/arm64/kernel/cpuinfo.c).
"""

from __future__ import annotations

import sys
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import (
    UnknownPlatformError,
    architecture_of,
    canonical,
)

# The 32-bit architecture that a 64-bit processor, and its kernel, may run as well.
SIBLINGS = {"amd64": "386", "arm64": "arm"}

# The features of each level, each on top of those before, by their names in /proc/cpuinfo. pni is SSE3, abm has LZCNT.
_LEVELS: t.Dict[str, t.Tuple[t.Tuple[str, str], ...]] = {
    "amd64": (
        ("v2", "cx16 lahf_lm pni popcnt sse4_1 sse4_2 ssse3"),
        ("v3", "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"),
        ("v4", "avx512bw avx512cd avx512dq avx512f avx512vl"),
    ),
    "arm64": (
        ("v8.1", "asimdrdm atomics crc32"),
        ("v8.2", "dcpop"),
        ("v8.3", "fcma jscvt lrcpc"),
        ("v8.4", "asimddp dit flagm ilrcpc uscat"),
        ("v8.5", "dcpodp flagm2 frint sb ssbs"),
        ("v8.6", "bf16 i8mm"),
        ("v8.7", "wfxt"),
        ("v8.8", "hbc mops"),
        ("v8.9", "cssc"),
    ),
}
# Armv9.N is Armv8.(N + 5) with SVE2; Linux reports no mandatory feature of a later one.
_SVE2, _ARMV9 = "sve2", (("v9", "v8.5"), ("v9.1", "v8.6"), ("v9.2", "v8.7"), ("v9.3", "v8.8"), ("v9.4", "v8.9"))

# BuildKit runs emulated programs of amd64 up to this variant (util/archutil, solver/llbsolver/ops/exec_binfmt.go).
_EMULATED = {"amd64": ("", "v2")}


@dataclass(frozen=True)
class Processor:
    """A host's processor as its kernel presents it.

    *machine* is `uname -m`, *features* are those in /proc/cpuinfo, *siblings* the architectures of SIBLINGS whose
    programs ran without an emulator, *byteorder* is `sys.byteorder`: Linux reports mips64 for both.
    """

    machine: str
    features: t.FrozenSet[str] = frozenset()
    siblings: t.FrozenSet[str] = frozenset()
    byteorder: str = sys.byteorder

    @property
    def architecture(self) -> t.Optional[str]:
        """The architecture as in names of platforms, None for a machine that no platform is named for."""
        platform = self._platform()
        return architecture_of(platform) if platform else None

    @property
    def platforms(self) -> t.Tuple[str, ...]:
        """The canonical platforms whose programs run without an emulator, the plain one first."""
        platform, architecture = self._platform(), self.architecture
        if platform is None or architecture is None:
            return ()
        if architecture == "arm":
            return _arm(newest=int(platform[-1]))
        own = (platform, *(f"{platform}/{level}" for level in self._levels(architecture)))
        return (*own, *(each for sibling in sorted(self.siblings) for each in _of_sibling(sibling)))

    def _platform(self) -> t.Optional[str]:
        name = self.machine.strip().lower()
        if name == "mips64" and self.byteorder == "little":
            name = "mips64le"
        try:
            return canonical(name)
        except UnknownPlatformError:
            return None

    def _levels(self, architecture: str) -> t.List[str]:
        found: t.List[str] = []
        for level, features in _LEVELS.get(architecture, ()):
            if not self.features.issuperset(features.split()):
                break
            found.append(level)
        if _SVE2 in self.features:
            found += [level for level, base in _ARMV9 if base in found]
        return found


def features_in(cpuinfo: str) -> t.FrozenSet[str]:
    """The features of the first processor in the text of /proc/cpuinfo; empty if it lists none.

    Lines `flags` (x86) and `Features` (Arm), which proc(5) leaves to the architecture.
    """
    for line in cpuinfo.splitlines():
        name, _colon, words = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(words.split())
    return frozenset()


def emulated(platforms: t.Iterable[str], processor: Processor) -> t.Tuple[str, ...]:
    """Those of *platforms* (canonical) that need an emulator: no processor emulates its own architecture."""
    native = processor.platforms
    return tuple(each for each in platforms if each not in native and architecture_of(each) != processor.architecture)


def impossible(platforms: t.Iterable[str], processor: Processor) -> t.Dict[str, str]:
    """{platform: why}, for those of *platforms* (canonical) that neither processor nor emulators run."""
    found = {each: _obstacle(each, processor) for each in platforms}
    return {platform: why for platform, why in found.items() if why}


def _obstacle(platform: str, processor: Processor) -> str:
    architecture, variant = architecture_of(platform), "".join(platform.split("/")[2:])
    if platform in processor.platforms:
        return ""
    if architecture == processor.architecture:
        own = [each for each in processor.platforms if architecture_of(each) == architecture]
        return f"this host's processor does not run it (of {architecture}, it runs {', '.join(own)})"
    if variant not in _EMULATED.get(architecture, (variant,)):
        return f"BuildKit runs emulated {architecture} up to {_EMULATED[architecture][-1]} only"
    return ""


def _of_sibling(architecture: str) -> t.Tuple[str, ...]:
    return _arm(newest=7) if architecture == "arm" else (f"linux/{architecture}",)


def _arm(newest: int) -> t.Tuple[str, ...]:
    return tuple(f"linux/arm/v{version}" for version in range(newest, 4, -1))

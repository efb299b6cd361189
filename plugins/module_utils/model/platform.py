# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one name of each platform: ``linux/ARCHITECTURE[/VARIANT]``, as BuildKit prints it.

The rules are containerd's (github.com/containerd/platforms, database.go, ``normalizeArch``), shared by Docker, buildx
and BuildKit, extended by the names of kernels, distributions and Docker Hub.
"""

from __future__ import annotations

import typing as t

# Every architecture that QEMU's handlers of tonistiigi/binfmt provide (cmd/binfmt/config.go there).
ARCHITECTURES = (
    "386",
    "amd64",
    "arm",
    "arm64",
    "loong64",
    "mips64",
    "mips64le",
    "ppc64le",
    "riscv64",
    "s390x",
)

# Variants with a platform name of their own. containerd: the default variant of amd64 (v1) and arm64 (v8)
# has no name of its own, that of arm (v7) has.
_VARIANTS: t.Dict[str, t.Tuple[str, ...]] = {
    "amd64": ("v2", "v3", "v4"),
    "arm": ("v5", "v6", "v7"),
    "arm64": (*(f"v8.{minor}" for minor in range(1, 10)), "v9", *(f"v9.{minor}" for minor in range(1, 8))),
}
_COMMON_VARIANT = {"amd64": ("v1",), "arm64": ("v8", "v8.0")}

# name: (architecture, variant)
_ALIASES: t.Dict[str, t.Tuple[str, str]] = {
    **{name: (name, "") for name in ARCHITECTURES if name != "arm"},
    **dict.fromkeys(("x86_64", "x86-64", "x64", "amd64v1"), ("amd64", "")),
    **{f"{name}v{level}": ("amd64", f"v{level}") for name in ("amd64", "x86-64-", "x86_64-") for level in (2, 3, 4)},
    **dict.fromkeys(("i386", "i486", "i586", "i686", "x86", "ia32"), ("386", "")),
    **dict.fromkeys(("aarch64", "arm64v8"), ("arm64", "")),
    # containerd: arm = armhf = arm/v7. armv8l is what uname reports to 32-bit programs on a 64-bit Arm kernel.
    **dict.fromkeys(
        ("arm", "armhf", "armhfp", "arm32", "arm32v7", "armv7", "armv7l", "armv7hl", "armv7a", "armv8l"),
        ("arm", "v7"),
    ),
    **dict.fromkeys(("armel", "arm32v6", "armv6", "armv6l", "armv6hf"), ("arm", "v6")),
    **dict.fromkeys(("arm32v5", "armv5", "armv5l", "armv5te", "armv5tel", "armv5tejl"), ("arm", "v5")),
    **dict.fromkeys(("ppc64el", "powerpc64le"), ("ppc64le", "")),
    "mips64el": ("mips64le", ""),
    "loongarch64": ("loong64", ""),
}


def _normalise_variant(architecture: str, default: str, variant: str) -> t.Optional[str]:
    """The canonical variant ('' for the common one), or None if *architecture* has no such variant."""
    if not variant:
        return default
    if variant[0].isdigit():
        variant = "v" + variant
    if variant == "v9.0":
        variant = "v9"
    if variant in _COMMON_VARIANT.get(architecture, ()):
        return ""
    return variant if variant in _VARIANTS.get(architecture, ()) else None


def _nearest(text: str) -> t.List[str]:
    """Up to three canonical names close to *text* (``arm/v8`` is ambiguous: both are named)."""
    if text in ("arm/v8", "arm/8", "armv8"):
        return ["linux/arm64", "linux/arm/v7"]
    import difflib

    known = [*_ALIASES, "arm/v5", "arm/v6", "arm/v7", "arm64/v8", "amd64/v2", "amd64/v3"]
    found: t.List[str] = []
    close = difflib.get_close_matches(text, known, n=5, cutoff=0.6)
    for name in sorted(close, key=lambda each: sorted(each) != sorted(text)):  # swapped letters first
        platform = canonical(name)
        if platform not in found:
            found.append(platform)
    return found[:3]


class UnknownPlatformError(ValueError):
    """*what* is wrong with a platform's name, and the *remedy*."""

    def __init__(self, text: str, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{text.strip()!r} {what}. {remedy}")


def canonical(text: str) -> str:
    """The canonical name of the platform that *text* names, such as ``linux/amd64`` or ``linux/arm/v7``.

    Case, surrounding spaces and a missing ``linux/`` are ignored. Other variants (``linux/amd64/v2``, ``linux/arm/v6``)
    are kept, the default ones (``amd64/v1``, ``arm64/v8``) are dropped, as in containerd. Raises UnknownPlatformError,
    whose remedy has the closest known names.
    """
    name = text.strip().lower()
    head, _slash, rest = name.partition("/")
    if head == "linux":
        name = rest
    elif rest and head not in _ALIASES:
        raise UnknownPlatformError(text, "is not a Linux platform", "Write linux/ARCHITECTURE")
    spelled, _slash, variant = name.partition("/")
    architecture, default = _ALIASES.get(spelled, ("", ""))
    resolved = _normalise_variant(architecture, default, variant) if architecture else None
    # "armel/v7" and "armv7/v6" contradict themselves; "arm64v8/v8" and "armv7/v7" only repeat themselves.
    contradicts = bool(variant) and bool(default) and spelled != architecture and resolved != default
    if resolved is None or contradicts or name.endswith("/"):
        near = _nearest(name)
        remedy = f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(known_platforms())}"
        raise UnknownPlatformError(text, "is not a known platform", remedy)
    return "/".join(part for part in ("linux", architecture, resolved) if part)


def known_platforms() -> t.Tuple[str, ...]:
    """The canonical name of every architecture, without rare variants, for messages and documentation."""
    return tuple("linux/" + name + ("/v7" if name == "arm" else "") for name in ARCHITECTURES)


def architecture_of(platform: str) -> str:
    """The architecture of a canonical *platform*: ``linux/arm/v7`` is ``arm``. All variants share one QEMU."""
    return platform.split("/")[1]

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan on hosts whose processor runs more, or less, than the name of their machine tells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS, BinfmtState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.plan import planned
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import (
    ImageSource,
    PackageSource,
    Source,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Plan

ARM = FORMATS["arm"]
OURS = Handler("qemu-arm", True, f"{EMULATORS}/8288bef2169d/qemu-arm", "POCF", 0, ARM.magic, ARM.mask)
DEBIANS = replace(OURS, interpreter="/usr/libexec/qemu-binfmt/arm-binfmt-P", flags="POF")
ARM64, ARM64_AND_ARM = Processor("aarch64"), Processor("aarch64", siblings=frozenset({"arm"}))
FRESH = BinfmtState(ARM64, {}, {}, {}, frozenset(), {}, release={"ID": "debian", "VERSION_ID": "13"})
IMAGE = ImageSource("tonistiigi/binfmt:v1", None, (), Docker())


def plan_of(state: BinfmtState, *platforms: str, source: Source = IMAGE, elsewhere: tuple[str, ...] = ()) -> Plan:
    return planned(platforms, source, state, takeover=False, elsewhere=elsewhere)


@pytest.mark.parametrize(
    ("state", "actions", "notes"),
    [
        pytest.param(
            FRESH,
            [
                "take qemu-arm out of tonistiigi/binfmt:v1 "
                "(each is tried with a tiny program only: no builder_binfmt_canary)",
                "register handler qemu-arm for linux/arm",
            ],
            [],
            id="a processor without 32-bit programs",
        ),
        pytest.param(replace(FRESH, processor=ARM64_AND_ARM), [], [], id="one with them"),
        pytest.param(
            replace(FRESH, processor=ARM64_AND_ARM, handlers={"qemu-arm": OURS}, owned=frozenset({"qemu-arm"})),
            ["remove handler qemu-arm (this host's processor runs its programs itself)"],
            [],
            id="one with them, and our emulator in front",
        ),
        pytest.param(
            replace(
                FRESH,
                processor=ARM64_AND_ARM,
                handlers={"qemu-arm": DEBIANS},
                owners={DEBIANS.interpreter: "qemu-user-binfmt"},
            ),
            [],
            [
                "linux/arm/v7: this host's processor runs it itself, but handler qemu-arm (of package "
                "qemu-user-binfmt, interpreter /usr/libexec/qemu-binfmt/arm-binfmt-P), which is not managed, emulates "
                "it, several times slower: remove the package, or the job, that registers it, and "
                "`echo -1 > /proc/sys/fs/binfmt_misc/qemu-arm`"
            ],
            id="one with them, and another emulator in front",
        ),
        pytest.param(
            replace(FRESH, processor=ARM64_AND_ARM, handlers={"qemu-arm": replace(DEBIANS, enabled=False)}),
            [],
            [],
            id="one with them, and a disabled handler",
        ),
    ],
)
def test_32_bit_arm_on_arm64(state: BinfmtState, actions: list[str], notes: list[str]) -> None:
    plan = plan_of(state, "linux/arm64", "linux/arm/v7")
    assert [each.summary for each in plan.actions] == actions
    assert [each.text for each in plan.notes] == notes


AMD64 = replace(FRESH, processor=Processor("x86_64"))
NOT_HERE = (
    "builder_platforms: linux/amd64/v4: this host's processor does not run it (of amd64, it runs linux/amd64): remove "
    "it, or assign it to a node that runs it (builder_instances[].nodes[].platforms)"
)
NOT_PACKAGED = (
    "builder_binfmt_source: the distribution's package for {} registers no handler for {}, which this host's processor "
    "does not run itself: set image, or remove the platform from builder_platforms"
)


@pytest.mark.parametrize(
    ("state", "platform", "source", "refusal"),
    [
        pytest.param(AMD64, "linux/amd64/v4", IMAGE, NOT_HERE, id="a variant that the processor lacks"),
        pytest.param(
            FRESH, "linux/arm/v7", PackageSource(), NOT_PACKAGED.format("arm64", "linux/arm"), id="arm on arm64"
        ),
        pytest.param(AMD64, "linux/386", PackageSource(), NOT_PACKAGED.format("amd64", "linux/386"), id="386 on amd64"),
    ],
)
def test_what_cannot_run_is_refused(state: BinfmtState, platform: str, source: Source, refusal: str) -> None:
    with pytest.raises(HostError) as caught:
        plan_of(state, platform, source=source)
    assert str(caught.value) == refusal


def test_a_platform_of_another_node_is_not_refused() -> None:
    assert plan_of(AMD64, "linux/amd64/v4", elsewhere=("linux/amd64/v4",)).actions == ()


def test_a_package_that_registers_it_all_the_same_is_taken() -> None:
    line = ":qemu-arm:M::magic:mask:/usr/libexec/qemu-binfmt/arm-binfmt-P:OPF"
    plan = plan_of(replace(FRESH, lines={"qemu-arm": line}), "linux/arm/v7", source=PackageSource())
    assert [each.summary for each in plan.actions] == ["register handler qemu-arm for linux/arm"]

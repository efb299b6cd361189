#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a host run programs of other platforms."""

from __future__ import annotations

DOCUMENTATION = r"""
module: binfmt_handlers
short_description: Make a host run programs of other platforms
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Extracts QEMU from an image like C(tonistiigi/binfmt), registers it with the kernel and adds it to
    C(/etc/binfmt.d), so that the handlers survive every reboot, without network and without Docker.
  - The proof is the kernel's registry, and a program that runs in an empty chroot; the image itself is never run.
  - An unmanaged handler that works in containers is left unchanged and reported.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.binfmt
"""

EXAMPLES = r"""
- name: Run programs for ARM, RISC-V and IBM Z
  multiarch.builders.binfmt_handlers:
    platforms: [arm64, armhf, riscv64, s390x]

- name: Have Debian's programs run under new emulators before their handlers change
  multiarch.builders.binfmt_handlers:
    platforms: [arm64, s390x]
    binfmt_canary:
      image: docker.io/library/debian:trixie-slim
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["register handler qemu-aarch64 for linux/arm64"]
facts:
  description: What was observed, for reports; empty if there is nothing to report.
  returned: always
  type: dict
  sample: {}
notes:
  description: What was left unchanged or is pending, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
failures:
  description: The reasons for the failure, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Binfmt)

#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a host builds for every platform."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build_proof
short_description: Build, run and push for every platform, as proof
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Runs a small program of each platform in an empty chroot, then builds an image for all platforms with each
    builder,
    as each of its users. The RUN step executes the same program, without cache.
  - With O(repository) the image is pushed, and the index is read back from the registry.
  - Nothing is left on the host but what BuildKit caches. In check mode nothing is built.
extends_documentation_fragment:
  - multiarch.builders.options.platforms
  - multiarch.builders.options.instances
  - multiarch.builders.options.users
options:
  repository:
    description:
      - Where the proof is pushed, as C(REGISTRY/PATH) without tag; its tag is V(proof). Empty, it is built only.
    type: str
    default: ""
  base:
    description:
      - The image that the proof is built from. V(scratch) needs no registry.
    type: str
    default: scratch
attributes:
  check_mode:
    support: full
    description: Builds nothing.
  diff_mode:
    support: none
    description: Changes nothing on the host.
  idempotent:
    support: full
    description: Changes nothing on the host.
requirements:
  - Python 3.9 or later on the host, nothing else
"""

EXAMPLES = r"""
- name: Prove two platforms and push
  multiarch.builders.build_proof:
    platforms: [amd64, arm64]
    repository: harbor.example.com/ci/proof
"""

RETURN = r"""
proofs:
  description: One for each user, builder and platform.
  returned: always
  type: list
  elements: dict
  contains:
    user:
      description: Who built.
      type: str
      sample: root
    builder:
      description: The builder.
      type: str
      sample: multiarch
    platform:
      description: The platform.
      type: str
      sample: linux/arm64
    how:
      description: V(native) or V(emulated).
      type: str
      sample: emulated
    machine:
      description: What the program in the build said the machine is.
      type: str
      sample: aarch64
    pushed:
      description: Whether the registry's index has it.
      type: bool
      sample: true
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.converge import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.proof.build import prove


def main() -> None:
    """Prove each builder for each user."""
    own = {"repository": {"type": "str", "default": ""}, "base": {"type": "str", "default": "scratch"}}
    module = AnsibleModule({**argument_spec("platforms", "instances", "users"), **own}, supports_check_mode=True)
    require_root(module)
    given = module.params
    proofs = []
    try:
        platforms = list(dict.fromkeys(canonical(each) for each in given["platforms"]))
        for user in () if module.check_mode else given["users"]:
            for instance in given["instances"]:
                found = prove(instance["name"], user, platforms, given["base"], given["repository"])
                proofs += [{"user": user, "builder": instance["name"], **asdict(each)} for each in found]
    except (HostError, ValueError) as exc:
        module.fail_json(msg=str(exc), proofs=proofs)
    module.exit_json(changed=False, proofs=proofs)


if __name__ == "__main__":
    main()

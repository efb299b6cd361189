#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out which of the formats that BuildKit pushes a registry accepts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_capabilities
short_description: Find out which of the formats that BuildKit pushes a registry accepts
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Pushes a small example of each into a repository, with the login of the first of the users who has one, and reports
    the registry's answers. The examples are an attestation as pushed by BuildKit 0.32 and newer, which is an artifact
    with a C(subject) that does not exist yet; an index; a layer compressed with zstd. If that attestation is refused,
    also the empty config alone, and an attestation in the older format.
  - A refused format is a warning that names the buildx setting that helps, unless O(environment) has it. The module
    does not fail for it, nor for an unreachable registry, as the build of M(multiarch.builders.build_proof) reports
    that.
  - The examples are less than 5 kB, have no tag, and are deleted again if the registry allows it. Their blobs are left
    to its garbage collection.
  - The answers are stored on the host (C(/var/lib/multiarch-builders/registry_capabilities.json)). A registry that
    accepts everything is tested again after 30 days, any other each time. In check mode no registry is contacted.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.options.registry_capabilities
options:
  repository:
    description:
      - Where the examples are pushed, as C(REGISTRY/PATH) without tag. If empty, no registry is contacted.
    type: str
    default: ""
  environment:
    description:
      - The buildx settings of the users' jobs, as for M(multiarch.builders.buildx_builder).
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Contacts no registry.
  diff_mode:
    support: none
    description: Changes nothing but its own record.
  idempotent:
    support: full
    description: Changes nothing but its own record.
requirements:
  - Python 3.9 or later on the host, nothing else
  - tomlkit and cryptography on the controller
"""

EXAMPLES = r"""
- name: Find out which formats Harbor accepts
  multiarch.builders.registry_capabilities:
    repository: harbor.example.com/ci/proof
    registries:
      - host: harbor.example.com
        ca: files/company-ca.pem
    users: [ci]
"""

RETURN = r"""
registry:
  description: The registry that was tested; empty if none was.
  returned: always
  type: str
  sample: harbor.example.com
time:
  description: When it answered, in UTC; empty if it could not be reached.
  returned: always
  type: str
  sample: "2026-11-20T08:00:00Z"
capabilities:
  description: Its answer to each example.
  returned: always
  type: list
  elements: dict
  contains:
    form:
      description:
        - V(artifact) (an attestation as pushed by BuildKit 0.32 and newer), V(index) or V(zstd); V(empty) (the empty
          config) and V(attestation) (one in the older format) only if V(artifact) is refused.
      type: str
      sample: artifact
    taken:
      description: Whether it was accepted.
      type: bool
      sample: false
    said:
      description: The answer, with its codes and messages.
      type: str
      sample: "HTTP 404 Not Found: BLOB_UNKNOWN: blob unknown to registry"
notes:
  description: Notes other than warnings, such as why the registry could not be tested; see
    RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

import typing as t
from dataclasses import asdict

from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import buildx_version
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import of_client
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, proxy_of, registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind
from ansible_collections.multiarch.builders.plugins.module_utils.proof import capability_proof
from ansible_collections.multiarch.builders.plugins.module_utils.proof.capability_words import words_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import split_repository
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import notes_of


def main() -> None:
    """Test the registry, and report."""
    own = {"repository": {"type": "str", "default": ""}}
    module = Module({**argument_spec("registry_capabilities"), **own}, supports_check_mode=True)
    require_root(module)
    result: t.Dict[str, t.Any] = {"registry": "", "time": "", "capabilities": [], "notes": []}
    repository = module.params["repository"]
    if module.check_mode or not repository:
        module.exit_json(changed=False, **result)
    result["registry"], _name = split_repository(repository)
    try:
        found, notes = _found(repository, module.params)
        warnings, more = words_of(
            found.registry, found.capabilities, of_client(module.params["environment"]), _buildx()
        )
        for each in warnings:
            module.warn(shown(each))
        result["time"], result["capabilities"] = found.time, [asdict(each) for each in found.capabilities]
        notes += more
    except HostError as exc:
        notes = (f"{result['registry']} was not asked what it takes: {exc}",)
    module.exit_json(changed=False, **{**result, "notes": notes_of("", Kind.LIMIT.notes(notes))})


def _found(repository: str, given: Params) -> t.Tuple[capability_proof.Found, t.Tuple[str, ...]]:
    """The known or new answers, and notes on them."""
    known = capability_proof.remembered(repository)
    if known is not None:
        return known, ()
    found = capability_proof.ask(repository, given["users"], registries_of(given), proxy_of(given))
    if not found.kept:
        return found, ()
    words = "examples of less than 5 kB, without a tag, stay in its repository until its garbage collection"
    return found, (f"{found.registry} deletes nothing ({found.kept}): {words}",)


def _buildx() -> t.Optional[str]:
    try:
        return buildx_version()
    except HostError:
        return None


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a registry what it takes of what BuildKit pushes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_capabilities
short_description: Ask a registry what it takes of what BuildKit pushes
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Pushes a small example of each into a repository, with the login of the first of the users who has one, and tells
    what the registry said. An attestation as BuildKit 0.32 and newer push them, which is an artifact with a
    C(subject) that is not there yet; an index; a layer that is compressed with zstd. Where that attestation is refused,
    also the empty config alone, and an attestation as before.
  - What is not taken is a warning that names the setting of buildx that helps, unless O(environment) has it. The module
    does not fail for it, nor for a registry that cannot be asked, as the build of M(multiarch.builders.build_proof)
    tells that.
  - The examples are less than 5 kB, have no tag, and are deleted again where the registry deletes. Their blobs are left
    to its garbage collection.
  - What it said is kept on the host (C(/var/lib/multiarch-builders/registry_capabilities.json)). A registry that takes
    everything is asked again after 30 days, one that does not each time. In check mode nobody is asked.
extends_documentation_fragment:
  - multiarch.builders.options.registry_capabilities
options:
  repository:
    description:
      - Where the examples are pushed, as C(REGISTRY/PATH) without tag. Empty, nobody is asked.
    type: str
    default: ""
  environment:
    description:
      - The settings of buildx that the users' jobs have, as for M(multiarch.builders.buildx_builder).
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Asks nobody.
  diff_mode:
    support: none
    description: Changes nothing but what it remembers of itself.
  idempotent:
    support: full
    description: Changes nothing but what it remembers of itself.
requirements:
  - Python 3.9 or later on the host, nothing else
  - tomlkit and cryptography on the controller
"""

EXAMPLES = r"""
- name: Ask Harbor what it takes
  multiarch.builders.registry_capabilities:
    repository: harbor.example.com/ci/proof
    registries:
      - host: harbor.example.com
        ca: files/company-ca.pem
    users: [ci]
"""

RETURN = r"""
registry:
  description: Who was asked; empty if nobody was.
  returned: always
  type: str
  sample: harbor.example.com
time:
  description: When it said so, in UTC; empty if it could not be asked.
  returned: always
  type: str
  sample: "2026-11-20T08:00:00Z"
capabilities:
  description: What it said to each example.
  returned: always
  type: list
  elements: dict
  contains:
    form:
      description:
        - V(artifact) (an attestation as BuildKit 0.32 and newer push them), V(index) or V(zstd); V(empty) (the empty
          config) and V(attestation) (one as before) only where V(artifact) is refused.
      type: str
      sample: artifact
    taken:
      description: Whether it was taken.
      type: bool
      sample: false
    said:
      description: The answer, with the codes and messages in it.
      type: str
      sample: "HTTP 404 Not Found: BLOB_UNKNOWN: blob unknown to registry"
notes:
  description: What is no warning, such as why the registry could not be asked; see
    RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
"""

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
    """Ask, and tell."""
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
    """What is known or was asked, and notes on that."""
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

#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a host trusts its registries."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_proof
short_description: Prove that a host trusts its registries, and that its logins work
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Connects to every registry of the table in each way that a builder host uses, with exactly what that way trusts.
  - V(plain) is a TLS handshake with the operating system's store, and the client certificate of C(certs.d) if the
    table has one. V(dockerd) is a pull by dockerd, V(client) is C(docker buildx imagetools inspect) as each of
    the users, V(builder) a pull by BuildKit in each existing builder, which trusts the same when it pushes.
  - The client is not tested if O(registries[].http), O(registries[].insecure) or O(registries[].client_cert) is set,
    as buildx itself supports no exceptions and presents no certificate. For loopback names it is tested with a
    builder, whose C(buildkitd.toml) makes it use TLS there.
  - A builder with a network of its own is not tested with loopback names, which refer to its own container.
  - The requested image does not exist. So nothing is pulled, and the answer that it does not exist, or requires a
    login, proves the connection. M(multiarch.builders.build_proof) does a real push.
  - Mirrors without an entry of their own are tested, too. A registry with mirrors whose entry has neither CA nor login
    may be unreachable, as Docker Hub often is for hosts behind mirrors; that is a note.
  - With plain TLS, a registry's token endpoint is tested, too, with an anonymous request.
  - V(login) tries each login of the table as C(docker login) does, without a repository, with what the docker of each
    of the users would send (C(config.json) or its credential helper). If the user has another login, or none, it is
    not tried, which is reported. A registry that requires no login for C(GET /v2/) proves none; that is a note.
  - All registries are tested concurrently, then the module fails with everything that is not proven. In check mode no
    registry is contacted. Neither passwords nor tokens are returned, stored or logged.
  - The time and result are stored on the host for reports
    (C(/var/lib/multiarch-builders/registry_proof.json)), and what is proven by now (C(unproven.json) there), so that
    M(multiarch.builders.plan) knows what never was.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.options.registry_proof
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
notes:
  - The text about certificates, and the remedies in the message, are added on the controller.
  - With Python before 3.10 on the host only the first certificate of a chain is reported.
"""

EXAMPLES = r"""
- name: Prove trust in Harbor
  multiarch.builders.registry_proof:
    registries:
      - host: harbor.example.com
        ca: files/company-ca.pem
    users: [root, ci]
"""

RETURN = r"""
registries:
  description: One for each way to connect to each registry, and for each user's login there.
  returned: always
  type: list
  elements: dict
  contains:
    registry:
      description: The registry.
      type: str
      sample: harbor.example.com
    way:
      description: V(plain), V(dockerd), V(client), V(builder) or V(login).
      type: str
      sample: client
    who:
      description: The user of a client or a login, the name of a builder; else empty.
      type: str
      sample: ci
    outcome:
      description:
        - V(trusted), V(unknown authority), V(name mismatch), V(expired), V(not yet valid),
          V(client certificate wanted), V(no TLS), V(no answer), V(server error), V(token not valid) or V(other).
        - A login has V(logged in), V(not logged in), V(login refused), V(forbidden) or one of the others.
      type: str
      sample: unknown authority
    words:
      description: The answer, in the words of the client that was used.
      type: str
      sample: certificate verify failed
    at:
      description: The server that C(words) is about; differs from the registry if it is a mirror, or issues tokens.
      type: str
      sample: harbor.example.com
    about:
      description: Which part of it; empty for its connection or its certificate, else such as V(token endpoint).
      type: str
      sample: token endpoint
    remedy:
      description: What to do; empty for V(trusted) and V(logged in).
      type: str
      sample: Set `ca` of harbor.example.com in builder_registries to its CA, and run playbooks/trust-registries.yml
certificates:
  description: What the servers of the registries and their token endpoints presented, one for each with TLS.
  returned: always
  type: list
  elements: dict
  contains:
    registry:
      description: The registry, or the server that issues its tokens.
      type: str
      sample: harbor.example.com
    names:
      description: The names and addresses that its certificate is for.
      type: list
      elements: str
      sample: [harbor.example.com]
    not_after:
      description: When the first certificate of the chain expires.
      type: str
      sample: "2027-03-01"
    days_left:
      description: Whole days until then, from the controller's clock.
      type: int
      sample: 120
    chain:
      description: The certificates as the server sent them, its own first, each with C(subject), C(issuer),
        C(not_after), C(days_left) and C(fingerprint) (SHA-256).
      type: list
      elements: dict
unproven_logins:
  description: Registries whose login of the table could not be tried, as they require none for C(GET /v2/).
  returned: when registries were tested
  type: list
  elements: str
  sample: [nexus.example.com]
notes:
  description: What was not tested, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
failures:
  description: What is not proven, one for each registry and outcome; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

import base64
import typing as t
from dataclasses import asdict, replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    instances_of,
    proxy_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind
from ansible_collections.multiarch.builders.plugins.module_utils.proof import history, results, scope
from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import PROVEN
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target, places_of, targets_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry_probe import Asking, note_unread
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import failed, notes_of
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import Start, now, start


def main() -> None:
    """Test all; `chains` and `clocks` are for the action plugin, which can parse X.509."""
    module = Module(argument_spec("registry_proof"), supports_check_mode=True)
    require_root(module)
    given, began = module.params, start()
    names = [each["name"] for each in given["instances"]]
    registries = registries_of(given)
    targets = () if module.check_mode else targets_of(registries)
    if not targets:
        if not module.check_mode:
            history.nothing_to_prove(module, results.REGISTRY, began)
        module.exit_json(changed=False, registries=[], chains={}, clocks={}, notes=[])
    try:
        asking = Asking(
            given["users"],
            names,
            proxy_of(given),
            Docker(),
            pulls=given["docker_pulls"],
            registries=registries,
            places=places_of(instances_of(given)),
        )
        found = asking.ask(targets)
        if not began.is_retired:
            note_unread(registries, found.rows)
    except HostError as exc:
        _remember(module, [shown(str(exc))], began, targets, {each.host for each in targets})
        module.fail_json(**failed(exc), registries=[], chains={}, clocks={}, notes=[])
    chains = {host: [base64.b64encode(each).decode() for each in chain] for host, chain in found.chains.items()}
    rows = [{**asdict(each), "words": shown(each.words)} for each in found.rows]
    bad = [each for each in found.rows if each.outcome not in PROVEN]
    failures = [f"{each.registry}: {each.outcome} ({each.way} {each.who}".rstrip() + ")" for each in bad]
    _remember(module, failures, began, targets, {each.registry for each in bad})
    result = {
        "changed": False,
        "registries": rows,
        "chains": chains,
        "clocks": {host: asdict(each) for host, each in found.clocks.items()},
        "unproven_logins": list(found.unproven),
        "notes": notes_of("", Kind.LIMIT.notes(found.notes)),
    }
    if bad:
        module.fail_json(msg=f"{len(bad)} of {len(rows)} ways to the registries and logins are not proven", **result)
    module.exit_json(**result)


def _remember(
    module: Module, failures: t.Sequence[str], began: Start, targets: t.Sequence[Target], failed: t.Container[str]
) -> None:
    registries = tuple(each.host for each in targets)
    unproven = tuple(each for each in registries if each in failed)
    proof = results.RegistryProof(now(), not failures, tuple(failures), unproven, registries=registries)
    proven = replace(scope.of_trust(module.params), registries=tuple(each for each in registries if each not in failed))
    history.remember(module, results.REGISTRY, proof, began, proven, unproven)


if __name__ == "__main__":
    main()

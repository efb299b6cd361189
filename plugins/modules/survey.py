#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell all that a report shows of a host, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
module: survey
short_description: Tell all that a report shows of a host, in one round trip
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Plans as M(multiarch.builders.plan) does, and looks at what a plan does not need. That is the machine, which
    platforms run and by which QEMU, the state, BuildKit and cache of each builder, the certificates that registries
    show, the last proofs.
  - A host that differs, or cannot be made as asked, is a result and no failure. Nothing is changed, nothing is started.
  - M(multiarch.builders.report) makes a page of the results of all hosts.
extends_documentation_fragment:
  - multiarch.builders.options
options:
  _trace:
    description: Internal. The action plugin fills it in, to compare the host with its trace.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: full
    description: Returns the diffs of the plan, never a secret.
  idempotent:
    support: full
    description: Never changes anything.
requirements:
  - Python 3.9 or later on the host, nothing else
  - tomlkit and cryptography on the controller
seealso:
  - module: multiarch.builders.plan
  - module: multiarch.builders.report
"""

EXAMPLES = r"""
- name: Survey
  multiarch.builders.survey:
    platforms: [amd64, arm64, riscv64]
    registries:
      - host: harbor.example.com
        ca: files/harbor-ca.pem
  register: survey
"""

RETURN = r"""
pending:
  description: The concerns that have something to do, in their order.
  returned: always
  type: list
  elements: str
  sample: [trust, daemon]
plan:
  description: What each of them would do, as M(multiarch.builders.plan) returns it.
  returned: always
  type: list
  elements: dict
facts:
  description: What was seen while planning, as M(multiarch.builders.plan) returns it.
  returned: always
  type: dict
failures:
  description: Why the host cannot be made as asked, all of it at once; see RV(multiarch.builders.plan#module:failures).
  returned: always
  type: list
  elements: dict
notes:
  description: What was left alone or waits, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
actions:
  description: What would be done, in words.
  returned: always
  type: list
  elements: str
machine:
  description: The machine.
  returned: always
  type: dict
  contains:
    architecture:
      description: Its architecture, as platforms name it.
      type: str
      sample: amd64
    os:
      description: Its operating system.
      type: str
      sample: Debian GNU/Linux 13 (trixie)
    kernel:
      description: Its kernel.
      type: str
      sample: 6.12.48+deb13-amd64
    cpus:
      description: Number of processors.
      type: int
      sample: 8
    memory:
      description: Bytes of memory.
      type: int
      sample: 33554432000
disk:
  description: Where dockerd keeps its data, with C(path), and C(size) and C(free) in bytes.
  returned: when dockerd runs
  type: dict
  sample: {path: /var/lib/docker, size: 210000000000, free: 120000000000}
containerd_disk:
  description: Where the containerd of dockerd keeps images and layers, if that is another file system than RV(disk).
  returned: when dockerd runs
  type: dict
  sample: {path: /var/lib/containerd, size: 52000000000, free: 8000000000}
dockerd:
  description: The C(image_store), and the C(cache) of the BuildKit inside dockerd in bytes.
  returned: when dockerd runs
  type: dict
  sample: {image_store: containerd, cache: 0}
platforms:
  description: One for each platform that is asked for.
  returned: always
  type: list
  elements: dict
  contains:
    platform:
      description: The platform.
      type: str
      sample: linux/arm64
    how:
      description: V(native), V(emulated) (a program of it ran just now) or V(missing).
      type: str
      sample: emulated
    handler:
      description: The kernel's handler.
      type: str
      sample: qemu-aarch64
    interpreter:
      description: The emulator.
      type: str
      sample: /usr/bin/qemu-aarch64-static
    qemu:
      description: Its version.
      type: str
      sample: 10.2.3
    why:
      description: Why it is missing.
      type: str
      sample: no handler
builders:
  description: One for each builder that is asked for.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The builder.
      type: str
      sample: multiarch
    driver:
      description: Its driver.
      type: str
      sample: docker-container
    default:
      description: Whether its users build with it by default.
      type: bool
      sample: true
    users:
      description: The users whose store has it.
      type: list
      elements: str
      sample: [root]
    cache:
      description: Bytes of cache as C(docker buildx du) tells them, to four digits, of all nodes together.
      type: int
      sample: 21300000000
    nodes:
      description: Each with C(name), C(endpoint), C(state) (V(running), V(stopped), V(inactive), V(missing), V(error)
        or V(unknown)), C(why), C(buildkit) (the version that it tells) and C(image).
      type: list
      elements: dict
proofs:
  description: The last C(build_proof) and C(registry_proof), each with C(time) (UTC), C(passed), C(failures) and what
    was asked of it, or nothing.
  returned: always
  type: dict
trace:
  description: Whether the next run recognises the host as unchanged by its trace, without a plan. This module plans in
    full at any rate, and writes no trace.
  returned: always
  type: dict
  contains:
    time:
      description: When the full plan was made that still holds (UTC), or nothing.
      type: str
      sample: '2026-11-21T11:30:59Z'
    why:
      description: Why the next run makes a full plan. Empty if it makes none.
      type: str
      sample: content /etc/docker/daemon.json is not as it was
registries:
  description: Each registry of the table, and its mirrors, by plain TLS with what the host trusts. C(registry),
    C(outcome) and C(words) as M(multiarch.builders.registry_proof) returns them; C(optional) may be out of reach.
  returned: always
  type: list
  elements: dict
certificates:
  description: What the servers showed, as M(multiarch.builders.registry_proof) returns it.
  returned: always
  type: list
  elements: dict
authorities:
  description: The certificates of the variables, each with C(registry), C(kind) (V(ca) or V(client)), C(subject),
    C(issuer), C(not_after), C(days_left) and C(fingerprint).
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.survey.surveying import survey_host

if __name__ == "__main__":
    survey_host()

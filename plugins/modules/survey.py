#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect everything that a report shows about a host, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
module: survey
short_description: Collect everything that a report shows about a host, in one round trip
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Plans as M(multiarch.builders.plan) does, and collects what a plan does not need. That is the machine, which
    platforms run and with which QEMU, the state, BuildKit and cache of each builder, the certificates that registries
    present, the last proofs.
  - A host that differs from its desired state, or cannot reach it, is not a failure. Nothing is changed or started.
  - M(multiarch.builders.report) writes a page from the results of all hosts.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
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
  description: The concerns with pending actions, in their order.
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
  description: What was observed while planning, as M(multiarch.builders.plan) returns it.
  returned: always
  type: dict
failures:
  description: Why the host cannot reach its desired state; see RV(multiarch.builders.plan#module:failures).
  returned: always
  type: list
  elements: dict
notes:
  description: What was left unchanged or is pending, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
actions:
  description: What would be done, as messages.
  returned: always
  type: list
  elements: str
gone:
  description: The hosts of the play that had failed or could not be reached before, for M(multiarch.builders.report).
  returned: always
  type: list
  elements: str
concerns:
  description: The concerns that are managed on this host, in their order.
  returned: always
  type: list
  elements: str
  sample: [engine, trust, daemon]
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
  description: Where the containerd of dockerd keeps images and layers, if that is not on the file system of RV(disk).
  returned: when dockerd runs
  type: dict
  sample: {path: /var/lib/containerd, size: 52000000000, free: 8000000000}
dockerd:
  description: The C(image_store), and the C(cache) of the BuildKit inside dockerd in bytes.
  returned: when dockerd runs
  type: dict
  sample: {image_store: containerd, cache: 0}
platforms:
  description: One for each specified platform.
  returned: always
  type: list
  elements: dict
  contains:
    platform:
      description: The platform.
      type: str
      sample: linux/arm64
    how:
      description: V(native), V(emulated) (proven by running a program) or V(missing).
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
    pinned:
      description: Whether it is the emulator of O(binfmt_source).
      type: bool
      sample: true
    why:
      description: Why it is missing.
      type: str
      sample: no handler
builders:
  description: One for each specified builder.
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
      description: Bytes of cache as reported by C(docker buildx du), to four digits, the sum of all nodes.
      type: int
      sample: 21300000000
    nodes:
      description: Each with C(name), C(endpoint), C(state) (V(running), V(stopped), V(inactive), V(missing), V(error)
        or V(unknown)), C(why), C(buildkit) (the reported version) and C(image).
      type: list
      elements: dict
job_builders:
  description: Builders that are not managed, where the guard sweeps. Each with C(name), C(users), C(used) (UTC), and
    whether the guard removes it (C(goes)) and C(why).
  returned: always
  type: list
  elements: dict
proofs:
  description: The last C(build_proof) and C(registry_proof), each with C(time) (UTC), C(passed), C(failures) and its
    input; nothing if there was none, or no run makes one with these options.
  returned: always
  type: dict
trace:
  description: Whether the next run recognises the host as unchanged by its trace, without a plan. This module always
    makes a full plan, and writes no trace.
  returned: always
  type: dict
  contains:
    time:
      description: When the full plan that is still valid was made (UTC), or nothing.
      type: str
      sample: '2026-11-21T11:30:59Z'
    why:
      description: Why the next run makes a full plan. Empty if it makes none.
      type: str
      sample: content /etc/docker/daemon.json has changed
registries:
  description: Each registry of the table, and its mirrors, with plain TLS and what the host trusts. C(registry),
    C(outcome) and C(words) as M(multiarch.builders.registry_proof) returns them; C(optional) ones may be unreachable.
  returned: always
  type: list
  elements: dict
certificates:
  description: What the servers presented, as M(multiarch.builders.registry_proof) returns it.
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

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from ansible_collections.multiarch.builders.plugins.module_utils.survey.surveying import survey_host

if __name__ == "__main__":
    survey_host()

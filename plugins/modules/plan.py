#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report the differences between a host and its desired state, in one round trip."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Report the differences between a host and its desired state, in one round trip
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Observes everything that the other modules of this collection manage, and plans with the same code that they
    apply with. It never changes anything.
  - Each concern knows the effects of earlier ones, so that a restart of dockerd is shown once, with what it stops.
  - In check mode it reports changed if something is pending. So C(--check --diff) shows the whole plan.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.options
options:
  _trace_key:
    description: Internal. The action plugin fills it in, so that a plan with nothing to do leaves a trace.
    type: str
attributes:
  check_mode:
    support: full
    description: Never changes anything; reports changed in check mode if something is pending.
  diff_mode:
    support: full
    description: Shows files before and after, never a secret.
  idempotent:
    support: full
    description: Never changes anything.
requirements:
  - Python 3.9 or later on the host, nothing else
  - tomlkit and cryptography on the controller
"""

EXAMPLES = r"""
- name: Plan
  multiarch.builders.plan:
    platforms: [amd64, arm64, riscv64]
    registries:
      - host: harbor.example.com
        ca: files/harbor-ca.pem
  register: plan

- name: Show it
  ansible.builtin.debug:
    var: plan.plan
"""

RETURN = r"""
pending:
  description: The concerns with pending actions, in their order.
  returned: always
  type: list
  elements: str
  sample: [trust, daemon]
due:
  description: The proofs that this requires, those that earlier changes require and that have not passed since, and
    those of what was never proven, such as another platform that needs no change. A change of certificates only does
    not require a build.
  returned: always
  type: list
  elements: str
  sample: [trust, builds]
plan:
  description: What each of them would do.
  returned: always
  type: list
  elements: dict
  contains:
    concern:
      description: The concern.
      type: str
      sample: daemon
    actions:
      description: Its actions, as messages.
      type: list
      elements: str
      sample: ["restart docker: features.containerd-snapshotter: absent → true"]
facts:
  description: What was observed, by concern, for reports.
  returned: always
  type: dict
  sample:
    binfmt:
      handlers:
        - platform: linux/arm64
          handler: qemu-aarch64
          interpreter: /usr/local/lib/multiarch-builders/emulators/400a4873b838/qemu-aarch64
          flags: POCF
          version: 10.2.3
          verdict: keep
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["register handler qemu-aarch64 for linux/arm64"]
untraced:
  description: Why the plan left no trace, with which the next run could have recognised the host as unchanged.
  returned: when there is nothing to do and no trace could be kept
  type: str
  sample: another host's dockerd was queried
notes:
  description: What was left unchanged or is pending, and why.
  returned: always
  type: list
  elements: dict
  contains:
    concern:
      description: The concern; empty if it is of none.
      type: str
      sample: daemon
    kind:
      description: V(waits) is pending, and is not done now. V(unproven) must still be proven. V(left_alone) is kept
        unchanged, as it is not managed. V(limit) has less effect on this host than specified, or another.
      type: str
      sample: waits
    text:
      description: The message.
      type: str
      sample: "docker must restart, but builder_disruption: never forbids it: daemon.json changed"
failures:
  description: Why the host cannot reach its desired state, all reasons at once, as data; the message is made from it.
  returned: when it fails
  type: list
  elements: dict
  contains:
    concern:
      description: The concern; empty if it is of none.
      type: str
      sample: buildx
    message:
      description: What failed and why in one line, which ends with the cause.
      type: str
      sample: "builder multiarch of root does not run: network nope not found"
    cause:
      description: Why.
      type: str
      sample: network nope not found
    remedy:
      description: What to do; empty if the message says it, or it is unknown.
      type: str
      sample: Fix builder_daemon_options
    said:
      description: The output of the program that failed, in whole lines, if there is one.
      type: str
      sample: "`docker buildx create` said:\n#1 [internal] booting buildkit"
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from ansible_collections.multiarch.builders.plugins.module_utils.run.plan import plan_all

if __name__ == "__main__":
    plan_all()

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A concern's module: converge."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me, name_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Plan, Resource
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unproven import expect
from ansible_collections.multiarch.builders.plugins.module_utils.run.lock import alone
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import due, failed, in_words, plan_result


def converge(kind: t.Type[Concern[t.Any]]) -> None:
    """The whole of a concern's module: observe, plan, apply what differs, and check again."""
    module = Module(argument_spec(kind.concern), supports_check_mode=True)
    require_root(module)
    resource = kind.from_params(module.params, Docker())
    plan = Plan()
    try:
        with alone(module, kind.concern):
            plan = resource.plan(resource.observe(), NO_EFFECTS)
            if not module.check_mode:
                apply(resource, plan)
                look_again(resource, plan)
    except (HostError, OSError) as exc:
        module.fail_json(**failed(in_words(exc).of(kind.concern)), **plan_result(kind.concern, plan))
    module.exit_json(changed=bool(plan.actions), **plan_result(kind.concern, plan))


def apply(resource: Resource[t.Any], plan: Plan, *, proven: bool = True) -> None:
    """Apply *plan*, which is *proven* later. Raises HostError."""
    if plan.actions:
        if proven:
            expect(due({resource.concern: plan}))
        resource.apply(plan.actions)


def look_again(resource: Resource[t.Any], done: Plan) -> None:
    """Raise HostError if anything still differs after *done*."""
    if done.actions:
        require_nothing(resource.plan(resource.observe(), NO_EFFECTS))


def require_nothing(left: Plan) -> None:
    """Raise HostError if any action is pending."""
    actions = [action.summary for action in left.actions]
    if actions:
        raise HostError(f"applied, but the host still differs from the desired state: {'; '.join(actions)}")


def require_root(module: AnsibleModule) -> None:
    """Everything here belongs to root; otherwise dockerd would only appear to be down."""
    if me().uid != 0:
        user = name_of(me().uid)
        module.fail_json(msg=f"root is required (running as {user}): set `become: true` (ansible_become) for this host")

# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What builders inherit that users make themselves: the files for new ones, and the certificates in present ones."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import inherit, job_builders
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.inherit import Defaults
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.job_builders import JobBuilders
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Inherited, Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Note


@dataclass(frozen=True)
class Inheritance:
    """The files of each user (*defaults*), the builders that users made (*jobs*), and what certificates were before.

    *inherited* is that of the record.
    """

    defaults: t.Tuple[Defaults, ...] = ()
    jobs: JobBuilders = field(default_factory=JobBuilders)
    inherited: t.Mapping[str, t.Tuple[str, ...]] = field(default_factory=dict)


def observe(wanted: Inherited, instances: t.Iterable[Instance], docker: t.Optional[Docker]) -> Inheritance:
    """The state of all that is inherited; *instances* are our builders."""
    known = RECORD.read()
    managed = {name.lower() for name in known.builders} | {each.name.lower() for each in instances}
    nodes = {node.name for own in known.builders.values() for node in own.nodes}
    nodes |= {node.name for each in instances for node in each.nodes}
    containers = {container_name(name) for name in nodes}
    return Inheritance(
        inherit.observe(wanted, managed),
        job_builders.observe(wanted, managed, containers, docker),
        known.inherited,
    )


def planned(found: Inheritance, wanted: Inherited) -> t.Tuple[t.List[Action], t.List[Note]]:
    """The actions and notes. Pure."""
    actions = inherit.actions_for(found.defaults, wanted)
    actions += job_builders.actions_for(found.jobs, job_builders.renewals_of(wanted, found.inherited))
    notes = inherit.notes(found.defaults, wanted)
    if actions and wanted.users:
        notes += job_builders.notes(found.jobs)
    return actions, notes


def facts(found: Inheritance, wanted: Inherited) -> t.Dict[str, t.Any]:
    """What a report shows, {} if nothing is inherited. Pure."""
    if not wanted.users:
        return {}
    given = [each.user for each in found.defaults if each.ours and not each.write]
    return {
        "inherit": {
            "users": given,
            "others": [user for user in wanted.users if user not in given],
            "builders": list(found.jobs.current),
            "outdated": list(found.jobs.containers),
            "strangers": list(found.jobs.others),
        }
    }

#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that CI jobs find the builder."""

from __future__ import annotations

DOCUMENTATION = r"""
module: job_proof
short_description: Prove that CI jobs use the default builder without naming it
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Runs buildx as each of the users, with only C(HOME) in the environment, to see which builder it selects. It must be
    the one of O(instances) that has C(default).
  - Checks the running processes of each of the users. One that was started before the user was added to the group of
    Docker's socket, that has a variable which points docker or buildx elsewhere, or whose unit hides the user's
    C(~/.docker) or makes it read-only, would start jobs that cannot reach the builder. It is reported with its systemd
    unit and the remedy. Processes in containers are not checked; of root's, only GitHub runners are.
  - The same applies to variables in O(environment_file), and in C(.env) of each running GitHub runner.
extends_documentation_fragment:
  - multiarch.builders.options.job_proof
attributes:
  check_mode:
    support: full
    description: Changes nothing on the host.
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
- name: Prove that jobs of GitLab's shell executor find the builder
  multiarch.builders.job_proof:
    users: [gitlab-runner]
"""

RETURN = r"""
jobs:
  description: One for each user.
  returned: always
  type: list
  elements: dict
  contains:
    user:
      description: Whose jobs.
      type: str
      sample: gitlab-runner
    builder:
      description: The builder that they use.
      type: str
      sample: multiarch
    processes:
      description: How many running processes of the user were checked.
      type: int
      sample: 2
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from dataclasses import asdict

from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_job import prove_job
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root


def main() -> None:
    """Prove it for each user; all failures are reported at once."""
    module = Module(argument_spec("job_proof"), supports_check_mode=True)
    require_root(module)
    default = next((str(each["name"]) for each in module.params["instances"] if each["default"]), "")
    if not default:
        words = "none has `default: true`, so a job finds none without naming it. Give it to one of them"
        module.fail_json(msg=f"builder_instances: {words}", jobs=[])
    jobs, problems = [], []
    for user in module.params["users"]:
        try:
            jobs.append(asdict(prove_job(user, default, module.params["environment_file"] or "")))
        except HostError as exc:
            problems.append(str(exc))
    if problems:
        module.fail_json(msg="\n".join(problems), jobs=jobs)
    module.exit_json(changed=False, jobs=jobs)


if __name__ == "__main__":
    main()

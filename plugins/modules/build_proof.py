#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a host builds for every platform."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build_proof
short_description: Prove that a host builds, runs and pushes for every platform
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Runs a small program of each platform in an empty chroot, then builds an image for all platforms with each
    builder, as each of its users. The RUN step runs the same program, without cache.
  - With O(repository) the image is pushed, and the index is read back from the registry. If the push is refused, the
    user's login is tried there and a token requested, because the builder's message does not say why. This uses TLS
    with the operating system's store, directly; if the cause remains unknown, the remedy is a general one.
  - The host itself need not run what only nodes on other machines build, if O(concerns) lacks V(binfmt).
  - A platform whose program does not run is excluded from the builds. If the build for all fails, each platform is
    built alone, and also pushed alone if the push failed; those that succeed are proven together. If the time is over,
    those fail whose step did not end. The module fails at its end with everything that is not proven, the evidence on
    the host, and the remedies.
  - Then docker itself pulls what was pushed, and O(base), as the first of the users, because it connects to registries
    in another way than builders. With O(docker_pulls=false) it does not.
  - Nothing is left on the host except BuildKit's cache, the time and result, for reports
    (C(/var/lib/multiarch-builders/build_proof.json)), and what is proven by now (C(unproven.json) there), so that
    M(multiarch.builders.plan) knows what never was. In check mode nothing is built.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.options.build_proof
options:
  repository:
    description:
      - Where the proof is pushed, as C(REGISTRY/PATH) without tag; its tag is V(proof). If empty, it is only built.
    type: str
    default: ""
  base:
    description:
      - The image that the proof is built from. V(scratch) needs no registry.
    type: str
    default: scratch
  environment:
    description:
      - The buildx settings of the users' jobs, as for M(multiarch.builders.buildx_builder); the builds have those that
        buildx, BuildKit and docker read.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Builds nothing.
  diff_mode:
    support: none
    description: Changes nothing but its own record.
  idempotent:
    support: full
    description: Changes nothing but its own record.
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
runs:
  description: The platforms whose program ran on the host itself.
  returned: always
  type: list
  elements: str
  sample: [linux/amd64, linux/arm64]
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
      description: V(native), V(emulated), or V(elsewhere) if a node on another machine built it.
      type: str
      sample: emulated
    machine:
      description: The machine that the program in the build reported.
      type: str
      sample: aarch64
    pushed:
      description: Whether the registry's index contains it.
      type: bool
      sample: true
pulls:
  description: One for each image that docker itself pulled, with C(image), C(user), and C(message),
    C(cause), C(evidence) and C(remedy) if that failed.
  returned: always
  type: list
  elements: dict
failures:
  description: What is not proven.
  returned: always
  type: list
  elements: dict
  contains:
    user:
      description: Who built; empty if the program does not run on the host at all.
      type: str
      sample: root
    builder:
      description: The builder; empty if the user is.
      type: str
      sample: multiarch
    platforms:
      description: The platforms concerned.
      type: list
      elements: str
      sample: [linux/arm64]
    message:
      description: What failed and why.
      type: str
      sample: "builder multiarch, user root: the build for linux/arm64 failed: …"
    cause:
      description: Why; the message ends with it.
      type: str
      sample: 'process "/probe" did not complete successfully: exit code: 255: exec /probe: exec format error'
    evidence:
      description: The evidence on the host, from files, logs and output of commands, without credentials.
      type: list
      elements: str
    remedy:
      description: What to do.
      type: str
      sample: Run playbooks/provision-builders.yml
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

import typing as t
from dataclasses import asdict, replace

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import native
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import of_client
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import to_run_here
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import impossible
from ansible_collections.multiarch.builders.plugins.module_utils.proof import diagnostics, history, results, scope
from ansible_collections.multiarch.builders.plugins.module_utils.proof.build import Failure, not_running, prove
from ansible_collections.multiarch.builders.plugins.module_utils.proof.pulling import pull
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import Scope
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import Start, now, start

Row = t.Dict[str, t.Any]


def main() -> None:
    """Prove each builder for each user."""
    own = {"repository": {"type": "str", "default": ""}, "base": {"type": "str", "default": "scratch"}}
    module = Module({**argument_spec("build_proof"), **own}, supports_check_mode=True)
    require_root(module)
    if module.check_mode:
        module.exit_json(changed=False, runs=[], proofs=[], failures=[], pulls=[])
    began = start()
    try:
        asked = scope.of_builds(
            module.params, module.params["repository"], module.params["base"], pulls=module.params["docker_pulls"]
        )
        here = _here(module.params, asked)
        broken = not_running(here)
        proofs, failures = _prove(module.params, asked, broken)
        pulls = _pull(asked, proofs)
    except (HostError, ValueError) as exc:
        _remember(module, Scope(), [], [{"platforms": _known(module.params), "message": shown(str(exc))}], [], began)
        module.fail_json(msg=shown(str(exc)), runs=[], proofs=[], failures=[], pulls=[])
    _remember(module, asked, proofs, failures, pulls, began)
    stopped = {platform for each in broken for platform in each.platforms}
    runs = [each for each in here if each not in stopped]
    result = {"runs": runs, "proofs": proofs, "failures": failures, "pulls": pulls}
    bad = [*failures, *(each for each in pulls if each["message"])]
    if bad:
        module.fail_json(msg="\n".join(f"{each['message']}. {each['remedy']}" for each in bad), **result)
    module.exit_json(changed=False, **result)


def _here(given: t.Mapping[str, t.Any], asked: Scope) -> t.Tuple[str, ...]:
    """The platforms that the host itself has to run, with its builders as they are in the users' stores."""
    builders = [diagnostics.machines(builder, user) for user in asked.users for builder in asked.builders]
    cannot = impossible(asked.platforms, native.processor(asked.platforms))
    return to_run_here(asked.platforms, builders, given["concerns"], cannot)


def _prove(
    given: t.Mapping[str, t.Any], asked: Scope, broken: t.Sequence[Failure]
) -> t.Tuple[t.List[Row], t.List[Row]]:
    """(proofs, failures): each builder as each user; what is *broken* on the host is not built."""
    failed = {platform for each in broken for platform in each.platforms}
    platforms = tuple(each for each in asked.platforms if each not in failed)
    proofs: t.List[Row] = []
    failures = [_row("", "", each) for each in broken]
    target = (given["base"], given["repository"], of_client(given["environment"]), given["verify_timeout"])
    for user in asked.users if platforms else ():
        for builder in asked.builders:
            proven, unproven = prove(builder, user, platforms, *target)
            proofs += [{"user": user, "builder": builder, **asdict(each)} for each in proven]
            failures += [_row(user, builder, each) for each in unproven]
    return proofs, failures


def _pull(asked: Scope, proofs: t.Sequence[Row]) -> t.List[Row]:
    """docker's own pulls, by the first user, of the pushed image and of its base."""
    if not proofs:
        return []
    pushed = any(each["pushed"] for each in proofs)
    images = [each for each in asked.pulled if pushed or each in asked.bases]
    user, platform = asked.users[0], proofs[0]["platform"]
    rows = []
    for image in images:
        failure = pull(image, platform, user)
        row = {"image": image, "user": user, "message": "", "cause": "", "evidence": [], "remedy": ""}
        if failure:
            row.update(message=shown(failure.message), cause=shown(failure.cause), remedy=failure.remedy)
            row.update(evidence=[shown(each) for each in failure.evidence])
        rows.append(row)
    return rows


def _remember(
    module: AnsibleModule,
    asked: Scope,
    proofs: t.Sequence[Row],
    failures: t.Sequence[Row],
    pulls: t.Sequence[Row],
    began: Start,
) -> None:
    given, failed = module.params, {platform for each in failures for platform in each["platforms"]}
    unpulled = [each for each in pulls if each["message"]]
    platforms = _known(given)
    proof = results.BuildProof(
        now(),
        not failures and not unpulled,
        tuple(each["message"] for each in (*failures, *unpulled)),
        tuple(each for each in platforms if each in failed),
        platforms=tuple(platforms),
        builders=tuple(each["name"] for each in given["instances"]),
        users=tuple(given["users"]),
        repository=given["repository"],
    )
    proven = {each["platform"] for each in proofs} - failed
    pulled = tuple(each["image"] for each in pulls if not each["message"])
    done = replace(asked, platforms=tuple(each for each in asked.platforms if each in proven), pulled=pulled)
    history.remember(module, results.BUILD, proof, began, done, {*failed, *(each["image"] for each in unpulled)})


def _known(given: t.Mapping[str, t.Any]) -> t.List[str]:
    """The canonical names of the platforms; if any is unknown, the names as given."""
    try:
        return list(dict.fromkeys(map(canonical, given["platforms"])))
    except ValueError:
        return list(given["platforms"])


def _row(user: str, builder: str, failure: Failure) -> Row:
    return {
        "user": user,
        "builder": builder,
        "platforms": list(failure.platforms),
        "message": shown(failure.message),
        "cause": shown(failure.cause),
        "evidence": [shown(each) for each in failure.evidence],
        "remedy": failure.remedy,
    }


if __name__ == "__main__":
    main()

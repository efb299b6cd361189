# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of module survey: the plan of all concerns, and what only a report needs, in one process."""

from __future__ import annotations

import base64
import concurrent.futures
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import masked
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Instance,
    Params,
    instances_of,
    proxy_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import history, results, token_endpoint
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import IMAGE, Target, targets_of
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import require_root
from ansible_collections.multiarch.builders.plugins.module_utils.run.plan import asked, plan_concerns, unproven_since
from ansible_collections.multiarch.builders.plugins.module_utils.run.result import (
    failed,
    failures_of,
    in_words,
    plans_result,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import NewerRecordError
from ansible_collections.multiarch.builders.plugins.module_utils.survey import (
    builders,
    leftover_looks,
    machine,
    next_run,
    platforms,
)

_AT_ONCE = 8


def survey_host() -> None:
    """Observe everything and change nothing; problems of the host are a result, not a failure."""
    module = Module({**argument_spec("survey"), "_trace": {"type": "dict", "required": True}}, supports_check_mode=True)
    require_root(module)
    params, docker = module.params, Docker()
    trace = next_run.trace_facts(params["_trace"])
    kinds = asked(params)
    plans, failures = plan_concerns(kinds, params, docker)
    try:
        disk, containerd_disk, engine = machine.docker_facts(docker)
        result = {
            "machine": machine.machine_facts(),
            "disk": disk,
            "containerd_disk": containerd_disk,
            "dockerd": engine,
            "platforms": platforms.coverage(platforms.needed_here(params), Binfmt.from_params(params, docker).source),
            "concerns": [kind.concern for kind in kinds],
            "builders": builders.survey(_instances(params), params["users"], docker),
            "job_builders": leftover_looks.unmanaged(docker),
            "proofs": _proofs(params, failures),
            "trace": trace,
            **_registries(targets_of(registries_of(params)), proxy_of(params)),
        }
    except (HostError, OSError) as exc:
        module.fail_json(**failed(in_words(exc)))
    told = plans_result(plans, unproven_since(params, failures))
    module.exit_json(changed=False, failures=failures_of(failures), **told, **masked(result))


def _instances(params: Params) -> t.Tuple[Instance, ...]:
    """The builders; the options have some also where nobody manages them."""
    return instances_of(params) if "buildx" in params["concerns"] else ()


def _proofs(params: Params, failures: t.List[HostError]) -> t.Dict[str, t.Any]:
    """What each of the proofs left behind, None where there was none or none is made any more.

    A damaged file joins *failures*.
    """
    found: t.Dict[str, t.Any] = {}
    concerns = params["concerns"]
    of_trust = "trust" in concerns and params["verify_trust"] and params["registries"]
    for each, is_made in ((results.BUILD, "buildx" in concerns), (results.REGISTRY, of_trust)):
        try:
            found[each.name] = history.kept(each) if is_made else None
        except HostError as exc:
            found[each.name] = None
            if not isinstance(exc, NewerRecordError):  # which the plans report
                failures.append(exc)
    return found


def _registries(targets: t.Sequence[Target], proxy: Proxy) -> t.Dict[str, t.Any]:
    """The registries' answers over plain TLS, and the chains that they and their token endpoints send.

    Chains are {host: DER in base64}.
    """
    asked = [each for each in targets if token_endpoint.is_reachable(each, proxy)]
    scope = f"repository:{IMAGE}:pull"
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        told = list(pool.map(lambda each: token_endpoint.plain(each, proxy, scope), asked))
    answers = {each.host: found for each, found in zip(asked, told)}
    shakes = [(host, each) for found in told for host, each in found.handshakes.items()]
    rows = []
    for each in targets:
        found = answers.get(each.host)
        outcome, words = (found.outcome, found.words) if found else ("not asked", "its proxy does not speak HTTP")
        rows.append({"registry": each.host, "outcome": outcome, "words": words, "optional": each.optional})
    chains = {
        host: [base64.b64encode(each).decode() for each in shaken.chain] for host, shaken in shakes if shaken.chain
    }
    return {"registries": rows, "chains": chains}

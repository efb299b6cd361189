# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builders of a host: names, images and options checked, buildkitd.toml filled in."""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Callable, Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import flags
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import Rendered
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.rules import check_config, check_flags
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import driver_opts, nodes, pods
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import buildkit_version, check_image
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import LONGEST_NAME, Context, Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, ReadFile, read

Instance = dict[str, t.Any]
"""An entry: the keys of `model.options.INSTANCE`, already of the right types; optional ones may be absent."""

Rendering = Callable[[Version], Rendered]
"""Makes buildkitd.toml for a version of BuildKit, () if that is unknown."""

NOBODY = Inventory()
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9._-]*")  # docker/buildx, store/util.go
_FILE = re.compile(r"[a-zA-Z0-9_.-]*[a-zA-Z0-9_-][a-zA-Z0-9_.-]*/[a-zA-Z0-9_-][a-zA-Z0-9_.-]*")


def normalise(
    instances: Sequence[Instance],
    *,
    rendering: Rendering,
    variable: str,
    read_file: ReadFile,
    findings: Findings,
    inventory: Inventory = NOBODY,
    now: datetime.datetime | None = None,
    warn_days: int = 30,
    source: Source | None = None,
    keys: bool = False,
) -> list[Instance]:
    """The entries with `config` and the files that it names: from *rendering*, unless the user set a config.

    Nodes are named, and hosts of the *inventory* among them become endpoints, with *keys* those for ssh keys of
    ours. *now* is aware of its time zone.
    """
    moment = now or datetime.datetime.now(datetime.UTC)
    found = []
    for index, instance in enumerate(instances):
        driver = instance.get("driver", "docker-container")
        context = Context(instance.get("name", ""), driver, inventory, read_file, moment, warn_days, source, keys)
        found.append(_entry(instance, f"{variable}[{index}]", rendering, context, findings))
    _check_unique(found, variable, findings)
    defaults = [index for index, instance in enumerate(instances) if instance.get("default")]
    for index in defaults[1:]:
        message = f"is the default, but so is {variable}[{defaults[0]}]"
        findings.problem(f"{variable}[{index}].default", None, message, "Set `default: true` for one instance only")
    return found


def _entry(instance: Instance, variable: str, rendering: Rendering, context: Context, findings: Findings) -> Instance:
    result = dict(instance)
    if "registry_files" in instance:
        findings.problem(f"{variable}.registry_files", None, "is generated from the registries", "Remove it")
    if "name" in instance:
        _check_name(instance["name"], f"{variable}.name", findings)
    if "image" in instance:
        check_image(instance["image"], f"{variable}.image", findings)
    options = instance.get("driver_opts", {})
    result["driver_opts"] = driver_opts.normalise(options, f"{variable}.driver_opts", findings, context.driver)
    result["nodes"] = nodes.normalise(instance.get("nodes", []), f"{variable}.nodes", context, findings)
    flags.check(instance.get("flags", []), f"{variable}.flags", findings)
    if context.driver == "remote":
        _refuse_configuration(instance, variable, findings)
        return result | {"config": "", "certificates": {}, "registry_files": {}}
    result |= _configuration(instance, variable, rendering, context.read_file, findings)
    check_flags(instance.get("flags", []), result["config"], f"{variable}.flags", findings)
    if context.driver == "kubernetes":
        _check_pods(result, variable, findings)
    return result


def _check_pods(result: Instance, variable: str, findings: Findings) -> None:
    """For the builder's own options, or once for each node that has some."""
    flags, config = [each for each in result.get("flags", []) if each], result["config"]
    places = {f"{variable}.driver_opts": {}} | {
        f"{variable}.nodes[{index}].driver_opts": node["driver_opts"]
        for index, node in enumerate(result["nodes"])
        if pods.SPECIAL & node["driver_opts"].keys()
    }
    for place, own in places.items():
        pods.check(result["driver_opts"] | own, flags, place, findings, config=config, image=result.get("image", ""))


def _refuse_configuration(instance: Instance, variable: str, findings: Findings) -> None:
    """A buildkitd that runs elsewhere is not managed here."""
    for key in ("config", "certificates", "flags"):
        if instance.get(key):
            message = "only applies to a buildkitd that buildx starts, not to the driver remote"
            findings.problem(f"{variable}.{key}", None, message, "Configure it where it runs")


def _check_name(name: str, variable: str, findings: Findings) -> None:
    if name.lower() == "default":
        findings.problem(variable, name, "is the name of Docker's default context", "Use another name")
    elif not _NAME.fullmatch(name):
        remedy = "Start with a letter, followed by letters, digits, '.', '_' or '-'"
        findings.problem(variable, name, "is not a valid builder name", remedy)
    elif len(name) > LONGEST_NAME:
        findings.problem(variable, name, f"is longer than {LONGEST_NAME} characters", "Use a shorter name")


def _configuration(
    instance: Instance, variable: str, rendering: Rendering, read_file: ReadFile, findings: Findings
) -> Instance:
    """`config`, the text of buildkitd.toml; `certificates` that the user gave, and `registry_files`, which are the
    registries' own: {"REGISTRY/FILE": (host, key of its entry)}."""
    given = _certificates(instance, f"{variable}.certificates", findings)
    version = buildkit_version(instance.get("image", ""))
    rendered = rendering(version)
    if "config" not in instance:
        if given:
            message = "is set without a `config` that names the files"
            findings.problem(f"{variable}.certificates", None, message, "Use `ca` and `client_cert` of a registry")
        return {"config": rendered.text, "certificates": {}, "registry_files": dict(rendered.files)}
    result = {"config": "", "certificates": given, "registry_files": dict(rendered.files)}
    text: str = instance["config"]
    if re.fullmatch(r"[^\n=\[#]+", text.strip()):  # TOML needs one of these, so it is a path
        try:
            text = read(text, read_file).decode()
        except (CertificateError, UnicodeDecodeError) as exc:
            reason = str(exc) if isinstance(exc, CertificateError) else "is not UTF-8"
            remedy = "Write TOML, or the path of a file on the controller"
            findings.problem(f"{variable}.config", text, reason, remedy)
            return result
    check_config(text, {**rendered.files, **given}, f"{variable}.config", findings, version)
    return result | {"config": text}


def _certificates(instance: Instance, variable: str, findings: Findings) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, pem in instance.get("certificates", {}).items():
        if not isinstance(name, str) or not _FILE.fullmatch(name):
            remedy = "Write REGISTRY/FILE, such as harbor.example.com_8443/ca.crt"
            findings.problem(f"{variable}.{name}", None, "is not a path below certs/", remedy)
        elif not isinstance(pem, str):
            findings.problem(f"{variable}.{name}", None, "is not text", "Give the file's content")
        else:
            found[name] = pem
    return found


def _check_unique(instances: Sequence[Instance], variable: str, findings: Findings) -> None:
    """buildx keeps an instance in a file named in lower case."""
    seen: dict[str, int] = {}
    for index, instance in enumerate(instances):
        name = instance.get("name")
        if name is not None and seen.setdefault(name.lower(), index) != index:
            message = f"is also the name of {variable}[{seen[name.lower()]}]; case is ignored"
            findings.problem(f"{variable}[{index}].name", name, message, "Use a unique name for each builder")

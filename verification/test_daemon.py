# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd is running with daemon.json, which is in its desired state."""

from __future__ import annotations

import json
import shlex
import typing as t
from collections.abc import Mapping

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import (
    configuration_file,
    shown,
    unit_flags,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    DATA_ROOT,
    absolute,
    is_remapped_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    has_containerd_store,
    knows_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import boot
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.plan import PRESENT
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import DOCKER
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.verification.looking import (
    PROVISION,
    Asked,
    CheckFailedError,
    docker_info,
    files_of,
    journal,
    output,
    units_of,
    wrong_rights,
)
from testinfra.host import Host

RESTART = "Run playbooks/provision-builders.yml, which restarts docker when no running work is affected"
DATA_ROOT_KEY = "data-root"
Info = Mapping[str, t.Any]


def shown_root(info: Info) -> str:
    """data-root, without the folder that userns-remap makes in it."""
    root = str(info["DockerRootDir"])
    return root.rpartition("/")[0] if is_remapped_in(info) else root


def configured(host: Host) -> dict[str, t.Any]:
    """daemon.json, {} without one."""
    file = host.run(f"test ! -e {DAEMON_JSON} || cat {DAEMON_JSON}")
    try:
        found = json.loads(file.stdout or "{}")
    except ValueError as exc:
        raise CheckFailedError(
            f"{DAEMON_JSON} is not valid JSON: {exc}", output(file), remedy="Fix it, then provision again"
        ) from None
    return dict(found)


def test_dockerd_answers(host: Host) -> None:
    docker_info(host)


def test_docker_starts_at_boot(host: Host, asked: Asked) -> None:
    """By its service or by its socket; nothing that it needs is masked."""
    if "engine" not in asked.concerns:
        pytest.skip("Docker is not managed")
    units = units_of(host)
    wrong = boot.faults(units)
    if not wrong and boot.is_left_out(units):
        if asked.engine == PRESENT:
            pytest.skip(boot.words(units))
        wrong = (boot.words(units),)
    if wrong:
        shown = host.run("systemctl status --no-pager --lines=0 docker.service docker.socket containerd.service")
        raise CheckFailedError("; ".join(wrong), output(shown), remedy="See the message")


def test_dockerd_reads_daemon_json(host: Host, asked: Asked) -> None:
    """Its unit and its process use no other file, and only root may write it."""
    if "daemon" not in asked.concerns:
        pytest.skip("daemon.json is not managed")
    docker = units_of(host)[DOCKER]
    files = {path: host.run(f"cat {shlex.quote(path)}").stdout for path in unit_flags.environment_files(docker.shown)}
    elsewhere = unit_flags.elsewhere(docker, files, DAEMON_JSON, lambda path: real(host, path))
    if elsewhere:
        shown = host.run("systemctl cat docker.service")
        raise CheckFailedError(elsewhere, output(shown), remedy="See the message")
    process = host.run("tr '\\0' '\\n' < /proc/$(systemctl show --property=MainPID --value docker.service)/cmdline")
    used = unit_flags.config_file(process.stdout.splitlines()[1:])
    if used is not None and real(host, used) != real(host, DAEMON_JSON):
        raise CheckFailedError(
            f"dockerd is running with {used} instead of {DAEMON_JSON}", output(process), remedy=RESTART
        )
    found, text = files_of(host, [DAEMON_JSON]).get(DAEMON_JSON), host.run(f"cat {DAEMON_JSON}").stdout
    wrong = wrong_rights(host, [configuration_file.rights_of(found, text)]) if found else []
    if wrong:
        raise CheckFailedError("; ".join(wrong), output(host.run(f"ls -l {DAEMON_JSON}")), remedy=PROVISION)


def real(host: Host, path: str) -> str:
    """A path without links."""
    return str(host.run(f"readlink -m {shlex.quote(path)}").stdout.strip())


def test_daemon_json_is_valid(host: Host) -> None:
    if not configured(host):
        pytest.skip(f"{DAEMON_JSON} does not exist")
    done = host.run(f"dockerd --validate --config-file={DAEMON_JSON}")
    if "unknown flag" in done.stderr:
        pytest.skip("dockerd before 23.0 cannot validate")
    if done.rc != 0 or "configuration OK" not in done.stdout + done.stderr:
        remedy = "Fix the key that dockerd names: it would not start with this file"
        raise CheckFailedError(f"dockerd rejects {DAEMON_JSON}", output(done), remedy=remedy)


def test_daemon_json_is_as_asked(host: Host, asked: Asked) -> None:
    if "daemon" not in asked.concerns:
        pytest.skip("daemon.json is not managed")
    wrong = list(differences(asked.daemon_options, configured(host)))
    if wrong:
        raise CheckFailedError(
            f"{DAEMON_JSON} differs from builder_daemon_options: {'; '.join(wrong)}", remedy=PROVISION
        )


def differences(patch: Mapping[str, t.Any], found: t.Any, path: str = "") -> t.Iterator[str]:
    """Where *found* is not as a merge patch (RFC 7396) would leave it."""
    for key, wanted in patch.items():
        value = found.get(key) if isinstance(found, dict) else None
        if isinstance(wanted, dict):
            yield from differences(wanted, value, f"{path}{key}.")
        elif wanted != value:
            yield f"{path}{key} is {json.dumps(value)}, not {json.dumps(wanted)}"


def test_dockerd_runs_with_daemon_json(host: Host, asked: Asked) -> None:
    """A change of the file has no effect before a reload or restart."""
    info, file = docker_info(host), configured(host)
    both = {key: shown.difference(key, file.get(key), info) for key in shown.KEYS if key != DATA_ROOT_KEY}
    if DATA_ROOT_KEY in file:
        both[DATA_ROOT_KEY] = root_difference(host, file[DATA_ROOT_KEY] or DATA_ROOT, info)
    wrong = [f"{key} is {json.dumps(each[0])}, not {json.dumps(each[1])}" for key, each in both.items() if each]
    told = (info.get("RegistryConfig") or {}).get("Mirrors") or []
    lost = [each for each in asked.mirrors if "/" not in each and not any(each in str(url) for url in told)]
    if lost and "daemon" in asked.concerns and not hosts_toml(host):
        wrong.append(f"docker.io has no mirror {', '.join(lost)}")
    if wrong:
        raise CheckFailedError(
            f"dockerd is not running with: {'; '.join(wrong)}", journal(host, "docker"), remedy=RESTART
        )


def root_difference(host: Host, wanted: object, info: Info) -> tuple[str, str] | None:
    """(data-root of dockerd, that of the file) if they differ; links are those of the host."""
    found, asked = (real(host, absolute(each)) for each in (shown_root(info), str(wanted)))
    return (found, asked) if found != asked else None


def hosts_toml(host: Host) -> bool:
    """Whether dockerd reads its mirrors there instead."""
    return bool(host.run("test -e /etc/docker/certs.d/docker.io/hosts.toml").rc == 0)


def test_image_store_is_as_asked(host: Host, asked: Asked) -> None:
    """The containerd image store holds images of several platforms; the legacy one cannot."""
    features = asked.daemon_options.get("features") or {}
    if "daemon" not in asked.concerns or not features.get("containerd-snapshotter", True):
        pytest.skip("the containerd image store is not configured")
    info = docker_info(host)
    if not knows_containerd_store(str(info["ServerVersion"])):
        pytest.skip(f"Docker {info['ServerVersion']} has no containerd image store")
    if not has_containerd_store(info):
        shown = f"docker info: Driver {info.get('Driver')}, DriverStatus {info.get('DriverStatus')}"
        raise CheckFailedError("dockerd does not use the containerd image store", shown, remedy=RESTART)

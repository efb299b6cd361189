# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the suite sees of a host, on this machine: in folders of a test, with programs in place of the host's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import SERVICE, TIMER
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import checks
from ansible_collections.multiarch.builders.verification import (
    looking,
    processors,
    reaching,
    test_builders,
    test_daemon,
    test_emulation,
    test_guard,
    test_proof,
    test_pull,
)
from ansible_collections.multiarch.builders.verification.looking import Asked, CheckFailedError
from testinfra.host import Host

LINE = r":{name}:M::\x7fELF:\xff\xff\xff\xff:/usr/bin/{name}:F"
UNSHARE = ["unshare", "--user", "--map-root-user"]


def here(folder: Path, *prefix: str) -> Host:
    """This machine; *prefix* comes before each command."""
    return Host(reaching.Direct("here", {"become": list(prefix), "ssh": []}, folder))


def asked(**more: Any) -> Asked:
    given: dict[str, Any] = {name: [] for name in Asked.__dataclass_fields__}
    return Asked(**{**given, "host": "here", "direct": True, "guard": False, "pull": False, **more})


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs come first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    return folder


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def isolated(*arguments: str) -> list[str]:
    """`unshare` with these arguments, if it may be used here."""
    command = [*UNSHARE, *arguments]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{' '.join(command)} is not possible here")
    return command


@pytest.mark.parametrize(
    ("files", "names"),
    [
        pytest.param({"usr/lib/a.conf": LINE.format(name="a")}, ["a"], id="of a package"),
        pytest.param(
            {
                "etc/a.conf": "# no end of line",
                "etc/b.conf": LINE.format(name="b"),
                "usr/lib/c.conf": LINE.format(name="c"),
            },
            ["b", "c"],
            id="files that end without an end of line",
        ),
        pytest.param({"etc/a.conf": "", "usr/lib/a.conf": LINE.format(name="a")}, [], id="hidden by an empty file"),
        pytest.param({"etc/a.conf": None, "usr/lib/a.conf": LINE.format(name="a")}, [], id="masked by a link"),
        pytest.param(
            {"etc/a.conf": LINE.format(name="b"), "usr/local/lib/a.conf": LINE.format(name="a")}, ["b"], id="replaced"
        ),
        pytest.param({"run/a.conf": LINE.format(name="a")}, [], id="gone with a reboot"),
        pytest.param({}, [], id="none"),
    ],
)
def test_what_is_registered_at_boot(
    files: dict[str, str | None], names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("/dev/null") if text is None else path.write_text(text)
    monkeypatch.setattr(
        test_emulation, "BOOT", tuple(f"{tmp_path}/{each}" for each in ("etc", "usr/local/lib", "usr/lib"))
    )
    assert [each.name for each in test_emulation.registered_at_boot(here(tmp_path))] == names


def test_the_folders_of_the_boot_are_systemds_without_run() -> None:
    assert test_emulation.BOOT == ("/etc/binfmt.d", "/usr/local/lib/binfmt.d", "/usr/lib/binfmt.d")


def test_programs_are_tried_where_programs_run(tmp_path: Path) -> None:
    """Hardened hosts mount /var/tmp with noexec."""
    noexec = isolated("--mount", "sh", "-c", 'mount -t tmpfs -o noexec none /var/tmp && exec "$@"', "sh")
    host = here(tmp_path, *noexec)
    refused = host.run("printf '#!/bin/sh\\n' > /var/tmp/a; chmod 755 /var/tmp/a; /var/tmp/a")
    assert refused.rc == 126, "the mount forbids it"
    machine = os.uname().machine
    platform = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}[machine]
    done = processors.run_program(host, platform)
    assert (done.rc, done.stdout.strip(), done.stderr) == (0, machine, "")
    assert host.run("ls -d /var/lib/multiarch-verification.* /var/tmp/multiarch-verification.*").stdout == ""


def test_the_client_of_docker_20_10_is_understood(programs: Path, tmp_path: Path) -> None:
    """It knows templates only, and prints a word that is none (docker/cli, cli/command/system/info.go)."""
    answer = '{"ServerVersion":"20.10.24"}'
    program(programs / "docker", f"""case "$3" in '{{{{json .}}}}') echo '{answer}' ;; *) echo "$3" ;; esac""")
    assert looking.docker_info(here(tmp_path)) == {"ServerVersion": "20.10.24"}


INFO = {
    "ServerVersion": "28.5.2",
    "DockerRootDir": "/var/lib/docker/100000.100000",
    "SecurityOptions": ["name=userns"],
    "Labels": ["b=2", "a=1"],
    "LoggingDriver": "json-file",
    "DefaultRuntime": "runc",
    "DefaultAddressPools": [{"Base": "10.0.0.0/8", "Size": 24}],
    "RegistryConfig": {"Mirrors": ["https://m.test/"], "InsecureRegistryCIDRs": ["127.0.0.0/8"]},
}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"labels": ["a=1", "b=2"], "log-driver": ""}, "", id="labels in another order, a default"),
        pytest.param({"registry-mirrors": ["https://m.test"], "data-root": "var/lib/docker"}, "", id="other spellings"),
        pytest.param({"labels": ["a=1"]}, 'labels is \\["a=1", "b=2"\\], not \\["a=1"\\]', id="labels"),
        pytest.param({"data-root": "/srv/docker data"}, "data-root is .*, not .*/srv/docker data", id="another root"),
        pytest.param({"insecure-registries": ["r.test:5000"]}, "insecure-registries is", id="insecure registries"),
        pytest.param({"default-runtime": "runsc"}, 'default-runtime is "runc"', id="runtime"),
        pytest.param({"proxies": {"http-proxy": "http://p.test:3128"}}, "proxies is", id="a proxy"),
        pytest.param({"default-address-pools": [{"base": "10.1.0.0/16", "size": 24}]}, "pools is", id="networks"),
    ],
)
def test_what_dockerd_runs_with(document: dict[str, Any], words: str, programs: Path, tmp_path: Path) -> None:
    (tmp_path / "info").write_text(json.dumps(INFO))
    (tmp_path / "daemon.json").write_text(json.dumps(document))
    program(programs / "docker", f"cat {tmp_path}/info")
    program(programs / "journalctl", "true")
    told = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_daemon, "DAEMON_JSON", str(tmp_path / "daemon.json"))
        try:
            test_daemon.test_dockerd_runs_with_daemon_json(here(tmp_path), asked(concerns=["daemon"]))
        except CheckFailedError as failure:
            told = failure.message
    assert (told is None) is (not words), told
    assert re.search(words, told or ""), told


@pytest.mark.parametrize(
    ("version", "status", "told"),
    [
        pytest.param("20.10.24", [["Backing Filesystem", "extfs"]], "has no containerd image store", id="too old"),
        pytest.param("28.5.2", [["Backing Filesystem", "extfs"]], "does not use the containerd image", id="the other"),
        pytest.param("28.5.2", [["driver-type", "io.containerd.snapshotter.v1"]], "", id="as asked"),
    ],
)
def test_the_image_store(version: str, status: list[list[str]], told: str, programs: Path, tmp_path: Path) -> None:
    (tmp_path / "info").write_text(json.dumps({"ServerVersion": version, "DriverStatus": status}))
    program(programs / "docker", f"cat {tmp_path}/info")
    wish = asked(concerns=["daemon"], daemon_options={})
    if not told:
        test_daemon.test_image_store_is_as_asked(here(tmp_path), wish)
        return
    exception = pytest.skip.Exception if version.startswith("20") else CheckFailedError
    with pytest.raises(exception, match=told):
        test_daemon.test_image_store_is_as_asked(here(tmp_path), wish)


@pytest.mark.parametrize(
    ("wanted", "runs", "same"),
    [
        pytest.param("r.test/b:v1", "r.test/b:v1", True, id="the same"),
        pytest.param("r.test/b:v1", "r.test/b:v1-rootless", False, id="a longer tag"),
        pytest.param("r.test/b:v1", "r.test/b:v10", False, id="a greater number"),
        pytest.param("docker.io/moby/b:v1", "moby/b:v1", True, id="a short name"),
        pytest.param("r.test/b:v1", "r.test/b:v1@sha256:ab", True, id="with the digest that buildx adds"),
        pytest.param("r.test/b:v1@sha256:cd", "r.test/b:v1@sha256:ab", False, id="another digest"),
    ],
)
def test_the_image_of_a_builder(wanted: str, runs: str, same: bool, programs: Path, tmp_path: Path) -> None:
    program(programs / "docker", f"""test "$5" = '{{{{.Config.Image}}}}' && echo {runs} || echo '"Image": "{runs}"'""")
    node = {"name": "b0", "local": True}
    wish = asked(instances=[{"name": "b", "driver": "docker-container", "image": wanted, "nodes": [node]}])
    if same:
        test_builders.test_buildkit_has_the_image(here(tmp_path), wish, "b")
    else:
        with pytest.raises(CheckFailedError, match="container buildx_buildkit_b0 does not use"):
            test_builders.test_buildkit_has_the_image(here(tmp_path), wish, "b")


@pytest.mark.parametrize(
    ("ago", "words"),
    [pytest.param(60, "", id="a minute ago"), pytest.param(1260, "has not run for 21 minutes", id="21")],
)
def test_the_guards_last_run_is_told_by_the_clock_that_stops_while_a_host_sleeps(
    ago: int, words: str, programs: Path, tmp_path: Path
) -> None:
    slept = isolated("--time", "--boottime", "7200", "--fork")
    started = int((time.monotonic() - ago) * 10**6)
    timer = f"Id={TIMER}\\nActiveState=active\\nUnitFileState=enabled\\n"
    service = f"Id={SERVICE}\\nResult=success\\nExecMainStartTimestampMonotonic={started}\\n"
    program(programs / "systemctl", f"printf '{timer}\\n{service}'")
    program(programs / "journalctl", "true")
    if not words:
        test_guard.test_guard_runs(here(tmp_path, *slept), asked(guard=True))
    else:
        with pytest.raises(CheckFailedError, match=words):
            test_guard.test_guard_runs(here(tmp_path, *slept), asked(guard=True))


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        pytest.param("present", "skipped", id="a docker that is not ours"),
        pytest.param("distro", "failed", id="of the distribution"),
        pytest.param("docker", "failed", id="of Docker's repository"),
    ],
)
def test_a_docker_that_nothing_starts_at_boot(engine: str, told: str, programs: Path, tmp_path: Path) -> None:
    blocks = "\n".join(["LoadState=loaded\nUnitFileState=disabled\nWantedBy=\n"] * 6)
    (tmp_path / "units").write_text(blocks)
    program(programs / "systemctl", f"cat {tmp_path}/units")
    exception = pytest.skip.Exception if told == "skipped" else CheckFailedError
    with pytest.raises(exception, match="nothing starts docker at boot"):
        test_daemon.test_docker_starts_at_boot(here(tmp_path), asked(concerns=["engine"], engine=engine))


@pytest.mark.parametrize(
    ("timer", "service", "words"),
    [
        pytest.param("active enabled", "success", "", id="all is well"),
        pytest.param("inactive enabled", "success", f"{test_pull.TIMER} does not run", id="stopped"),
        pytest.param("active disabled", "success", f"{test_pull.TIMER} does not start at boot", id="disabled"),
        pytest.param("active enabled", "exit-code", r"failed \(exit-code\)", id="its last run failed"),
        pytest.param("inactive ", "success", "does not run; .* does not start at boot", id="not installed"),
    ],
)
def test_pull_mode(timer: str, service: str, words: str, programs: Path, tmp_path: Path) -> None:
    state, file = timer.split(" ")
    shown = f"Id={test_pull.TIMER}\\nActiveState={state}\\nUnitFileState={file}\\n\\n"
    program(programs / "systemctl", f"printf '{shown}Id={test_pull.SERVICE}\\nResult={service}\\n'")
    program(programs / "journalctl", "true")
    if not words:
        test_pull.test_pull_mode_runs(here(tmp_path), asked(pull=True))
    else:
        with pytest.raises(CheckFailedError, match=words):
            test_pull.test_pull_mode_runs(here(tmp_path), asked(pull=True))


FAILED = {
    name: checks.Check("here", name, checks.FAILED, "why", remedy="mend it") for name in ("trust", "runs[linux/arm64]")
}
WISH = asked(concerns=["trust", "buildx"], platforms=["linux/arm64"], users=["root"])


def test_no_failure_of_the_playbook_is_lost() -> None:
    """None of the suite's own: a program that runs in its chroot, no registry in the table."""
    with pytest.raises(CheckFailedError, match="why"):
        test_proof.test_runs(FAILED, "linux/arm64")
    with pytest.raises(CheckFailedError, match="why"):
        test_proof.test_nothing_else_failed(FAILED, WISH)
    passed = {"reachable": checks.Check("here", "reachable"), "runs[linux/arm64]": FAILED["runs[linux/arm64]"]}
    test_proof.test_nothing_else_failed(passed, WISH)
    with pytest.raises(pytest.skip.Exception):
        test_proof.test_runs(passed, "linux/s390x")

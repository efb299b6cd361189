"""Traces on real hosts: a change of anything that a plan looks at leads to a full plan; without one there is none."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay

from lab import cgroup
from lab.host import group_of
from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook

TRACE = replay.PATH
PROGRAM = Path(replay.__file__).read_text()


def provision(host: str, *arguments: str, **options: Any) -> Run:
    run = playbook("provision-builders", *arguments, limit=host, **options)
    assert run.status == 0, run.output
    return run


def why(host: str, key: str | None = None, oldest: int = 600) -> str:
    """Why a full plan is needed, "" if none is: the program of controllers, on the host, with the key of its trace."""
    key = key or (re.findall(r'"key": "([0-9a-f]+)"', on(host, f"cat {TRACE} 2>/dev/null || :")) or ["none"])[0]
    said = on(host, "python3 -ISB -", stdin=f"{PROGRAM}\nmain({key!r}, {oldest})\n")
    found: dict[str, Any] = json.loads(said.partition(replay.MARK)[2])
    return str(found.get("why", ""))


@pytest.fixture(scope="module")
def host() -> str:
    """A host as provisioned, after a full plan that found nothing to do."""
    lab("reset", NEWER_ENGINE)
    provision(NEWER_ENGINE)
    provision(NEWER_ENGINE)
    assert why(NEWER_ENGINE) == ""
    return NEWER_ENGINE


@pytest.fixture
def traced(host: str) -> str:
    """The same, with a trace that holds, whatever the test before did."""
    if why(host):
        provision(host)
        if why(host):
            provision(host)
    assert why(host) == ""
    return host


def test_a_second_run_makes_no_plan(traced: str) -> None:
    run = provision(traced, "-v")
    assert "unchanged since the last full plan" in run.output
    assert "builder : Plan]" not in run.output
    assert f"{traced}: nothing to do" in run.output


TRACES = {
    "missing": (f"rm {TRACE}", "there is no trace"),
    "damaged": (f"truncate -s 100 {TRACE}", "Unterminated|Expecting"),
    "of a newer format": (f'sed -i \'s/"format": 1/"format": 2/\' {TRACE}', "another format"),
    "for others to write": (f"chmod 666 {TRACE}", "not private to root"),
    "another user's": (f"chown ci {TRACE}", "not private to root"),
    "a link": (f"mv {TRACE} /run/elsewhere; ln -s /run/elsewhere {TRACE}", "symbolic links"),
    "in a folder that others may write to": (f"chmod 777 $(dirname {TRACE})", "not private to root"),
    "from the future": (f'sed -Ei \'s/"time": [0-9]+/"time": 9999999999/\' {TRACE}', "clock"),
    "too old": (f'sed -Ei \'s/"time": [0-9]+/"time": 1000000000/\' {TRACE}', "s old"),
}


@pytest.mark.parametrize(("change", "reason"), TRACES.values(), ids=TRACES)
def test_a_trace_that_cannot_be_trusted_leads_to_a_full_plan(change: str, reason: str, traced: str) -> None:
    key = json.loads(on(traced, f"cat {TRACE}"))["key"]
    on(traced, change)
    assert re.search(reason, why(traced, key))
    on(traced, f"chmod 700 $(dirname {TRACE})")


@contextmanager
def system_calls(host: str, log: Path) -> Iterator[None]:
    """Write the system calls on files of all that starts by ssh meanwhile to *log*, a line each after its process."""
    (machine,) = (each for each in HOSTS if each.name == host)
    group = group_of(machine)
    sshd = [pid for pid in cgroup.processes(group) if Path(f"/proc/{pid}/comm").read_text().startswith("sshd")]
    argv = ["strace", "-f", "-qq", "-s", "400", "-e", "trace=%file,connect", "-o", str(log)]
    with subprocess.Popen([*argv, *(word for pid in sshd for word in ("-p", str(pid)))]) as tracer:
        time.sleep(1)
        try:
            yield
        finally:
            tracer.terminate()


# What Python, libc and Ansible's own modules look at by themselves.
OF_ITSELF = re.compile(
    r"/(dev|lib|lib64|usr/lib|usr/local/lib|usr/share/(locale|zoneinfo)|proc/self|sys/devices|sys/fs|tmp|var/tmp)\b"
    r"|/etc/(python3|ld\.so|localtime|ssl/openssl|os-release|selinux)\b|/selinux|/proc/[0-9]+/maps|/proc/(filesystems|sys/vm/)"
    r"|/(root|home/[a-z]+)/\.(ansible|local)\b|/root/<stdin>|/(var/)?run/nscd\b|/usr/(bin/)?(pyvenv|python|Modules|lib/python)"
    r"|/(usr/)?(local/)?s?bin(/python[0-9.]*)?(/pyvenv.cfg)?$|/usr/bin/(pyvenv.cfg|pybuilddir.txt|python|lib|Modules)"
    r"|/(usr|usr/local|root|run|proc|etc|home|var)?$"
)
# The processor stays until the next boot, which ends the trace.
OF_THE_BOOT = re.compile(r"/proc/cpuinfo$")
USER_DATABASE = re.compile(r"/etc/(nsswitch\.conf|passwd|group)$|/run/systemd/userdb\b|/var/lib/extrausers\b")
# Of the process that listens for dockerd, whose name and start are in the trace.
CONTAINERD = re.compile(r"/proc/net/unix$|/proc/[0-9]+/(comm|cmdline|fd\b.*)$|/run/")


def paths_of_the_plan(log: Path) -> set[str]:
    """The absolute paths that the process which wrote the trace looked at before it did."""
    lines = [line.split(maxsplit=1) for line in log.read_text(errors="replace").splitlines()]
    writers = {pid for pid, call in lines if "/.trace.json." in call and "O_CREAT" in call}
    (pid,) = writers
    found: set[str] = set()
    for process, call in lines:
        if process == pid and "/.trace.json." in call:
            break
        if process == pid:
            found.update(each.rstrip("/") for each in re.findall(r'^[^"]*"(/[^"]*)"', call))
    return found


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_trace_holds_all_that_a_full_plan_looks_at(traced: str, tmp_path: Path) -> None:
    on(traced, f"rm {TRACE}")
    with system_calls(traced, tmp_path / "calls"):
        provision(traced)
    looks = json.loads(on(traced, f"cat {TRACE}"))["looks"]
    looks = [each[3:] if each[0] == "acting" else each for each in looks]  # with the rights of a user
    named = {each[1] for each in looks if len(each) > 2 and str(each[1]).startswith("/")}
    programs = {look[1] for look in looks if look[0] == "program"} | {
        look[1][0] for look in looks if look[0] == "output"
    }
    named |= {f"/proc/{look[1]}/stat" for look in looks if look[0] == "process"}
    assert any(look[0] == "user" for look in looks)

    def is_held(path: str) -> bool:
        if OF_ITSELF.match(path) or OF_THE_BOOT.match(path) or USER_DATABASE.match(path) or CONTAINERD.match(path):
            return True
        if Path(path).name in programs or path in named:
            return True
        return any(each.startswith(f"{path}/") for each in named)  # on the way to it

    seen = paths_of_the_plan(tmp_path / "calls")
    assert len(seen) > 50
    missing = sorted(path for path in seen if not is_held(path))
    assert missing == [], "\n".join(missing)


# How controllers reach hosts.
OPS = ("-e", "ansible_user=ops", "-e", "ansible_become=true")
WAYS = {
    "as root": ((), {}),
    "by sudo": (OPS, {}),
    "by sudo with a password": ((*OPS, "-e", "ansible_become_password=of-this-test"), {}),
    "without pipelining": (OPS, {"ANSIBLE_PIPELINING": "false"}),
    "without a connection that persists": ((), {"ANSIBLE_SSH_ARGS": "-o ControlMaster=no"}),
    "in check mode": (("--check",), {}),
}


@pytest.mark.parametrize(("arguments", "environment"), WAYS.values(), ids=WAYS)
def test_a_trace_is_used_however_a_host_is_reached(
    arguments: tuple[str, ...], environment: dict[str, str], traced: str
) -> None:
    if any("password" in each for each in arguments):
        on(traced, "echo ops:of-this-test | chpasswd; echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops")
    try:
        run = provision(traced, "-v", *arguments, environment=environment or None)
    finally:
        on(traced, "echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops")
    assert f"<{traced}> unchanged since the last full plan" in run.output, run.output
    assert "of-this-test" not in run.output


FULL = {
    "asked for": (("-e", "builder_full_plan=true"), "builder_full_plan is true"),
    "no trace is old enough": (("-e", "builder_trace_max_age=0"), "builder_trace_max_age is 0"),
    "another desired state": (("-e", "builder_drain_timeout=1"), "the variables or the collection have changed"),
}


@pytest.mark.parametrize(("arguments", "why"), FULL.values(), ids=FULL)
def test_a_full_plan_is_made_and_said_why(arguments: tuple[str, ...], why: str, traced: str) -> None:
    run = provision(traced, "-v", *arguments)
    assert f"<{traced}> full plan: {why}" in run.output, run.output
    assert "builder : Plan]" in run.output


def test_two_controllers_that_take_turns_have_full_plans(traced: str) -> None:
    for seconds in (11, 12, 11):
        run = provision(traced, "-v", "-e", f"builder_drain_timeout={seconds}")
        assert f"<{traced}> full plan: the variables" in run.output, run.output


def test_check_mode_leaves_no_trace(traced: str) -> None:
    on(traced, f"rm -r $(dirname {TRACE})")
    provision(traced, "--check")
    assert on(traced, f"ls {TRACE} 2>&1 || :").strip().endswith("No such file or directory")


def test_a_host_that_differs_does_not_hold_up_the_others(traced: str) -> None:
    """Nor does one that is unreachable, nor one with other variables, in the same batch or in the next."""
    hosts = f"{traced},builder-2,builder-3"
    playbook("provision-builders", limit=hosts)
    playbook("provision-builders", limit=hosts)
    on("builder-3", "rm /etc/docker/certs.d/harbor.lab.test/ca.crt")
    away = {"builder_serial": 2, "ansible_port": f"{{{{ 1 if inventory_hostname == '{traced}' else 22 }}}}"}
    run = playbook("provision-builders", "-v", limit=hosts, variables=away)
    assert "<builder-2> unchanged since the last full plan" in run.output, run.output
    assert f"<{traced}> full plan: " in run.output
    assert run.says("builder-3: changed: trust 1"), run.output
    assert run.says(f"{traced}: unreachable"), run.output


def test_keywords_of_the_play_with_templates_lead_to_full_plans(traced: str) -> None:
    play = {
        "hosts": "builders",
        "gather_facts": False,
        "remote_user": "{{ 'root' if inventory_hostname else 'x' }}",
        "tasks": [{"import_role": {"name": "multiarch.builders.builder"}}],
    }
    path = Path("playbooks/of-a-test.yml")
    path.write_text(json.dumps([play]))
    try:
        run = playbook("of-a-test", "-v", limit=traced)
    finally:
        path.unlink()
    assert f"<{traced}> full plan: remote_user of the play may differ" in run.output, run.output


def test_wrong_input_of_one_host_keeps_all_hosts_from_being_connected_to(traced: str) -> None:
    wrong = {"builder_drain_timeout": f"{{{{ -1 if inventory_hostname == '{traced}' else 900 }}}}"}
    run = playbook("provision-builders", "-v", limit=f"{traced},builder-2", variables=wrong)
    assert run.status != 0
    assert run.says("The input of 1 of 2 hosts is invalid; nothing was changed:"), run.output
    assert f"<{traced}>" not in run.output, "no host was connected to"
    assert run.says("builder_drain_timeout"), run.output
    assert "builder : Plan]" not in run.output


STORE = "/root/.docker/buildx"
CERTS = "/etc/docker/certs.d"
PLUGINS = "/usr/libexec/docker/cli-plugins /usr/local/lib/docker/cli-plugins"
CONTAINER = "buildx_buildkit_multiarch0"
NO_UNDO = ""
# What happens between two runs, and what puts right again what other rows need.
CHANGES = {
    "a CA of dockerd's": (f"echo >>{CERTS}/harbor.lab.test/ca.crt", NO_UNDO),
    "mode of a CA": (f"chmod 600 {CERTS}/harbor.lab.test/ca.crt", NO_UNDO),
    "owner of a CA": (f"chown ci {CERTS}/harbor.lab.test/ca.crt", NO_UNDO),
    "a CA is gone": (f"rm {CERTS}/harbor.lab.test/ca.crt", NO_UNDO),
    "hosts.toml": (f"echo >>{CERTS}/docker.io/hosts.toml", NO_UNDO),
    "an anchor": ("rm /usr/local/share/ca-certificates/multiarch-builders-harbor.lab.test.crt", NO_UNDO),
    "the system's store": ("sed -i 1d /etc/ssl/certs/ca-certificates.crt", NO_UNDO),
    "daemon.json": ("cp /etc/docker/daemon.json /run; echo >>/etc/docker/daemon.json", NO_UNDO),
    "mode of daemon.json": ("chmod 640 /etc/docker/daemon.json", NO_UNDO),
    "a drop-in of docker's unit": (
        "mkdir /etc/systemd/system/docker.service.d;"
        "printf '[Service]\\nEnvironment=A=b\\n' >/etc/systemd/system/docker.service.d/x.conf; systemctl daemon-reload",
        "rm -r /etc/systemd/system/docker.service.d; systemctl daemon-reload",
    ),
    "a file of the unit's environment": ("echo '# x' >>/etc/default/docker", NO_UNDO),
    "docker does not start at boot": ("systemctl disable --quiet docker", "systemctl enable --quiet docker"),
    "configuration of containerd": ("echo '# x' >>/etc/containerd/config.toml", NO_UNDO),
    "the buildx plugin": ("touch /usr/libexec/docker/cli-plugins/docker-buildx", NO_UNDO),
    "another buildx plugin": (
        f"set -- {PLUGINS}; mkdir -p $2; cp $1/docker-buildx $2",
        "rm -r /usr/local/lib/docker",
    ),
    "another docker": ("ln -s /usr/bin/docker /usr/local/bin/docker", "rm /usr/local/bin/docker"),
    "docker from a snap": ("mkdir -p /snap/docker/current", "rm -r /snap"),
    "a login": ('sed -i \'s/"auth": "c/"auth": "d/\' /root/.docker/config.json', NO_UNDO),
    "a login of a user's": ('sed -i \'s/"auth": "c/"auth": "d/\' /home/ci/.docker/config.json', NO_UNDO),
    "mode of a login": ("chmod 644 /root/.docker/config.json", NO_UNDO),
    "docker for one user alone": (
        "mkdir -p /home/ci/.config/systemd/user; touch /home/ci/.config/systemd/user/docker.service",
        "rm -r /home/ci/.config/systemd",
    ),
    "mode of the store": (f"chmod 777 {STORE}/instances", NO_UNDO),
    "the current builder": (f"rm {STORE}/current", NO_UNDO),
    "a user's current builder": ("rm /home/ci/.docker/buildx/current", NO_UNDO),
    "another builder": ("su ci -c 'docker buildx create --name other'", "su ci -c 'docker buildx rm other'"),
    "an entry of the store": (f"sed -i s/docker-container/remote/ {STORE}/instances/multiarch", NO_UNDO),
    "an entry is gone": (f"rm {STORE}/instances/multiarch", NO_UNDO),
    "a file in the container": (f"docker exec {CONTAINER} sh -c 'echo >>/etc/buildkit/buildkitd.toml'", NO_UNDO),
    "the restart policy of the container": (f"docker update --restart on-failure:7 {CONTAINER}", NO_UNDO),
    "the container is paused": (f"docker pause {CONTAINER}", f"docker unpause {CONTAINER}"),
    "the container is in no network": (f"docker network disconnect bridge {CONTAINER}", NO_UNDO),
    "the container was stopped": (f"docker stop --time 1 {CONTAINER}", NO_UNDO),
    "the container was removed": (f"docker rm -f {CONTAINER}", NO_UNDO),
    "the cache of a builder": ("docker volume create buildx_buildkit_gone0_state", NO_UNDO),
    "a handler is off": ("echo 0 >/proc/sys/fs/binfmt_misc/qemu-s390x", NO_UNDO),
    "a handler is gone": ("echo -1 >/proc/sys/fs/binfmt_misc/qemu-s390x", NO_UNDO),
    "a handler of somebody else's": (
        "echo ':x:E::x::/bin/true:' >/proc/sys/fs/binfmt_misc/register",
        "echo -1 >/proc/sys/fs/binfmt_misc/x",
    ),
    "all handlers are off": ("echo 0 >/proc/sys/fs/binfmt_misc/status", "echo 1 >/proc/sys/fs/binfmt_misc/status"),
    "a file of a handler": ("echo >>/etc/binfmt.d/qemu-s390x.conf", NO_UNDO),
    "an emulator": ("rm /usr/local/lib/multiarch-builders/emulators/*/qemu-s390x", NO_UNDO),
    "a user's group": ("gpasswd -d ci docker || usermod -aG docker ci", NO_UNDO),
    "a user's home": ("sed -i s,/home/ci:,/home/x:, /etc/passwd", "sed -i s,/home/x:,/home/ci:, /etc/passwd"),
    "forwarding": ("echo 0 >/proc/sys/net/ipv4/ip_forward", "echo 1 >/proc/sys/net/ipv4/ip_forward"),
    "the record": ('sed -i \'s/"format": 1/"format": 1 /\' /var/lib/multiarch-builders/trust.json', NO_UNDO),
    "a proof is due": ("echo >>/var/lib/multiarch-builders/unproven.json", NO_UNDO),
    "a record of tomorrow's": ("echo '{\"format\": 99}' >/var/lib/multiarch-builders/x.json", NO_UNDO),
    "containerd was restarted": ("systemctl restart containerd", NO_UNDO),
    "dockerd was restarted": ("systemctl restart docker", NO_UNDO),
    "dockerd is stopped": ("systemctl stop docker.socket docker", NO_UNDO),
}


@pytest.fixture(scope="module")
def looks(host: str) -> list[list[Any]]:
    """Those of the trace, before anything has changed."""
    found: list[list[Any]] = json.loads(on(host, f"cat {TRACE}"))["looks"]
    return found


def answers(host: str, looks: list[list[Any]]) -> list[str]:
    """What the looks find now, each on its own, whatever it was before."""
    code = f"""
def digest_or_error(look):
    try:
        return digest(LOOKS[look[0]](*look[1:-1]))
    except Exception as exc:
        return repr(exc)

print(json.dumps([digest_or_error(each) for each in json.loads({json.dumps(json.dumps(looks))})]))
"""
    found: list[str] = json.loads(on(host, "python3 -ISB -", stdin=f"{PROGRAM}\n{code}"))
    return found


@pytest.mark.parametrize(("change", "undo"), CHANGES.values(), ids=CHANGES)
def test_a_look_finds_each_single_change(change: str, undo: str, looks: list[list[Any]], host: str) -> None:
    before = answers(host, looks)
    on(host, change)
    assert answers(host, looks) != before
    on(host, undo)

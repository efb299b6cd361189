"""What makes a host work, now and after a reboot: each entry of the list, broken in each way that is known.

A row is an entry and a way to break it. The plan, verify-builders.yml and the suite tell it; then a run mends it, or is
refused with the way out, which is taken here. Rows of different entries are broken together. The list: docs/drift.md.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import IN_PLACE_OF_OURS

from tests.hosts.ansible_playbook import BIN, ROOT
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.daemon import base
from tests.hosts.emulation import require_emulation
from tests.hosts.lab import Run, lab, on, playbook, snapshot

PLATFORM, HANDLER = "linux/s390x", "qemu-s390x"
SWITCH = "/proc/sys/fs/binfmt_misc/status"
CONF = f"/etc/binfmt.d/{HANDLER}.conf"
EMULATOR = f"$(echo /usr/local/lib/multiarch-builders/emulators/*/{HANDLER})"
CONTAINER = "buildx_buildkit_multiarch0"
ENTRY = "~ci/.docker/buildx/instances/multiarch"
UNITS = "/etc/systemd/system"


def replaced(program: str) -> str:
    """The emulator is another file, which *program* makes of it; the kernel keeps the former one open."""
    return f"cp {EMULATOR} /var/tmp/e; cd /var/tmp; {program}; chmod 755 e; mv e {EMULATOR}"


def drop_in(unit: str, text: str) -> tuple[str, str]:
    """(what makes one, what takes it away)"""
    folder = f"{UNITS}/{unit}.d"
    make = f"mkdir {folder}; printf '{text}' > {folder}/test.conf; systemctl daemon-reload"
    return make, f"rm -r {folder}; systemctl daemon-reload"


def masked(unit: str) -> tuple[str, str]:
    return f"systemctl mask --quiet {unit}", f"systemctl unmask --quiet {unit}"


LOOP = (
    "printf '#!/bin/sh\\nexit 3\\n' > /var/tmp/b; chmod 755 /var/tmp/b;"
    f"docker cp --quiet /var/tmp/b {CONTAINER}:/usr/bin/buildkitd; docker restart --time 0 {CONTAINER} >/dev/null;"
    f'of="docker inspect --format {{{{.RestartCount}}}} {CONTAINER}"; until [ $($of) -ge 5 ]; do sleep 0.2; done'
)
LASTS, BOOTS = f"handler_survives_a_reboot[{PLATFORM}]", "emulation_starts_at_boot"
CLOSED, WORKS = "secrets_are_closed_to_others[ci-multiarch]", "container_does_its_work[multiarch]"
READS, STARTS = "dockerd_reads_daemon_json", "docker_starts_at_boot"


@dataclass(frozen=True)
class Row:
    """*told* is what plan, verify-builders and the *check* of the suite say of an *entry* that *script* broke.

    *mend* is what an administrator does where a run leaves it alone.
    """

    entry: str
    script: str
    told: str
    check: str
    mend: str = ""


MENDED = (
    Row("switch", f"echo 0 > {SWITCH}", f"{SWITCH}, the switch of all handlers", f"handler_is_registered[{PLATFORM}]"),
    Row("emulator", f"chmod 644 {EMULATOR}", "has mode 0644, not 0755", LASTS),
    Row("emulator", f"chown ci {EMULATOR}", "belongs to user 1000, not to 0", LASTS),
    Row("emulator", replaced("truncate --size 9999 e"), f"{HANDLER} is not as it was written", LASTS),
    Row(
        "emulator",
        replaced("printf x | dd of=e bs=1 seek=4096 conv=notrunc status=none"),
        f"{HANDLER} is not as it was written",
        LASTS,
    ),
    Row("emulators' folder", f"chmod 777 $(dirname {EMULATOR})", "has mode 0777, not 0755", LASTS),
    Row("line of binfmt.d", f"chmod 666 {CONF}", f"{CONF} has mode 0666, not 0644", LASTS),
    Row("line of binfmt.d", f": > {CONF}", CONF, LASTS),
    Row("daemon.json", "chmod 666 /etc/docker/daemon.json", "daemon.json has mode 0666, not 0664", READS),
    Row("container", f"docker pause {CONTAINER}", "is paused", WORKS),
    Row("container", f"docker network disconnect bridge {CONTAINER}", "is not in its network, bridge", WORKS),
    Row("container", LOOP, "restarts again and again", WORKS),
    Row(
        "container",
        f"docker network disconnect bridge {CONTAINER}; docker stop --time 0 {CONTAINER}",
        "is not in its network, bridge",
        WORKS,
    ),
    Row("entry", f"chmod 666 {ENTRY}", "instances/multiarch has mode 0666, not 0600", CLOSED),
    Row("entry", f"chmod 644 {ENTRY}", "instances/multiarch has mode 0644, not 0600", CLOSED),
    Row("entry", f"chown root {ENTRY}; chmod 644 {ENTRY}", "belongs to user 0, not to 1000", CLOSED),
    Row("store", "chmod 777 ~ci/.docker/buildx/instances", "instances has mode 0777, not 0755", CLOSED),
    Row("store", "chmod 757 ~ci/.docker", "/.docker has mode 0757, not 0755", CLOSED),
)
REFUSED = (
    Row(
        "systemd-binfmt",
        masked("systemd-binfmt")[0],
        "systemd-binfmt.service is masked: `systemctl unmask systemd-",
        BOOTS,
        masked("systemd-binfmt")[1],
    ),
    Row(
        "systemd-binfmt",
        f"ln -s /dev/null {UNITS}/sysinit.target.wants/systemd-binfmt.service; systemctl daemon-reload",
        "nothing starts systemd-binfmt.service at boot: `systemctl add-wants sysinit.target systemd-binfmt.service`",
        BOOTS,
        f"rm {UNITS}/sysinit.target.wants/systemd-binfmt.service; systemctl daemon-reload",
    ),
    Row(
        "systemd-binfmt",
        drop_in("systemd-binfmt.service", "[Unit]\\nConditionPathExists=/nowhere\\n")[0],
        f"systemd-binfmt.service is skipped (ConditionPathExists=/nowhere): fix {UNITS}/systemd-binfmt.service.d/",
        BOOTS,
        drop_in("systemd-binfmt.service", "")[1],
    ),
    Row(
        "systemd-binfmt",
        drop_in("systemd-binfmt.service", "[Service]\\nExecStart=\\nExecStart=/bin/true\\n")[0],
        f"systemd-binfmt.service does not run systemd-binfmt: fix {UNITS}/systemd-binfmt.service.d/test.conf",
        BOOTS,
        drop_in("systemd-binfmt.service", "")[1],
    ),
    Row(
        "systemd-binfmt",
        f"grep -v ^Before= /usr/lib/systemd/system/systemd-binfmt.service > {UNITS}/systemd-binfmt.service;"
        "systemctl daemon-reload",
        "systemd-binfmt.service may start after docker",
        BOOTS,
        f"rm {UNITS}/systemd-binfmt.service; systemctl daemon-reload",
    ),
    Row(
        "mount",
        masked("proc-sys-fs-binfmt_misc.mount")[0],
        "proc-sys-fs-binfmt_misc.mount is masked: `systemctl unmask proc-sys-fs-binfmt_misc.mount`",
        BOOTS,
        masked("proc-sys-fs-binfmt_misc.mount")[1],
    ),
    Row(
        "line of binfmt.d",
        f"cp {CONF} /var/tmp/conf; ln -sf /dev/null {CONF}",
        f"handler {HANDLER} is masked: {CONF} is a link to /dev/null, which is how administrators disable one: set "
        "builder_binfmt_takeover: true to replace that, or remove linux/s390x from builder_platforms",
        LASTS,
        f"rm {CONF}; cp /var/tmp/conf {CONF}",
    ),
    Row(
        "docker.service",
        drop_in(
            "docker.service",
            "[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd:// --config-file /etc/docker/other.json\\n",
        )[0],
        f"docker.service starts dockerd with --config-file /etc/docker/other.json ({UNITS}/docker.service.d/test.conf),"
        " so dockerd reads no /etc/docker/daemon.json: move its content to /etc/docker/daemon.json",
        READS,
        drop_in("docker.service", "")[1],
    ),
    Row(
        "docker.service",
        "echo 'DOCKER_OPTS=--config-file=/etc/docker/other.json' >> /etc/default/docker",
        "docker.service starts dockerd with --config-file /etc/docker/other.json (/etc/default/docker)",
        READS,
        "sed -i /config-file/d /etc/default/docker",
    ),
)
# Nothing else is told of a host whose docker would not start again.
NO_DOCKER = tuple(
    Row(
        unit,
        masked(unit)[0],
        f"docker does not start again, as {unit} is masked: `systemctl unmask {unit}`",
        STARTS,
        masked(unit)[1],
    )
    for unit in ("docker.socket", "containerd.service")
)
# As docker/setup-qemu-action does with `reset`; alone, as it hides what is wrong with an emulator of ours.
RESET = (
    Row(
        "handler",
        "".join(
            f"docker run --privileged --rm $(docker images --quiet tonistiigi/binfmt) {what} >/dev/null 2>&1;"
            for what in ("--uninstall 'qemu-*'", "--install all")
        ),
        IN_PLACE_OF_OURS,
        f"handler_is_registered[{PLATFORM}]",
    ),
)
VARIABLES = {
    "platforms": ["amd64", "s390x"],
    "verify_base": "scratch",
    "verify_repository": "",
    "verify_trust": False,
}


def together(rows: tuple[Row, ...]) -> list[tuple[Row, ...]]:
    """Rows in groups in which no entry is broken twice."""
    groups: list[list[Row]] = []
    for row in rows:
        group = next((each for each in groups if row.entry not in [other.entry for other in each]), None)
        if group is None:
            groups.append(group := [])
        group.append(row)
    return [tuple(group) for group in groups]


def run(name: str, host: str, *arguments: str, **variables: Any) -> Run:
    """A playbook, with *variables* without `builder_`."""
    given = {f"builder_{name}": value for name, value in {**VARIABLES, **variables}.items()}
    return playbook(name, *arguments, limit=host, variables=given)


def provision(host: str, *arguments: str, **variables: Any) -> Run:
    """All concerns, unless others are named."""
    return run("provision-builders", host, *arguments, **variables)


def looked_at_by_the_suite(host: str, folder: Path, rows: tuple[Row, ...] = ()) -> dict[str, str]:
    """{check: message} of what its own looks find, those of *rows* or all."""
    (folder / "group_vars").mkdir(exist_ok=True)
    given = {f"builder_{name}": value for name, value in VARIABLES.items()}
    (folder / "group_vars/builders.json").write_text(json.dumps(given))
    (folder / "hosts.yml").write_text("builders:\n")
    inventory = f"{ROOT}/inventory/lab,{ROOT}/tests/hosts/inventory.yml,{folder}/hosts.yml"
    names = " or ".join(sorted({f"test_{row.check.partition('[')[0]}" for row in rows})) or "test_"
    command = [str(BIN / "pytest"), "verification", f"--hosts=ansible://{host}", f"--results={folder}/results"]
    command += ["-q", "-p", "no:cacheprovider", "-k", f"({names}) and not test_proof and not test_registry"]
    environment = {**os.environ, "ANSIBLE_INVENTORY": inventory}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    results = folder / "results/verification.json"
    assert results.exists(), done.stdout + done.stderr
    checks = json.loads(results.read_text())["hosts"][host]["checks"]
    return {each["name"]: each["message"] for each in checks if each["outcome"] == "failed"}


def require_told_by_all(host: str, rows: tuple[Row, ...], planned: Run, folder: Path) -> None:
    """By the plan, by verify-builders.yml and by the suite."""
    assert [row for row in rows if not planned.says(row.told)] == [], planned.output
    verified = run("verify-builders", host, verify_due=[])
    assert verified.status == 2, verified.output
    assert [row for row in rows if not verified.says(row.told)] == [], verified.output
    found = looked_at_by_the_suite(host, folder, rows)
    assert [row for row in rows if row.told not in found.get(row.check, "")] == [], found


@pytest.fixture(scope="module", params=[OLDER_ENGINE, NEWER_ENGINE], ids=["26.1", "28.5"])
def host(request: pytest.FixtureRequest) -> str:
    """A host of either engine that is provisioned, and that each test leaves so."""
    name = str(request.param)
    lab("reset", name)
    done = provision(name)
    assert done.status == 0, done.output
    return name


@pytest.mark.parametrize("rows", [*together(MENDED), RESET], ids=lambda rows: f"{len(rows)} entries")
def test_drift_is_told_by_all_and_mended(host: str, rows: tuple[Row, ...], tmp_path: Path) -> None:
    for row in rows:
        on(host, row.script)
    before = snapshot(host)
    require_told_by_all(host, rows, provision(host, "--check"), tmp_path)
    assert snapshot(host) == before
    done = provision(host)
    assert done.status == 0, done.output
    assert done.output.strip().endswith("; proven"), done.output
    on(host, "systemctl restart systemd-binfmt")
    require_emulation(host, [PLATFORM])


@pytest.mark.parametrize("rows", [*together(REFUSED), NO_DOCKER], ids=lambda rows: f"{len(rows)} entries")
def test_what_somebody_did_on_purpose_is_told_with_the_way_out_and_left_alone(
    host: str, rows: tuple[Row, ...], tmp_path: Path
) -> None:
    for row in rows:
        on(host, row.script)
    before = snapshot(host)
    done = provision(host)
    assert done.recap(host)["failed"] == 1, done.output
    require_told_by_all(host, rows, done, tmp_path)
    assert snapshot(host) == before
    for row in rows:
        on(host, row.mend)


@pytest.mark.thorough
def test_after_all_of_it_nothing_is_left_to_do_and_a_reboot_changes_nothing(host: str, tmp_path: Path) -> None:
    for _reboot in ("before", "after"):
        found = provision(host, "--check")
        assert (found.status, found.recap(host)["changed"]) == (0, 0), found.output
        assert looked_at_by_the_suite(host, tmp_path) == {}
        lab("reboot", host)
        require_emulation(host, [PLATFORM])


def retire(host: str) -> None:
    done = playbook("retire-builders", limit=host)
    assert done.status == 0, done.output


def test_a_mask_gives_way_to_a_takeover_and_comes_back_at_the_end(spare: str) -> None:
    on(spare, f"ln -s /dev/null {CONF}")
    asked = {"concerns": ["engine", "trust", "daemon", "binfmt"], "binfmt_takeover": True}
    done = provision(spare, **asked)
    assert done.status == 0, done.output
    on(spare, f"test -s {CONF}; systemctl restart systemd-binfmt")
    require_emulation(spare, [PLATFORM])
    assert provision(spare, "--check", **asked).recap(spare)["changed"] == 0
    retire(spare)
    assert (
        on(spare, f"readlink {CONF}; test ! -e /proc/sys/fs/binfmt_misc/{HANDLER}; test -c /dev/null") == "/dev/null\n"
    )


def test_a_docker_that_nothing_starts_at_boot_is_told_or_enabled_and_is_as_before_at_the_end(spare: str) -> None:
    state = "systemctl is-enabled docker.service docker.socket || true"
    on(spare, "systemctl disable --quiet docker.service docker.socket")
    told = (
        "nothing starts docker at boot (docker.service is disabled, docker.socket is disabled), and with it no builder"
    )
    alone = provision(spare, concerns=["engine"])
    assert (alone.status, alone.recap(spare)["changed"]) == (0, 0), alone.output
    assert alone.says(f"{told}: `systemctl enable docker.service docker.socket`")
    assert on(spare, state).split() == ["disabled", "disabled"]
    ours = provision(spare, concerns=["engine"], engine="distro")
    assert ours.says(f"enable docker: {told}"), ours.output
    assert on(spare, state).split() == ["enabled", "enabled"]
    lab("reboot", spare)
    assert provision(spare, "--check", concerns=["engine"], engine="distro").recap(spare)["changed"] == 0
    retire(spare)
    assert on(spare, state).split() == ["disabled", "disabled"]


PODMANS = '#!/bin/sh\nexec /usr/bin/podman "$@"\n'  # package podman-docker, without its sentence


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param(
            "mv /usr/bin/docker /var/tmp; cat > /usr/bin/docker; chmod 755 /usr/bin/docker",
            "/usr/bin/docker is podman, which does not support buildx builders",
            id="podman-docker",
        ),
        pytest.param(
            "systemctl stop docker.socket docker.service; mv /usr/sbin/dockerd /var/tmp; mkdir -p /snap/docker/current",
            "Docker is here as a snap (/snap/docker/current), whose files are elsewhere",
            id="snap",
        ),
    ],
)
def test_beside_what_calls_itself_docker_nothing_is_installed(script: str, told: str, spare: str) -> None:
    on(spare, script, stdin=PODMANS)
    before = on(spare, "dpkg-query --show; find /etc /usr/local -newer /var/tmp -type f")
    done = provision(spare, concerns=["engine"], engine="distro")
    assert done.recap(spare)["failed"] == 1, done.output
    assert done.says(told), done.output
    assert on(spare, "dpkg-query --show; find /etc /usr/local -newer /var/tmp -type f") == before


def test_a_builder_whose_first_start_fails_does_not_stay_and_start_for_ever(spare: str) -> None:
    asked = {"platforms": ["amd64"], "users": ["root"]}
    assert provision(spare, **asked, concerns=["engine", "trust", "daemon"]).status == 0
    on(
        spare,
        f"docker create --name broken {base()} >/dev/null; docker commit --change 'ENTRYPOINT [\"false\"]' broken "
        "broken/buildkit:1 >/dev/null; docker rm broken >/dev/null",
    )
    other = {"name": "other", "image": "broken/buildkit:1"}
    done = provision(spare, **asked, concerns=["buildx"], instances=[other])
    assert done.recap(spare)["failed"] == 1, done.output
    assert done.says("builder other of root does not run"), done.output
    assert on(spare, "docker ps --all --quiet; ls ~/.docker/buildx/instances") == ""
    assert on(spare, "docker volume ls --quiet").strip() == "buildx_buildkit_other0_state", "it was made"

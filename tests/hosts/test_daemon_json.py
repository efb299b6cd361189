"""daemon.json: keys of others stay, what is no JSON is not touched, and a daemon that does not start is put back."""

from __future__ import annotations

import json

from tests.hosts.lab import on, playbook

PATH = "/etc/docker/daemon.json"
THEIRS = '{\n  "labels": ["team=a"],\n  "features": {"buildkit": true},\n  "log-opts": {"max-size": "10m"}\n}\n'
ONLY_DAEMON = {"builder_concerns": ["engine", "trust", "daemon"]}


def write(host: str, text: str) -> None:
    on(host, f"mkdir -p /etc/docker; cat > {PATH} <<'END'\n{text.rstrip()}\nEND")


def test_keys_of_others_stay_and_ours_go_when_they_are_no_longer_asked_for(spare: str) -> None:
    write(spare, THEIRS)
    ours = {**ONLY_DAEMON, "builder_daemon_options": {"max-concurrent-downloads": 5, "log-opts": {"max-file": "2"}}}
    run = playbook("provision-builders", limit=spare, variables=ours)
    assert run.status == 0, run.output
    text = on(spare, f"cat {PATH}")
    assert json.loads(text) == {
        "labels": ["team=a"],
        "features": {"buildkit": True, "containerd-snapshotter": True},
        "log-opts": {"max-size": "10m", "max-file": "2"},
        "max-concurrent-downloads": 5,
        "registry-mirrors": ["https://mirror.lab.test:5000"],
    }
    assert text.startswith('{\n  "labels"')  # their indentation and their order
    assert on(spare, "cat /var/lib/multiarch-builders/backups/*daemon.json*") == THEIRS
    assert "io.containerd.snapshotter.v1" in on(spare, "docker info --format '{{.DriverStatus}}'")

    run = playbook("provision-builders", limit=spare, variables=ONLY_DAEMON)
    assert run.status == 0, run.output
    assert json.loads(on(spare, f"cat {PATH}")) == {
        "labels": ["team=a"],
        "features": {"buildkit": True, "containerd-snapshotter": True},
        "log-opts": {"max-size": "10m"},
        "registry-mirrors": ["https://mirror.lab.test:5000"],
    }


def test_what_is_no_json_stops_the_run_on_this_host_and_stays(spare: str) -> None:
    broken = '{\n  "labels": ["team=a"],\n}\n'
    write(spare, broken)
    run = playbook("provision-builders", limit=f"{spare},builder-1")
    assert run.recap(spare)["failed"] == 1
    assert run.recap("builder-1")["failed"] == 0
    assert run.says(f"{PATH} is no JSON: ")
    assert "line 3, column 1" in run.output or "line 2, column 23" in run.output, run.output
    assert on(spare, f"cat {PATH}") == broken


def test_an_option_that_dockerd_refuses_is_found_before_anything_changes(spare: str) -> None:
    write(spare, THEIRS)
    options = {**ONLY_DAEMON, "builder_daemon_options": {"log-opts": {"max-file": 2}}}
    run = playbook("provision-builders", limit=spare, variables=options)
    assert run.recap(spare)["failed"] == 1
    assert run.says("dockerd refuses what daemon.json would become, nothing was changed")
    assert on(spare, f"cat {PATH}") == THEIRS
    assert on(spare, "ls /etc/docker/certs.d 2>/dev/null || true") == ""


def test_an_option_that_is_a_flag_of_the_unit_too_is_found_before_anything_changes(spare: str) -> None:
    write(spare, THEIRS)
    on(spare, """echo 'DOCKER_OPTS="--log-level=warn"' > /etc/default/docker""")
    options = {**ONLY_DAEMON, "builder_daemon_options": {"log-level": "info"}}
    run = playbook("provision-builders", limit=spare, variables=options)
    assert run.recap(spare)["failed"] == 1
    assert run.says("specified both as a flag and in the configuration file: log-level")
    assert on(spare, f"cat {PATH}") == THEIRS


def test_a_daemon_that_does_not_start_is_put_back(spare: str) -> None:
    write(spare, THEIRS)
    # --validate lets it pass, starting does not
    options = {**ONLY_DAEMON, "builder_daemon_options": {"data-root": "/proc/no-such-folder"}}
    run = playbook("provision-builders", limit=spare, variables=options)
    assert run.recap(spare)["failed"] == 1
    assert run.says("docker did not come up: the former /etc/docker/daemon.json was put back and docker runs again")
    assert on(spare, f"cat {PATH}") == THEIRS
    assert on(spare, "systemctl is-active docker; docker version --format '{{.Server.Os}}'").split() == [
        "active",
        "linux",
    ]


def test_images_are_not_hidden_without_leave(spare: str) -> None:
    playbook("provision-builders", limit=spare, variables={**ONLY_DAEMON, "builder_concerns": ["trust"]})
    on(
        spare,
        "echo FROM scratch | docker build --quiet --tag theirs --label a=b - 2>/dev/null || true; docker images -q",
    )
    on(spare, "tar -c -C /etc hostname | docker import - theirs:1 >/dev/null")
    run = playbook("provision-builders", limit=spare, variables=ONLY_DAEMON)
    assert run.recap(spare)["failed"] == 1
    assert run.says("builder_allow_image_store_switch: true")
    assert on(spare, "docker images --quiet theirs:1") != ""
    run = playbook(
        "provision-builders", limit=spare, variables={**ONLY_DAEMON, "builder_allow_image_store_switch": True}
    )
    assert run.status == 0, run.output


def test_what_dockerd_takes_over_live_is_reloaded_and_the_rest_is_restarted(spare: str) -> None:
    assert playbook("provision-builders", limit=spare, variables=ONLY_DAEMON).status == 0
    pid = on(spare, "cat /run/docker.pid")
    live = {**ONLY_DAEMON, "builder_daemon_options": {"labels": ["team=b"], "max-concurrent-downloads": 2}}
    run = playbook("provision-builders", limit=spare, variables=live)
    assert run.status == 0, run.output
    assert run.says("reload docker, nothing that runs is disturbed: labels: absent")
    assert on(spare, "cat /run/docker.pid") == pid
    assert on(spare, "docker info --format '{{json .Labels}}'").strip() == '["team=b"]'
    assert playbook("provision-builders", limit=spare, variables=live).recap(spare)["changed"] == 0

    # the removal of a label is nothing that a reload brings
    run = playbook("provision-builders", limit=spare, variables=ONLY_DAEMON)
    assert run.status == 0, run.output
    assert run.says('restart docker: labels: ["team=b"] → absent')
    assert on(spare, "cat /run/docker.pid") != pid
    assert on(spare, "docker info --format '{{json .Labels}}'").strip() in ("[]", "null")


def test_a_restart_that_is_forbidden_stays_pending_and_is_shown_until_it_happened(spare: str) -> None:
    assert playbook("provision-builders", limit=spare, variables=ONLY_DAEMON).status == 0
    pid = on(spare, "cat /run/docker.pid")
    never = {**ONLY_DAEMON, "builder_daemon_options": {"mtu": 1400}, "builder_disruption": "never"}
    for changed in (1, 0):
        run = playbook("provision-builders", limit=spare, variables=never)
        assert run.recap(spare)["changed"] == changed, run.output
        assert run.says("docker needs a restart, which builder_disruption: never forbids: ")
    assert on(spare, "cat /run/docker.pid") == pid
    run = playbook("provision-builders", limit=spare, variables={**never, "builder_disruption": "wait"})
    assert run.says("restart docker: daemon.json changed after dockerd started")
    assert on(spare, "cat /run/docker.pid") != pid

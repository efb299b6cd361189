"""daemon.json: keys of others stay, and what is no JSON or would stop dockerd is found before anything changes."""

from __future__ import annotations

import json

from tests.hosts.daemon import PATH, THEIRS, content, provision, provisioned, write
from tests.hosts.lab import on


def test_keys_of_others_stay_and_ours_go_when_they_are_no_longer_asked_for(engine: str) -> None:
    write(engine, THEIRS)
    provisioned(engine, daemon_options={"experimental": True, "log-opts": {"max-file": "2"}})
    text = content(engine)
    assert json.loads(text) == {
        "labels": ["team=a"],
        "features": {"buildkit": True, "containerd-snapshotter": True},
        "log-opts": {"max-size": "10m", "max-file": "2"},
        "experimental": True,
        "registry-mirrors": ["https://mirror.lab.test:5000"],
    }
    assert text.startswith('{\n  "labels"')  # their indentation and their order
    assert on(engine, "cat /var/lib/multiarch-builders/backups/*daemon.json*") == THEIRS
    told = on(engine, "docker info --format '{{.DriverStatus}} {{.ExperimentalBuild}}'")
    assert told == "[[driver-type io.containerd.snapshotter.v1]] true\n"

    provisioned(engine)
    assert json.loads(content(engine)) == {
        "labels": ["team=a"],
        "features": {"buildkit": True, "containerd-snapshotter": True},
        "log-opts": {"max-size": "10m"},
        "registry-mirrors": ["https://mirror.lab.test:5000"],
    }


def test_what_is_no_json_stops_the_run_on_this_host_and_stays(spare: str, newer: str) -> None:
    broken = '{\n  "labels": ["team=a"],\n}\n'
    write(spare, broken)
    run = provision(f"{spare},{newer}")
    assert run.recap(spare)["failed"] == 1
    assert run.recap(newer)["failed"] == 0
    assert run.says(f"{PATH} is not valid JSON: ")
    assert "line 3, column 1" in run.output or "line 2, column 23" in run.output, run.output
    assert content(spare) == broken


def test_an_option_that_dockerd_refuses_is_found_before_anything_changes(engine: str) -> None:
    write(engine, THEIRS)
    run = provision(engine, daemon_options={"log-level": "loud"})
    assert run.recap(engine)["failed"] == 1
    assert run.says("dockerd refuses what daemon.json would become, nothing was changed")
    assert content(engine) == THEIRS
    assert on(engine, "ls /etc/docker/certs.d 2>/dev/null || true") == ""


def test_an_option_that_is_a_flag_of_the_unit_too_is_found_before_anything_changes(spare: str) -> None:
    write(spare, THEIRS)
    on(spare, """echo 'DOCKER_OPTS="--log-level=warn"' > /etc/default/docker""")
    run = provision(spare, daemon_options={"log-level": "info"})
    assert run.recap(spare)["failed"] == 1
    assert run.says("specified both as a flag and in the configuration file: log-level")
    assert content(spare) == THEIRS

"""dockerd takes over what it can while it runs, restarts for the rest where it may, and is put back if it fails."""

from __future__ import annotations

import html
import json
from pathlib import Path

from tests.hosts.daemon import PATH, THEIRS, content, process, provision, provisioned, start_container, state, write
from tests.hosts.lab import on, playbook

LABELS = "docker info --format '{{json .Labels}}'"


def test_what_dockerd_takes_over_live_is_reloaded_and_the_rest_waits_for_leave_to_restart(
    engine: str, tmp_path: Path
) -> None:
    provisioned(engine)
    before = process(engine)
    live = {"labels": ["team=b"], "max-concurrent-downloads": 2}
    run = provisioned(engine, daemon_options=live)
    assert run.says("reload docker (running containers and builds are unaffected): labels: absent")
    assert process(engine) == before
    assert json.loads(on(engine, LABELS)) == ["team=b"]
    assert provision(engine, daemon_options=live).recap(engine)["changed"] == 0

    # the removal of a label is nothing that a reload brings
    written, reasons = ("changed: daemon 1 (write); ", ""), ('labels: ["team=b"] → absent', "daemon.json changed after")
    for done, reason in zip(written, reasons, strict=True):
        run = provisioned(engine, disruption="never")
        assert run.recap(engine)["changed"] == bool(done), run.output
        assert run.says(f"docker must restart, but builder_disruption: never forbids it: {reason}")
        assert run.summary(engine).startswith(f"{done}waits: docker must restart")
    waits = _reported_as_waiting(engine, tmp_path)
    assert run.summary(engine) == f"waits: {waits}", "one note, wherever it is shown"
    assert process(engine) == before
    assert json.loads(on(engine, LABELS)) == ["team=b"]

    run = provisioned(engine)
    assert run.says("restart docker: daemon.json changed after dockerd started")
    assert process(engine) != before
    assert not json.loads(on(engine, LABELS))


def _reported_as_waiting(host: str, folder: Path) -> str:
    """The note of builders.json whose kind says that something waits; the page has it in its place."""
    variables = {"report_dest": str(folder), "concerns": ["engine", "trust", "daemon"], "disruption": "never"}
    playbook("report-builders", limit=host, variables={f"builder_{name}": each for name, each in variables.items()})
    (found,) = json.loads((folder / "builders.json").read_text())["hosts"]
    (told,) = [each["text"] for each in found["notes"] if each["kind"] == "waits"]
    assert found["state"] == "drift"
    assert f"<h4>pending</h4><ul><li>{html.escape(told)}</li></ul>" in (folder / "builders.html").read_text()
    return str(told)


# An option that stops docker on this host alone.
DROP_IN = """
mkdir -p /etc/systemd/system/docker.service.d
cat > /etc/systemd/system/docker.service.d/house-rules.conf <<'END'
[Service]
ExecStartPre=/bin/sh -c "! grep mtu /etc/docker/daemon.json || { echo mtu breaks our house rules; exit 1; }"
END
systemctl daemon-reload
"""
# `dockerd --validate` lets both pass: what dockerd cannot start with, and what its unit does not.
FAILURES = (
    ({"data-root": "/proc/no-such-folder"}, "mkdir /proc/no-such-folder"),
    ({"mtu": 1400}, "mtu breaks our house rules"),
)


def test_a_dockerd_that_does_not_come_up_is_put_back_and_runs_again(engine: str) -> None:
    write(engine, THEIRS)
    provisioned(engine)
    start_container(engine, "service", "sleep 1001", "--restart=always")
    on(engine, DROP_IN)
    former = content(engine)
    for options, words in FAILURES:
        run = provision(engine, daemon_options=options, allow_data_root_switch=True)
        assert run.recap(engine)["failed"] == 1, run.output
        assert run.says(f"docker did not start, so the former {PATH} was restored, and docker runs again: ")
        assert words in run.output
        assert content(engine) == former
        assert on(engine, "systemctl is-active docker").strip() == "active"
        assert state(engine, "service", "Running") == "true"
    assert provision(engine).recap(engine)["changed"] == 0

"""The report says of real hosts what they say: one as asked, one new, one without Docker, one that is gone."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay

from tests.hosts.ansible_playbook import ROOT
from tests.hosts.lab import on, playbook

READY, GONE = "builder-1", "gone-1"
NOWHERE = "198.51.100.99"
KEPT = ROOT / ".build/report-lab/builders.html"  # of which `make picture` makes that in README.md
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


def report(folder: Path, *names: str) -> tuple[int, dict[str, Any]]:
    """(exit status, builders.json) of the playbook on *names*, of which the lab need not have each."""
    (folder / "gone.yml").write_text(
        f"builders: {{hosts: {{{GONE}: {{ansible_host: {NOWHERE}, ansible_user: root}}}}}}\n"
    )
    inventory = ("--inventory", str(folder / "gone.yml"))
    variables = {"builder_report_dest": str(folder)}
    run = playbook("report-builders", *inventory, limit=",".join(names), variables=variables)
    assert f"report: {len(names) - 3} ok" in run.output or len(names) < 4, run.output
    assert not re.search(r"changed=[1-9]", run.output)
    return run.status, json.loads((folder / "builders.json").read_text())


def cache_on(host: str) -> float:
    """Bytes of the builder's cache as buildx tells a person."""
    number, unit = re.findall(r"^Total:\s+([\d.]+)(\w+)$", on(host, "docker buildx du"), re.MULTILINE)[0]
    return float(number) * UNITS[unit]


def test_a_fleet_in_all_states(spare: str, newer: str, tmp_path: Path) -> None:
    new, bare = newer, spare
    on(bare, "systemctl stop docker.service docker.socket; chmod a-x $(which dockerd)")
    run = playbook("provision-builders", limit=READY)
    assert run.status == 0, run.output
    before = on(READY, "docker ps --all --no-trunc --format '{{.ID}} {{.State}}'; ls -lR /var/lib/multiarch-builders")

    status, told = report(tmp_path, READY, new, bare, GONE)

    assert status == 4, "unreachable, after the page was written"
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/report.schema.json").read_text())).validate(told)
    hosts = {host["name"]: host for host in told["hosts"]}
    states = {name: host["state"] for name, host in hosts.items()}
    assert states == {READY: "ok", new: "drift", bare: "failed", GONE: "unreachable"}
    page = (tmp_path / "builders.html").read_text()
    assert all(f">{name}</button>" in page for name in hosts)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(page)
    assert (
        on(READY, "docker ps --all --no-trunc --format '{{.ID}} {{.State}}'; ls -lR /var/lib/multiarch-builders")
        == before
    )

    ready = hosts[READY]
    assert ready["engine"]["docker"] == on(READY, "docker version --format '{{.Server.Version}}'").strip()
    assert ready["engine"]["buildx"] in on(READY, "docker buildx version")
    assert ready["machine"]["kernel"] == on(READY, "uname -r").strip()
    platforms = {each["platform"]: each for each in ready["platforms"]}
    assert [each["how"] for each in platforms.values()] == ["native", "emulated", "emulated", "emulated"]
    handler = on(READY, f"cat /proc/sys/fs/binfmt_misc/{platforms['linux/arm64']['handler']}")
    assert f"interpreter {platforms['linux/arm64']['interpreter']}\n" in handler
    assert platforms["linux/arm64"]["qemu"] in on(READY, f"{platforms['linux/arm64']['interpreter']} --version")
    (builder,) = ready["builders"]
    assert (builder["name"], builder["users"]) == ("multiarch", ["root", "ci"])
    assert [(node["name"], node["state"]) for node in builder["nodes"]] == [("multiarch0", "running")]
    assert 0.5 * cache_on(READY) <= builder["cache"] <= 1.5 * cache_on(READY)
    kept = json.loads(on(READY, "cat /var/lib/multiarch-builders/build_proof.json"))
    assert ready["build_proof"] == {
        "time": kept["time"],
        "passed": True,
        "failures": [],
        "about": list(platforms),
        "unproven": [],
    }
    shown = on(
        READY,
        "openssl s_client -connect harbor.lab.test:443 </dev/null 2>/dev/null | "
        "openssl x509 -noout -fingerprint -sha256",
    )
    found = next(
        each for each in ready["certificates"] if (each["registry"], each["kind"]) == ("harbor.lab.test", "server")
    )
    assert found["fingerprint"] == shown.partition("=")[2].strip().replace(":", "").lower()

    fresh = hosts[new]
    assert {step["concern"] for step in fresh["plan"]} == {"trust", "daemon", "binfmt", "buildx"}
    assert fresh["restart"] and fresh["build_proof"] is None
    assert {each["how"] for each in fresh["platforms"]} == {"native", "missing"}
    assert [node["state"] for each in fresh["builders"] for node in each["nodes"]] == ["missing"]
    assert {each["registry"]: each["outcome"] for each in fresh["registries"]}["harbor.lab.test"] == "unknown authority"

    assert hosts[bare]["why"][0].startswith("engine: Docker is not installed")
    assert hosts[bare]["machine"]["os"].startswith("Debian GNU/Linux 13")
    assert NOWHERE in hosts[GONE]["why"][0]


@pytest.mark.thorough
def test_what_the_next_run_does(spare: str, tmp_path: Path) -> None:
    for _time in range(2):  # the second run has nothing to do, and leaves a trace
        run = playbook("provision-builders", limit=spare)
        assert run.status == 0, run.output
    made = json.loads(on(spare, f"cat {replay.PATH}"))["time"]

    (host,) = report(tmp_path, spare)[1]["hosts"]
    assert (host["state"], host["trace"]["why"]) == ("ok", "")
    assert host["trace"]["time"] == f"{datetime.datetime.fromtimestamp(made, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"

    on(spare, "echo >>/etc/docker/daemon.json")
    (host,) = report(tmp_path, spare)[1]["hosts"]
    assert host["trace"] == {"time": None, "why": "content /etc/docker/daemon.json has changed"}
    assert host["state"] == "ok", "an empty line is no drift"
    assert json.loads(on(spare, f"cat {replay.PATH}"))["time"] == made, "a survey leaves the trace as it is"


def test_a_docker_that_does_not_run_is_told_and_stays_so(spare: str, tmp_path: Path) -> None:
    on(spare, "systemctl stop docker.service docker.socket")
    _status, told = report(tmp_path, spare)
    (host,) = told["hosts"]
    assert host["state"] == "drift"
    assert host["plan"][0]["actions"][0].startswith("start docker, which is installed but not running")
    assert host["builders"][0]["nodes"][0]["why"] == "docker does not run"
    assert on(spare, "systemctl is-active docker.service || true").strip() == "inactive"

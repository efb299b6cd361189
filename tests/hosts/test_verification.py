"""The checks of verify-builders.yml and of the suite find what was broken, and only that, with evidence and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import junitparser
import pytest
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

from tests.hosts.ansible_playbook import ROOT
from tests.hosts.lab import on, playbook
from tests.hosts.own_registry import authority
from tests.installed import Installed, install

INVENTORY = f"{ROOT}/inventory/lab,{ROOT}/tests/hosts/inventory.yml"
CA = authority("CA of the fleet")
SERVER = make("served.example.com", ca=False, issuer=CA)
VARIABLES = {
    "builder_platforms": ["amd64", "arm64", "s390x"],
    "builder_verify_base": "scratch",
    "builder_serve": {"address": "0.0.0.0", "ca": CA.pem, "certificate": SERVER.pem, "key": SERVER.key_pem},
}
NO_SUCH_HOST = "198.51.100.99"  # an address of the lab's network that nobody has
BREAK = """
echo -1 > /proc/sys/fs/binfmt_misc/qemu-aarch64
docker kill buildx_buildkit_multiarch0
rm /etc/docker/certs.d/harbor.lab.test/ca.crt
systemctl stop multiarch-builders-serve.service
"""
# By the suite: what each part of BREAK does.
HANDLER = {
    "handler_is_registered[linux/arm64]": "no handler for linux/arm64 is enabled",
    "program_runs[linux/arm64]": "a program of linux/arm64 does not run",
    "runs[linux/arm64]": "linux/arm64: a program of that platform does not run",
    "as_asked[binfmt]": "1 difference from the desired state",
}
BUILDER = {f"buildkit_runs[{user}-multiarch]": "is not running: stopped" for user in ("root", "ci")}
BUILDER |= {f"buildkit_has_every_platform[{user}-multiarch]": "does not offer" for user in ("root", "ci")}
BUILDER |= {
    "as_asked[buildx]": "1 difference from the desired state",
    "container_does_its_work[multiarch]": "does not run",
}
REGISTRY = {
    "dockerd_has_the_ca[harbor.lab.test]": "dockerd does not have the CA of harbor.lab.test",
    "as_asked[trust]": "1 difference from the desired state",
}
SERVE = {
    "served_builder_answers": "multiarch-builders-serve.service does not run",
    "as_asked[serve]": "1 difference from the desired state",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The collection from its tarball; the hosts know nothing of it."""
    found = install(tmp_path_factory.mktemp("installed"))
    (found.empty / "ours.json").write_text(json.dumps(VARIABLES))
    return found


def failed(results: Path, host: str) -> dict[str, dict[str, Any]]:
    """{name: check} of those that failed on *host*, as the files for CI have them."""
    document = json.loads((results / "verification.json").read_text())
    found = {each["name"]: each for each in document["hosts"][host]["checks"] if each["outcome"] == "failed"}
    (suite,) = (each for each in junitparser.JUnitXml.fromfile(str(results / "verification.xml")) if each.name == host)
    assert suite.failures == len(found)
    return found


@pytest.mark.thorough
def test_from_a_bare_host_to_broken_and_mended(newer: str, installed: Installed, tmp_path: Path) -> None:
    # The collection plans a host as new, from an empty folder.
    ours = {"ANSIBLE_INVENTORY": INVENTORY, "ANSIBLE_CALLBACKS_ENABLED": "multiarch.builders.summary"}
    arguments = ("multiarch.builders.provision_builders", "--limit", newer, "--extra-vars", "@ours.json")
    planned = installed.run("ansible-playbook", *arguments, "--check", **ours)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert planned.stdout.splitlines()[-1].startswith(f"{newer}: would change: trust "), planned.stdout

    done = installed.run("ansible-playbook", *arguments, **ours)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("; proven")

    # The suite, whose variables are in an inventory of the user's, finds all that is broken, and nothing else.
    on(newer, BREAK)
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/builders.json").write_text(json.dumps(VARIABLES))
    (tmp_path / "hosts.yml").write_text("builders:\n")
    suite = (f"--hosts=ansible://{newer}", f"--results={tmp_path}/suite")
    inventory = {"ANSIBLE_INVENTORY": f"{INVENTORY},{tmp_path}/hosts.yml"}
    checked = installed.run("pytest", str(installed.top / "verification"), *suite, **inventory)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    found = failed(tmp_path / "suite", newer)
    expected = {**HANDLER, **BUILDER, **REGISTRY, **SERVE}
    assert set(found) == set(expected), checked.stdout
    for name, words in expected.items():
        assert words in found[name]["message"]
        assert found[name]["evidence"], name
        assert found[name]["remedy"] in checked.stdout
    assert "buildx_buildkit_multiarch0` ended with" in str(found["buildkit_runs[ci-multiarch]"]["evidence"])
    assert "Traceback" not in checked.stdout

    # The playbook says the same of what is still broken, and a host that is not reached is a failure like others.
    (tmp_path / "lost.yml").write_text(f"builders: {{hosts: {{lost-1: {{ansible_host: {NO_SUCH_HOST}}}}}}}")
    told = playbook(
        "verify-builders",
        f"--inventory={tmp_path}/lost.yml",
        limit=f"{newer},lost-1",
        variables={**VARIABLES, "builder_verify_results": str(tmp_path / "playbook")},
    )
    assert told.status == 2
    differs = {"as_asked[trust]", "as_asked[binfmt]", "as_asked[serve]"}
    assert set(failed(tmp_path / "playbook", newer)) == {*differs, "runs[linux/arm64]"}
    assert set(failed(tmp_path / "playbook", "lost-1")) == {"reachable"}
    assert told.says("/proc/sys/fs/binfmt_misc/qemu-aarch64: not there")
    assert told.says("What to do: Run playbooks/provision-builders.yml")
    last = told.output.strip().splitlines()[-2:]
    assert sorted(line.partition(":")[0] for line in last) == ["lost-1", newer]

    mended = playbook("provision-builders", limit=newer, variables=VARIABLES)
    assert mended.status == 0, mended.output
    assert mended.output.strip().splitlines()[-1].startswith(f"{newer}: changed: trust 1 (write), binfmt 1 (register)")


def test_a_proof_that_was_left_out_is_made_by_the_next_run(spare: str) -> None:
    variables = {"builder_users": ["root"], "builder_platforms": ["amd64"], "builder_verify_repository": ""}
    lines = []
    for arguments in (["--skip-tags", "proof"], [], []):
        run = playbook("provision-builders", *arguments, limit=spare, variables=variables)
        assert run.status == 0, run.output
        lines.append(run.output.splitlines()[-1])
    assert lines[0].startswith(f"{spare}: changed: ")
    assert "proven" not in lines[0]
    assert lines[1:] == [f"{spare}: proven", f"{spare}: nothing to do"]

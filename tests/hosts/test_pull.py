"""Pull mode: a host gets its repository by ssh, converges itself by a timer, and says how each run ended."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml

from lab.settings import IMAGES_FILE, PKI
from lab.topology import HOSTS
from tests.hosts.ansible_playbook import ROOT
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook

pytestmark = pytest.mark.thorough
HOST = OLDER_ENGINE
ADDRESS = next(str(host.address) for host in HOSTS if host.name == HOST)
REPOSITORY_URL = f"ssh://ci@{ADDRESS}/srv/fleet.git"
EXAMPLES = ROOT / "examples/pull"
IMAGES = json.loads(IMAGES_FILE.read_text())
CA = (PKI / "ca.crt").read_text()
RECORD = "/var/lib/multiarch-builders/pull.json"
RUNNING = "docker ps --quiet --filter name=buildx_buildkit_multiarch0"
SERVICE = "multiarch-builders-pull.service"
FLEET: dict[str, Any] = {
    "builder_concerns": ["engine", "trust", "daemon", "buildx"],  # emulators have tests of their own, and take time
    "builder_platforms": ["amd64"],
    "builder_registries": [
        {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
        {"host": "mirror.lab.test:5000", "ca": "files/lab-ca.pem"},
    ],
    "builder_instances": [{"name": "multiarch", "image": IMAGES["buildkit"]["reference"], "default": True}],
}
# The repository lies on the host itself, and is reached as every other: by ssh, with a key that only reads it.
REPOSITORY = """
apt-get -qq update; apt-get -qq install --no-install-recommends git >/dev/null 2>&1
mkdir -p /srv/checkout && tar -xC /srv/checkout && cd /srv/checkout
git init --quiet --initial-branch=main && git add --all && git -c user.name=a -c user.email=a@b commit --quiet -m fleet
git clone --quiet --bare /srv/checkout /srv/fleet.git && git remote add origin /srv/fleet.git
chown -R ci:ci /srv/fleet.git; git config --global --add safe.directory /srv/fleet.git
rm -f /root/deploy /root/deploy.pub; ssh-keygen -q -t ed25519 -N '' -f /root/deploy
printf 'restrict,command="git-upload-pack /srv/fleet.git" %s\\n' "$(cat /root/deploy.pub)" >> ~ci/.ssh/authorized_keys
"""


def push(inventory: str) -> str:
    """Commit *inventory* to the repository; the commit."""
    script = "cd /srv/checkout; mkdir -p inventory playbooks/files; cat > inventory/pull.yml; git add --all --force; "
    script += "git -c user.name=a -c user.email=a@b commit --quiet -m change; git push --quiet origin main; "
    return on(HOST, script + "git rev-parse HEAD", stdin=inventory).strip()


def fleet(**changed: Any) -> str:
    return yaml.safe_dump({"builders": {"hosts": {HOST: {}}, "vars": {**FLEET, **changed}}})


def pull() -> tuple[bool, dict[str, Any]]:
    """One run of the service, as the timer starts it: whether systemd calls it a success, and the record."""
    ended = on(HOST, f"systemctl start {SERVICE} && echo good || echo failed")
    return ended.strip() == "good", json.loads(on(HOST, f"cat {RECORD}"))


def said() -> str:
    return on(HOST, f"journalctl --quiet --output cat --unit {SERVICE} --invocation 0 | cat")


def known_hosts() -> str:
    return on(HOST, f"ssh-keyscan -t ed25519 {ADDRESS} 2>/dev/null")


def replaced(text: str, words: dict[str, str]) -> str:
    """*text* with the example's words replaced, each of which has to be there."""
    for word, other in words.items():
        assert word in text
        text = text.replace(word, other)
    return text


def pull_mode(*arguments: str) -> Run:
    variables = {
        "builder_pull_repository": REPOSITORY_URL,
        "builder_pull_inventory": "inventory/pull.yml",
        "builder_pull_deploy_key": on(HOST, "cat /root/deploy"),
        "builder_pull_known_hosts": known_hosts(),
        "builder_pull_spread": "1s",
    }
    return playbook("pull-mode", *arguments, limit=HOST, variables=variables)


@pytest.fixture(scope="module")
def repository() -> None:
    """A host as new, with a repository that holds this checkout and an inventory of one host."""
    lab("reset", HOST)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    there = b"\0".join(name for name in names.split(b"\0") if name and (ROOT / name.decode()).exists())
    pack = ["tar", "-c", "--null", "--files-from=-"]
    archive = subprocess.run(pack, cwd=ROOT, input=there, capture_output=True, check=True).stdout
    command = [sys.executable, "-m", "lab", "run", HOST, "--", "sh", "-ec", REPOSITORY]
    subprocess.run(command, cwd=ROOT, input=archive, check=True)
    on(
        HOST,
        "mkdir -p /srv/checkout/playbooks/files; cat > /srv/checkout/playbooks/files/lab-ca.pem",
        (PKI / "ca.crt").read_text(),
    )
    push(fleet())


@pytest.mark.usefixtures("repository")
def test_the_timer_converges_the_host_and_a_second_run_has_nothing_to_do() -> None:
    plan = pull_mode("--check", "--diff")
    assert plan.status == 0, plan.output
    assert on(HOST, "ls /etc/multiarch-builders 2>&1 || true").endswith("No such file or directory\n")
    run = pull_mode()
    assert run.status == 0, run.output
    assert "PRIVATE KEY" not in plan.output + run.output
    assert pull_mode().recap(HOST)["changed"] == 0
    on(HOST, f"timeout 120 sh -c 'until test -e {RECORD}; do sleep 1; done'")
    record = json.loads(on(HOST, f"cat {RECORD}"))
    assert record["last"]["status"] == 0, said()
    assert record["last"]["changed"] > 0
    assert record["converged"]["commit"] == on(HOST, "git -C /srv/checkout rev-parse HEAD").strip()
    assert on(HOST, RUNNING) != ""
    assert on(HOST, "stat --format %a /etc/multiarch-builders /etc/multiarch-builders/deploy-key").split() == [
        "700",
        "600",
    ]

    good, record = pull()
    assert good
    assert (record["last"]["words"], record["last"]["changed"]) == ("converged, nothing to do", 0)


@pytest.mark.usefixtures("repository")
def test_a_pushed_change_arrives() -> None:
    pushed = push(fleet(builder_environment_file="/etc/environment"))
    good, record = pull()
    assert good, said()
    assert record["converged"]["commit"] == pushed
    assert "BUILDX_BUILDER=multiarch" in on(HOST, "cat /etc/environment")


@pytest.mark.usefixtures("repository")
def test_a_broken_commit_fails_in_the_open_leaves_the_host_working_and_the_next_good_one_mends_it() -> None:
    converged = json.loads(on(HOST, f"cat {RECORD}"))["converged"]["commit"]
    for broken, words in (
        (fleet(builder_platforms=["amd46"]), "'amd46': is not a known platform"),
        ("builders: {hosts: [", "inventory"),
        (fleet().replace(f"{HOST}: {{}}", "another: {}"), "no hosts to target"),
    ):
        pushed = push(broken)
        good, record = pull()
        assert not good, broken
        assert words in said()
        assert record["last"]["status"] != 0
        assert record["last"]["commit"] == pushed
        assert record["converged"]["commit"] == converged
        assert on(HOST, f"systemctl is-failed {SERVICE}").strip() == "failed"
        assert on(HOST, RUNNING) != ""
    pushed = push(fleet())
    good, record = pull()
    assert good, said()
    assert record["converged"]["commit"] == pushed
    assert "BUILDX_BUILDER" not in on(HOST, "cat /etc/environment")


SIGN = """
test -e /root/signer || ssh-keygen -q -t ed25519 -N '' -f /root/signer
printf 'ops@example.com %s\\n' "$(cat /root/signer.pub)" > /etc/multiarch-builders/allowed-signers
cd /srv/checkout; git config user.name ops; git config user.email ops@example.com; git config gpg.format ssh
git config user.signingkey /root/signer; git commit --quiet --allow-empty --message signed -S
git push --quiet origin main
"""


@pytest.mark.usefixtures("repository")
def test_a_commit_that_nobody_trusted_signed_is_not_run() -> None:
    settings = "/etc/multiarch-builders/pull.json"
    on(HOST, f"""sed -i 's/"verify_commit": false/"verify_commit": true/' {settings}""")
    pushed = push(fleet(builder_environment_file="/etc/environment"))
    good, record = pull()
    assert not good
    assert "Failed to verify GPG signature" in said()
    assert "PLAY" not in said()
    assert record["converged"]["commit"] != pushed
    on(HOST, SIGN)
    assert pull()[0], said()
    on(HOST, f"""sed -i 's/"verify_commit": true/"verify_commit": false/' {settings}""")


RUNNER = "[Service]\nType=oneshot\nRemainAfterExit=true\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.mark.usefixtures("repository")
def test_the_user_data_of_the_example_makes_a_machine_converge_before_its_runner_starts() -> None:
    """cloud-init is not here: what it would write is written, and its commands are run as it runs them."""
    address = {"ssh://git@git.example.com/fleet.git": REPOSITORY_URL}
    inventory = yaml.safe_load(replaced((EXAMPLES / "inventory.yml").read_text(), address))
    inventory["builders"]["vars"] |= FLEET
    pushed = push(yaml.safe_dump(inventory))
    on(HOST, "systemctl disable --quiet --now multiarch-builders-pull.timer || true; rm -rf /etc/multiarch-builders")
    on(HOST, "cat > /etc/systemd/system/gitlab-runner.service; systemctl daemon-reload", stdin=RUNNER)

    data = yaml.safe_load(replaced((EXAMPLES / "user-data.yml").read_text(), address))
    on(HOST, f"apt-get -qq install --no-install-recommends {' '.join(data['packages'])} >/dev/null 2>&1")
    contents = {"deploy-key": on(HOST, "cat /root/deploy"), "known_hosts": known_hosts()}
    for file in data["write_files"]:
        content = contents[file["path"].rpartition("/")[2]]
        path = file["path"]
        on(HOST, f"install -D -m {file['permissions']} /dev/null {path}; cat > {path}", stdin=content)
    for command in data["runcmd"]:
        on(HOST, "cd /; " + (shlex.join(command) if isinstance(command, list) else command))

    record = json.loads(on(HOST, f"cat {RECORD}"))
    assert record["converged"]["commit"] == pushed
    assert on(HOST, "systemctl is-active gitlab-runner multiarch-builders-pull.timer").split() == ["active", "active"]

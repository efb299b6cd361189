"""A host with everything: each path that is made or changed is in docs/security.md, each secret only where it belongs.

The same run is looked at in all ways at once, as provisioning takes long: paths before and after, processes meanwhile,
what the controller wrote, the whole of the host's and the registry's disks.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

from lab.settings import REGISTRY_PASSWORD, ROBOT
from tests.hosts.ansible_playbook import ROOT
from tests.hosts.lab import on, playbook
from tests.hosts.own_proxy import LOG, start_proxy
from tests.hosts.own_registry import authority
from tests.hosts.sampling import sampled

USERS = {"root": "/root", "ops": "/home/ops"}
# Programs that are told of the change keep their own files here; the rest of /run and /var is looked at.
OTHERS = rf"{LOG}|/(var/lib/(docker|containerd)|run/(docker|containerd|systemd|motd|log)|var/log|var/lib/systemd)\b.*"
FIND = r"find / /run -xdev \( -path /proc -o -path /sys -o -path /dev \) -prune -o -printf '%p\t%y\t%m\t%u\t%C@\n'"
CLIENT = make("ci", ca=False, issuer=authority("CA of clients"))
REGISTRY = REGISTRY_PASSWORD.read_text().strip()
PROXY = "pr0xy/s3cret:of-this-test"
SECRETS = {
    "login of the registry": (REGISTRY, base64.b64encode(f"{ROBOT}:{REGISTRY}".encode()).decode()),
    "login of the proxy": (PROXY, quote(PROXY, safe=""), base64.b64encode(f"ci:{PROXY}".encode()).decode()),
    "client key": (CLIENT.key_pem.splitlines()[2], base64.b64encode(CLIENT.key_pem.encode()).decode()[200:260]),
}
DOCKER = r"/(var/lib|run)/(docker|containerd)/.*"  # whose folders only root may enter
BELONGS = {
    "login of the registry": r"HOME/\.docker/config\.json",
    "login of the proxy": rf"/etc/docker/daemon\.json|HOME/\.docker/(config\.json|buildx/instances/multiarch)|{DOCKER}",
    "client key": r"/etc/docker/certs\.d/harbor\.lab\.test/client\.key|HOME/\.docker/buildx/instances/multiarch|"
    + rf"HOME/\.docker/contexts/tls/[0-9a-f]+/docker/key\.pem|{DOCKER}",
}
BEFORE = """
echo '{"debug": false}' > /etc/docker/daemon.json; systemctl reload docker
chmod 1777 /tmp /var/tmp
"""


@dataclass(frozen=True)
class Rule:
    """A row of the page: what may be there."""

    path: str
    owner: str
    mode: str

    def allows(self, path: str, kind: str, mode: str, owner: str) -> bool:
        """Whether the row is about *path*, and it is as the row says; links have no mode of their own."""
        user = next((name for name, home in USERS.items() if path.startswith(f"{home}/")), "root")
        pattern = re.escape(self.path.replace("~", USERS[user], 1)).replace(r"/\*\*", "/.*").replace(r"\*", "[^/]*")
        pattern = pattern.replace("/.*/", "/(.*/)?")
        if not re.fullmatch(pattern, path + "/" * (kind == "d")):
            return False
        modes = {mode} if kind == "l" or self.mode == "as before" else {self.mode}
        return (owner, {mode}) == (user if self.owner == "user" else self.owner, modes)


def rules() -> list[Rule]:
    section = (ROOT / "docs/security.md").read_text().partition("\n## Files\n")[2].partition("With other settings")[0]
    rows = re.findall(r"^\| `(.+?)` \| (\w+) \| (.+?) \|", section, re.MULTILINE)
    return [Rule(*row) for row in rows]


def variables(host: str) -> dict[str, Any]:
    state = "{{ lab_state }}"
    harbor = {"host": "harbor.lab.test", "ca": f"{state}/pki/ca.crt", "username": ROBOT, "password": REGISTRY}
    return {
        "builder_platforms": ["amd64", "riscv64"],
        "builder_users": [*USERS],
        "builder_docker_group": True,
        "builder_environment_file": "/etc/environment",
        "builder_client_options": {"psFormat": "wide"},
        "builder_contexts": [
            {"name": "far", "host": "tcp://far.lab.test:2376", "client_cert": CLIENT.pem, "client_key": CLIENT.key_pem}
        ],
        "builder_proxy": start_proxy(host, PROXY),
        "builder_registries": [
            {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
            {"host": "mirror.lab.test:5000", "ca": f"{state}/pki/ca.crt"},
            {**harbor, "client_cert": CLIENT.pem, "client_key": CLIENT.key_pem},
        ],
    }


def paths(host: str) -> set[tuple[str, ...]]:
    return {tuple(line.split("\t")) for line in on(host, FIND).splitlines()}


def told(text: str) -> list[str]:
    """The secrets in *text*."""
    return [name for name, forms in SECRETS.items() for form in forms if form in text]


def holders(host: str, folders: str) -> dict[str, list[str]]:
    """{secret: all files of *folders* with it}; what the journal has is in /run/journal."""
    on(host, "install -d -m 700 /dev/shm/forms; journalctl --quiet --output=cat > /run/journal")
    for number, forms in enumerate([*SECRETS.values(), sum(SECRETS.values(), ())]):
        on(host, f"cat > /dev/shm/forms/{number}", stdin="".join(f"{form}\n" for form in forms))
    looked = f"{folders} --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev"
    on(host, f"grep -rlsaFf /dev/shm/forms/{len(SECRETS)} {looked} > /dev/shm/forms/found || true")
    search = "xargs --no-run-if-empty --arg-file=/dev/shm/forms/found grep -lsaFf /dev/shm/forms"
    found = {name: on(host, f"{search}/{number} || true").split() for number, name in enumerate(SECRETS)}
    on(host, "rm -r /dev/shm/forms /run/journal")
    return found


def test_each_path_and_each_secret(spare: str, tmp_path: Path) -> None:
    given = tmp_path / "given.json"
    written = tmp_path / "written"
    (written / "tmp").mkdir(parents=True)
    environment = {
        "ANSIBLE_HOME": f"{written}/ansible",
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": f"{written}/facts",
        "ANSIBLE_LOG_PATH": f"{written}/log",
        "TMPDIR": f"{written}/tmp",
    }
    on(spare, BEFORE)
    given.write_text(json.dumps(variables(spare)))
    before = paths(spare)

    with sampled(*[form for forms in SECRETS.values() for form in forms]) as seen:
        extra = ("--extra-vars", f"@{given}")
        run = playbook("provision-builders", "--diff", "-vvv", *extra, limit=spare, environment=environment)
        again = playbook("provision-builders", *extra, limit=spare)  # a full plan with nothing to do leaves a trace
        after = paths(spare)
        report = {"builder_report_dest": str(written / "report")}
        page = playbook("report-builders", *extra, limit=spare, variables=report, environment=environment)
    assert (run.status, again.status, page.status) == (0, 0, 0), run.output

    assert told(run.output + again.output + page.output) == []
    for file in (each for each in written.rglob("*") if each.is_file()):
        assert told(file.read_text(errors="replace")) == [], file
    assert (written / "report/builders.html").is_file()
    assert (written / "log").is_file()
    # dockerd with its children and the builder's processes get the proxy from there; others who are root may see that
    assert {each.split()[1] for each in seen} <= {"environ"}, seen
    assert {int(each.split()[2]) % 65536 for each in seen} <= {0}, "root, as user namespaces of hosts map it"
    assert {each.split()[3] for each in seen}.isdisjoint({"docker", "docker-buildx", "python3", "ssh", "sshd"}), seen

    found = holders(spare, "/")
    for secret, belongs in BELONGS.items():
        where = belongs.replace("HOME", f"({'|'.join(USERS.values())})")
        assert [path for path in found[secret] if not re.fullmatch(where, path)] == [], secret
        assert [path for path in found[secret] if path.startswith(USERS["ops"])], secret
    pushed = holders("registry", "/var/lib/registry-harbor /var/log /run/journal")
    assert pushed == {secret: [] for secret in SECRETS}

    names = {path[0] for path in before}
    of_kind = {(path, kind, mode, owner) for path, kind, mode, owner, _changed in after - before}
    changed = {
        each
        for each in of_kind - {each[:4] for each in before if each[1] == "d"}
        if not re.fullmatch(OTHERS, each[0]) and not (each[1] == "d" and each[0] in names)
    }
    page_says = rules()
    unknown = [each for each in sorted(changed) if not any(rule.allows(*each) for rule in page_says)]
    assert unknown == [], "not as in docs/security.md"
    missing = [rule.path for rule in page_says if not any(rule.allows(*each) for each in changed)]
    assert missing == [], "in docs/security.md, and not there"

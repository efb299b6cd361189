"""A controller with a CA: which hosts serve and which are their clients, playbooks, and a bundle used by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lab.settings import IMAGES_FILE
from tests.hosts.daemon import WITH_BUILDER
from tests.hosts.lab import Run, on, playbook

BUNDLE = "/var/tmp/bundle"
BUILDKIT = json.loads(IMAGES_FILE.read_text())["buildkit"]["reference"]
LOCAL = {"name": "multiarch", "image": BUILDKIT, "default": True}


class Controller:
    """One with a vault password and a folder for the CA; *hosts* has the variables of each, without `builder_`."""

    def __init__(self, folder: Path, hosts: dict[str, dict[str, Any]]) -> None:
        self.folder, self.authority, self.hosts = folder, folder / "authority", hosts
        (folder / "password").write_text("vault password\n")

    def variables(self) -> dict[str, Any]:
        """Those of a run: the same for all hosts, and what differs by the name of the host."""
        defaults = {
            "concerns": [*WITH_BUILDER, "serve"],
            "platforms": ["amd64"],
            "users": ["root"],
            "verify_repository": "",
            "serve": {},
            "instances": [LOCAL],
        }
        mine = "(of[inventory_hostname] | default({}))"
        given = {f"builder_{key}": f"{{{{ {mine}.{key} | default(defaults.{key}) }}}}" for key in defaults}
        return {"of": self.hosts, "defaults": defaults, "builder_serve_authority": str(self.authority), **given}

    def run(self, name: str, *arguments: str, limit: str = "", **more: Any) -> Run:
        """A playbook, by default on all *hosts*; no key is in its output."""
        given = ["-vv", "--diff", "--vault-password-file", str(self.folder / "password"), *arguments]
        found = playbook(name, *given, limit=limit or ",".join(self.hosts), variables=self.variables() | more)
        assert "PRIVATE KEY" not in found.output
        return found

    def ok(self, name: str, *arguments: str, **more: Any) -> Run:
        """The same, which has to succeed."""
        found = self.run(name, *arguments, **more)
        assert found.status == 0, found.output
        return found

    def provision(self, *arguments: str, **more: Any) -> Run:
        """Provision, which has to succeed."""
        return self.ok("provision-builders", *arguments, **more)


def status_of(host: str, builder: str) -> list[str]:
    """That of each node of root's *builder*."""
    return re.findall(r"^Status: +(\S+)", on(host, f"docker buildx inspect {builder}"), re.MULTILINE)


def use_bundle(host: str, folder: Path) -> list[str]:
    """Make a builder `bundle` of the files of a bundle, with the commands in its README; the status of its nodes."""
    on(host, f"rm -rf {BUNDLE}; mkdir -m 700 {BUNDLE}")
    for name in ("ca.pem", "cert.pem", "key.pem"):
        on(host, f"umask 077; cat > {BUNDLE}/{name}", stdin=(folder / name).read_text())
    commands = re.findall(r"```shell\n(.*?)docker buildx build", (folder / "README.md").read_text(), re.DOTALL)[0]
    on(host, f"cd {BUNDLE}; docker buildx rm bundle 2>/dev/null || true; {commands}".replace("fleet", "bundle"))
    return status_of(host, "bundle")

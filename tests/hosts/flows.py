"""What the tests of flows share: a provisioned host, and what an engineer who is logged in there types."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.settings import HARBOR_NAME, IMAGES_FILE, MIRROR_NAME, MIRROR_PORT
from tests.hosts.lab import lab, on, playbook

MIRROR = f"{MIRROR_NAME}:{MIRROR_PORT}"
BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
# The seven of article 002 (test_flows.py): as it builds them, and by the names that it gives them.
SEVEN = ("linux/386", "linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/ppc64le", "linux/s390x")
SEVEN_NAMES = ("i386", "amd64", "arm32v6", "arm32v7", "arm64v8", "ppc64le", "s390x")
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/arm/v7": "armv7l"}
THREE = ",".join(MACHINES)
# A program that is made by the platform's own tools, as `go build` would; it tells where it was made and where it runs.
COMPILE = """#!/bin/sh
echo '#!/bin/sh' > $1
echo "echo made on $(uname -m), runs on \\$(uname -m)" >> $1
chmod 755 $1
"""
HELLO = {
    "compile": COMPILE,
    "Dockerfile": f"""
FROM {BASE} AS builder
RUN mkdir /app
ADD . /app/
WORKDIR /app
RUN sh compile hello

FROM {BASE}
RUN mkdir /app
WORKDIR /app
COPY --from=builder /app/hello .
CMD ["./hello"]
""",
}
VARIABLES = {
    "builder_platforms": [*SEVEN_NAMES, "riscv64"],
    "builder_verify_base": "scratch",
    "builder_verify_repository": "",
}
SCRIPT = """set -e
folder=$(mktemp -d /var/tmp/flow.XXXX); trap 'rm -r $folder' EXIT; cd $folder
{files}
{commands}
"""


@dataclass(frozen=True)
class Engineer:
    """A user of a host."""

    host: str
    user: str

    def types(self, commands: str, files: Mapping[str, str] | None = None) -> str:
        """The output of *commands* in a new folder with *files*, after a login; the test fails if one of them does."""
        writing = [f"printf %s {shlex.quote(text)} > {name}" for name, text in (files or {}).items()]
        script = SCRIPT.format(files="\n".join(writing), commands=commands)
        return on(self.host, f"exec runuser --login {self.user} --command {shlex.quote(script)} 2>&1")

    def image(self, name: str) -> str:
        """A name for an image in the private registry that no other engineer uses."""
        return f"{HARBOR_NAME}/proof/{self.host}/{self.user}/{name}"

    def index(self, image: str) -> dict[str, str]:
        """{platform: digest} of what the registry has under that name, without attestations."""
        manifests = json.loads(self.types(f"docker buildx imagetools inspect --raw {image}"))["manifests"]
        found = {}
        for each in manifests:
            parts = (each["platform"].get(part) for part in ("os", "architecture", "variant"))
            found["/".join(part for part in parts if part)] = each["digest"]
        return {platform: digest for platform, digest in found.items() if platform != "unknown/unknown"}

    def runs(self, image: str, platforms: Iterable[str] = tuple(MACHINES), command: str = "") -> dict[str, str]:
        """{platform: what a container of the image prints when it is asked for that platform}.

        On a busy machine docker was seen to succeed without the output of a container that ends at once: it runs again.
        """
        run = "docker run --quiet --rm --platform"
        once = {platform: f"{run} {platform} {image} {command}" for platform in platforms}
        return {platform: self.types(line).strip() or self.types(line).strip() for platform, line in once.items()}


HELLO_RUNS = {platform: f"made on {machine}, runs on {machine}" for platform, machine in MACHINES.items()}


def provision(host: str) -> str:
    """A host as new, then provisioned in one run for the platforms of the articles."""
    lab("reset", host)
    run = playbook("provision-builders", limit=host, variables=VARIABLES)
    assert run.status == 0, run.output
    return host

"""A buildkitd on a host that listens on a TCP port with mutual TLS: what somebody else runs, to whom buildx connects.

With the real BuildKit it is buildkitd itself. The lab's stand-in listens on no port: tls_relay.py does so for it.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair

from lab.certificates import CA
from lab.images.sources import STAND_IN
from lab.settings import DOMAIN, IMAGES_FILE, MIRROR_NAME, MIRROR_PORT
from tests.hosts.lab import on

CONTAINER = "tcp-builder"
UNIT = "tcp-builder-relay"
FOLDER = "/var/tmp/tcp-builder"
INSIDE = "/etc/buildkit"
MIRROR = f"{MIRROR_NAME}:{MIRROR_PORT}"
RUN = ["docker", "run", "--detach", "--privileged", "--name", CONTAINER, "--volume", f"{FOLDER}:{INSIDE}:ro"]
RELAY = Path(__file__).with_name("tls_relay.py").read_text()
CONFIG = f"""
[registry."docker.io"]
mirrors = ["{MIRROR}"]
[registry."{MIRROR}"]
ca = ["{INSIDE}/mirror.crt"]
"""
# Where the host has it already, the mirror's CA is the collection's; ours is in use for the pull alone.
PULL = f"""
ca=/etc/docker/certs.d/{MIRROR}/ca.crt
if test -e $ca; then docker pull --quiet $1; exit; fi
mkdir -p ${{ca%/*}}; cp {FOLDER}/mirror.crt $ca
docker pull --quiet $1; rm -r ${{ca%/*}}
"""
READY = f"""
for try in $(seq 200); do
    docker exec {CONTAINER} buildctl debug workers >/dev/null 2>&1 && ss -lnt | grep -q ":$1 " && exit; sleep 0.1
done
docker logs {CONTAINER} >&2; exit 1
"""


def name(host: str) -> str:
    """The name under which other hosts of the lab know this one."""
    return f"{host}.{DOMAIN}"


def serve(host: str, server: Pair, clients: Pair, port: int) -> str:
    """(Re)start it and return its endpoint. It shows *server*, and wants a certificate of the CA *clients*."""
    stop(host)
    files = {
        "buildkitd.toml": CONFIG,
        "mirror.crt": CA.read_text(),
        "server.crt": server.pem,
        "server.key": server.key_pem,
        "clients.crt": clients.pem,
        "relay.py": RELAY,
    }
    for file, content in files.items():
        on(host, f"mkdir -p {FOLDER}; umask 077; cat > {FOLDER}/{file}", stdin=content)
    chosen = json.loads(IMAGES_FILE.read_text())["buildkit"]
    image = chosen["reference"].replace("docker.io/", f"{MIRROR}/", 1)
    on(host, f"set -- {image}; {PULL}")
    start = _stand_in if chosen["source"] == STAND_IN else _real
    for command in start(image, port):
        on(host, shlex.join(command))
    on(host, f"set -- {port}; {READY}")
    return f"tcp://{name(host)}:{port}"


def _stand_in(image: str, port: int) -> list[list[str]]:
    dial = ["docker", "exec", "--interactive", CONTAINER, "buildctl", "dial-stdio"]
    files = [f"{FOLDER}/{file}" for file in ("server.crt", "server.key", "clients.crt")]
    relay = ["python3", f"{FOLDER}/relay.py", str(port), *files, *dial]
    return [[*RUN, image], ["systemd-run", "--quiet", "--collect", f"--unit={UNIT}", *relay]]


def _real(image: str, port: int) -> list[list[str]]:
    """Never run where the lab has no real BuildKit. Flags: moby/buildkit, cmd/buildkitd/main.go."""
    addresses = ["--addr", "unix:///run/buildkit/buildkitd.sock", "--addr", f"tcp://0.0.0.0:{port}"]
    pair = ["--tlscert", f"{INSIDE}/server.crt", "--tlskey", f"{INSIDE}/server.key"]
    return [[*RUN, "--publish", f"{port}:{port}", image, *addresses, *pair, "--tlscacert", f"{INSIDE}/clients.crt"]]


def stop(host: str) -> None:
    """End it and remove what it built."""
    on(host, f"systemctl stop {UNIT} 2>/dev/null || true")
    on(host, f"docker rm --force --volumes {CONTAINER} >/dev/null 2>&1 || true; rm -rf {FOLDER}")

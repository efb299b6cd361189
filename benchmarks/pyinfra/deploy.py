"""The state that playbooks/provision-builders.yml reaches, as a careful engineer writes it for pyinfra."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import yaml
from pyinfra import host
from pyinfra.api.operation import OperationMeta
from pyinfra.facts.server import Command
from pyinfra.operations import files, server
from pyinfra.operations.util import any_changed

HERE = Path(__file__).parent
STATE = Path(os.environ.get("MULTIARCH_LAB_STATE", "/var/lib/multiarch-lab"))
CA = Path(os.environ["BENCHMARK_CA"])

wanted: dict[str, Any] = yaml.safe_load((HERE.parent / "stock/state.yml").read_text())
images = json.loads((STATE / "images.json").read_text())
binfmt, buildkit = images["binfmt"]["reference"], images["buildkit"]["reference"]
emulator_folder = f"/usr/local/lib/multiarch-builders/emulators/{binfmt.partition('sha256:')[2][:12]}"
emulators = [f"qemu-{name}" for name in wanted["magic"]]


def merged(former: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """*over* laid over *former*, folders of keys merged."""
    inner = {key: merged(former.get(key, {}), value) for key, value in over.items() if isinstance(value, dict)}
    return {**former, **over, **inner}


def trust() -> list[OperationMeta]:
    """The CA for dockerd and for the operating system; what changed of the latter."""
    changes = []
    for name in wanted["trusted"]:
        files.put(src=str(CA), dest=f"/etc/docker/certs.d/{name}/ca.crt", mode="644")
        in_store = f"/usr/local/share/ca-certificates/multiarch-builders-{name.replace(':', '_')}.crt"
        changes.append(files.put(src=str(CA), dest=in_store, mode="644"))
    server.shell(name="Refresh the trust store", commands="update-ca-certificates", _if=any_changed(*changes))
    return changes


def daemon() -> None:
    """Mirrors and image store of dockerd."""
    former = json.loads(host.get_fact(Command, "cat /etc/docker/daemon.json 2>/dev/null || echo '{}'"))
    content = json.dumps(merged(former, wanted["daemon_options"]), indent=4, sort_keys=True) + "\n"
    daemon_json = files.put(src=io.StringIO(content), dest="/etc/docker/daemon.json", mode="644")
    server.shell(
        name="Validate daemon.json and restart docker",
        commands="dockerd --validate --config-file /etc/docker/daemon.json && systemctl restart docker",
        _if=daemon_json.did_change,
    )


def emulation() -> None:
    """Emulators out of the image, and their lasting handlers."""
    there = host.get_fact(Command, f"ls {emulator_folder} 2>/dev/null || true") or ""
    if not set(emulators) <= set(there.split()):
        copies = "\n".join(f'docker cp "$container:/usr/bin/{each}" {emulator_folder}/' for each in emulators)
        begin = f"set -eu; mkdir -p {emulator_folder}; container=$(docker create {binfmt})"
        server.shell(name="Take the emulators out", commands=f'{begin}\n{copies}\ndocker rm "$container"')
    lines = [
        files.put(
            src=io.StringIO(f":qemu-{name}:M:0:{magic}:{emulator_folder}/qemu-{name}:CFP\n"),
            dest=f"/etc/binfmt.d/qemu-{name}.conf",
            mode="644",
        )
        for name, magic in wanted["magic"].items()
    ]
    server.shell(name="Register handlers", commands="systemctl restart systemd-binfmt", _if=any_changed(*lines))


def builder(system_ca: list[OperationMeta]) -> None:
    """The builder, made anew where its configuration or a CA changed."""
    toml = files.put(src=str(HERE.parent / "stock/buildkitd.toml"), dest="/etc/buildx/multiarch.toml", mode="644")
    is_there = host.get_fact(Command, "docker buildx inspect multiarch >/dev/null 2>&1 && echo yes || echo no") == "yes"
    create = (
        f"docker buildx create --name multiarch --driver docker-container --driver-opt image={buildkit} "
        "--buildkitd-config /etc/buildx/multiarch.toml --bootstrap --use"
    )
    if is_there:
        anew = ["docker buildx rm --keep-state multiarch", create]
        server.shell(name="Make the builder anew", commands=anew, _if=any_changed(toml, *system_ca))
    else:
        server.shell(name="Create the builder", commands=create)


new_ca = trust()
if host.data.get("only") != "trust":  # what a changed CA needs, as the tags of stock/site.yml
    daemon()
    emulation()
builder(new_ca)

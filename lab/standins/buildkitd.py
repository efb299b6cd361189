#!/usr/bin/python3
"""Stand-in for buildkitd: turn buildkitd.toml into the same settings for dockerd, whose BuildKit does the work."""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from pathlib import Path
from typing import Any

VERSION = "@BUILDKIT_VERSION@"
RUN = Path("/run/buildkit")
DATA = Path("/var/lib/buildkit/docker")
DAEMON = Path("/etc/docker/daemon.json")
CERTS = Path("/etc/docker/certs.d")
CGROUP = Path("/sys/fs/cgroup")
BRIDGE = "172.31.255.1/24"  # not the range of the engine outside, whose bridge this container hangs on

Json = dict[str, Any]


def arguments() -> argparse.Namespace:
    """buildkitd's flags that matter here; the others are taken and left alone."""
    parser = argparse.ArgumentParser(prog="buildkitd", allow_abbrev=False)
    parser.add_argument("--config", type=Path, default=Path("/etc/buildkit/buildkitd.toml"))
    parser.add_argument("--allow-insecure-entitlement", action="append", default=[])
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--version", action="version", version=f"buildkitd github.com/moby/buildkit {VERSION} stand-in")
    return parser.parse_known_args()[0]


def mirror_addresses(registries: Json) -> list[str]:
    """The mirrors of docker.io with the scheme that their own entries say; dockerd knows mirrors of no other."""
    mirrors = registries.get("docker.io", {}).get("mirrors", [])
    schemes = {mirror: "http" if registries.get(mirror, {}).get("http") else "https" for mirror in mirrors}
    return [f"{scheme}://{mirror}" for mirror, scheme in schemes.items()]


def daemon_settings(config: Json, entitlements: list[str]) -> Json:
    """dockerd's settings for the same purpose."""
    registries = config.get("registry", {})
    worker = config.get("worker", {}).get("oci", {})
    allowed = {*entitlements, *config.get("insecure-entitlements", [])}
    builder: Json = {
        "Entitlements": {
            "network-host": "network.host" in allowed,
            "security-insecure": "security.insecure" in allowed,
        }
    }
    if "gc" in worker:
        builder["gc"] = {"enabled": bool(worker["gc"])}
    return {
        "data-root": str(DATA),
        "exec-root": str(RUN / "docker"),
        "pidfile": str(RUN / "docker.pid"),
        "hosts": [f"unix://{RUN / 'docker.sock'}"],
        "bip": BRIDGE,
        "features": {"containerd-snapshotter": True},  # with it dockerd builds and pushes for many platforms
        "registry-mirrors": mirror_addresses(registries),
        "insecure-registries": [
            host for host, entry in registries.items() if entry.get("insecure") or entry.get("http")
        ],
        "dns": config.get("dns", {}).get("nameservers", []),
        "debug": bool(config.get("debug")),
        "builder": builder,
    }


def link_certificates(registries: Json) -> None:
    """Link each registry's files to where dockerd 26 reads them at every connection, a mirror's too.

    Links, not copies: a CA replaced in /etc/buildkit counts at once, as it does with the real buildkitd.
    """
    for host, entry in registries.items():
        folder = CERTS / host
        pairs = entry.get("keypair", [])
        links = {f"ca{number}.crt": file for number, file in enumerate(entry.get("ca", []))}
        links |= {f"client{number}.cert": pair["cert"] for number, pair in enumerate(pairs)}
        links |= {f"client{number}.key": pair["key"] for number, pair in enumerate(pairs)}
        for name, file in links.items():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(file)


def delegate_cgroups() -> None:
    """Where the kernel gives controllers, they go to steps' groups only if no process is in the root group."""
    try:
        controllers = (CGROUP / "cgroup.controllers").read_text().split()
        if not controllers:
            return
        (CGROUP / "init").mkdir(exist_ok=True)
        for pid in (CGROUP / "cgroup.procs").read_text().split():
            (CGROUP / "init/cgroup.procs").write_text(pid)
        (CGROUP / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))
    except OSError as error:
        print(f"buildkitd: no resource limits for steps: {error}", flush=True)


def main() -> None:
    """Write dockerd's settings and become dockerd."""
    options = arguments()
    config = tomllib.loads(options.config.read_text()) if options.config.exists() else {}
    link_certificates(config.get("registry", {}))
    for folder in (RUN, DATA, DAEMON.parent):
        folder.mkdir(parents=True, exist_ok=True)
    settings = daemon_settings(config, options.allow_insecure_entitlement)
    settings["debug"] = settings["debug"] or options.debug
    DAEMON.write_text(json.dumps(settings, indent=2))
    (RUN / "docker.pid").unlink(missing_ok=True)  # of a container that was killed
    delegate_cgroups()
    os.execvp("dockerd", ["dockerd"])


if __name__ == "__main__":
    main()

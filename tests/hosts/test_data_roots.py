"""Docker's and containerd's data on a disk of the user's choice: all of it is there, or docker runs where it did."""

from __future__ import annotations

import base64
import io
import json
import shlex
import zipfile
from typing import TypedDict

import pytest

from tests.hosts.ansible_playbook import ROOT
from tests.hosts.conftest import ALL_ENGINES
from tests.hosts.daemon import BUILDER, WITH_BUILDER, content, process, provision, provisioned, start_container, state
from tests.hosts.lab import on, playbook
from tests.hosts.test_data_root import SHOWN
from tests.hosts.test_image_store import is_cached, status_of_builder
from tests.hosts.test_killed import PACKAGE

THERE = {"docker": "/srv/docker", "containerd": "/srv/containerd"}
BACK = {"docker": "/var/lib/docker", "containerd": "/var/lib/containerd"}
# A host of the lab has mounts for its data, which the lab makes before it starts.
DISKS = """
mkdir -p /small /hand
printf '%s\n' 'data /srv tmpfs size=3g 0 0' 'small /small tmpfs size=4m 0 0' >> /etc/fstab
for each in docker containerd; do echo "/var/lib/$each /var/lib/$each none bind 0 0"; done >> /etc/fstab
systemctl daemon-reload; mount /srv; mount /small; mount -t tmpfs hand /hand
"""
PLACES = """
docker info --format '{{.DockerRootDir}}'
for link in /proc/$(systemctl show --property=MainPID --value containerd)/fd/*; do readlink $link || true; done |
    sed -n 's|/io.containerd.metadata.v1.bolt/meta.db$||p'
"""
DROP_IN = "/etc/systemd/system/docker.service.d/broken.conf"
BROKEN = """[Service]
ExecStartPre=/bin/sh -c '! grep --quiet /srv/docker /etc/docker/daemon.json'
"""
CONFIG = "/etc/containerd/config.toml"


def places(host: str) -> dict[str, str]:
    docker, containerd = on(host, PLACES).split()
    return {"docker": docker, "containerd": containerd}


@pytest.mark.thorough
def test_data_moves_whole_or_not_at_all(engine: str) -> None:
    on(engine, DISKS)
    provisioned(engine, concerns=WITH_BUILDER)
    is_cached(engine)
    start_container(engine, "service", "sleep 1005", "--restart=always", "--volume=theirs:/data")
    on(engine, "docker exec service sh -c 'echo kept > /data/file; mkdir /layer; ln /data/file /data/other'")
    before, file, former = on(engine, SHOWN), content(engine), process(engine)
    toml = on(engine, f"cat {CONFIG} 2>/dev/null || true")

    # what cannot be is refused before anything stops
    small = {"docker": "/small/docker", "containerd": "/hand/containerd"}
    run = provision(engine, concerns=WITH_BUILDER, data_roots=small)
    assert run.recap(engine)["failed"] == 1
    assert run.says("builder_data_roots: /small has 4")
    assert run.says("nothing mounts /hand at boot")
    assert (process(engine), content(engine)) == (former, file)
    variables = {"builder_data_roots": THERE, "builder_concerns": WITH_BUILDER, "builder_platforms": ["linux/amd64"]}
    run = playbook("provision-builders", "--check", limit=engine, variables=variables)
    assert run.says("move docker's data from /var/lib/docker to /srv/docker (")
    assert (process(engine), content(engine), places(engine)) == (former, file, BACK)
    assert on(engine, "ls /srv").split() == []

    on(engine, f"mkdir -p {DROP_IN.rpartition('/')[0]}; cat > {DROP_IN}; systemctl daemon-reload", stdin=BROKEN)
    run = provision(engine, concerns=WITH_BUILDER, data_roots=THERE)
    assert run.recap(engine)["failed"] == 1
    assert run.says("docker did not start, so the former /etc/docker/daemon.json was restored, and docker runs again")
    assert (places(engine), content(engine)) == (BACK, file)
    assert on(engine, f"cat {CONFIG} 2>/dev/null || true") == toml
    assert on(engine, SHOWN) == before
    assert state(engine, "service", "Running") == state(engine, BUILDER, "Running") == "true"
    on(engine, f"rm {DROP_IN}; systemctl daemon-reload")

    run = provisioned(engine, concerns=WITH_BUILDER, data_roots=THERE)
    assert places(engine) == THERE
    assert on(engine, SHOWN) == before
    assert state(engine, "service", "Running") == state(engine, BUILDER, "Running") == "true"
    assert on(engine, "docker exec service sh -c 'cat /data/other; ls -d /layer'").split() == ["kept", "/layer"]
    assert status_of_builder(engine) == "running"
    assert is_cached(engine)
    assert on(engine, "find /var/lib/docker /var/lib/containerd -mindepth 1") == ""
    run = provision(engine, concerns=WITH_BUILDER, data_roots=THERE)
    assert (run.recap(engine)["changed"], run.recap(engine)["failed"]) == (0, 0)
    provisioned(engine, concerns=WITH_BUILDER, data_roots=BACK)
    assert places(engine) == BACK
    assert on(engine, f"cat {CONFIG} 2>/dev/null || true") == toml
    assert is_cached(engine)


class Round(TypedDict):
    """What a kill left behind: the *step* it came before, how the run *ended*, and what is *left* after the next."""

    step: str
    ended: int
    left: list[str]
    places: dict[str, str]
    lost: list[str]


# the pattern of a step, and which one of those is the moment of the kill
KILLS = [
    ("os.rename .*/config.v2.json'", 1),  # while docker runs
    ("while systemctl stop", 1),
    ("os.rename .*/config.v2.json'", 2),  # in the last pass
    ("os.rename .*/etc/containerd/config.toml", 1),
    ("os.rename .*/etc/docker/daemon.json", 1),
    ("start systemctl restart docker.service", 1),
    ("os.rmdir b'/(var/lib|srv)/docker/", 1),  # while the former place is removed
]


def test_a_killed_move_is_resumed(engine: str) -> None:
    on(engine, DISKS)
    provisioned(engine)
    start_container(engine, "service", "sleep 1006", "--restart=always", "--volume=theirs:/data")
    kills = KILLS if ALL_ENGINES else [KILLS[2], KILLS[4], KILLS[6]]
    request = shlex.quote(json.dumps({"kills": kills, "there": THERE, "back": BACK}))
    told = on(engine, f"base64 -d >/run/moves.zip; python3 /run/moves.zip {request}", stdin=_program())
    rounds: list[Round] = json.loads(told)
    assert [bool(each["step"]) for each in rounds] == [True] * len(kills)
    for number, each in enumerate(rounds):
        assert each["ended"] == -9, each
        assert each["left"] == [], each
        assert each["lost"] == [], each
        assert each["places"] == (BACK if number % 2 else THERE), each
    assert state(engine, "service", "Running") == "true"


def _program() -> str:
    """killed_moves.py and what it imports: a zip that Python runs, in Base64."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(ROOT / "tests/hosts/killed_moves.py", "__main__.py")
        for name in ("tests/__init__.py", "tests/hosts/__init__.py"):
            archive.writestr(name, "")
        archive.write(ROOT / "tests/hosts/at_every_step.py", "tests/hosts/at_every_step.py")
        folders = PACKAGE.split("/")
        for depth in range(len(folders)):
            archive.writestr("/".join([*folders[: depth + 1], "__init__.py"]), "")
        for path in sorted((ROOT / "plugins/module_utils").rglob("*.py")):
            archive.write(path, f"{PACKAGE}/{path.relative_to(ROOT / 'plugins')}")
    return base64.b64encode(packed.getvalue()).decode()

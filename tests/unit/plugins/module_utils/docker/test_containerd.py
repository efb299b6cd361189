# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where containerd keeps its data: by the process that listens where dockerd asks, and by its flags and file."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import (
    ADDRESS,
    Containerd,
    addresses,
    root_at_start,
    running,
)

# /proc/net/unix with Docker 28.5.2: a connection, and the sockets that listen.
TABLE = """\
Num       RefCount Protocol Flags    Type St Inode Path
00000000e56af82c: 00000003 00000000 00000000 0001 03 8236415 /run/containerd/containerd.sock
00000000dee680c1: 00000002 00000000 00010000 0001 01 8236294 /run/containerd/containerd.sock.ttrpc
00000000970abeff: 00000002 00000000 00010000 0001 01 8236297 /run/containerd/containerd.sock
0000000046da1de5: 00000002 00000000 00010000 0001 01 777 /run/k3s/containerd/containerd.sock
0000000046da1de6: 00000003 00000000 00000000 0001 03 778
"""


def process(proc: Path, pid: int, comm: str, links: t.Sequence[str], arguments: str = "") -> None:
    folder = proc / str(pid) / "fd"
    folder.mkdir(parents=True)
    (folder.parent / "comm").write_text(f"{comm}\n")
    (folder.parent / "cmdline").write_bytes(f"/usr/bin/{comm} {arguments}".strip().replace(" ", "\0").encode() + b"\0")
    for number, link in enumerate(links):
        (folder / str(number)).symlink_to(link)


def database(root: str) -> str:
    return f"{root}/io.containerd.metadata.v1.bolt/meta.db"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    (folder / "net").mkdir(parents=True)
    (folder / "net" / "unix").write_text(TABLE)
    process(folder, 7, "sh", ["socket:[8236297]", database("/of-a-shell")])
    process(folder, 20, "containerd", ["socket:[777]", database("/var/lib/rancher/containerd")])
    process(folder, 84, "containerd", ["/dev/null", "socket:[8236297]", database("/srv/c")], "--root /srv/c")
    return folder


@pytest.mark.usefixtures("proc")
def test_the_one_that_listens_there() -> None:
    assert running(ADDRESS) == Containerd(ADDRESS, "/srv/c", ("--root", "/srv/c"))
    other = "/run/k3s/containerd/containerd.sock"
    assert running(other) == Containerd(other, "/var/lib/rancher/containerd")


@pytest.mark.usefixtures("proc")
@pytest.mark.parametrize("address", ["/run/nobody.sock", "/run/containerd/containerd.sock.ttrpc"])
def test_none_listens_there(address: str) -> None:
    assert running(address) is None


def test_one_that_ends_meanwhile(proc: Path) -> None:
    (proc / "84" / "fd" / "1").unlink()
    assert running(ADDRESS) is None


@pytest.mark.parametrize(
    ("info", "document", "arguments", "found"),
    [
        pytest.param({"Containerd": {"Address": "/a"}}, {"containerd": "/b"}, ("--containerd=/c",), ("/a",), id="told"),
        pytest.param({}, {"containerd": "/b"}, (), ("/b",), id="26.1: the key"),
        pytest.param({}, {}, ("-H", "fd://", "--containerd=/c"), ("/c",), id="26.1: the flag"),
        pytest.param({}, {}, (), (ADDRESS, "/run/docker/containerd/containerd.sock"), id="the system's, else its own"),
        pytest.param(
            {}, {"exec-root": "/run/d"}, (), (ADDRESS, "/run/d/containerd/containerd.sock"), id="its own elsewhere"
        ),
    ],
)
def test_where_dockerd_finds_it(
    info: dict[str, t.Any], document: dict[str, t.Any], arguments: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert addresses(info, document, arguments) == found


DEBIAN = """\
version = 2

[plugins]
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
    root = "/not/at/the/top"
"""


@pytest.mark.parametrize(
    ("arguments", "file", "root"),
    [
        pytest.param((), None, "/var/lib/containerd", id="no file"),
        pytest.param((), DEBIAN, "/var/lib/containerd", id="Debian's file"),
        pytest.param((), f'root = "/srv/c"\n{DEBIAN}', "/srv/c", id="root"),
        pytest.param((), f"version = 3\n  root='/srv/c' # moved\n{DEBIAN}", "/srv/c", id="single quotes"),
        pytest.param((), f'#root = "/srv/c"\n{DEBIAN}', "/var/lib/containerd", id="a comment, as docker-ce has it"),
        pytest.param((), f'root = ""\n{DEBIAN}', "/var/lib/containerd", id="empty"),
        pytest.param(("--root", "/flag"), 'root = "/srv/c"', "/flag", id="a flag"),
        pytest.param(("--root=/flag",), None, "/flag", id="a flag, in one word"),
        pytest.param((), 'imports = ["/etc/containerd/conf.d/*.toml"]\n', None, id="other files have a say"),
        pytest.param((), 'imports = []\nroot = "/srv/c"\n', "/srv/c", id="no other files"),
    ],
)
def test_where_its_data_is_from_its_next_start_on(
    arguments: tuple[str, ...], file: str | None, root: str | None
) -> None:
    assert root_at_start(arguments, {"/etc/containerd/config.toml": file}.get) == root


def test_its_file_may_be_another() -> None:
    files = {"/run/docker/containerd/containerd.toml": 'root = "/var/lib/docker/containerd/daemon"'}
    for flag in (("--config", *files), ("-c", *files)):
        assert root_at_start(flag, files.get) == "/var/lib/docker/containerd/daemon"

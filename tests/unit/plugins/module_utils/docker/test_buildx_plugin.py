# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin that docker finds: its version, or what is wrong with it; real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import Found, buildx_version, find

SAYS = "#!/bin/sh\necho github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3\n"


def put(folder: Path, content: str | bytes, mode: int = 0o755) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "docker-buildx"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("content", "mode", "version", "defect"),
    [
        pytest.param(SAYS, 0o755, "0.13.1+ds1", "", id="it runs"),
        pytest.param(SAYS, 0o644, None, "it is not executable", id="not executable"),
        pytest.param(
            "#!/of-these-tests\n", 0o755, None, "its interpreter or loader is not on this host", id="no interpreter"
        ),
        pytest.param(b"\x7fELF\x02\x01\x01", 0o755, None, "it is not a program for this machine", id="cut off"),
        pytest.param("", 0o755, None, "it is not a program for this machine", id="empty"),
        pytest.param(
            "#!/bin/sh\necho x: no such library >&2; exit 127\n",
            0o755,
            None,
            "`docker-buildx version` exited with status 127: x: no such library",
            id="it fails",
        ),
        pytest.param(
            "#!/bin/sh\nkill -SEGV $$\n",
            0o755,
            None,
            "`docker-buildx version` was killed by signal 11: nothing said",
            id="it crashes",
        ),
        pytest.param(
            "#!/bin/sh\necho hello\n",
            0o755,
            None,
            "`docker-buildx version` exited with status 0: hello",
            id="it is something else",
        ),
    ],
)
def test_find(content: str | bytes, mode: int, version: str | None, defect: str, tmp_path: Path) -> None:
    path = put(tmp_path, content, mode)
    assert find([str(tmp_path)]) == Found(path, version, defect)
    assert buildx_version([str(tmp_path)]) == version


def test_a_broken_one_hides_those_after_it_as_docker_looks_no_further(tmp_path: Path) -> None:
    path = put(tmp_path / "a", SAYS, 0o644)
    put(tmp_path / "b", SAYS)
    assert find([str(tmp_path / each) for each in ("none", "a", "b")]) == Found(path, defect="it is not executable")


def test_none(tmp_path: Path) -> None:
    (tmp_path / "docker-buildx").symlink_to("/of-these-tests")  # docker passes over it
    assert find([str(tmp_path)]) is None
    assert buildx_version([str(tmp_path)]) is None

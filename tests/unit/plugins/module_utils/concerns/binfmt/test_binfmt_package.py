"""Which package of a distribution brings emulators that serve in containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.package import (
    fault_of,
    name_for,
    parse_os_release,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

TESTING = 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nNAME="Debian GNU/Linux"\nVERSION_CODENAME=forky\nID=debian\n'
TRIXIE = (
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n# a comment=1\n'
)


@pytest.mark.parametrize(
    ("release", "package"),
    [
        pytest.param(parse_os_release(TRIXIE), "qemu-user-binfmt", id="Debian 13, its own file"),
        pytest.param(parse_os_release(TESTING), "qemu-user-binfmt", id="Debian testing, its own file"),
        pytest.param({"ID": "debian", "VERSION_ID": "12"}, "qemu-user-static", id="Debian 12"),
        pytest.param({"ID": "ubuntu", "VERSION_ID": "24.04"}, "qemu-user-static", id="Ubuntu 24.04, docker/buildx#219"),
        pytest.param({"ID": "ubuntu", "VERSION_ID": "25.10"}, "qemu-user-binfmt", id="Ubuntu 25.10"),
    ],
)
def test_the_package_of_a_release(release: dict[str, str], package: str) -> None:
    assert name_for(release) == package


@pytest.mark.parametrize("release", [{"ID": "rocky", "VERSION_ID": "9.4"}, {}], ids=["Rocky", "no os-release"])
def test_another_distribution_is_told_the_way_out(release: dict[str, str]) -> None:
    with pytest.raises(HostError, match=r"builder_binfmt_source: package knows Debian and Ubuntu.*take image"):
        name_for(release)


@pytest.mark.parametrize(
    ("interpreter", "told"),
    [
        pytest.param("/bin/sh", "", id="a program"),
        pytest.param("/etc/passwd", "/etc/passwd, which /f registers, is not there, or no program", id="no program"),
        pytest.param("/none", "/none, which /f registers, is not there, or no program", id="gone"),
    ],
)
def test_an_emulator_of_a_package_that_is_gone_is_told(interpreter: str, told: str, tmp_path: Path) -> None:
    for path, mode in (("bin/sh", 0o755), ("etc/passwd", 0o644)):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).touch(mode)
    found = fault_of("/f", rf"# a comment\n:qemu-arm:M::\x7f:\xff:{interpreter}:F".replace("\\n", "\n"))
    assert found.partition(":")[0] == told


def test_a_file_is_read_with_its_quotes_and_comments() -> None:
    assert parse_os_release(TRIXIE)["PRETTY_NAME"] == "Debian GNU/Linux 13 (trixie)"
    assert "# a comment" not in parse_os_release(TRIXIE)
